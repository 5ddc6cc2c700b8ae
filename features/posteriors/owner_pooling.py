"""Empirical Bayes pooling: adjusts a session's probability by the operator's other sessions.

An operator with one inflated session mostly has others, and orders are brushed by the dozen. Each
owner has a share of false entities, drawn from a beta distribution around the share over all. The
shares are estimated by EM from the likelihood ratios that the probabilities are; each entity is
left out of its own. Half of the log-odds change is applied, because the signals already carry part
of it. All log-odds are then shifted so that the expected count is unchanged (ADR-0017).

A running session has only its minutes, which know nothing of the other sessions: it takes the whole
change (`operator_history`). Half of what sessions and orders showed is added to the operator's own
log-odds (`pool_owners`). Views are updated by the other sessions of their account and device
(`leave_session_out_log_odds`).

Where it fails: one false session of an honest operator (a rival's brushing) looks better than it
did. An operator that is mostly false drags its honest sessions with it.

References
----------
Robbins 1956; Efron, Large-Scale Inference, 2010, chapter 1: empirical Bayes. Dempster, Laird and
Rubin, JRSS B 1977: EM.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

PRIOR_ENTITIES = 10.0  # by which the share over all counts in that of one owner
MAX_INDEPENDENT_ENTITIES = 50.0  # scores of one owner err together: more say no more than these
POOLED_FRACTION = 0.5  # of the change in log-odds
MAX_LIKELIHOOD_RATIO = 1e3  # of one entity
# Log-odds that entities of one kind add to their owner: clean sessions do not clear its orders.
MIN_OWNER_LOG_ODDS, MAX_OWNER_LOG_ODDS = -1.0, 9.0
PRIOR_VIEWS = 1.0  # by which the share over all counts in that of one account or device
MAX_ACCOUNT_LOG_ODDS = 3.0  # that other sessions of an account add to a view (ADR-0102)
MIN_PROBABILITY = 1e-6  # probabilities are clipped to this and 1 less this
EM_ITERATIONS = 30


def pooled(probability: np.ndarray, owner: pd.Series) -> np.ndarray:
    """Pooled probabilities of entities being false, shape (n,); their sum is unchanged.

    `probability` has shape (n,): calibrated, each by its own signals. `owner` is in the same order;
    an entity without a known owner stands alone.
    """
    if len(probability) < 2:
        return probability
    shares = _shares(probability, owner)
    return _expecting_as_many(probability, POOLED_FRACTION * shares.change(shares.others))


def operator_history(probability: np.ndarray, owner: pd.Series) -> pd.DataFrame:
    """What sessions showed of their owners: index owner, one row an owner.

    `sessions` is their number and `inflated_share` the share that is false. `log_odds` shifts the
    probability of another session of the owner. Shifting these sessions by one another would leave
    their expected number unchanged. Arguments are those of `pooled`.
    """
    if not len(probability):
        return pd.DataFrame(columns=["sessions", "inflated_share", "log_odds"], dtype=float)
    shares = _shares(probability, owner)
    level = _level(log_odds(probability) + shares.change(shares.others), probability)
    names = pd.factorize(owner)[1]
    found = {
        "sessions": shares.count,
        "inflated_share": shares.share,
        "log_odds": shares.change(shares.share) - level,
    }
    return pd.DataFrame(
        {k: v[: len(names)] for k, v in found.items()}, index=pd.Index(names, name="owner")
    )


def pool_owners(probability: np.ndarray, history: np.ndarray) -> np.ndarray:
    """Probabilities of owners cheating, updated by their entities; their sum is unchanged.

    `probability` has shape (n,): calibrated, by the owners' own signals. `history` has shape
    (n, kinds): log-odds of `operator_history` by kind of entity, 0 or NaN where none is known.
    """
    if not len(probability) or not history.shape[1]:
        return probability
    return _expecting_as_many(
        probability,
        POOLED_FRACTION
        * np.clip(np.nan_to_num(history), MIN_OWNER_LOG_ODDS, MAX_OWNER_LOG_ODDS).sum(axis=1),
    )


def leave_session_out_log_odds(
    probability: np.ndarray, account: pd.Series, session: np.ndarray
) -> np.ndarray:
    """Log-odds by which other sessions of the same account or device move each view, shape (n,).

    Parameters
    ----------
    probability
        Of each view being false by itself, shape (n,).
    account
        Account or device of each view; None where not known.
    session
        Number of the session of each view.
    """
    if not len(probability):
        return probability
    shares = _shares(probability, account, PRIOR_VIEWS, session)
    return np.minimum(shares.change(shares.others), MAX_ACCOUNT_LOG_ODDS)


def shift_probability(probability: float, log_odds: float) -> float:
    """A probability moved by log-odds."""
    clipped = min(max(probability, MIN_PROBABILITY), 1.0 - MIN_PROBABILITY)
    return 1.0 / (1.0 + (1.0 - clipped) / clipped * math.exp(-log_odds))


def shift_probabilities(probability: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Probabilities moved by log-odds, shape (n,) both."""
    return _probability(log_odds(probability) + by)


