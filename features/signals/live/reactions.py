"""LIVE signals of comments, likes, follows, clicks and orders by minute.

Kernels as in `viewer_series.py`. Ranges of real broadcasts: ADR-0122.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declaration import Dimension, Unit
from features.engine.minute_kernels import (
    BUYERS,
    CLICKS,
    COMMENTS,
    FOLLOWS,
    JOINS,
    LIKERS,
    LIKES,
    MIN_MINUTES,
    ORDERS,
    VIEWERS,
    correlation,
    live,
    mean_of,
    quotient,
    squares,
    unexplained_excess,
)


@live(
    unit=Unit.CORRELATION,
    typology="view_fraud",
    direction=-1,
    zh="评论数与在线人数的相关系数为 {value}（最高为一）",
    en="its comments and its audience correlate by {value} (one at most)",
    blind="Honest chat follows viewers only weakly.",
)
@njit(cache=True)
def comment_viewer_correlation(m):
    """Correlation of comments and viewers by minute; bought viewers do not write."""
    return correlation(m[:, COMMENTS], m[:, VIEWERS])


@live(
    unit=Unit.CORRELATION,
    typology="view_fraud",
    direction=-1,
    zh="商品点击与进场的相关系数为 {value}（最高为一）",
    en="its product clicks and its joins correlate by {value} (one at most)",
    blind="Small counts correlate by chance.",
)
@njit(cache=True)
def click_join_correlation(m):
    """Correlation of product clicks and joins by minute; bought views do not click."""
    return correlation(m[:, CLICKS], m[:, JOINS])


@live(
    unit=Unit.COMMENTS,
    typology="engagement_fraud",
    zh="每千观众分钟有 {value}",
    en="it had {value} per thousand viewer-minutes",
    blind="Real rooms differ threefold.",
)
@njit(cache=True)
def comments_per_thousand_viewer_minutes(m):
    """Comments for a thousand viewer-minutes."""
    return 1000.0 * quotient(m, COMMENTS, VIEWERS)


@live(
    unit=Unit.LIKES,
    typology="engagement_fraud",
    direction=1,
    alarm=400.0,
    zh="每千观众分钟有 {value}",
    en="it had {value} per thousand viewer-minutes",
    blind="Fans tap the screen.",
)
@njit(cache=True)
def likes_per_thousand_viewer_minutes(m):
    """Likes for a thousand viewer-minutes; scripts like faster than an audience."""
    return 1000.0 * quotient(m, LIKES, VIEWERS)


@live(
    unit=Unit.LIKES,
    typology="engagement_fraud",
    direction=1,
    alarm=12.0,
    zh="每个点赞账号每分钟给出 {value}",
    en="each liker gave {value} a minute",
    blind="Platforms fold taps, and fans tap fast.",
)
@njit(cache=True)
def likes_per_liker_minute(m):
    """Likes over likers counted by minute; scripts like as fast as they may."""
    return quotient(m, LIKES, LIKERS)


@live(
    unit=Unit.RATIO,
    typology="engagement_fraud",
    direction=-1,
    zh="每分钟点赞数均匀，波动为平均值的 {value}",
    en="its likes by minute are even: they vary by {value} their mean",
    blind="Unknown below one like a minute.",
)
@njit(cache=True)
def like_variation_ratio(m):
    """Coefficient of variation of likes by minute; scripts like evenly.

    Unknown below one like a minute.
    """
    mean = mean_of(m[:, LIKES])
    if len(m) < MIN_MINUTES or not mean >= 1:
        return np.nan
    return np.sqrt(squares(m[:, LIKES], mean) / len(m)) / mean


@live(
    unit=Unit.FOLLOWS,
    typology="engagement_fraud",
    direction=1,
    alarm=170.0,
    dimension=Dimension.FOLLOW,
    zh="每千次进场新增 {value}",
    en="it gained {value} per thousand joins",
    blind="New channels gain fast.",
)
@njit(cache=True)
def follows_per_thousand_joins(m):
    """Follows less unfollows for a thousand joins; bought follows need few views."""
    return 1000.0 * quotient(m, FOLLOWS, JOINS)


@live(
    unit=Unit.ORDERS,
    typology="order_fraud",
    direction=1,
    zh="每次进场带来 {value}",
    en="each join brought {value}",
    blind="Differs by category.",
)
@njit(cache=True)
def orders_per_join_ratio(m):
    """Orders over joins; brushers enter to order."""
    return quotient(m, ORDERS, JOINS)


@live(
    unit=Unit.ORDERS,
    typology="order_fraud",
    direction=1,
    alarm=1.5,
    zh="每次商品点击带来 {value}",
    en="each product click brought {value}",
    blind="Clicks may be recorded in part.",
)
@njit(cache=True)
def orders_per_click_ratio(m):
    """Orders over product clicks; brushers order by a link, without a click."""
    return quotient(m, ORDERS, CLICKS)


@live(
    unit=Unit.ORDERS,
    typology="order_fraud",
    direction=1,
    alarm=1.3,
    zh="每位买家每分钟下 {value}",
    en="each buyer placed {value} a minute",
    blind="Baskets of several products.",
)
@njit(cache=True)
def orders_per_buyer_minute_ratio(m):
    """Orders over buyers counted by minute; brushers place several in a row."""
    return quotient(m, ORDERS, BUYERS)


@live(
    unit=Unit.SHARE_OF_ORDERS,
    typology="order_fraud",
    direction=1,
    alarm=0.4,
    zh="{value} 的订单属于没有投流或连麦的突增",
    en="{value} of its orders came in bursts without a boost or raid",
    blind="Lucky bags bring bursts of honest orders.",
)
@njit(cache=True)
def unexplained_order_share(m):
    """Share of orders above five times the median minute while no boost or raid ran.

    The limit is at least five orders. Brushers order at an appointed time.
    """
    return unexplained_excess(m, ORDERS)
