"""Words and constants of the county markets."""

from __future__ import annotations

import numpy as np

DAY, HOUR = 86_400, 3_600
SOURCES = ["feed", "follow", "search", "share", "raid", "boost", "activity", "direct"]
FEED, FOLLOW, SEARCH, SHARE, RAID, BOOST, ACTIVITY, DIRECT = range(8)
NETWORKS = ["mobile", "broadband", "campus", "office", "datacentre", "proxy"]
KINDS = ["like", "comment", "follow", "unfollow", "share", "product_click"]
LIKE, COMMENT, NEW_FAN, LOST_FAN, SHARED_OUT, CLICK = range(6)
MEDIAN_STAY_SECONDS = np.array([35, 190, 60, 90, 150, 22, 140, 120.0])  # by entry source
# median price in CNY and median weight in kg
GOODS = {
    "fruit": (32, 3.0),
    "vegetables": (22, 4.0),
    "tea": (88, 0.8),
    "grain_oil": (65, 7.5),
    "meat_eggs": (75, 3.0),
    "honey_herbs": (58, 1.4),
    "crafts": (70, 1.6),
    "clothing": (79, 0.7),
}
# what becomes of an order
NORMAL, PAID, DEPOSIT, STATION, KIN, DRIP, HOSTILE = range(7)
