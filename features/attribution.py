"""Which of a session's views are false, and how many: a mixture of honest and false views with known likelihood ratios.

Verdicts are given on sessions, not on views. A classifier of views (`training.purify`: taught by verdicts on sessions, its labels
purified) gives the odds that a view with these attributes is false, up to a constant; over honest views the ratio has mean 1 and,
because labels of honest views in confirmed sessions are never quite clean, it does not fall below a base. Taking that off leaves
the likelihood ratio of false to honest views (Blanchard, Lee and Scott, JMLR 2010: mixture proportion estimation; Elkan
and Noto, KDD 2008). With it a session is a mixture with one unknown, its false share, which maximum likelihood gives with
an interval (profile likelihood), and each view has a posterior.

Where it fails: false views that look like none in any confirmed session have ratio near the base and are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

CHI2_90 = 1.3527717269870396  # half of the 90 % quantile of chi-squared with one degree of freedom
PSEUDO = 10.0  # views by which the prior counts
MOST = 1e3  # one view never says more than this
GRID = 200
POSSIBLE = 0.05  # a state of a session that is less likely than this is left out of its interval
SLACK = 0.02  # false views that a session held honest may still have, as a share


@dataclass(frozen=True)
class Shares:
    """False share of each session with its 90 % interval, and the posterior of each view. Arrays over sessions and views."""

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    posterior: np.ndarray


def likelihood_ratio(odds: np.ndarray, honest: np.ndarray) -> np.ndarray:
    """Likelihood of each view's attributes when false over when honest, shape (views,), between 1/MOST and MOST.

    `odds`: of lying in a confirmed session, up to a constant. `honest`: views of sessions that are held honest, by which
    the constant and the base are found; with fewer than 100 of them every view counts.
    """
    mine = odds[honest] if honest.sum() >= 100 else odds
    ratio = odds / max(float(mine.mean()), 1e-12)
    base = float(np.clip(np.quantile(mine, 0.05) / max(float(mine.mean()), 1e-12), 0.05, 0.99))
    return np.clip((ratio - base) / (1.0 - base), 1.0 / MOST, MOST)


@njit(cache=True, nogil=True)
def _fit(ratio, start, prior, pseudo, drop, grid, dispersion):  # pragma: no cover - compiled
    sessions = len(start) - 1
    share, low, high = np.zeros(sessions), np.zeros(sessions), np.zeros(sessions)
    posterior = np.zeros(len(ratio))
    for s in range(sessions):
        lo, hi = start[s], start[s + 1]
        if hi == lo:
            high[s] = 1.0
            continue
        best, where = -np.inf, 0
        value = np.empty(grid + 1)
        for g in range(grid + 1):
            pi = min(max(g / grid, 1e-4), 1.0 - 1e-4)
            total = 0.0
            for v in range(lo, hi):
                total += np.log(1.0 - pi + pi * ratio[v])
            total = total / dispersion + pseudo * (prior[s] * np.log(pi) + (1.0 - prior[s]) * np.log(1.0 - pi))
            value[g] = total
            if total > best:
                best, where = total, g
        share[s] = where / grid
        a, b = where, where
        while a > 0 and value[a - 1] >= best - drop:
            a -= 1
        while b < grid and value[b + 1] >= best - drop:
            b += 1
        low[s], high[s] = max(a - 1, 0) / grid, min(b + 1, grid) / grid
        for v in range(lo, hi):
            x = share[s] * ratio[v]
            posterior[v] = x / (x + 1.0 - share[s]) if x > 0 else 0.0
    return share, low, high, posterior


def false_shares(ratio: np.ndarray, start: np.ndarray, probability: np.ndarray, dispersion: float = 3.0) -> Shares:
    """False share of each session and posterior of each view.

    `ratio`: (views,) sorted by session, `start`: int64 (sessions + 1,), `probability`: (sessions,) that the session was
    inflated; it sets the prior mean, 2 % for none to 40 %. `dispersion`: views that say as much as one independent view,
    because false views come in blocks; intervals widen with its root.
    """
    p = np.clip(np.nan_to_num(probability), 0.0, 1.0)
    share, low, high, posterior = _fit(np.ascontiguousarray(ratio), start, 0.02 + 0.38 * p, PSEUDO, CHI2_90, GRID, dispersion)
    # a session is inflated or it is not: the share holds with that probability, and the interval covers both when both are possible
    return Shares(
        p * share,
        np.where(p >= 1.0 - POSSIBLE, low, 0.0),
        np.where(p >= POSSIBLE, high, np.minimum(high, SLACK)),
        np.repeat(p, np.diff(start)) * posterior,
    )
