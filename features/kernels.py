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
    if len(x) < FEW:
        return np.nan
    sx, sy = x.std(), y.std()
    if not (sx > 0 and sy > 0):
        return np.nan
    return ((x - x.mean()) * (y - y.mean())).mean() / (sx * sy)


@njit(cache=True)
def unexplained_excess(m, column):
    """Share of a column's sum that lies above five times its median (at least 5) in minutes without a granted cause."""
    x = m[:, column]
    total = x.sum()
    if len(x) < FEW or not total > 0:
        return np.nan
    limit = max(5.0, 5.0 * np.median(x))
    above = 0.0
    for i in range(len(x)):
        if x[i] > limit and m[i, GRANTED] == 0.0:
            above += x[i] - limit
    return above / total


def live(**more):
    """Declare a kernel as a LIVE signal of a session."""
    return signal(reads=READS, **more)


def run_kernels(minutes: np.ndarray, offsets: np.ndarray, signals: tuple[Signal, ...]) -> np.ndarray:
    """Values of LIVE signals for many sessions.

    `minutes`: float64, shape (rows, 15), sessions one after another, minutes in order; `offsets`: int64, shape
    (sessions + 1,). Returns float64 of shape (sessions, signals).
    """
    out = np.empty((len(offsets) - 1, len(signals)))
    for i in range(len(offsets) - 1):
        one = minutes[offsets[i] : offsets[i + 1]]
        for j, each in enumerate(signals):
            out[i, j] = each.compute(one)
    return out
