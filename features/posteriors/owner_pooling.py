"""What an operator's other sessions or orders say of one of them, known or without labels.

Whoever has one session inflated mostly has others inflated, and orders are brushed by the dozen, so a doubtful one weighs more beside
others that are beyond doubt and less beside clean ones. Signals of one entity do not show that, and models that are carried to another
platform rank far better with it. Each operator has a share of false ones, drawn from a beta distribution about the share over all
(empirical Bayes: Robbins 1956; Efron, Large-Scale Inference, 2010, chapter 1), and estimated by EM (Dempster, Laird and Rubin, JRSS B
1977) from the likelihood ratios that the probabilities are; each entity is left out of its own. Half of what that changes in log-odds
is taken, for signals know some of the operator's others already, and the number expected over all stays what it was: models are
calibrated, and what one operator's entities gain those of others lose.

Of a running session only its minutes are known, which know nothing of the others: there the whole is taken (`shown`).

What sessions and orders showed tells of the operator itself too, whose model knows audiences and habits as a whole and loses most of
that where a table is not delivered: half of it is added to the operator's log-odds, again so that the number expected stays
(`weighed_owners`).

Views are weighed so with what their account and device did in other sessions (`elsewhere`): who watches for pay, or is a script, does so
wherever it is sent. There one view already counts as much as all (`VISITS`), the same session's are left out, whose probability they
share, and no more is taken than `SUSPECT` in log-odds: on a platform where hardly anybody cheats views that two sessions left in some
doubt would else settle both.

Where it fails: one false session or order at an operator that is honest otherwise (a rival's brushing) looks better than it did; and an
operator that is mostly false drags its honest ones with it. Constants were chosen on worlds and markets that no page judges; 4 to 10 for
`PSEUDO`, 20 to 200 for `ALIKE` and a half to three quarters for `TAKEN` are alike there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

PRIOR_ENTITIES = 10.0  # entities by which the share over all counts in that of one operator
MAX_INDEPENDENT_ENTITIES = 50.0  # however many entities: their scores err together, so that they never say more than so many independent ones
POOLED_FRACTION = 0.5  # of the change in log-odds
MAX_LIKELIHOOD_RATIO = 1e3  # one entity never says more than this of its operator
MIN_OWNER_LOG_ODDS, MAX_OWNER_LOG_ODDS = (
    -1.0,
    9.0,
)  # log-odds within which entities of one kind speak of their owner: clean sessions do not clear its orders
PRIOR_VIEWS = 1.0  # views by which the share over all counts in that of one account or device; 0.5 to 3 are alike
MAX_ACCOUNT_LOG_ODDS = 3.0  # log-odds that others add to a view at most: 4 finds a few more, and more that is honest where nobody cheats
MIN_PROBABILITY = 1e-6  # probabilities are held between this and 1 less this
EM_ITERATIONS = 30


def pooled(probability: np.ndarray, owner: pd.Series) -> np.ndarray:
    """Probabilities of entities being false, weighed with those of their owner's others; shape (n,), their sum unchanged.

    `probability`: (n,), calibrated, each by its own signals; `owner`: (n,) in the same order, who is not known stands alone.
    """
    if len(probability) < 2:
        return probability
    shares = _shares(probability, owner)
    return _expecting_as_many(probability, POOLED_FRACTION * shares.change(shares.others))


def operator_history(probability: np.ndarray, owner: pd.Series) -> pd.DataFrame:
    """What sessions showed of their owners: index owner; `sessions`, how many, `inflated_share`, the share held false, and `log_odds`, by
    which that moves the probability of another of theirs. Those that have no owner are not in it; arguments as of `pooled`.

    Were these sessions moved so by one another, the number expected of them would be what it was.
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


def pool_owners(probability: np.ndarray, showed: np.ndarray) -> np.ndarray:
    """Probabilities of owners cheating, weighed with what their entities showed; shape (n,), their sum unchanged.

    `probability`: (n,), calibrated, by owners' own signals; `showed`: (n, kinds), log-odds of `shown` by kind of entity, 0 or NaN where
    none of theirs is known.
    """
    if not len(probability) or not showed.shape[1]:
        return probability
    return _expecting_as_many(
        probability,
        POOLED_FRACTION
        * np.clip(np.nan_to_num(showed), MIN_OWNER_LOG_ODDS, MAX_OWNER_LOG_ODDS).sum(axis=1),
    )


