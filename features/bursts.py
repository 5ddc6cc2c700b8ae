"""Burst alarms on one counter over time: how surprising is each value, given only what came before it.

A causal robust z-score: the distance of log(x + 1) from the median of its past, over the past's median absolute
deviation; with several horizons the smaller counts: a burst stands out from all of them. Source: Hampel's identifier (Davies and Gather, JASA 1993), made causal.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

TINY = 0.02  # smallest spread of logs that is believed


@njit(cache=True, nogil=True)
def _hampel(x, horizon, tiny):  # pragma: no cover - compiled
    """Signed robust z-score of each value against the `horizon` values before it; 0 before a quarter of it is known."""
    out = np.zeros(len(x))
    for i in range(max(8, horizon // 4), len(x)):
        past = x[max(0, i - horizon) : i]
        middle = np.median(past)
        spread = 1.4826 * np.median(np.abs(past - middle))
        # where most of the past is one value, the mean absolute deviation still knows of the rest
        spread = max(spread, np.abs(past - middle).mean(), tiny)
        out[i] = (x[i] - middle) / spread
    return out


def burst_scores(x: np.ndarray, horizons: tuple[int, ...] = (288,), both_sides: bool = False) -> np.ndarray:
    """How far each value bursts out of its past at every horizon (values), at least 0, shape (n,)."""
    logs = np.log1p(np.maximum(np.asarray(x, dtype=np.float64), 0.0))
    each = [_hampel(logs, h, TINY) for h in horizons]
    up = np.minimum.reduce([np.maximum(z, 0.0) for z in each])
    return np.maximum(up, np.minimum.reduce([np.maximum(-z, 0.0) for z in each])) if both_sides else up


class BurstAlarm(OutlierMixin, BaseEstimator):
    """Causal burst alarm over one series, as a scikit-learn outlier detector; rows are moments in order.

    `score_samples` gives minus the burst score of each row; `predict` is -1 where it exceeds `threshold`. Several columns
    are several counters; the largest score counts. `fit` only checks: nothing is learnt from other series.
    """

    def __init__(self, horizons: tuple[int, ...] = (288,), threshold: float = 5.0, both_sides: bool = False):
        self.horizons = horizons
        self.threshold = threshold
        self.both_sides = both_sides

    def fit(self, X: object, y: object = None) -> BurstAlarm:
        """Check the series. Raises ValueError on NaN or infinity."""
        validate_data(self, X, dtype=np.float64)
        self.offset_ = -float(self.threshold)
        return self

    def score_samples(self, X: object) -> np.ndarray:
        """Minus the burst score, shape (n,)."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        return -np.max([burst_scores(x[:, j], self.horizons, self.both_sides) for j in range(x.shape[1])], axis=0)

    def decision_function(self, X: object) -> np.ndarray:
        """`score_samples` less the offset: negative beyond the threshold."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:
        """-1 at alarms, 1 elsewhere."""
        return np.where(self.decision_function(X) < 0, -1, 1)


def alarms(score: np.ndarray, threshold: float, rest: int) -> np.ndarray:
    """Moments of alarm: the first beyond the threshold, then none for `rest` values, so that one burst alarms once."""
    out, last = [], -rest - 1
    for i in np.flatnonzero(score > threshold).tolist():
        if i - last > rest:
            out.append(i)
            last = i
    return np.array(out, dtype=np.int64)
