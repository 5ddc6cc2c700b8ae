"""Mixture of honest and false views: a session's false share and its Bayes factor.

Verdicts are given on sessions, not on views. A classifier of views gives the odds that a view with
these attributes is false, up to a constant. Over honest views the ratio has mean 1, and it does not
fall below a base, because labels of views are never quite clean. Without the base it is the
likelihood ratio of false to honest views.

With it an inflated session is a mixture with one unknown, its false share. The mixture over the
views being honest is the Bayes factor of the session, and the session's probability is updated by
it. The false share has a point mass at zero (probability 1 - p), and otherwise follows the
posterior. Each view has a posterior too, updated by the other sessions of its account and device.

Sessions that are held honest show how far ratios can be trusted (`empirical_null`). A classifier
that few verdicts taught gives many of them large factors. Its ratios are therefore tempered, and
the evidence on a session is divided by as much again (ADR-0018, ADR-0043).

Where it fails: false views that look like none in any confirmed session are not counted. Honest
sessions with an unfamiliar audience look inflated, and only their low probability prevents that.

References
----------
Blanchard, Lee and Scott, JMLR 2010; Elkan and Noto, KDD 2008: mixture proportion estimation. Kass
and Raftery, JASA 1995: Bayes factors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from features.posteriors.owner_pooling import leave_session_out_log_odds

PRIOR_FALSE_SHARE = 0.3  # of an inflated session
PRIOR_VIEWS = 4.0  # by which the prior share counts: false shares differ much between sessions
MAX_LIKELIHOOD_RATIO = 1e3  # of one view
GRID_STEPS = 200
FALSE_VIEW_THRESHOLD = 0.7  # posterior from which a single view is called false
INTERVAL_TAIL = 0.05  # probability that the interval leaves out on either side
EVIDENCE_DISCOUNT = 4.0  # the signals saw the same views: a quarter counts (ADR-0102)
MAX_HONEST_PROBABILITY = 0.05  # of the sessions that show what honest views look like
NULL_QUANTILE = 0.95  # of the factors of those sessions; a factor counts beyond it
MAX_SESSION_LOG_ODDS = 2.0  # that views add to their session (ADR-0043)
MAX_INDEPENDENT_VIEWS = 50.0  # ratios of one session err together: more say no more than these
MIN_HONEST_VIEWS = 100  # with fewer, every view is taken for the constant and the base


@dataclass(frozen=True)
class Shares:
    """False shares of sessions and posteriors of their views.

    Parameters
    ----------
    share, low, high
        Expected false share of each session and its interval, shape (sessions,).
    certainty
        Probability of the interval: at least 1 - 2 `INTERVAL_TAIL`, more where an end is the point
        mass at zero.
    inflated
        Probability of each session, now that its views are known.
    posterior
        Probability of each view being false, shape (views,).
    """

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    certainty: np.ndarray
    inflated: np.ndarray
    posterior: np.ndarray


@dataclass(frozen=True)
class Mixtures:
    """Each session as a mixture, were it inflated.

    Parameters
    ----------
    weight
        Weights of false shares, shape (sessions, GRID_STEPS + 1).
    mean
        Mean false share, shape (sessions,).
    factor
        Log of the Bayes factor of the session, over none of its views being false.
    """

    weight: np.ndarray
    mean: np.ndarray
    factor: np.ndarray


def likelihood_ratio(odds: np.ndarray, honest: np.ndarray) -> np.ndarray:
    """Likelihood ratio of each view, false over honest, shape (views,), clipped.

    `odds` are those of lying in a confirmed session, up to a constant. `honest` marks the views of
    sessions that are held honest, by which the constant and the base are found.
    """
    mine = odds[honest] if honest.sum() >= MIN_HONEST_VIEWS else odds
    ratio = odds / max(float(mine.mean()), 1e-12)
    base = float(np.clip(np.quantile(mine, 0.05) / max(float(mine.mean()), 1e-12), 0.05, 0.99))
    return np.clip((ratio - base) / (1.0 - base), 1.0 / MAX_LIKELIHOOD_RATIO, MAX_LIKELIHOOD_RATIO)


@njit(cache=True, nogil=True)
def _mixtures(ratio, start, before, alike, grid):  # pragma: no cover - compiled
    """By session: weights of false shares, their mean, and the log of the Bayes factor."""
    sessions = len(start) - 1
    weight, mean, factor = np.zeros((sessions, grid + 1)), np.zeros(sessions), np.zeros(sessions)
    unseen = np.log(np.exp(before).sum())
    for s in range(sessions):
        lo, hi = start[s], start[s + 1]
        dispersion = 1.0 + (hi - lo) / alike
        best = -np.inf
        for g in range(grid + 1):
            pi = min(max(g / grid, 1e-4), 1.0 - 1e-4)
            total = 0.0
            for v in range(lo, hi):
                total += np.log(1.0 - pi + pi * ratio[v])
            weight[s, g] = total / dispersion + before[g]
            best = max(best, weight[s, g])
        mass = 0.0
        for g in range(grid + 1):
            weight[s, g] = np.exp(weight[s, g] - best)
            mass += weight[s, g]
            mean[s] += weight[s, g] * g / grid
        mean[s] /= mass
        for g in range(grid + 1):
            weight[s, g] /= mass
        # over a session of honest views, whose likelihood is 1 in these ratios
        factor[s] = best + np.log(mass) - unseen
    return weight, mean, factor


def mixtures(ratio: np.ndarray, start: np.ndarray) -> Mixtures:
    """Each session as a mixture of honest and false views.

    `ratio` has shape (views,), sorted by session; `start` is int64, shape (sessions + 1,).
    """
    share = np.clip(np.arange(GRID_STEPS + 1) / GRID_STEPS, 1e-4, 1.0 - 1e-4)
    before = PRIOR_VIEWS * (
        PRIOR_FALSE_SHARE * np.log(share) + (1.0 - PRIOR_FALSE_SHARE) * np.log(1.0 - share)
    )
    return Mixtures(
        *_mixtures(np.ascontiguousarray(ratio), start, before, MAX_INDEPENDENT_VIEWS, GRID_STEPS)
    )


def empirical_null(probability: np.ndarray, factor: np.ndarray) -> float:
    """Log of the Bayes factor that few sessions held honest exceed; 0 where there are none."""
    honest = factor[(probability < MAX_HONEST_PROBABILITY) & np.isfinite(factor)]
    return max(float(np.quantile(honest, NULL_QUANTILE)), 0.0) if len(honest) else 0.0


def temper_ratios(ratio: np.ndarray, null: float) -> np.ndarray:
    """Likelihood ratios drawn towards 1, as far as the null shows that they say too much."""
    return ratio ** min(1.0, EVIDENCE_DISCOUNT / max(null, 1e-12))


def update_with_account_history(
    ratio: np.ndarray, posterior: np.ndarray, session: np.ndarray, accounts: list[pd.Series]
) -> np.ndarray:
    """Likelihood ratios of views, updated by other sessions of their account or device.

    `posterior` and `session` (numbers) have shape (views,). `accounts` holds the accounts and the
    devices, each of shape (views,), None where not known; the stronger of both counts.
    """
    change = np.zeros(len(ratio))
    for account in accounts:
        added = leave_session_out_log_odds(posterior, account, session)
        change = np.where(np.abs(added) > np.abs(change), added, change)
    return np.clip(ratio * np.exp(change), 1.0 / MAX_LIKELIHOOD_RATIO, MAX_LIKELIHOOD_RATIO)


def update_sessions(
    probability: np.ndarray, factor: np.ndarray, ratio_null: float = 0.0
) -> np.ndarray:
    """Probability of each session being inflated, now that its views are known.

    Parameters
    ----------
    probability
        Before the views, shape (sessions,); 0 and 1 stay as they are.
    factor
        Logs of Bayes factors, shape (sessions,); NaN where no view was assessed. Only the part
        above the empirical null counts, up to `MAX_SESSION_LOG_ODDS`.
    ratio_null
        The empirical null by the views alone, before ratios were tempered and updated.
    """
    null = empirical_null(probability, factor)
    excess = np.where(factor > null, factor - null, np.minimum(factor, 0.0))
    evidence = np.minimum(excess / max(EVIDENCE_DISCOUNT, null, ratio_null), MAX_SESSION_LOG_ODDS)
    with np.errstate(divide="ignore"):
        against = (1.0 - probability) / np.maximum(probability, 1e-300) * np.exp(-evidence)
        found = 1.0 / (1.0 + against) * (probability > 0.0)
    return np.where(np.isfinite(factor), found, probability)


@njit(cache=True, nogil=True)
def _fit(ratio, start, weight, mean, probability, tail):  # pragma: no cover - compiled
    sessions, grid = len(start) - 1, weight.shape[1] - 1
    share, low = np.zeros(sessions), np.zeros(sessions)
    high, certainty = np.zeros(sessions), np.zeros(sessions)
    posterior = np.zeros(len(ratio))
    for s in range(sessions):
        lo, hi, p = start[s], start[s + 1], probability[s]
        share[s] = p * mean[s]
        # 1 - p at zero, p over the grid; each grid point stands for the interval around it
        below, ends = 1.0 - p, 1.0 - p
        covered = 1.0 - p if 1.0 - p >= tail else 0.0
        if 1.0 - p < 1.0 - tail:
            for g in range(grid + 1):
                ends = below + p * weight[s, g]
                if below < tail <= ends:
                    low[s] = max(g - 0.5, 0.0) / grid
                if ends > tail or covered > 0.0:
                    covered += p * weight[s, g]
                high[s] = min(g + 0.5, grid) / grid
                below = ends
                if ends >= 1.0 - tail:
                    break
        certainty[s] = covered
        for v in range(lo, hi):
            x = mean[s] * ratio[v]
            posterior[v] = p * x / (x + 1.0 - mean[s]) if x > 0 else 0.0
    return share, low, high, certainty, posterior


def false_shares_of(
    found: Mixtures, ratio: np.ndarray, start: np.ndarray, inflated: np.ndarray
) -> Shares:
    """False shares and view posteriors; `inflated` is the updated probability of each session."""
    share, low, high, certainty, posterior = _fit(
        np.ascontiguousarray(ratio), start, found.weight, found.mean, inflated, INTERVAL_TAIL
    )
    return Shares(share, low, high, certainty, inflated, posterior)


def false_shares(ratio: np.ndarray, start: np.ndarray, probability: np.ndarray) -> Shares:
    """False share of each session and posterior of each view, by these sessions alone.

    `ratio` has shape (views,), sorted by session; `start` is int64, shape (sessions + 1,).
    `probability` has shape (sessions,), before the views; 0 and 1 stay as they are.
    """
    found = mixtures(ratio, start)
    inflated = update_sessions(np.clip(np.nan_to_num(probability), 0.0, 1.0), found.factor)
    return false_shares_of(found, ratio, start, inflated)