def leave_session_out_log_odds(
    probability: np.ndarray, who: pd.Series, session: np.ndarray
) -> np.ndarray:
    """Log-odds by which what the same account (or device) did in other sessions moves each view, shape (n,); 0 where nothing is known.

    `probability`: (n,), of each view being false by itself; `who`: (n,), its account or device, None where not known; `session`: (n,), numbers.
    """
    if not len(probability):
        return probability
    shares = _shares(probability, who, PRIOR_VIEWS, session)
    return np.minimum(shares.change(shares.others), MAX_ACCOUNT_LOG_ODDS)


def shift_probability(probability: float, log_odds: float) -> float:
    """A probability moved by what was shown of its owner."""
    held = min(max(probability, MIN_PROBABILITY), 1.0 - MIN_PROBABILITY)
    return 1.0 / (1.0 + (1.0 - held) / held * math.exp(-log_odds))


def shift_probabilities(probability: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Probabilities moved by log-odds, (n,) both."""
    return _probability(log_odds(probability) + by)


def pooled_anomaly_scores(points: np.ndarray, owner: pd.Series) -> np.ndarray:
    """Points by which entities lie out, shape (n,), each with half of what its owner's others lie out by more than is usual.

    `points`: (n,), at least 0; `owner`: as above. A mean of few counts less, as in `pooled`; the sum may be below 0.
    """
    if len(points) < 2:
        return points
    of, count = _codes(owner)
    usual = points.mean()
    others = (np.bincount(of, points, len(count))[of] - points + PRIOR_ENTITIES * usual) / (
        count[of] - 1.0 + PRIOR_ENTITIES
    )
    return points + POOLED_FRACTION * (others - usual)


@dataclass(frozen=True)
class _Shares:
    """The share of false ones over all, by owner (and how many each has), and of the owner's others by entity."""

    usual: float
    share: np.ndarray
    count: np.ndarray
    others: np.ndarray

    def change(self, share: np.ndarray) -> np.ndarray:
        """Log-odds of shares over those of the usual one."""
        return np.log(_odds(share)) - np.log(_odds(self.usual))


def _shares(
    probability: np.ndarray,
    owner: pd.Series,
    pseudo: float = PRIOR_ENTITIES,
    place: np.ndarray | None = None,
) -> _Shares:
    """Shares of owners by EM, and of each entity's others; with `place`, others are those of its owner that are in another one."""
    usual = float(np.clip(probability.mean(), MIN_PROBABILITY, 1.0 - MIN_PROBABILITY))
    ratio = np.clip(
        _odds(probability) / _odds(usual), 1.0 / MAX_LIKELIHOOD_RATIO, MAX_LIKELIHOOD_RATIO
    )
    of, count = _codes(owner)
    weight = 1.0 / (1.0 + count / MAX_INDEPENDENT_ENTITIES)
    share = np.full(len(count), usual)
    for _ in range(EM_ITERATIONS):
        false = share[of] * ratio / (share[of] * ratio + 1.0 - share[of])
        among = np.bincount(of, false, len(count))
        share = (pseudo * usual + weight * among) / (pseudo + weight * count)
    own, many = (false, 1.0) if place is None else _together(false, of, place)
    others = (pseudo * usual + weight[of] * (among[of] - own)) / (
        pseudo + weight[of] * (count[of] - many)
    )
    return _Shares(usual, share, count, others)


def _together(
    false: np.ndarray, of: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """False ones, and all, of each entity's owner in the entity's place, itself among them."""
    cell = pd.factorize(of * (int(place.max()) + 1) + place)[0]
    return np.bincount(cell, false)[cell], np.bincount(cell)[cell]


def _expecting_as_many(probability: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Probabilities moved by log-odds, less what keeps their sum."""
    weighed = log_odds(probability) + change
    return _probability(weighed - _level(weighed, probability))


def _level(log_odds: np.ndarray, probability: np.ndarray) -> float:
    """What to take off log-odds so that they expect as many as the probabilities did."""
    expected = np.clip(probability, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY).sum()
    return float(brentq(lambda by: _probability(log_odds - by).sum() - expected, -40.0, 40.0))


def _codes(owner: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Group of each entity as a number, and entities in each group; whose owner is unknown is a group of its own, after the others."""
    of, names = pd.factorize(owner)
    alone = of < 0
    of = np.where(alone, len(names) + np.cumsum(alone) - 1, of)
    return of, np.bincount(of).astype(float)


def log_odds(p: np.ndarray) -> np.ndarray:
    """Log-odds of probabilities, held between `LEAST` and 1 less it."""
    return np.log(_odds(p))


def _odds(p):
    held = np.clip(p, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    return held / (1.0 - held)


def _probability(log_odds):
    return 1.0 / (1.0 + np.exp(-log_odds))
