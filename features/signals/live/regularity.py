"""LIVE signals of shape: levels, balance, spread over time and periods of the counters.

Kernels as in `viewer_series.py`. Ranges of real broadcasts: ADR-0122.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declaration import Dimension, Unit
from features.engine.minute_kernels import (
    COMMENTS,
    FOLLOWS,
    GRANTED,
    JOINS,
    LEAVES,
    LIKES,
    MIN_MINUTES,
    VIEWERS,
    correlation,
    live,
    log_of,
    mean_of,
    strongest_period,
    total,
    unexplained_excess,
)

LEVEL_MINUTES = 15  # on each side of a change point


@njit(cache=True)
def _entropy(x):
    """Shannon entropy of counts over minutes, as a share of the largest; NaN when all are 0.

    Minutes in which more was taken back than given, as follows can be, count as none.
    """
    if len(x) < MIN_MINUTES or not total(x) > 0:
        return np.nan
    mass, logs = 0.0, 0.0
    for i in range(len(x)):
        if x[i] > 0:
            mass += x[i]
            logs += x[i] * log_of(x[i])
    return (mass * np.log(mass) - logs) / (mass * np.log(len(x)))


@live(
    unit=Unit.LOG,
    typology="view_fraud",
    direction=1,
    alarm=1.2,
    zh="在线人数（加十计）升至原来的 {value}并保持，期间没有投流或连麦",
    en="its audience, plus ten, grew to {value} its size and stayed there without a boost or raid",
    blind="A room that is recommended gains for good as well.",
)
@njit(cache=True)
def unexplained_level_shift(m):
    """Largest lasting rise of mean log(viewers + 10), without boost or raid.

    From fifteen minutes to the next fifteen. Bots that are added stay.
    """
    n = len(m)
    if n < 2 * LEVEL_MINUTES:
        return np.nan
    level, granted = np.zeros(n + 1), np.zeros(n + 1)
    for i in range(n):
        viewers = m[i, VIEWERS] + 10.0
        level[i + 1] = level[i] + (log_of(viewers) if viewers > 0.0 else np.nan)
        granted[i + 1] = granted[i] + m[i, GRANTED]
    worst = 0.0
    for i in range(LEVEL_MINUTES + 5, n - LEVEL_MINUTES):
        if granted[i + LEVEL_MINUTES] - granted[i - LEVEL_MINUTES] == 0.0:
            rise = (
                level[i + LEVEL_MINUTES] - 2.0 * level[i] + level[i - LEVEL_MINUTES]
            ) / LEVEL_MINUTES
            if rise > worst:
                worst = rise
    return worst


@live(
    unit=Unit.VIEWERS_PER_VIEWER,
    typology="view_fraud",
    direction=1,
    zh="在线人数的变化与进出场之差不符，每分钟相差平均在线的 {value}",
    en="its audience changes by {value} of its size a minute beyond joins and leaves",
    blind="Counters that are rounded or delivered late disagree too.",
)
@njit(cache=True)
def viewer_balance_gap(m):
    """Mean absolute difference between the change of viewers and joins less leaves.

    Over mean viewers. A counter that is inflated no longer agrees with the others.
    """
    mean = mean_of(m[:, VIEWERS])
    if len(m) < MIN_MINUTES or not mean > 0:
        return np.nan
    gap = 0.0
    for i in range(1, len(m)):
        gap += abs((m[i, VIEWERS] - m[i - 1, VIEWERS]) - (m[i, JOINS] - m[i, LEAVES]))
    return gap / (len(m) - 1.0) / mean


@live(
    unit=Unit.SHARE,
    typology="view_fraud",
    direction=-1,
    zh="进场在时间上的分布达到均匀分布的 {value}",
    en="the spread of its joins over time reaches {value} of an even one",
    blind="A raid concentrates joins too.",
)
@njit(cache=True)
def join_entropy(m):
    """Entropy of joins over minutes, as a share of an even spread; batches lower it."""
    return _entropy(m[:, JOINS])


@live(
    unit=Unit.SHARE,
    typology="engagement_fraud",
    direction=-1,
    zh="点赞在时间上的分布达到均匀分布的 {value}",
    en="the spread of its likes over time reaches {value} of an even one",
    blind="Hosts who call for likes once.",
)
@njit(cache=True)
def like_entropy(m):
    """Entropy of likes over minutes, as a share of an even spread; batches lower it."""
    return _entropy(m[:, LIKES])


@live(
    unit=Unit.SHARE,
    typology="engagement_fraud",
    direction=-1,
    dimension=Dimension.FOLLOW,
    zh="关注在时间上的分布达到均匀分布的 {value}",
    en="the spread of its follows over time reaches {value} of an even one",
    blind="A lucky bag that asks for a follow.",
)
@njit(cache=True)
def follow_entropy(m):
    """Entropy of follows over minutes, as a share of an even spread; batches lower it."""
    return _entropy(m[:, FOLLOWS])


@live(
    unit=Unit.SHARE_OF_LIKES,
    typology="engagement_fraud",
    direction=1,
    alarm=0.4,
    zh="{value} 的点赞属于没有投流或连麦的突增",
    en="{value} of its likes came in bursts without a boost or raid",
    blind="Hosts who call for likes.",
)
@njit(cache=True)
def unexplained_like_share(m):
    """Share of likes above five times their median while no boost or raid ran.

    Bought likes are delivered in bursts.
    """
    return unexplained_excess(m, LIKES)


@live(
    unit=Unit.SHARE_OF_FOLLOWS,
    typology="engagement_fraud",
    direction=1,
    alarm=0.5,
    dimension=Dimension.FOLLOW,
    zh="{value} 的关注属于没有投流或连麦的突增",
    en="{value} of its follows came in bursts without a boost or raid",
    blind="Small rooms: a few follows make a burst.",
)
@njit(cache=True)
def unexplained_follow_share(m):
    """Share of follows above five times their median while no boost or raid ran.

    Bought follows are delivered in bursts.
    """
    return unexplained_excess(m, FOLLOWS)


@live(
    unit=Unit.CORRELATION,
    typology="engagement_fraud",
    direction=-1,
    zh="点赞数与在线人数的相关系数为 {value}（最高为一）",
    en="its likes and its audience correlate by {value} (one at most)",
    blind="Honest chat follows viewers only weakly.",
)
@njit(cache=True)
def like_viewer_correlation(m):
    """Correlation of likes and viewers by minute; bought likes come when they are ordered."""
    return correlation(m[:, LIKES], m[:, VIEWERS])


@live(
    unit=Unit.CORRELATION,
    typology="engagement_fraud",
    direction=-1,
    dimension=Dimension.FOLLOW,
    zh="关注与进场的相关系数为 {value}（最高为一）",
    en="its follows and its joins correlate by {value} (one at most)",
    blind="Few follows: unknown or chance.",
)
@njit(cache=True)
def follow_join_correlation(m):
    """Correlation of follows and joins by minute; bought follows come when ordered."""
    return correlation(m[:, FOLLOWS], m[:, JOINS])


@live(
    unit=Unit.SHARE,
    typology="engagement_fraud",
    direction=1,
    zh="点赞变化的 {value} 集中于同一个周期",
    en="one period holds {value} of the variation of its likes",
    blind="Programmes that repeat by the clock.",
)
@njit(cache=True)
def like_period_share(m):
    """Share of the variance of likes at its strongest period of 2 to 30 minutes.

    Scripts run by the clock.
    """
    return strongest_period(m[:, LIKES])


@live(
    unit=Unit.SHARE,
    typology="engagement_fraud",
    direction=1,
    zh="评论变化的 {value} 集中于同一个周期",
    en="one period holds {value} of the variation of its comments",
    blind="Programmes that repeat by the clock.",
)
@njit(cache=True)
def comment_period_share(m):
    """Share of the variance of comments at its strongest period of 2 to 30 minutes.

    Scripts run by the clock.
    """
    return strongest_period(m[:, COMMENTS])
