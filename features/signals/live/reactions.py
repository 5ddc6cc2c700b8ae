"""LIVE signals of what viewers do by minute: comments, likes, follows, clicks and orders. Kernels as in `series.py`."""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declaration import Signal
from features.engine.minute_kernels import (
    BUYERS,
    CLICKS,
    COMMENTS,
    FEW,
    FOLLOWS,
    JOINS,
    LIKERS,
    LIKES,
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
    unit="correlation",
    typology="view_fraud",
    direction=-1,
    zh="评论与在线人数相关 {value:.2f}",
    en="comments and viewers correlate by {value:.2f}",
    blind="Only 0.07 to 0.42 in honest rooms.",
)
@njit(cache=True)
def comment_viewer_correlation(m):
    """Correlation of comments and viewers by minute."""
    return correlation(m[:, COMMENTS], m[:, VIEWERS])


@live(
    unit="correlation",
    typology="view_fraud",
    direction=-1,
    zh="点击与进场相关 {value:.2f}",
    en="clicks and joins correlate by {value:.2f}",
    blind="Small counts.",
)
@njit(cache=True)
def click_join_correlation(m):
    """Correlation of product clicks and joins by minute."""
    return correlation(m[:, CLICKS], m[:, JOINS])


@live(
    unit="comments",
    typology="engagement_fraud",
    zh="每千观众分钟 {value:.1f} 条评论",
    en="{value:.1f} comments for a thousand viewer-minutes",
    blind="5 to 18 in real rooms.",
)
@njit(cache=True)
def comments_per_thousand_viewer_minutes(m):
    """Comments for a thousand viewer-minutes."""
    return 1000.0 * quotient(m, COMMENTS, VIEWERS)


@live(
    unit="likes",
    typology="engagement_fraud",
    direction=1,
    alarm=400.0,
    zh="每千观众分钟 {value:.0f} 个赞",
    en="{value:.0f} likes for a thousand viewer-minutes",
    blind="Fans tap the screen.",
)
@njit(cache=True)
def likes_per_thousand_viewer_minutes(m):
    """Likes for a thousand viewer-minutes."""
    return 1000.0 * quotient(m, LIKES, VIEWERS)


@live(
    unit="likes",
    typology="engagement_fraud",
    direction=1,
    alarm=12.0,
    zh="每分钟每个点赞者 {value:.1f} 个赞",
    en="{value:.1f} likes for each liker and minute",
    blind="Folded taps.",
)
@njit(cache=True)
def likes_per_liker_minute(m):
    """Likes over likers counted by minute."""
    return quotient(m, LIKES, LIKERS)


@live(
    unit="ratio",
    typology="engagement_fraud",
    direction=-1,
    zh="点赞过于均匀（变异系数 {value:.2f}）",
    en="likes are even: a coefficient of variation of {value:.2f}",
    blind="Unknown below one like a minute.",
)
@njit(cache=True)
def like_variation_ratio(m):
    """Coefficient of variation of likes by minute; unknown below one a minute."""
    mean = mean_of(m[:, LIKES])
    if len(m) < FEW or not mean >= 1:
        return np.nan
    return np.sqrt(squares(m[:, LIKES], mean) / len(m)) / mean


@live(
    unit="follows",
    typology="engagement_fraud",
    direction=1,
    alarm=170.0,
    zh="每千次进场新增关注 {value:.0f}",
    en="{value:.0f} follows for a thousand joins",
    blind="New channels gain fast.",
)
@njit(cache=True)
def follows_per_thousand_joins(m):
    """Follows less unfollows for a thousand joins."""
    return 1000.0 * quotient(m, FOLLOWS, JOINS)


@live(
    unit="orders",
    typology="order_fraud",
    direction=1,
    zh="每次进场 {value:.2f} 单",
    en="{value:.2f} orders for each join",
    blind="Differs by category.",
)
@njit(cache=True)
def orders_per_join_ratio(m):
    """Orders over joins."""
    return quotient(m, ORDERS, JOINS)


@live(
    unit="orders",
    typology="order_fraud",
    direction=1,
    alarm=1.5,
    zh="每次点击 {value:.2f} 单",
    en="{value:.2f} orders for each product click",
    blind="Clicks may be recorded in part.",
)
@njit(cache=True)
def orders_per_click_ratio(m):
    """Orders over product clicks."""
    return quotient(m, ORDERS, CLICKS)


@live(
    unit="orders",
    typology="order_fraud",
    direction=1,
    alarm=1.3,
    zh="每分钟每位买家 {value:.2f} 单",
    en="{value:.2f} orders for each buyer and minute",
    blind="Baskets of several products.",
)
@njit(cache=True)
def orders_per_buyer_minute_ratio(m):
    """Orders over buyers counted by minute."""
    return quotient(m, ORDERS, BUYERS)


@live(
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    alarm=0.4,
    zh="{value:.0%} 的订单属于突增",
    en="{value:.0%} of orders are bursts without a granted cause",
    blind="Lucky bags.",
)
@njit(cache=True)
def unexplained_order_share(m):
    """Share of orders above five times the median minute (at least 5) while no boost or raid ran."""
    return unexplained_excess(m, ORDERS)


SIGNALS: tuple[Signal, ...] = (
    comment_viewer_correlation,
    click_join_correlation,
    comments_per_thousand_viewer_minutes,
    likes_per_thousand_viewer_minutes,
    likes_per_liker_minute,
    like_variation_ratio,
    follows_per_thousand_joins,
    orders_per_join_ratio,
    orders_per_click_ratio,
    orders_per_buyer_minute_ratio,
    unexplained_order_share,
)
