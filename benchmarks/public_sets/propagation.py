"""Neighbour means of signals, and verdicts spread over shared neighbours.

Neighbour aggregation for trees follows GADBench (Tang et al., NeurIPS 2023), where it does better
than graph networks. Verdicts spread over shared things as smoothed rates, out of fold
(Micci-Barreca, SIGKDD Explorations 2001, on a bipartite graph).

Both are inductive, because the fitted values belong to the things. An account that comes tonight is
scored from the things it acts on, without fitting again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

STATISTICS = ("mean", "max", "min", "evidence")


def _incidence(of: np.ndarray, to: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Distinct incidence matrix of shape (rows, things), ones."""
    a = coo_array((np.ones(len(of)), (of, to)), shape=shape).tocsr()
    a.sum_duplicates()
    a.data[:] = 1.0
    return a


def neighbour_means(
    rows: np.ndarray, columns: np.ndarray, values: np.ndarray, n_columns: int
) -> np.ndarray:
    """Mean value of the other rows that share a column with each row; NaN where there are none.

    `rows`, `columns`: numbers, shape (edges,); `values`: float64 (rows, k), NaN unknown. A
    neighbour met on several columns counts several times. Returns (rows, k). Two sparse products:
    linear in edges.
    """
    a = _incidence(rows, columns, (len(values), n_columns))
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    own = np.asarray(a.sum(axis=1)).reshape(-1, 1)
    total = a @ (a.T @ filled) - own * filled
    count = a @ (a.T @ known.astype(np.float64)) - own * known
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


class NeighbourMeans(TransformerMixin, BaseEstimator):
    """Means of signals over those who act on the same things, for accounts seen or new.

    `fit(edges, signals)`: edges a frame of account id and thing id; signals a float frame indexed
    by account id. It keeps each thing's sums. `transform(edges)` gives one row for each account id
    in the edges (sorted). It is the mean over the fitted accounts on its things, without its own
    signals. Columns are `neighbour_mean_<signal>`.
    """

    def fit(self, X: pd.DataFrame, y: pd.DataFrame) -> NeighbourMeans:
        """Keep sums of signals by thing. Raises ValueError when an account is repeated."""
        if not y.index.is_unique:
            raise ValueError("NeighbourMeans.fit: an account appears twice in the signals' index")
        edges = pd.DataFrame(X).iloc[:, :2].drop_duplicates()
        edges = edges[edges.iloc[:, 0].isin(y.index)]
        values = y.reindex(edges.iloc[:, 0]).to_numpy(dtype=float)
        known = np.isfinite(values)
        thing = edges.iloc[:, 1].to_numpy()
        self.signals_ = y
        self.sums_ = pd.DataFrame(np.where(known, values, 0.0)).groupby(thing).sum()
        self.counts_ = pd.DataFrame(known.astype(float)).groupby(thing).sum()
        self.pairs_ = pd.MultiIndex.from_frame(edges)
        self.n_features_in_ = 2
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Means by account id, float64; NaN where no neighbour is known."""
        check_is_fitted(self)
        edges = pd.DataFrame(X).iloc[:, :2].drop_duplicates()
        account, thing = edges.iloc[:, 0].to_numpy(), edges.iloc[:, 1].to_numpy()
        own = self.signals_.reindex(account).to_numpy(dtype=float)
        seen = pd.MultiIndex.from_frame(edges).isin(self.pairs_)[:, None] & np.isfinite(own)
        sums = self.sums_.reindex(thing).fillna(0.0).to_numpy() - np.where(seen, own, 0.0)
        counts = self.counts_.reindex(thing).fillna(0.0).to_numpy() - seen
        total = pd.DataFrame(sums).groupby(account).sum()
        many = pd.DataFrame(counts).groupby(account).sum()
        out = total / many.where(many > 0)
        out.columns = self.get_feature_names_out()
        return out

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:  # noqa: ARG002
        """Names of the columns that `transform` gives."""
        check_is_fitted(self)
        return np.array([f"neighbour_mean_{c}" for c in self.signals_.columns], dtype=object)


class SpreadVerdicts(TransformerMixin, BaseEstimator):
    """Verdicts that reach an account through the things that it acts on.

    `fit(edges, verdicts)`: edges as for `NeighbourMeans`; verdicts a 0/1 series by account id, for
    the few that have one. Each thing gets a rate, shrunk to the prior by `strength`
    pseudo-accounts. `transform(edges)` gives for each account (sorted by id) the mean, largest and
    smallest rate of its things and their summed log-odds over the prior.
    `fit_transform` is out of fold, so that no account's own verdict reaches it. Training rows then
    look like the rows to be scored.
    """

    def __init__(self, strength: float = 5.0, folds: int = 10, random_state: int = 0):
        self.strength = strength
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: pd.DataFrame, y: pd.Series) -> SpreadVerdicts:
        """Keep each thing's rate. Raises ValueError when there is no verdict."""
        if not len(y):
            raise ValueError(
                "SpreadVerdicts.fit: no verdicts; it spreads what is known and knows nothing itself"
            )
        edges = pd.DataFrame(X).iloc[:, :2].drop_duplicates()
        self.prior_ = float(y.mean())
        self.rates_ = self._rates(edges, y)
        self.n_features_in_ = 2
        return self

    def _rates(self, edges: pd.DataFrame, y: pd.Series) -> pd.Series:
        verdict = y.reindex(edges.iloc[:, 0]).to_numpy(dtype=float)
        known = np.isfinite(verdict)
        by = (
            pd.Series(verdict[known])
            .groupby(edges.iloc[:, 1].to_numpy()[known])
            .agg(["sum", "count"])
        )
        return (by["sum"] + self.strength * self.prior_) / (by["count"] + self.strength)

    def _spread(self, edges: pd.DataFrame, rates: pd.Series) -> pd.DataFrame:
        rate = rates.reindex(edges.iloc[:, 1]).fillna(self.prior_).to_numpy().clip(1e-6, 1 - 1e-6)
        base = np.log(max(self.prior_, 1e-6) / max(1 - self.prior_, 1e-6))
        frame = pd.DataFrame({"rate": rate, "odds": np.log(rate / (1 - rate)) - base}).groupby(
            edges.iloc[:, 0].to_numpy()
        )
        out = pd.concat(
            [frame["rate"].mean(), frame["rate"].max(), frame["rate"].min(), frame["odds"].sum()],
            axis=1,
        )
        out.columns = self.get_feature_names_out()
        return out

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Four columns by account id; an account whose things are all unseen gets the prior."""
        check_is_fitted(self)
        return self._spread(pd.DataFrame(X).iloc[:, :2].drop_duplicates(), self.rates_)

    def fit_transform(self, X: pd.DataFrame, y: pd.Series) -> pd.DataFrame:
        """Fit, and transform each account by rates that its fold's verdicts did not enter."""
        self.fit(X, y)
        edges = pd.DataFrame(X).iloc[:, :2].drop_duplicates()
        accounts = np.sort(edges.iloc[:, 0].unique())
        fold = pd.Series(
            np.random.default_rng(self.random_state).integers(0, self.folds, len(accounts)),
            index=accounts,
        )
        mine = fold.reindex(edges.iloc[:, 0]).to_numpy()
        parts = []
        for k in range(self.folds):
            others = y[fold.reindex(y.index).to_numpy() != k]
            parts.append(self._spread(edges[mine == k], self._rates(edges, others)))
        return pd.concat(parts).sort_index()

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:  # noqa: ARG002
        """Names of the columns that `transform` gives."""
        return np.array([f"verdicts_{s}" for s in STATISTICS], dtype=object)
