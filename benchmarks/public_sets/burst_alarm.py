"""Burst alarms on one counter: tail probability of each value, given only earlier values.

A deviation is the distance of a short moving mean from the mean of a longer past. Its tail
probability comes from the deviations before it: counted where there are enough of them. Beyond
their largest share it comes from a Pareto tail fitted to it. One threshold, a probability, then
means the same on a counter that bursts every day and on one that never moves.

Source: SPOT (Siffer, Fouque, Termier and Largouët, KDD 2017), with Hill's estimator of the tail
index (Annals of Statistics 1975). The past's mean replaces their automatic drift window.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

TAIL_SHARE = 0.02  # share of the largest deviations to which the tail is fitted, SPOT's own choice
MIN_TAIL_VALUES = 10  # deviations to which it is fitted at least
MIN_TAIL_INDEX = (
    0.05  # smallest tail index: no series is so light that a little more becomes impossible
)


@njit(cache=True, nogil=True)
def _deviations(x, horizon, smooth, both):  # pragma: no cover - compiled
    """Deviation of the mean of `smooth` values from that of the `horizon` before, at least 0."""
    n, out = len(x), np.zeros(len(x))
    total = np.zeros(n + 1)
    for i in range(n):
        total[i + 1] = total[i] + x[i]
    for i in range(max(8, horizon // 8), n):
        a, b = max(0, i - horizon), max(0, i + 1 - smooth)
        d = (total[i + 1] - total[b]) / (i + 1 - b) - (total[i] - total[a]) / (i - a)
        out[i] = abs(d) if both else max(d, 0.0)
    return out


@njit(cache=True, nogil=True)
def _rarity(d, start, known, top, least, lightest):  # pragma: no cover - compiled
    """-log10 tail probability by earlier deviations from `start` on; 0 until `known` of them."""
    n = len(d)
    out, past = np.zeros(n), np.empty(n)
    for i in range(start, n):
        seen = i - start
        place = np.searchsorted(past[:seen], d[i])
        if seen >= known:
            k = max(int(seen * top), least)
            edge = past[seen - k]
            if d[i] <= edge or edge <= 0.0:
                out[i] = -np.log10((seen - place + 1.0) / (seen + 1.0))
            else:
                index = 0.0
                for j in range(seen - k, seen):
                    index += np.log(past[j] / edge)
                out[i] = np.log10(seen / k) + np.log10(d[i] / edge) / max(index / k, lightest)
        for j in range(seen, place, -1):
            past[j] = past[j - 1]
        past[place] = d[i]
    return out


def burst_scores(
    x: np.ndarray, horizon: int = 288, smooth: int = 6, both_sides: bool = False
) -> np.ndarray:
    """-log10 tail probability of each value by the series' past, at least 0, shape (n,).

    `horizon`: values that make the past's mean; `smooth`: values that make the present's;
    `both_sides`: falls count too. 0 until a horizon of deviations is known (thirty at least),
    because a tail is not known before.
    """
    values = np.asarray(x, dtype=np.float64)
    d = _deviations(values, int(horizon), int(smooth), bool(both_sides))
    return _rarity(
        d,
        max(8, int(horizon) // 8),
        max(3 * MIN_TAIL_VALUES, int(horizon)),
        TAIL_SHARE,
        MIN_TAIL_VALUES,
        MIN_TAIL_INDEX,
    )


class BurstAlarm(OutlierMixin, BaseEstimator):
    """Causal burst alarm over one series, a scikit-learn outlier detector; rows are moments.

    `score_samples` gives minus the burst score of each row; `predict` is -1 where it exceeds
    `threshold` (-log10 of a chance). Several columns are several counters; the largest score
    counts. `fit` only checks: nothing is learnt from other series.
    """

    def __init__(
        self, horizon: int = 288, smooth: int = 6, threshold: float = 4.0, both_sides: bool = False
    ):
        self.horizon = horizon
        self.smooth = smooth
        self.threshold = threshold
        self.both_sides = both_sides

    def fit(self, X: object, y: object = None) -> BurstAlarm:  # noqa: ARG002
        """Check the series. Raises ValueError on NaN or infinity."""
        validate_data(self, X, dtype=np.float64)
        self.offset_ = -float(self.threshold)
        return self

    def score_samples(self, X: object) -> np.ndarray:
        """Minus the burst score, shape (n,)."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        return -np.max(
            [
                burst_scores(x[:, j], self.horizon, self.smooth, self.both_sides)
                for j in range(x.shape[1])
            ],
            axis=0,
        )

    def decision_function(self, X: object) -> np.ndarray:
        """`score_samples` less the offset: negative beyond the threshold."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:
        """-1 at alarms, 1 elsewhere."""
        return np.where(self.decision_function(X) < 0, -1, 1)


def alarms(score: np.ndarray, threshold: float, rest: int) -> np.ndarray:
    """Positions of alarms: beyond the threshold, with at least `rest` values between them."""
    out, last = [], -rest - 1
    for i in np.flatnonzero(score > threshold).tolist():
        if i - last > rest:
            out.append(i)
            last = i
    return np.array(out, dtype=np.int64)
