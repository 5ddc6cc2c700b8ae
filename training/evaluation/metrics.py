"""Metrics of ranking, with bootstrap intervals over groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score


@dataclass(frozen=True)
class Figure:
    """A figure with its 90 % bootstrap interval over groups; NaN where it cannot be computed."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"
            if np.isfinite(self.value)
            else "unknown"
        )


def bootstrapped(
    measure: Callable[[np.ndarray, np.ndarray], float],
    truth: np.ndarray,
    score: np.ndarray,
    group: pd.Series,
    draws: int = 200,
    seed: int = 7,
) -> Figure:
    """Compute a metric with an interval from resampled groups.

    Groups are resampled whole, because rows of one group are not independent.

    Parameters
    ----------
    measure
        From truth and score to the metric.
    truth, score
        Labels (0 or 1) and scores, shape (n,).
    group
        Group of each row.
    draws, seed
        Number of bootstrap draws, and the seed of their generator.
    """
    if not 0 < truth.sum() < len(truth):
        return Figure(float("nan"), float("nan"), float("nan"))
    codes, names = pd.factorize(group)
    members = (
        [np.flatnonzero(codes == c) for c in range(len(names))]
        if len(names) < 5000
        else [np.array([i]) for i in range(len(truth))]
    )
    rng, values = np.random.default_rng(seed), []
    for _ in range(draws):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        if 0 < truth[rows].sum() < len(rows):
            values.append(measure(truth[rows], score[rows]))
    low, high = np.quantile(values, [0.05, 0.95]) if values else (np.nan, np.nan)
    return Figure(float(measure(truth, score)), float(low), float(high))


def average_precision(truth: np.ndarray, score: np.ndarray, group: pd.Series) -> Figure:
    """Average precision (the step-wise sum, scikit-learn's definition)."""
    return bootstrapped(average_precision_score, truth, score, group)


def auroc(truth: np.ndarray, score: np.ndarray, group: pd.Series) -> Figure:
    """Area under the ROC curve."""
    return bootstrapped(roc_auc_score, truth, score, group)
