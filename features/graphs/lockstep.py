"""Lockstep groups: accounts that meet on the same things at the same times, beyond chance.

The null model keeps how often each account acts on each thing, and each thing's own times. It
shuffles which of a thing's visitors acts when (ADR-0009).

Fans who come at every opening minute meet by habit, which the null does not model. Their meetings
fall in dense minutes, so `rarity` tells them from a pool that meets at quiet ones.

Actions are counted by occasion: what is delivered twice, or comes again after a lost connection, is
the occasion of the action before it. Who comes again later is compared by first occasions too, for
otherwise chance would explain the meetings of accounts that come often (ADR-0181).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from features.graphs.lockstep_groups import (
    MIN_GROUP_ACCOUNTS,
    Group,
    expected_by_popularity,
    expected_meetings,
    find_groups,
    is_surprising,
)
from features.graphs.meetings.co_occurrence import MAX_LATER_MEETINGS, meeting_pairs
from features.graphs.meetings.occasions import by_first_occasions, distinct_occasions

NULLS = {"times": expected_meetings, "popularity": expected_by_popularity}
OCCASION_WINDOWS = 10  # an account that acts again within so many windows has not been away


class Lockstep(OutlierMixin, BaseEstimator):
    """Lockstep groups as an outlier detector over account ids.

    Parameters
    ----------
    window : int, default 120
        Seconds within which two actions on a thing meet.
    least : int, default 3
        Fewest things in which a pair meets.
    cap : int, default 40
        Most later actions that an action meets.
    smallest : int, default 4
        Fewest accounts of a group.
    null : {"times", "popularity"}, default "times"
        What is left to chance: when accounts act, or also on which things they act.

    Attributes
    ----------
    groups_ : list of Group
        Groups sorted by evidence, with account ids as members.
    pairs_ : pandas.DataFrame
        Surprising pairs: left, right, things, expected, rarity, group (NaN for none).
    partners_ : pandas.Series
        Number of surprising partners by account id, float64, shape (accounts in a pair,).
    offset_ : float
        Score below which an account has a surprising partner.
    n_features_in_ : int
        Number of columns of the fitted frame.

    References
    ----------
    Cao et al., SynchroTrap, CCS 2014; Beutel et al., CopyCatch, WWW 2013.

    Examples
    --------
    Six bots join eight sessions together; 800 viewers join one session each.

    >>> import pandas as pd
    >>> from features.graphs.lockstep import Lockstep
    >>> bots = [(f"bot{i}", f"s{j}", 600 + 97 * j + i) for i in range(6) for j in range(8)]
    >>> viewers = [(f"viewer{i}", f"s{i % 8}", 11 * i) for i in range(800)]
    >>> found = Lockstep(window=60).fit(pd.DataFrame(bots + viewers))
    >>> found.groups_[0].members.tolist()
    ['bot0', 'bot1', 'bot2', 'bot3', 'bot4', 'bot5']
    >>> found.predict(["bot0", "viewer0"]).tolist()
    [-1, 1]
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

    def fit(self, X: pd.DataFrame, y: object = None) -> Lockstep:  # noqa: ARG002 - its API
        """Find groups.

        Parameters
        ----------
        X
            Its first three columns are account id, thing id and time in seconds. Rows with a
            missing value are left out.
        y
            Ignored.

        Raises
        ------
        ValueError
            X has fewer than three columns, or the null model is unknown.
        """
        if getattr(X, "ndim", 0) != 2 or X.shape[1] < 3:
            raise ValueError(
                "Lockstep.fit: X needs three columns, the ids of accounts and of things, "
                "and the time in seconds"
            )
        frame = pd.DataFrame(X).iloc[:, :3].dropna()
        account, names = pd.factorize(frame.iloc[:, 0], sort=True)
        thing, _ = pd.factorize(frame.iloc[:, 1], sort=True)
        at = np.floor(frame.iloc[:, 2].to_numpy(dtype=float)).astype(np.int64)
        if self.null not in NULLS:
            raise ValueError(f"Lockstep: null is 'times' or 'popularity', not {self.null!r}")
        occasions = distinct_occasions(account, thing, at, OCCASION_WINDOWS * self.window)
        account, thing, at, _first = occasions
        pairs = meeting_pairs(account, thing, at, self.window, self.least, self.cap)
        expected = NULLS[self.null](account, thing, at, pairs, self.window, self.cap)
        if self.null == "times":
            pairs, expected = by_first_occasions(
                occasions, pairs, expected, self.window, self.least
            )
        self.n_features_in_ = X.shape[1]
        found = find_groups(pairs, expected, len(names), self.smallest)
        names = np.asarray(names)
        self.groups_ = [
            Group(names[g.members], g.pairs, g.meetings, g.density, g.evidence, g.rarity)
            for g in found
        ]
        surprising = is_surprising(pairs, expected)
        self.pairs_ = pd.DataFrame(
            {
                "left": names[pairs.left[surprising]],
                "right": names[pairs.right[surprising]],
                "things": pairs.things[surprising],
                "expected": expected[surprising],
                "rarity": pairs.rarity[surprising].astype(float),
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
        """Scores less the offset: negative for accounts with a surprising partner."""
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
