"""Words and constants of the harbour town."""

from __future__ import annotations

import numpy as np

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
SOURCES = ["feed", "follow", "search", "share", "raid", "boost", "activity", "direct"]
FEED, FOLLOW, SEARCH, SHARE, RAID, BOOST, ACTIVITY, DIRECT = range(8)
ASN_KINDS = ["mobile", "broadband", "campus", "office", "datacentre", "proxy"]
MOBILE, BROADBAND, CAMPUS, OFFICE, DATACENTRE, PROXY = range(6)
KINDS = ["like", "comment", "follow", "unfollow", "share", "product_click"]
LIKE, COMMENT, NEW_FAN, LOST_FAN, PASSED_ON, CLICK = range(6)
DISTRICTS = [f"quay-{i:02d}" for i in range(12)]
INLAND = 9  # districts from here on are not in town
GOODS = [
    "live_seafood",
    "street_snacks",
    "flowers",
    "antiques",
    "jade",
    "clothing",
    "used_phones",
    "small_gifts",
    "lamps",
]
PRICE_CNY = np.array([48.0, 19.0, 28.0, 150.0, 310.0, 82.0, 540.0, 11.0, 60.0])
WEIGHT_GRAMS = np.array([1_400.0, 280.0, 650.0, 420.0, 55.0, 430.0, 340.0, 24.0, 950.0])
RETURN_RATE = np.array([0.03, 0.02, 0.05, 0.2, 0.34, 0.55, 0.2, 0.05, 0.1])
CLOTHING, SMALL_GIFTS = 5, 7
PRODUCTS_PER_STALL = 40
SCHEMES = [
    "honest",
    "idle_bots",
    "glance_bots",
    "paid_strollers",
    "hijacked_viewers",
    "rejoining_bots",
    "boost_riders",
    "drip_views",
    "clap_machines",
    "hired_claque",
    "follow_packs",
    "guild_visits",
    "shill_bids",
    "empty_boxes",
    "round_trips",
    "staff_orders",
    "brusher_rounds",
    "drip_orders",
    "hostile_orders",
    "hostile_flood",
]
SCHEME_NUMBER = {name: number for number, name in enumerate(SCHEMES)}
ROOM_SCHEMES = SCHEMES[1:12]
ACTS_SCHEMES = SCHEMES[8:12]
ORDER_SCHEMES = SCHEMES[12:18]
HOSTILE_SCHEMES = SCHEMES[18:]
