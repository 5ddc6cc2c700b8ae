"""What the kernels over minutes share: the columns they read, sums and moments, and the loop over sessions."""

from __future__ import annotations

import numpy as np
from numba import njit

from features.declare import Signal, signal

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
FEW = 10  # minutes below which a shape cannot be told


LOGS = np.log(np.maximum(np.arange(1024), 1.0))  # of whole numbers, which counts are


@njit(cache=True)
def log_of(x):
    """Natural logarithm of a positive number, looked up where it is a small whole one."""
    k = int(x) if x < 1024.0 else 0
    return LOGS[k] if k > 0 and k == x else np.log(x)


@njit(cache=True)
def quotient(m, top, bottom):
    """Sum of one column over the sum of another; NaN where the bottom is not positive."""
    below = m[:, bottom].sum()
    if not below > 0:
        return np.nan
    return m[:, top].sum() / below


@njit(cache=True)
def fano(x):
    """Variance over mean of a count series; NaN where the mean is not positive."""
    mean = x.mean()
    if not mean > 0:
        return np.nan
    return x.var() / mean


@njit(cache=True)
def correlation(x, y):
    """Pearson correlation; NaN where either series is constant or unknown."""
    n = len(x)
    if n < FEW:
        return np.nan
    mx, my = 0.0, 0.0
    for i in range(n):
        mx += x[i]
        my += y[i]
    mx, my = mx / n, my / n
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
def unexplained_excess(m, column):
    """Share of a column's sum that lies above five times its median (at least 5) in minutes without a granted cause."""
    x = m[:, column]
    total = x.sum()
    if len(x) < FEW or not total > 0:
        return np.nan
    most, near = x.max(), 0
    for i in range(len(x)):
        near += 5.0 * x[i] >= most
    if most <= 5.0 or 2 * near > len(x) + 1:  # the median is a fifth of the largest or more: nothing lies above the limit
        return 0.0
    limit = max(5.0, 5.0 * np.median(x))
    above = 0.0
    for i in range(len(x)):
        if x[i] > limit and m[i, GRANTED] == 0.0:
            above += x[i] - limit
    return above / total


@njit(cache=True)
def strongest_period(x):
    """Largest share of a series' variance that one whole period of 2 to 30 minutes holds; NaN below 20 values.

    Goertzel's recursion for all periods side by side, so that one pass over the series serves them all.
    """
    n = len(x)
    if n < 2 * FEW:
        return np.nan
    mean = x.mean()
    power = 0.0
    for i in range(n):
        power += (x[i] - mean) * (x[i] - mean)
    if not power > 0:
        return np.nan
    many = min(30, n // 2) - 1
    c, s1, s2 = np.empty(many), np.zeros(many), np.zeros(many)
    for k in range(many):
        c[k] = 2.0 * np.cos(2.0 * np.pi / (k + 2))
    for i in range(n):
        d = x[i] - mean
        for k in range(many):
            s0 = d + c[k] * s1[k] - s2[k]
            s2[k] = s1[k]
            s1[k] = s0
    best = 0.0
    for k in range(many):
        p = (s1[k] * s1[k] + s2[k] * s2[k] - c[k] * s1[k] * s2[k]) / (n * power)
        best = max(best, p if k == 0 else 2.0 * p)
    return min(best, 1.0)


def live(**more):
    """Declare a kernel as a LIVE signal of a session."""
    return signal(reads=READS, **more)


@njit(cache=True)
def by_column(minutes, first, last):
    """Rows first to last with each column contiguous, which kernels read several times faster."""
    out = np.empty((minutes.shape[1], last - first))
    for i in range(first, last):
        for j in range(minutes.shape[1]):
            out[j, i - first] = minutes[i, j]
    return out.T


def run_kernels(minutes: np.ndarray, offsets: np.ndarray, signals: tuple[Signal, ...]) -> np.ndarray:
    """Values of LIVE signals for many sessions.

    `minutes`: float64, shape (rows, 15), sessions one after another, minutes in order; `offsets`: int64, shape
    (sessions + 1,). Returns float64 of shape (sessions, signals).
    """
    out = np.empty((len(offsets) - 1, len(signals)))
    for i in range(len(offsets) - 1):
        one = by_column(minutes, offsets[i], offsets[i + 1])
        for j, each in enumerate(signals):
            out[i, j] = each.compute(one)
    return out
