"""LIVE signals of joins by minute: kernels as in `viewer_series.py`."""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declaration import Unit
from features.engine.minute_kernels import (
    GRANTED,
    JOINS,
    LEAVES,
    NEW,
    REPEATED,
    VIEWERS,
    correlation,
    fano,
    live,
    mean_of,
    quotient,
    strongest_period,
    unexplained_excess,
)


@live(
    unit=Unit.RATIO,
    typology="view_fraud",
    direction=1,
    zh="每分钟进场数的波动（方差）为随机到达的 {value}",
    en="the variance of its joins a minute is {value} that of random arrivals",
    blind="Grows with the size of the room.",
)
@njit(cache=True)
def join_fano_ratio(m):
    """Variance over mean of joins a minute, 1 for random arrivals; batches of bots raise it."""
    return fano(m[:, JOINS])


@live(
    unit=Unit.SHARE_OF_JOINS,
    typology="view_fraud",
    direction=1,
    alarm=0.2,
    zh="{value} 的进场属于没有投流或连麦的突增",
    en="{value} of its joins came in bursts without a boost or raid",
    blind="Lucky bags and links from outside are causes that minutes do not show.",
)
@njit(cache=True)
def unexplained_join_share(m):
    """Share of joins above five times the median minute while no boost or raid ran.

    The limit is at least five joins. Bought views are delivered in bursts.
    """
    return unexplained_excess(m, JOINS)


@live(
    unit=Unit.SHARE_OF_MINUTES,
    typology="view_fraud",
    zh="{value} 的分钟有投流或连麦",
    en="a boost or raid ran in {value} of its minutes",
    blind="Granted, hence honest.",
)
@njit(cache=True)
def granted_minute_share(m):
    """Share of minutes with a granted cause of traffic."""
    return mean_of(m[:, GRANTED])


@live(
    unit=Unit.SHARE_OF_JOINS,
    typology="view_fraud",
    direction=1,
    alarm=0.2,
    zh="{value} 的进场来自注册不足 7 天的账号",
    en="{value} of its joins came from accounts under 7 days old",
    blind="Campaigns for new users.",
)
@njit(cache=True)
def new_account_join_share(m):
    """Share of joins by accounts younger than 7 days; accounts are made for an order of views."""
    return quotient(m, NEW, JOINS)


@live(
    unit=Unit.SHARE_OF_JOINS,
    typology="view_fraud",
    direction=1,
    alarm=0.12,
    zh="{value} 的进场来自已用其他账号进入过本场的设备",
    en="{value} of its joins came from devices that had joined under another account",
    blind="Shared tablets.",
)
@njit(cache=True)
def repeated_device_join_share(m):
    """Share of joins from a device that joined before under another account; farms do so."""
    return quotient(m, REPEATED, JOINS)


@live(
    unit=Unit.MINUTES,
    typology="view_fraud",
    zh="每次进场平均停留 {value}",
    en="each join stayed {value} on average",
    blind="Differs by category.",
)
@njit(cache=True)
def viewer_minutes_per_join(m):
    """Viewer-minutes over joins: the mean stay that the counters imply."""
    return quotient(m, VIEWERS, JOINS)


@live(
    unit=Unit.CORRELATION,
    typology="view_fraud",
    zh="同一分钟内进场与离场的相关系数为 {value}（最高为一）",
    en="joins and leaves of the same minute correlate by {value} (one at most)",
    blind="Every feed has people who swipe past.",
)
@njit(cache=True)
def join_leave_correlation(m):
    """Correlation of joins and leaves of the same minute; flash views leave as they come."""
    return correlation(m[:, JOINS], m[:, LEAVES])


@live(
    unit=Unit.SHARE,
    typology="view_fraud",
    direction=1,
    zh="进场变化的 {value} 集中于同一个周期",
    en="one period holds {value} of the variation of its joins",
    blind="Hosts repeat a programme.",
)
@njit(cache=True)
def join_period_share(m):
    """Largest share of the variance of joins in one period of 2 to 30 minutes.

    Unknown below an hour. Scripts run by the clock.
    """
    if len(m) < 60:
        return np.nan
    return strongest_period(m[:, JOINS])
