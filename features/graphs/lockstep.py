"""Lockstep groups: accounts that keep meeting on the same things at the same times, more than chance lets them.

The null keeps who acts on what how often, and each thing's own times, and shuffles which of its visitors acts when. A pair's meetings against that expectation make
its surprise; groups are components of the surprising pairs' 2-core, and their evidence is the scan statistic of their
meetings (as for blocks: log-likelihood ratio less the logarithm of the choice of members).
What it takes for a group: fans who come at every opening minute meet by habit, and a habit is not in this null; their
meetings are in dense minutes, so `rarity` tells them from a pool that meets at quiet ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaln, gdtr
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from features.graphs.chance_meetings import expected_by_popularity, expected_meetings
from features.graphs.co_occurrence import MAX_LATER_MEETINGS, Pairs, meeting_pairs
from features.graphs.connectivity import components, core_numbers

MAX_CHANCE_PROBABILITY = (
    1e-4  # a pair counts when chance brings so many meetings to at most this share of pairs like it
)
MIN_GROUP_ACCOUNTS = 4


@dataclass(frozen=True)
class Group:
    """Members (ids, sorted), the pairs and things they met in, density of the pairs, evidence in nats, mean rarity."""

    members: np.ndarray
    pairs: int
    meetings: int
    density: float
    evidence: float
    rarity: float


def is_surprising(
    pairs: Pairs, expected: np.ndarray, max_probability: float = MAX_CHANCE_PROBABILITY
) -> np.ndarray:
    """Which pairs met more often than a Poisson count of their expectation does with probability `surprise`."""
    # P(count >= k) for mean mu is the regularised incomplete gamma function at (k, mu)
    return gdtr(1.0, pairs.things, np.maximum(expected, 1e-12)) <= max_probability


def find_groups(
    pairs: Pairs,
    expected: np.ndarray,
    accounts: int,
    smallest: int = MIN_GROUP_ACCOUNTS,
    min_evidence_nats: float = 3.0,
) -> list[Group]:
    """Groups among surprising pairs, by evidence. Members are account numbers."""
    good = is_surprising(pairs, expected)
    left, right, things, rarity, mu = (
        pairs.left[good],
        pairs.right[good],
        pairs.things[good],
        pairs.rarity[good],
        expected[good],
    )
    names, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    i, j = ends[: len(left)], ends[len(left) :]
    core = core_numbers(i, j, len(names))
    kept = (core[i] >= 2) & (core[j] >= 2)
    i, j, things, rarity, mu = i[kept], j[kept], things[kept], rarity[kept], mu[kept]
    label = components(i, j, len(names))
    found = []
    by = np.argsort(label[i], kind="stable")
    bounds = (
        np.flatnonzero(np.append(True, np.diff(label[i][by]) != 0))
        if len(by)
        else np.zeros(0, np.int64)
    )
    for lo, hi in zip(bounds, [*bounds[1:], len(by)], strict=False):
        rows = by[lo:hi]
        inside = np.unique(np.concatenate([i[rows], j[rows]]))
        n = len(inside)
        if n < smallest:
            continue
        n_meetings, by_chance = float(things[rows].sum()), float(mu[rows].sum())
        # pairs that are not linked add their expectation at least; leaving it out of both sides favours the null
        ratio = (
            n_meetings * np.log(n_meetings / max(by_chance, 1e-9)) - (n_meetings - by_chance)
            if n_meetings > by_chance
            else 0.0
        )
        log_member_choices = gammaln(accounts + 1) - gammaln(n + 1) - gammaln(accounts - n + 1)
        # links were picked for being surprising: pay for that choice among all pairs of the group
        all_pairs = n * (n - 1) / 2
        log_pair_choices = (
            gammaln(all_pairs + 1) - gammaln(len(rows) + 1) - gammaln(all_pairs - len(rows) + 1)
        )
        nats = float(ratio - log_member_choices - log_pair_choices)
        if nats >= min_evidence_nats:
            found.append(
                Group(
                    names[inside],
                    len(rows),
                    int(n_meetings),
                    len(rows) / all_pairs,
                    nats,
                    float(rarity[rows].sum() / n_meetings),
                )
            )
    return sorted(found, key=lambda g: -g.evidence)


class Lockstep(OutlierMixin, BaseEstimator):
    """Lockstep groups among actions, as a scikit-learn outlier detector over account ids.

    `null`: "times" (who acts on what is given, when is left to chance) or "popularity" (both are left to chance).
    `fit` takes a frame whose first three columns are account id, thing id and time in seconds. `score_samples` takes
    account ids and gives minus the number of surprising partners, 0 for accounts without. Attributes: `groups_` (ids),
    `pairs_` (frame of surprising pairs: left, right, things, expected, rarity, group or NaN), `n_features_in_`.
    """

    def __init__(
        self,
        window: int = 120,
        least: int = 3,
        cap: int = MAX_LATER_MEETINGS,
        smallest: int = MIN_GROUP_ACCOUNTS,
        null: str = "times",
    ):
        self.window = window
        self.least = least
        self.cap = cap
        self.smallest = smallest
        self.null = null

    def fit(self, X: pd.DataFrame, y: object = None) -> Lockstep:
        """Find groups. Raises ValueError when X has fewer than three columns; rows without an id or a time are left out."""
        if getattr(X, "ndim", 0) != 2 or X.shape[1] < 3:
            raise ValueError(
                "Lockstep.fit: X needs three columns, the ids of accounts and of things, and the time in seconds"
            )
        frame = pd.DataFrame(X).iloc[:, :3].dropna()
        account, names = pd.factorize(frame.iloc[:, 0], sort=True)
        thing, _ = pd.factorize(frame.iloc[:, 1], sort=True)
        at = np.floor(frame.iloc[:, 2].to_numpy(dtype=float)).astype(np.int64)
        pairs = meeting_pairs(account, thing, at, self.window, self.least, self.cap)
        if self.null not in ("times", "popularity"):
            raise ValueError(f"Lockstep: null is 'times' or 'popularity', not {self.null!r}")
        reckon = expected_meetings if self.null == "times" else expected_by_popularity
        expected = reckon(account, thing, at, pairs, self.window, self.cap)
        self.n_features_in_ = X.shape[1]
        found = find_groups(pairs, expected, len(names), self.smallest)
        names = np.asarray(names)
        self.groups_ = [
            Group(names[g.members], g.pairs, g.meetings, g.density, g.evidence, g.rarity)
            for g in found
        ]
        good = is_surprising(pairs, expected)
        self.pairs_ = pd.DataFrame(
            {
                "left": names[pairs.left[good]],
                "right": names[pairs.right[good]],
                "things": pairs.things[good],
                "expected": expected[good],
                "rarity": pairs.rarity[good].astype(float),
            }
        )
        group = {m: i for i, g in enumerate(self.groups_) for m in g.members.tolist()}
        here = self.pairs_["left"].map(group)
        self.pairs_["group"] = here.where(here == self.pairs_["right"].map(group)).astype("float64")
        self.partners_ = (
            pd.concat([self.pairs_["left"], self.pairs_["right"]]).value_counts().astype("float64")
        )
        self.offset_ = -0.5
        return self

    def score_samples(self, X: object) -> np.ndarray:
        """Minus the number of surprising partners of each account id, shape (n,)."""
        check_is_fitted(self)
        ids = (
            X.iloc[:, 0]
            if isinstance(X, pd.DataFrame)
            else pd.Series(np.asarray(X).reshape(len(X), -1)[:, 0])  # type: ignore[arg-type]
        )
        return -self.partners_.reindex(ids).fillna(0.0).to_numpy()

    def decision_function(self, X: object) -> np.ndarray:
        """`score_samples` less the offset: negative for accounts with a surprising partner."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:
        """-1 for members of a group, 1 for others."""
        check_is_fitted(self)
        ids = (
            X.iloc[:, 0]
            if isinstance(X, pd.DataFrame)
            else pd.Series(np.asarray(X).reshape(len(X), -1)[:, 0])  # type: ignore[arg-type]
        )
        inside = set(np.concatenate([g.members for g in self.groups_])) if self.groups_ else set()
        return np.where(ids.isin(inside), -1, 1)
