"""LIVE signals of concurrent viewers: kernels over one session's public counters by minute.

A kernel takes a float64 array of shape (minutes, 15), each column contiguous, columns as in
`minute_kernels.COLUMNS`, and returns one float; NaN is unknown. The same compiled function serves
one session online and all of them at night. Minutes are in order; a minute that was not delivered
is not invented. Kernels keep no state. Ranges of real broadcasts: ADR-0122.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declaration import Unit
from features.engine.minute_kernels import (
    GRANTED,
    MIN_MINUTES,
    VIEWERS,
    largest,
    live,
    mean_of,
)


@live(
    unit=Unit.MINUTES,
    typology="view_fraud",
    zh="已直播 {value}",
    en="it has run for {value}",
    blind="Says nothing alone.",
)
@njit(cache=True)
def minutes_count(m):
    """Minutes delivered so far."""
    return float(len(m))


@live(
    unit=Unit.VIEWERS,
    typology="view_fraud",
    zh="平均在线 {value}",
    en="it had {value} at a time on average",
    blind="Counted as the platform counts.",
)
@njit(cache=True)
def viewers_mean(m):
    """Mean concurrent viewers."""
    return mean_of(m[:, VIEWERS])


@live(
    unit=Unit.RATIO,
    typology="view_fraud",
    direction=1,
    zh="在线峰值为平均在线的 {value}",
    en="its peak audience is {value} its average",
    blind="Raids and lucky bags raise a peak too.",
)
@njit(cache=True)
def peak_to_mean_ratio(m):
    """Highest over mean concurrent viewers; bought viewers come all at once."""
    mean = mean_of(m[:, VIEWERS])
    if not mean > 0:
        return np.nan
    return largest(m[:, VIEWERS]) / mean


@live(
    unit=Unit.LOG,
    typology="view_fraud",
    direction=1,
    alarm=1.2,
    zh="在线人数（加十计）一分钟内增至原来的 {value}，期间没有投流或连麦",
    en="its audience, plus ten, grew to {value} its size in a minute without a boost or raid",
    blind="Small rooms jump by chance; a link from outside is not seen.",
)
@njit(cache=True)
def unexplained_step_max(m):
    """Largest rise of log(viewers + 10) from one minute to the next, without boost or raid.

    The first five minutes are left out. Bought viewers enter in one step.
    """
    if len(m) < MIN_MINUTES:
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
    unit=Unit.LOG,
    typology="view_fraud",
    direction=1,
    alarm=1.0,
    zh="在线人数（加十计）一分钟内骤降，此前为此后的 {value}",
    en="its audience, plus ten, fell in a minute: before it was {value} as large",
    blind="A technical failure empties a room too.",
)
@njit(cache=True)
def cliff_step_max(m):
    """Largest fall of log(viewers + 10) from one minute to the next.

    The last tenth is left out. Bots are switched off all at once.
    """
    if len(m) < MIN_MINUTES:
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
    unit=Unit.SHARE_OF_MINUTES,
    typology="view_fraud",
    direction=1,
    zh="{value} 的分钟内在线人数没有变化",
    en="its audience did not change in {value} of its minutes",
    blind="Small rooms stand still; only rooms above twenty viewers are judged.",
)
@njit(cache=True)
def plateau_minute_share(m):
    """Share of minutes with the same viewers as the minute before.

    Unknown below twenty mean viewers. Idle bots neither come nor go.
    """
    if len(m) < MIN_MINUTES or not mean_of(m[:, VIEWERS]) >= 20:
        return np.nan
    same = 0
    for i in range(1, len(m)):
        if m[i, VIEWERS] == m[i - 1, VIEWERS]:
            same += 1
    return same / (len(m) - 1.0)
