"""LIVE signals: kernels over one session's public counters by minute.

A kernel takes a float64 array of shape (minutes, 15), each column contiguous, columns as in `COLUMNS`, and returns one float; NaN
is unknown. The same compiled function serves one session online and all of them at night, so parity is structural.
Minutes are in order; a minute that was not delivered is not invented. Kernels keep no state.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declaration import Signal
from features.engine.minute_kernels import (
    FEW,
    GRANTED,
    JOINS,
    LEAVES,
    NEW,
    REPEATED,
    VIEWERS,
    correlation,
    fano,
    largest,
    live,
    mean_of,
    quotient,
    strongest_period,
    unexplained_excess,
)


@live(
    unit="minutes",
    typology="view_fraud",
    zh="已直播 {value:.0f} 分钟",
    en="{value:.0f} minutes so far",
    blind="Says nothing alone.",
)
@njit(cache=True)
def minutes_count(m):
    """Minutes delivered so far."""
    return float(len(m))


@live(
    unit="viewers",
    typology="view_fraud",
    zh="平均在线 {value:.0f} 人",
    en="{value:.0f} concurrent viewers on average",
    blind="As counted.",
)
@njit(cache=True)
def viewers_mean(m):
    """Mean concurrent viewers."""
    return mean_of(m[:, VIEWERS])


@live(
    unit="ratio",
    typology="view_fraud",
    direction=1,
    zh="峰值在线为平均的 {value:.1f} 倍",
    en="the peak is {value:.1f} times the average",
    blind="Raids and lucky bags; 3.68 is the 99th percentile of real broadcasts.",
)
@njit(cache=True)
def peak_to_mean_ratio(m):
    """Highest over mean concurrent viewers."""
    mean = mean_of(m[:, VIEWERS])
    if not mean > 0:
        return np.nan
    return largest(m[:, VIEWERS]) / mean


@live(
    unit="log",
    typology="view_fraud",
    direction=1,
    alarm=1.2,
    zh="在线人数一分钟内无缘由跳升 e^{value:.2f} 倍",
    en="viewers jumped by {value:.2f} log units in a minute without a granted cause",
    blind="Small rooms jump by chance; a link from outside is not seen.",
)
@njit(cache=True)
def unexplained_step_max(m):
    """Largest rise of log(viewers + 10) from one minute to the next with no boost or raid then; the first five minutes are left out."""
    if len(m) < FEW:
        return np.nan
    worst = (
        1.0  # the largest log is that of the largest ratio, so one is taken and not one a minute
    )
    for i in range(6, len(m)):
        ratio = (m[i, VIEWERS] + 10.0) / (m[i - 1, VIEWERS] + 10.0)
        if not ratio >= 0.0:
            return np.nan
        if m[i, GRANTED] == 0.0 and ratio > worst:
            worst = ratio
    return np.log(worst)


@live(
    unit="log",
    typology="view_fraud",
    direction=1,
    alarm=1.0,
    zh="在线人数一分钟内骤降 e^{value:.2f} 倍",
    en="viewers fell by {value:.2f} log units in a minute, before the end",
    blind="A technical failure empties a room too.",
)
@njit(cache=True)
def cliff_step_max(m):
    """Largest fall of log(viewers + 10) from one minute to the next; the last tenth is left out."""
    if len(m) < FEW:
        return np.nan
    worst = 1.0
    for i in range(1, int(0.9 * len(m))):
        ratio = (m[i - 1, VIEWERS] + 10.0) / (m[i, VIEWERS] + 10.0)
        if not ratio >= 0.0:
            return np.nan
        if ratio > worst:
            worst = ratio
    return np.log(worst)


@live(
    unit="share of minutes",
    typology="view_fraud",
    direction=1,
    zh="{value:.0%} 的分钟在线人数不变",
    en="viewers stood still in {value:.0%} of minutes",
    blind="Small rooms stand still; only rooms above twenty viewers are judged.",
)
@njit(cache=True)
def plateau_minute_share(m):
    """Share of minutes with the same viewers as the minute before; unknown below twenty mean viewers."""
    if len(m) < FEW or not mean_of(m[:, VIEWERS]) >= 20:
        return np.nan
    same = 0
    for i in range(1, len(m)):
        if m[i, VIEWERS] == m[i - 1, VIEWERS]:
            same += 1
    return same / (len(m) - 1.0)


@live(
    unit="ratio",
    typology="view_fraud",
    direction=1,
    zh="进场的 Fano 因子 {value:.1f}",
    en="joins have a Fano factor of {value:.1f}",
    blind="Grows with the size of the room.",
)
@njit(cache=True)
def join_fano_ratio(m):
    """Variance over mean of joins a minute (1 for a Poisson process)."""
    return fano(m[:, JOINS])


@live(
    unit="share of joins",
    typology="view_fraud",
    direction=1,
    alarm=0.2,
    zh="{value:.0%} 的进场属于无缘由的突增",
    en="{value:.0%} of joins are bursts without a granted cause",
    blind="Lucky bags and links from outside are causes that minutes do not show.",
)
@njit(cache=True)
def unexplained_join_share(m):
    """Share of joins above five times the median minute (at least 5) while no boost or raid ran."""
    return unexplained_excess(m, JOINS)


@live(
    unit="share of minutes",
    typology="view_fraud",
    zh="{value:.0%} 的分钟有投流或连麦",
    en="a boost or raid ran in {value:.0%} of minutes",
    blind="Granted, hence honest.",
)
@njit(cache=True)
def granted_minute_share(m):
    """Share of minutes with a granted cause of traffic."""
    return mean_of(m[:, GRANTED])


@live(
    unit="share of joins",
    typology="view_fraud",
    direction=1,
    alarm=0.2,
    zh="{value:.0%} 的进场来自新账号",
    en="{value:.0%} of joins are by accounts under seven days old",
    blind="Campaigns for new users.",
)
@njit(cache=True)
def new_account_join_share(m):
    """Share of joins by accounts younger than seven days."""
    return quotient(m, NEW, JOINS)


@live(
    unit="share of joins",
    typology="view_fraud",
    direction=1,
    alarm=0.12,
    zh="{value:.0%} 的进场来自换号设备",
    en="{value:.0%} of joins are from a device that had joined under another account",
    blind="Shared tablets.",
)
@njit(cache=True)
def repeated_device_join_share(m):
    """Share of joins from a device that already joined under another account."""
    return quotient(m, REPEATED, JOINS)


@live(
    unit="minutes",
    typology="view_fraud",
    zh="平均停留 {value:.1f} 分钟",
    en="{value:.1f} viewer-minutes for each join",
    blind="Differs by category.",
)
@njit(cache=True)
def viewer_minutes_per_join(m):
    """Viewer-minutes over joins: the mean stay that the counters imply."""
    return quotient(m, VIEWERS, JOINS)


@live(
    unit="correlation",
    typology="view_fraud",
    zh="同分钟进场与离场相关 {value:.2f}",
    en="joins and leaves of the same minute correlate by {value:.2f}",
    blind="Every feed has people who swipe past.",
)
@njit(cache=True)
def join_leave_correlation(m):
    """Correlation of joins and leaves of the same minute; flash views leave in the minute in which they came."""
    return correlation(m[:, JOINS], m[:, LEAVES])


@live(
    unit="share",
    typology="view_fraud",
    direction=1,
    zh="进场节律过强，单一周期占 {value:.0%}",
    en="one period holds {value:.0%} of the variation of joins",
    blind="Hosts repeat a programme.",
)
@njit(cache=True)
def join_period_share(m):
    """Largest share of the variance of joins in one whole period of two to thirty minutes; unknown below an hour."""
    if len(m) < 60:
        return np.nan
    return strongest_period(m[:, JOINS])


SIGNALS: tuple[Signal, ...] = (
    minutes_count,
    viewers_mean,
    peak_to_mean_ratio,
    unexplained_step_max,
    cliff_step_max,
    plateau_minute_share,
    join_fano_ratio,
    unexplained_join_share,
    granted_minute_share,
    new_account_join_share,
    repeated_device_join_share,
    viewer_minutes_per_join,
    join_leave_correlation,
    join_period_share,
)