def pooled_anomaly_scores(scores: np.ndarray, owner: pd.Series) -> np.ndarray:
    """Anomaly scores, each with half of the excess of its owner's others over the mean.

    `scores` has shape (n,), at least 0; `owner` is as in `pooled`. A mean of few counts less. The
    result may be below 0.
    """
    if len(scores) < 2:
        return scores
    of, count = _codes(owner)
    overall = scores.mean()
    others = (np.bincount(of, scores, len(count))[of] - scores + PRIOR_ENTITIES * overall) / (
        count[of] - 1.0 + PRIOR_ENTITIES
    )
    return scores + POOLED_FRACTION * (others - overall)


@dataclass(frozen=True)
class _Shares:
    """False shares: over all, by owner (with its count), and of the owner's others by entity."""

    overall: float
    share: np.ndarray
    count: np.ndarray
    others: np.ndarray

    def change(self, share: np.ndarray) -> np.ndarray:
        """Log-odds of shares over those of the share over all."""
        return np.log(_odds(share)) - np.log(_odds(self.overall))


def _shares(
    probability: np.ndarray,
    owner: pd.Series,
    pseudo: float = PRIOR_ENTITIES,
    place: np.ndarray | None = None,
) -> _Shares:
    """Shares of owners by EM; with `place`, the others of an entity are those in other places."""
    overall = float(np.clip(probability.mean(), MIN_PROBABILITY, 1.0 - MIN_PROBABILITY))
    ratio = np.clip(
        _odds(probability) / _odds(overall), 1.0 / MAX_LIKELIHOOD_RATIO, MAX_LIKELIHOOD_RATIO
    )
    of, count = _codes(owner)
    weight = 1.0 / (1.0 + count / MAX_INDEPENDENT_ENTITIES)
    share = np.full(len(count), overall)
    for _ in range(EM_ITERATIONS):
        false = share[of] * ratio / (share[of] * ratio + 1.0 - share[of])
        expected = np.bincount(of, false, len(count))
        share = (pseudo * overall + weight * expected) / (pseudo + weight * count)
    own, many = (false, 1.0) if place is None else _together(false, of, place)
    others = (pseudo * overall + weight[of] * (expected[of] - own)) / (
        pseudo + weight[of] * (count[of] - many)
    )
    return _Shares(overall, share, count, others)


def _together(
    false: np.ndarray, of: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """False entities, and all, of each entity's owner in its place, with the entity itself."""
    cell = pd.factorize(of * (int(place.max()) + 1) + place)[0]
    return np.bincount(cell, false)[cell], np.bincount(cell)[cell]


def _expecting_as_many(probability: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Probabilities shifted by log-odds, with their sum restored."""
    shifted = log_odds(probability) + change
    return _probability(shifted - _level(shifted, probability))


def _level(log_odds: np.ndarray, probability: np.ndarray) -> float:
    """What to subtract from log-odds so that they expect as many as the probabilities."""
    expected = np.clip(probability, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY).sum()
    return float(brentq(lambda by: _probability(log_odds - by).sum() - expected, -40.0, 40.0))


def _codes(owner: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Group of each entity as a number, and group sizes; unknown owners are groups of one."""
    of, names = pd.factorize(owner)
    alone = of < 0
    of = np.where(alone, len(names) + np.cumsum(alone) - 1, of)
    return of, np.bincount(of).astype(float)


def log_odds(p: np.ndarray) -> np.ndarray:
    """Log-odds of clipped probabilities."""
    return np.log(_odds(p))


def _odds(p: np.ndarray | float) -> np.ndarray:
    clipped = np.clip(p, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    return clipped / (1.0 - clipped)


def _probability(log_odds: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-log_odds))
