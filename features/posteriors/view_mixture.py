"""Which of a session's views are false, and how many: a mixture of honest and false views with known likelihood ratios.

Verdicts are given on sessions, not on views. A classifier of views (`training.dataset.view_labels`: taught by verdicts on sessions, its labels
purified) gives the odds that a view with these attributes is false, up to a constant; over honest views the ratio has mean 1 and,
because labels of honest views in confirmed sessions are never quite clean, it does not fall below a base. Taking that off leaves
the likelihood ratio of false to honest views (Blanchard, Lee and Scott, JMLR 2010: mixture proportion estimation; Elkan
and Noto, KDD 2008). With it a session that was inflated is a mixture with one unknown, its false share, whose posterior follows.
Integrated over that share, the mixture over the views being honest is the Bayes factor of the session having been inflated (Kass
and Raftery, JASA 1995), and the session's probability is updated by it: views that are false beyond doubt are, in a session of
which its signals left doubt. A session is inflated or it is not, so its share is nothing for sure with the one probability and
follows that posterior with the other. Each view has a posterior too, and what its account and its device did in other sessions moves it (`known_elsewhere`).

How far ratios are to be trusted shows in sessions held honest (`null_of`). A classifier that few verdicts taught gives many of those large
factors: its ratios are drawn towards 1, and what they say of a session is divided by as much again.

Where it fails: false views that look like none in any confirmed session have ratio near the base and are not counted; honest
sessions whose audience is of another kind than other sessions' look inflated, and only their own low probability holds that off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from features.posteriors.owner_pooling import leave_session_out_log_odds

PRIOR_FALSE_SHARE = 0.3  # false share of an inflated session before its views are looked at
PRIOR_VIEWS = 4.0  # views by which that counts: shares differ so much from session to session that little may be expected
MAX_LIKELIHOOD_RATIO = 1e3  # one view never says more than this
GRID_STEPS = 200
FALSE_VIEW_THRESHOLD = 0.7  # posterior from which a single view is called false: on worlds that are judged nowhere 97 in 100 of those then are
INTERVAL_TAIL = 0.05  # probability that the interval leaves out on either side
EVIDENCE_DISCOUNT = 4.0  # signals that gave a session its probability saw the same views: what these say counts a quarter. 2 to 16 find as many false
# views at the same precision to .02 on worlds and markets that are judged nowhere; 8 and more leave shares of sessions further off
MAX_HONEST_PROBABILITY = 0.05  # sessions below this probability show what honest views look like, and what factors honest sessions have
NULL_QUANTILE = 0.95  # share of them that a factor must exceed to count
# Log-odds that views raise their session by, at most: a loyal audience that a classifier does not know (a chat group that comes by one
# link and stays) reached 5 to 18 on a platform written for it. Of a night's sessions of a world and two markets none was lost or won by the
# bound; of all their sessions two markets gave even odds to 179 and 205 of the inflated (179 and 207 without) and 15 and 8 of the honest
# (21 and 8), and with models taught before chat groups to 178 and 214 (197 and 223), of the honest 2 and 2 either way.
MAX_SESSION_LOG_ODDS = 2.0
MAX_INDEPENDENT_VIEWS = 50.0  # however many views: their ratios err together, so that they never say more than so many independent ones


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


@dataclass(frozen=True)
class Mixtures:
    """Of each session, were it inflated: weights of false shares (sessions, GRID + 1), their mean, and the log of the Bayes factor of its
    having been, over none of its views being false."""

    weight: np.ndarray
    mean: np.ndarray
    factor: np.ndarray


def likelihood_ratio(odds: np.ndarray, honest: np.ndarray) -> np.ndarray:
    """Likelihood of each view's attributes when false over when honest, shape (views,), between 1/MOST and MOST.

    `odds`: of lying in a confirmed session, up to a constant. `honest`: views of sessions that are held honest, by which
    the constant and the base are found; with fewer than 100 of them every view counts.
    """
    mine = odds[honest] if honest.sum() >= 100 else odds
    ratio = odds / max(float(mine.mean()), 1e-12)
    base = float(np.clip(np.quantile(mine, 0.05) / max(float(mine.mean()), 1e-12), 0.05, 0.99))
    return np.clip((ratio - base) / (1.0 - base), 1.0 / MAX_LIKELIHOOD_RATIO, MAX_LIKELIHOOD_RATIO)


@njit(cache=True, nogil=True)
def _mixtures(ratio, start, before, alike, grid):  # pragma: no cover - compiled
    """By session: weights of false shares, their mean, and the log of the Bayes factor of the mixture over no false view."""
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
        # beside a session all of whose views are honest, whose likelihood is 1 in these ratios
        factor[s] = best + np.log(mass) - unseen
    return weight, mean, factor


def mixtures(ratio: np.ndarray, start: np.ndarray) -> Mixtures:
    """Each session as a mixture of honest and false views, were it inflated. Of an inflated session a share of `USUAL` is expected.

    `ratio`: (views,) sorted by session, `start`: int64 (sessions + 1,).
    """
    share = np.clip(np.arange(GRID_STEPS + 1) / GRID_STEPS, 1e-4, 1.0 - 1e-4)
    before = PRIOR_VIEWS * (
        PRIOR_FALSE_SHARE * np.log(share) + (1.0 - PRIOR_FALSE_SHARE) * np.log(1.0 - share)
    )
    return Mixtures(
        *_mixtures(np.ascontiguousarray(ratio), start, before, MAX_INDEPENDENT_VIEWS, GRID_STEPS)
    )


def empirical_null(probability: np.ndarray, factor: np.ndarray) -> float:
    """The log of the Bayes factor that `BEYOND` of the sessions held honest do not exceed; at least 0, and 0 where none is."""
    honest = factor[(probability < MAX_HONEST_PROBABILITY) & np.isfinite(factor)]
    return max(float(np.quantile(honest, NULL_QUANTILE)), 0.0) if len(honest) else 0.0


def temper_ratios(ratio: np.ndarray, null: float) -> np.ndarray:
    """Likelihood ratios drawn towards 1 as far as the sessions held honest show them to say too much; `null` as of `null_of`."""
    return ratio ** min(1.0, EVIDENCE_DISCOUNT / max(null, 1e-12))


def update_with_account_history(
    ratio: np.ndarray, posterior: np.ndarray, session: np.ndarray, who: list[pd.Series]
) -> np.ndarray:
    """Likelihood ratios of views, moved by what their account or their device did in other sessions, whichever says more.

    `posterior`: (views,), by the views themselves; `session`: (views,), numbers; `who`: accounts and devices, (views,) each, None where not known.
    """
    change = np.zeros(len(ratio))
    for one in who:
        said = leave_session_out_log_odds(posterior, one, session)
        change = np.where(np.abs(said) > np.abs(change), said, change)
    return np.clip(ratio * np.exp(change), 1.0 / MAX_LIKELIHOOD_RATIO, MAX_LIKELIHOOD_RATIO)


def update_sessions(
    probability: np.ndarray, factor: np.ndarray, distrust: float = 0.0
) -> np.ndarray:
    """Probability of each session having been inflated after its views were looked at; 0 and 1 stay what they are.

    `factor`: logs of Bayes factors, (sessions,), NaN where no view was. Of those above what `BEYOND` of the sessions held honest reach,
    what is above counts, up to `TOLD`. `distrust`: that null by the views alone, before they were tempered and known elsewhere.
    """
    null = empirical_null(probability, factor)
    said = np.minimum(
        np.where(factor > null, factor - null, np.minimum(factor, 0.0))
        / max(EVIDENCE_DISCOUNT, null, distrust),
        MAX_SESSION_LOG_ODDS,
    )
    with np.errstate(divide="ignore"):
        found = (
            1.0
            / (1.0 + (1.0 - probability) / np.maximum(probability, 1e-300) * np.exp(-said))
            * (probability > 0.0)
        )
    return np.where(np.isfinite(factor), found, probability)


@njit(cache=True, nogil=True)
def _fit(ratio, start, weight, mean, probability, tail):  # pragma: no cover - compiled
    sessions, grid = len(start) - 1, weight.shape[1] - 1
    share, low, high, certainty = (
        np.zeros(sessions),
        np.zeros(sessions),
        np.zeros(sessions),
        np.zeros(sessions),
    )
    posterior = np.zeros(len(ratio))
    for s in range(sessions):
        lo, hi, p = start[s], start[s + 1], probability[s]
        share[s] = p * mean[s]
        # the mixture: 1 - p at nothing, p over the grid; each grid point stands for what lies around it
        below, ends = 1.0 - p, 1.0 - p
        held = 1.0 - p if 1.0 - p >= tail else 0.0
        if 1.0 - p < 1.0 - tail:
            for g in range(grid + 1):
                ends = below + p * weight[s, g]
                if below < tail <= ends:
                    low[s] = max(g - 0.5, 0.0) / grid
                if ends > tail or held > 0.0:
                    held += p * weight[s, g]
                high[s] = min(g + 0.5, grid) / grid
                below = ends
                if ends >= 1.0 - tail:
                    break
        certainty[s] = held
        for v in range(lo, hi):
            x = mean[s] * ratio[v]
            posterior[v] = p * x / (x + 1.0 - mean[s]) if x > 0 else 0.0
    return share, low, high, certainty, posterior


def false_shares_of(
    found: Mixtures, ratio: np.ndarray, start: np.ndarray, inflated: np.ndarray
) -> Shares:
    """False share of each session and posterior of each view, where `inflated` is the probability of each session now that its views are known."""
    share, low, high, certainty, posterior = _fit(
        np.ascontiguousarray(ratio), start, found.weight, found.mean, inflated, INTERVAL_TAIL
    )
    return Shares(share, low, high, certainty, inflated, posterior)


def false_shares(ratio: np.ndarray, start: np.ndarray, probability: np.ndarray) -> Shares:
    """False share of each session and posterior of each view, by these sessions alone.

    `ratio`: (views,) sorted by session, `start`: int64 (sessions + 1,), `probability`: (sessions,) that the session was
    inflated before its views are looked at; 0 and 1 stay what they are.
    """
    found = mixtures(ratio, start)
    return false_shares_of(
        found,
        ratio,
        start,
        update_sessions(np.clip(np.nan_to_num(probability), 0.0, 1.0), found.factor),
    )
