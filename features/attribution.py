"""Which of a session's views are false, and how many: a mixture of honest and false views with known likelihood ratios.

Verdicts are given on sessions, not on views. A classifier of views (`training.purify`: taught by verdicts on sessions, its labels
purified) gives the odds that a view with these attributes is false, up to a constant; over honest views the ratio has mean 1 and,
because labels of honest views in confirmed sessions are never quite clean, it does not fall below a base. Taking that off leaves
the likelihood ratio of false to honest views (Blanchard, Lee and Scott, JMLR 2010: mixture proportion estimation; Elkan
and Noto, KDD 2008). With it a session that was inflated is a mixture with one unknown, its false share, whose posterior follows.
Integrated over that share, the mixture over the views being honest is the Bayes factor of the session having been inflated (Kass
and Raftery, JASA 1995), and the session's probability is updated by it: views that are false beyond doubt are, in a session of
which its signals left doubt. A session is inflated or it is not, so its share is nothing for sure with the one probability and
follows that posterior with the other. Each view has a posterior too.

Where it fails: false views that look like none in any confirmed session have ratio near the base and are not counted; honest
sessions whose audience is of another kind than other sessions' look inflated, and only their own low probability holds that off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

USUAL = 0.3  # false share of an inflated session before its views are looked at
PSEUDO = 4.0  # views by which that counts: shares differ so much from session to session that little may be expected
MOST = 1e3  # one view never says more than this
GRID = 200
HELD = 0.7  # posterior from which a single view is called false: on worlds that are judged nowhere 97 in 100 of those then are
TAIL = 0.05  # probability that the interval leaves out on either side
SHARED = 4.0  # signals that gave a session its probability saw the same views: what these say counts a quarter. 2 to 16 find as many false
# views at the same precision to .02 on worlds and markets that are judged nowhere; 8 and more leave shares of sessions further off
ALIKE = 50.0  # however many views: their ratios err together, so that they never say more than so many independent ones


@dataclass(frozen=True)
class Shares:
    """Expected false share of each session, its interval and how certain that is, how probably it was inflated now that its views
    are known, and the posterior of each view.

    Arrays over sessions, `posterior` over views. `certainty` is at least 1 - 2 `TAIL`, and more where an end is the atom at nothing.
    """

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    certainty: np.ndarray
    inflated: np.ndarray
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
def _fit(ratio, start, probability, prior, pseudo, alike, shared, tail, grid):  # pragma: no cover - compiled
    sessions = len(start) - 1
    share, low, high, certainty = np.zeros(sessions), np.zeros(sessions), np.zeros(sessions), np.zeros(sessions)
    inflated, posterior = np.zeros(sessions), np.zeros(len(ratio))
    weight, before = np.empty(grid + 1), np.empty(grid + 1)
    for g in range(grid + 1):
        pi = min(max(g / grid, 1e-4), 1.0 - 1e-4)
        before[g] = pseudo * (prior * np.log(pi) + (1.0 - prior) * np.log(1.0 - pi))
    unseen = np.log(np.exp(before).sum())
    for s in range(sessions):
        lo, hi = start[s], start[s + 1]
        n = hi - lo
        dispersion = 1.0 + n / alike
        best = -np.inf
        for g in range(grid + 1):
            pi = min(max(g / grid, 1e-4), 1.0 - 1e-4)
            total = 0.0
            for v in range(lo, hi):
                total += np.log(1.0 - pi + pi * ratio[v])
            weight[g] = total / dispersion + before[g]
            best = max(best, weight[g])
        mass, mean = 0.0, 0.0
        for g in range(grid + 1):
            weight[g] = np.exp(weight[g] - best)
            mass += weight[g]
            mean += weight[g] * g / grid
        mean /= mass
        # beside a session all of whose views are honest, whose likelihood is 1 in these ratios
        p = probability[s]
        if 0.0 < p < 1.0:
            p = 1.0 / (1.0 + (1.0 - p) / p * np.exp(-(best + np.log(mass) - unseen) / shared))
        inflated[s] = p
        share[s] = p * mean
        # the mixture: 1 - p at nothing, p over the grid; each grid point stands for what lies around it
        below, ends = 1.0 - p, 1.0 - p
        held = 1.0 - p if 1.0 - p >= tail else 0.0
        if 1.0 - p < 1.0 - tail:
            for g in range(grid + 1):
                ends = below + p * weight[g] / mass
                if below < tail <= ends:
                    low[s] = max(g - 0.5, 0.0) / grid
                if ends > tail or held > 0.0:
                    held += p * weight[g] / mass
                high[s] = min(g + 0.5, grid) / grid
                below = ends
                if ends >= 1.0 - tail:
                    break
        certainty[s] = held
        for v in range(lo, hi):
            x = mean * ratio[v]
            posterior[v] = p * x / (x + 1.0 - mean) if x > 0 else 0.0
    return share, low, high, certainty, inflated, posterior


def false_shares(ratio: np.ndarray, start: np.ndarray, probability: np.ndarray) -> Shares:
    """False share of each session and posterior of each view.

    `ratio`: (views,) sorted by session, `start`: int64 (sessions + 1,), `probability`: (sessions,) that the session was
    inflated before its views are looked at; 0 and 1 stay what they are. Of an inflated session a share of `USUAL` is then expected.
    """
    p = np.clip(np.nan_to_num(probability), 0.0, 1.0)
    return Shares(*_fit(np.ascontiguousarray(ratio), start, p, USUAL, PSEUDO, ALIKE, SHARED, TAIL, GRID))
