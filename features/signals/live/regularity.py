"""LIVE signals of shape: what the counters of one session say about each other and about their own regularity.

The same rules as in `series.py`: kernels over float64 (minutes, 15), one float each, NaN unknown.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declaration import Signal
from features.engine.minute_kernels import (
    COMMENTS,
    FEW,
    FOLLOWS,
    GRANTED,
    JOINS,
    LEAVES,
    LIKES,
    VIEWERS,
    correlation,
    live,
    log_of,
    mean_of,
    strongest_period,
    total,
    unexplained_excess,
)

SETTLED = 15  # minutes on each side of a change point


@njit(cache=True)
def _entropy(x):
    """Shannon entropy of a count series spread over its minutes, as a share of the largest possible; NaN when all is 0.

    Minutes in which more was taken back than given, as follows can be, count as none.
    """
    if len(x) < FEW or not total(x) > 0:
        return np.nan
    mass, logs = 0.0, 0.0
    for i in range(len(x)):
        if x[i] > 0:
            mass += x[i]
            logs += x[i] * log_of(x[i])
    return (mass * np.log(mass) - logs) / (mass * np.log(len(x)))


@live(
    unit="log",
    typology="view_fraud",
    direction=1,
    alarm=1.2,
    zh="在线水平无缘由上移 e^{value:.2f} 倍并保持",
    en="viewers moved up by {value:.2f} log units for good, without a granted cause",
    blind="A room that is recommended gains for good as well.",
)
@njit(cache=True)
def unexplained_level_shift(m):
    """Largest lasting rise of the mean of log(viewers + 10) from fifteen minutes to the next fifteen, no boost or raid within."""
    n = len(m)
    if n < 2 * SETTLED:
        return np.nan
    level, granted = np.zeros(n + 1), np.zeros(n + 1)
    for i in range(n):
        viewers = m[i, VIEWERS] + 10.0
        level[i + 1] = level[i] + (log_of(viewers) if viewers > 0.0 else np.nan)
        granted[i + 1] = granted[i] + m[i, GRANTED]
    worst = 0.0
    for i in range(SETTLED + 5, n - SETTLED):
        if granted[i + SETTLED] - granted[i - SETTLED] == 0.0:
            rise = (level[i + SETTLED] - 2.0 * level[i] + level[i - SETTLED]) / SETTLED
            if rise > worst:
                worst = rise
    return worst


@live(
    unit="viewers per viewer",
    typology="view_fraud",
    direction=1,
    zh="在线人数变化与进出场相差 {value:.2f}",
    en="viewers do not follow joins and leaves, by {value:.2f} of their level a minute",
    blind="Counters that are rounded or delivered late disagree too.",
)
@njit(cache=True)
def viewer_balance_gap(m):
    """Mean absolute difference between the change of viewers and joins less leaves, over mean viewers."""
    mean = mean_of(m[:, VIEWERS])
    if len(m) < FEW or not mean > 0:
        return np.nan
    gap = 0.0
    for i in range(1, len(m)):
        gap += abs((m[i, VIEWERS] - m[i - 1, VIEWERS]) - (m[i, JOINS] - m[i, LEAVES]))
    return gap / (len(m) - 1.0) / mean


@live(
    unit="share",
    typology="view_fraud",
    direction=-1,
    zh="进场在时间上的熵 {value:.2f}",
    en="joins are spread with an entropy of {value:.2f}",
    blind="A raid concentrates joins too.",
)
@njit(cache=True)
def join_entropy(m):
    """Entropy of joins over minutes, as a share of an even spread."""
    return _entropy(m[:, JOINS])


@live(
    unit="share",
    typology="engagement_fraud",
    direction=-1,
    zh="点赞在时间上的熵 {value:.2f}",
    en="likes are spread with an entropy of {value:.2f}",
    blind="Hosts who call for likes once.",
)
@njit(cache=True)
def like_entropy(m):
    """Entropy of likes over minutes, as a share of an even spread."""
    return _entropy(m[:, LIKES])


@live(
    unit="share",
    typology="engagement_fraud",
    direction=-1,
    zh="关注在时间上的熵 {value:.2f}",
    en="follows are spread with an entropy of {value:.2f}",
    blind="A lucky bag that asks for a follow.",
)
@njit(cache=True)
def follow_entropy(m):
    """Entropy of follows over minutes, as a share of an even spread."""
    return _entropy(m[:, FOLLOWS])


@live(
    unit="share of likes",
    typology="engagement_fraud",
    direction=1,
    alarm=0.4,
    zh="{value:.0%} 的点赞来自无缘由的突增",
    en="{value:.0%} of likes came in bursts without a granted cause",
    blind="Hosts who call for likes.",
)
@njit(cache=True)
def unexplained_like_share(m):
    """Share of likes above five times their median in minutes without a boost or raid."""
    return unexplained_excess(m, LIKES)


@live(
    unit="share of follows",
    typology="engagement_fraud",
    direction=1,
    alarm=0.5,
    zh="{value:.0%} 的关注来自无缘由的突增",
    en="{value:.0%} of follows came in bursts without a granted cause",
    blind="Small rooms: a few follows make a burst.",
)
@njit(cache=True)
def unexplained_follow_share(m):
    """Share of follows above five times their median in minutes without a boost or raid."""
    return unexplained_excess(m, FOLLOWS)


@live(
    unit="correlation",
    typology="engagement_fraud",
    direction=-1,
    zh="点赞与在线人数相关 {value:.2f}",
    en="likes and viewers correlate by {value:.2f}",
    blind="Honest chat follows viewers only weakly: 0.07 to 0.42 on real sessions.",
)
@njit(cache=True)
def like_viewer_correlation(m):
    """Pearson correlation of likes and viewers by minute."""
    return correlation(m[:, LIKES], m[:, VIEWERS])


@live(
    unit="correlation",
    typology="engagement_fraud",
    direction=-1,
    zh="关注与进场相关 {value:.2f}",
    en="follows and joins correlate by {value:.2f}",
    blind="Few follows: unknown or chance.",
)
@njit(cache=True)
def follow_join_correlation(m):
    """Pearson correlation of follows and joins by minute."""
    return correlation(m[:, FOLLOWS], m[:, JOINS])


@live(
    unit="share",
    typology="engagement_fraud",
    direction=1,
    zh="点赞变化的 {value:.0%} 集中于一个周期",
    en="one period holds {value:.0%} of the variation of likes",
    blind="Programmes that repeat by the clock.",
)
@njit(cache=True)
def like_period_share(m):
    """Share of the variance of likes by minute at its strongest period of 2 to 30 minutes."""
    return strongest_period(m[:, LIKES])


@live(
    unit="share",
    typology="engagement_fraud",
    direction=1,
    zh="评论变化的 {value:.0%} 集中于一个周期",
    en="one period holds {value:.0%} of the variation of comments",
    blind="Programmes that repeat by the clock.",
)
@njit(cache=True)
def comment_period_share(m):
    """Share of the variance of comments by minute at its strongest period of 2 to 30 minutes."""
    return strongest_period(m[:, COMMENTS])


SIGNALS: tuple[Signal, ...] = (
    unexplained_level_shift,
    viewer_balance_gap,
    join_entropy,
    like_entropy,
    follow_entropy,
    unexplained_like_share,
    unexplained_follow_share,
    like_viewer_correlation,
    follow_join_correlation,
    like_period_share,
    comment_period_share,
)
