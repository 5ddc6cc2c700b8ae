"""Log-odds: to probabilities, and of at least one of several."""

from __future__ import annotations

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Probabilities of log-odds; beyond 30 on either side they count as 30."""
    return 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))


def any_log_odds(z: np.ndarray) -> np.ndarray:
    """Log-odds that at least one holds, from independent log-odds of shape (n, ensembles)."""
    none = -np.logaddexp(0.0, z).sum(axis=1)  # log of the probability that none does
    return np.log(-np.expm1(np.minimum(none, -1e-300))) - none
