"""Deviance of a session from the expected audience of its kind.

An audience is a count of views over cells of join time and stay. FLOCK (Shah, WWW 2017) compares
the same joint view with expected broadcasts. Here the expectation is robust: sessions far from the
median of their kind hardly count. The deviance G of a multinomial is corrected for its degrees of
freedom.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

MIN_DISTANCE_SCALE = 0.02  # total variation from the median, 0 to 1
MAX_WEIGHING_VIEWS = 500.0  # a session's weight grows with its views up to here


class ExpectedAudience(OutlierMixin, BaseEstimator):
    """Expected distribution of views over cells, and the deviance of each session from it.

    Parameters
    ----------
    contamination : float, default 0.05
        Share of the fitted sessions beyond the offset, 0 to 1.
    floor : float, default 1e-4
        Views added to each cell of a session, and share added to each expected cell, so that no
        expected share is zero.

    Attributes
    ----------
    expected_ : numpy.ndarray
        float64, shape (cells,). Expected share of each cell, summing to 1.
    offset_ : float
        Score, in nats per view, below which a session is an outlier.
    n_features_in_ : int
        Number of cells.

    References
    ----------
    Shah, FLOCK: combating astroturfing on livestreaming platforms, WWW 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from features.detectors.expected_audience import ExpectedAudience
    >>> views = np.array([[40, 30, 30]] * 19 + [[90, 5, 5]])  # sessions by cells
    >>> audience = ExpectedAudience().fit(views)
    >>> audience.expected_.round(2).tolist()
    [0.4, 0.3, 0.3]
    >>> audience.predict(views[-2:]).tolist()
    [1, -1]
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

    def fit(self, X: object, y: object = None) -> ExpectedAudience:  # noqa: ARG002 - its API
        """Estimate the expected shares of the cells, robustly over sessions.

        Parameters
        ----------
        X
            Counts of views, shape (sessions, cells), at least 0.
        y
            Ignored.

        Raises
        ------
        ValueError
            A count is negative.
        """
        x = self._counts(X, reset=True)
        total = x.sum(axis=1)
        share = (x + self.floor) / (total + self.floor * x.shape[1])[:, None]
        median = np.median(share, axis=0)
        median = (median + self.floor) / (median + self.floor).sum()
        distance = 0.5 * np.abs(share - median).sum(axis=1)
        scale = max(float(np.median(distance)), MIN_DISTANCE_SCALE)
        weight = np.exp(-((distance / scale) ** 2) / 2) * np.minimum(total, MAX_WEIGHING_VIEWS)
        mean = (weight @ share if weight.sum() > 0 else share.mean(axis=0)) + self.floor
        self.expected_ = mean / mean.sum()
        self.offset_ = float(np.quantile(self.score_samples(x), self.contamination))
        return self

    def score_samples(self, X: object) -> np.ndarray:
        """Minus the deviance per view beyond chance, in nats, shape (sessions,).

        Chance explains (cells in use - 1) / (2 views). A session without views scores 0.
        """
        check_is_fitted(self)
        x = self._counts(X, reset=False)
        total = x.sum(axis=1)
        p = x / np.maximum(total, 1e-12)[:, None]
        g = np.where(p > 0, p * np.log(np.maximum(p, 1e-300) / self.expected_), 0.0).sum(axis=1)
        chance = (np.maximum((x > 0).sum(axis=1), 1) - 1) / (2.0 * np.maximum(total, 1.0))
        return np.where(total > 0, -np.maximum(g - chance, 0.0), 0.0)

    def decision_function(self, X: object) -> np.ndarray:
        """Scores less the offset: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:
        """-1 for outliers, 1 for other sessions."""
        return np.where(self.decision_function(X) < 0, -1, 1)
