"""Posteriors of single views whose mean is the false share of their session.

The share of a session is a mean over its posterior; a view's posterior is taken at that mean. The
two differ where a session has few views. Corrected figures rest on the share, so views that are
named take their level from it, and their order from their likelihood ratios.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

MAX_SHIFT_LOG_ODDS = 30.0  # ends of the search; ratios are clipped far within it
BISECTIONS = 50
TINY = 1e-12


def posteriors_at_share(
    posterior: np.ndarray, start: np.ndarray, inflated: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Posteriors of views, shifted so that their mean is the false share of their session.

    One shift of the log-odds a session, of a view being false were the session inflated, keeps
    the order of its views.

    Parameters
    ----------
    posterior
        Probability of each view being false, shape (views,), sorted by session.
    start
        Row where each session starts, then the number of views; int64, shape (sessions + 1,). No
        session is without views.
    inflated
        Probability of each session, shape (sessions,).
    share
        Expected false share of each session, shape (sessions,), at most `inflated`.

    Returns
    -------
    np.ndarray
        Shape (views,); the sum over a session is its share times its views.

    Examples
    --------
    >>> posteriors_at_share(np.array([0.6, 0.2]), np.array([0, 2]), np.ones(1), np.full(1, 0.5))
    array([0.71010205, 0.28989795])
    """
    size = np.diff(start)
    if not len(size):
        return posterior.copy()
    possible = np.maximum(inflated, TINY)
    log_odds = logit(np.clip(posterior / np.repeat(possible, size), TINY, 1.0 - TINY))
    wanted = np.clip(share / possible, 0.0, 1.0)
    low, high = np.full(len(size), -MAX_SHIFT_LOG_ODDS), np.full(len(size), MAX_SHIFT_LOG_ODDS)
    for _ in range(BISECTIONS):
        shift = (low + high) / 2.0
        mean = np.add.reduceat(expit(log_odds + np.repeat(shift, size)), start[:-1]) / size
        low, high = np.where(mean < wanted, shift, low), np.where(mean < wanted, high, shift)
    shift = (low + high) / 2.0
    return np.repeat(inflated, size) * expit(log_odds + np.repeat(shift, size))
