"""Deviance from an expected audience: joint (join time, stay) against what sessions of the kind show.

Source: FLOCK (Shah, WWW 2017), its joint view of join time and stay and its comparison with expected broadcasts;
here with a robust expectation (sessions far from the median of their kind hardly count) and the deviance G of a
multinomial, less what chance alone gives (its degrees of freedom).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class ExpectedAudience(OutlierMixin, BaseEstimator):
    """What sessions of one kind show over cells, and how far a session is from it.

    `fit` and `score_samples` take counts by cell, shape (sessions, cells), at least 0. `score_samples` gives minus the
    deviance per view in nats, less (cells in use - 1) / (2 views), at most 0 meaning chance. `decision_function` is
    negative beyond the share `contamination` of the fitted sessions. Attributes: `expected_` (cells,), `offset_`.
    """

    def __init__(self, contamination: float = 0.05, floor: float = 1e-4):
        self.contamination = contamination
        self.floor = floor

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags

    def _counts(self, X: object, reset: bool) -> np.ndarray:
        x = validate_data(self, X, dtype=np.float64, reset=reset)
        if (x < 0).any():
            raise ValueError(
                "Negative values in data passed to ExpectedAudience: cells hold counts of views"
            )
        return x

    def fit(self, X: object, y: object = None) -> ExpectedAudience:
        """Expected shares of the cells, robustly over sessions."""
        x = self._counts(X, reset=True)
        total = x.sum(axis=1)
        share = (x + self.floor) / (total + self.floor * x.shape[1])[:, None]
        middle = np.median(share, axis=0)
        middle = (middle + self.floor) / (middle + self.floor).sum()
        far = 0.5 * np.abs(share - middle).sum(axis=1)
        weight = np.exp(-((far / max(float(np.median(far)), 0.02)) ** 2) / 2) * np.minimum(
            total, 500.0
        )
        mean = (weight @ share if weight.sum() > 0 else share.mean(axis=0)) + self.floor
        self.expected_ = mean / mean.sum()
        self.offset_ = float(np.quantile(self.score_samples(x), self.contamination))
        return self

    def score_samples(self, X: object) -> np.ndarray:
        """Minus the deviance per view beyond chance, shape (sessions,); 0 for a session without views."""
        check_is_fitted(self)
        x = self._counts(X, reset=False)
        total = x.sum(axis=1)
        p = x / np.maximum(total, 1e-12)[:, None]
        g = np.where(p > 0, p * np.log(np.maximum(p, 1e-300) / self.expected_), 0.0).sum(axis=1)
        chance = (np.maximum((x > 0).sum(axis=1), 1) - 1) / (2.0 * np.maximum(total, 1.0))
        return np.where(total > 0, -np.maximum(g - chance, 0.0), 0.0)

    def decision_function(self, X: object) -> np.ndarray:
        """`score_samples` less the offset: negative beyond the contamination share."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:
        """-1 for sessions beyond the contamination share, 1 for others."""
        return np.where(self.decision_function(X) < 0, -1, 1)
