"""Shared parts of the kernels over minutes: the columns that they read, sums and moments."""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declaration import signal

COLUMNS = (
    "viewers",
    "joins",
    "leaves",
    "likes",
    "likers",
    "comments",
    "commenters",
    "follows",
    "product_clicks",
    "orders",
    "buyers",
    "gmv",
    "new_account_joins",
    "repeated_device_joins",
    "granted",
)
READS = ("room_minutes", "sessions")
VIEWERS, JOINS, LEAVES, LIKES, LIKERS, COMMENTS, COMMENTERS, FOLLOWS, CLICKS, ORDERS = range(10)
BUYERS, GMV, NEW, REPEATED, GRANTED = range(10, 15)
MIN_MINUTES = 10  # of a session; fewer have no shape
MAX_PERIOD_MINUTES = 30
LOG_TABLE = np.log(np.maximum(np.arange(1024), 1.0))  # of small whole numbers, as counts are
# Goertzel's factors of the periods from two minutes on.
GOERTZEL_FACTORS = 2.0 * np.cos(2.0 * np.pi / np.arange(2, MAX_PERIOD_MINUTES + 1))


@njit(cache=True)
def log_of(x):
    """Natural logarithm of a positive number, looked up where it is a small whole one."""
    k = int(x) if x < 1024.0 else 0
    return LOG_TABLE[k] if k > 0 and k == x else np.log(x)


@njit(cache=True)
def total(x):
    """Sum of a series by four running sums, in the same order on every machine.

    One running sum would be slower, because each addition waits for the one before it.
    """
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = len(x) - len(x) % 4
    for i in range(0, whole, 4):
        a += x[i]
        b += x[i + 1]
        c += x[i + 2]
        d += x[i + 3]
    for i in range(whole, len(x)):
        a += x[i]
    return (a + b) + (c + d)


@njit(cache=True)
def mean_of(x):
    """Mean of a series; NaN where it is empty."""
    return total(x) / len(x) if len(x) else np.nan


@njit(cache=True)
def quotient(m, top, bottom):
    """Sum of one column over the sum of another; NaN where the bottom is not positive."""
    below = total(m[:, bottom])
    if not below > 0:
        return np.nan
    return total(m[:, top]) / below


@njit(cache=True)
def squares(x, mean):
    """Sum of squared differences from a mean."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = len(x) - len(x) % 4
    for i in range(0, whole, 4):
        a += (x[i] - mean) * (x[i] - mean)
        b += (x[i + 1] - mean) * (x[i + 1] - mean)
        c += (x[i + 2] - mean) * (x[i + 2] - mean)
        d += (x[i + 3] - mean) * (x[i + 3] - mean)
    for i in range(whole, len(x)):
        a += (x[i] - mean) * (x[i] - mean)
    return (a + b) + (c + d)


@njit(cache=True)
def largest(x):
    """Largest value of a series that has one and no unknown minute."""
    a, b, c, d = x[0], x[0], x[0], x[0]
    whole = len(x) - len(x) % 4
    for i in range(0, whole, 4):
        a, b, c, d = max(a, x[i]), max(b, x[i + 1]), max(c, x[i + 2]), max(d, x[i + 3])
    for i in range(whole, len(x)):
        a = max(a, x[i])
    return max(max(a, b), max(c, d))


@njit(cache=True)
def fano(x):
    """Variance over mean of a count series; NaN where the mean is not positive."""
    mean = mean_of(x)
    if not mean > 0:
        return np.nan
    return squares(x, mean) / len(x) / mean


@njit(cache=True)
def correlation(x, y):
    """Pearson correlation; NaN where either series is constant or unknown."""
    n = len(x)
    if n < MIN_MINUTES:
        return np.nan
    mx, my = mean_of(x), mean_of(y)
    xx, yy, xy = 0.0, 0.0, 0.0  # one pass without arrays between, which took most of the time
    for i in range(n):
        dx, dy = x[i] - mx, y[i] - my
        xx += dx * dx
        yy += dy * dy
        xy += dx * dy
    if not (xx > 0 and yy > 0):
        return np.nan
    return xy / np.sqrt(xx * yy)


@njit(cache=True)
def median(x, most):
    """Median of a series whose largest value is `most`.

    Small whole numbers are counted, which takes a fifth of the time of a selection.
    """
    n = len(x)
    if not 0 <= most < len(LOG_TABLE):
        return np.median(x)
    seen = np.zeros(int(most) + 1, np.int64)
    for i in range(n):
        k = int(x[i])
        if k != x[i] or k < 0:
            return np.median(x)
        seen[k] += 1
    upper, below = 0, seen[0]
    while below <= n // 2:
        upper += 1
        below += seen[upper]
    lower = upper
    if n % 2 == 0 and below - seen[upper] == n // 2:  # the middle lies between two values
        lower -= 1
        while seen[lower] == 0:
            lower -= 1
    return (lower + upper) / 2.0


@njit(cache=True)
def unexplained_excess(m, column):
    """Share of a column's sum above five times its median, in minutes without a granted cause.

    The limit is at least 5.
    """
    x = m[:, column]
    whole = total(x)
    if len(x) < MIN_MINUTES or not whole > 0:
        return np.nan
    most, near = largest(x), 0
    for i in range(len(x)):
        near += 5.0 * x[i] >= most
    # The median is a fifth of the largest or more, so no value is above the limit.
    if most <= 5.0 or 2 * near > len(x) + 1:
        return 0.0
    limit = max(5.0, 5.0 * median(x, most))
    above = 0.0
    for i in range(len(x)):
        if x[i] > limit and m[i, GRANTED] == 0.0:
            above += x[i] - limit
    return above / whole


@njit(cache=True)
def strongest_period(x):
    """Largest share of a series' variance in one whole period of 2 to 30 minutes.

    NaN below 20 values. Goertzel's recursion runs for all periods in one pass over the series. A
    step takes four minutes, so that its state is read and written a quarter as often.
    """
    n = len(x)
    if n < 2 * MIN_MINUTES:
        return np.nan
    mean = mean_of(x)
    power = squares(x, mean)
    if not power > 0:
        return np.nan
    many = min(MAX_PERIOD_MINUTES, n // 2) - 1
    s1, s2 = np.zeros(many), np.zeros(many)
    whole = n - n % 4
    for i in range(0, whole, 4):
        d0, d1, d2, d3 = x[i] - mean, x[i + 1] - mean, x[i + 2] - mean, x[i + 3] - mean
        for k in range(many):
            first = d0 + GOERTZEL_FACTORS[k] * s1[k] - s2[k]
            second = d1 + GOERTZEL_FACTORS[k] * first - s1[k]
            third = d2 + GOERTZEL_FACTORS[k] * second - first
            s1[k], s2[k] = d3 + GOERTZEL_FACTORS[k] * third - second, third
    for i in range(whole, n):
        d = x[i] - mean
        for k in range(many):
            s1[k], s2[k] = d + GOERTZEL_FACTORS[k] * s1[k] - s2[k], s1[k]
    best = 0.0
    for k in range(many):
        p = (s1[k] * s1[k] + s2[k] * s2[k] - GOERTZEL_FACTORS[k] * s1[k] * s2[k]) / (n * power)
        best = max(best, p if k == 0 else 2.0 * p)
    return min(best, 1.0)


def live(**more):
    """Declare a kernel as a LIVE signal of a session."""
    return signal(reads=READS, **more)
