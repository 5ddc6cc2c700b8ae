"""Dense blocks of bipartite graphs: rows that share far more columns than popularity explains."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from features.graphs.block_search import COLUMN_WEIGHTINGS, FoundBlock, burst_weights, find_blocks
from features.graphs.excess_density import bipartite


class DenseBlocks(OutlierMixin, BaseEstimator):
    """Dense blocks of a bipartite edge list as an outlier detector over row ids.

    Parameters
    ----------
    n_blocks : int, default 5
        Most blocks that are found.
    weightings : tuple of str, default ("flat", "log", "sqrt")
        Column weights of the peel, of `column_weights`.
    vectors : int, default 6
        Leading vectors of the modularity matrix that give starts.
    window : float or None, default None
        Seconds of a burst. With a window and a time column, edges in a burst weigh more.

    Attributes
    ----------
    blocks_ : list of FoundBlock
        Blocks sorted by excess density, with ids as rows and columns.
    row_scores_ : pandas.Series
        Excess density of the densest block of each member row, float64, shape (members,).
    offset_ : float
        Score below which a row is a member of a block.
    n_features_in_ : int
        Number of columns of the fitted frame.

    References
    ----------
    Hooi et al., FRAUDAR, KDD 2016; Newman, PNAS 2006.

    Examples
    --------
    Twelve buyers order from the same twelve shops; 2,000 buyers order from one each.

    >>> import pandas as pd
    >>> from features.graphs.dense_blocks import DenseBlocks
    >>> pool = [(f"b{i:02d}", f"shop{j}") for i in range(12) for j in range(12)]
    >>> others = [(f"other{i}", f"shop{i % 200}") for i in range(2000)]
    >>> found = DenseBlocks().fit(pd.DataFrame(pool + others))
    >>> [len(block.rows) for block in found.blocks_]
    [12]
    >>> found.predict(["b00", "other0"]).tolist()
    [-1, 1]
    """

    def __init__(
        self,
        n_blocks: int = 5,
        weightings: tuple[str, ...] = COLUMN_WEIGHTINGS,
        vectors: int = 6,
        window: float | None = None,
    ):
        self.n_blocks = n_blocks
        self.weightings = weightings
        self.vectors = vectors
        self.window = window

    def fit(self, X: pd.DataFrame, y: object = None) -> DenseBlocks:  # noqa: ARG002 - its API
        """Find blocks.

        Parameters
        ----------
        X
            Its first two columns are ids of rows and columns; a third is the time in seconds.
            Repeated edges count once, the earliest.
        y
            Ignored.

        Raises
        ------
        ValueError
            X has fewer than two columns, or an edge has no end.
        """
        if getattr(X, "ndim", 0) != 2 or X.shape[1] < 2:
            raise ValueError("DenseBlocks.fit: X needs two columns, the ids of rows and of columns")
        frame = pd.DataFrame(X)
        if frame.iloc[:, :2].isna().to_numpy().any():
            raise ValueError(
                "DenseBlocks.fit: an edge has no row or no column; drop such rows first"
            )
        if frame.shape[1] > 2:
            frame = frame.sort_values(frame.columns[2], kind="stable")
        frame = frame.drop_duplicates(list(frame.columns[:2]))
        row_at, row_ids = pd.factorize(frame.iloc[:, 0], sort=True)
        column_at, column_ids = pd.factorize(frame.iloc[:, 1], sort=True)
        weight = None
        if self.window is not None and frame.shape[1] > 2:
            weight = burst_weights(column_at, frame.iloc[:, 2].to_numpy(dtype=float), self.window)
        graph = bipartite(
            row_at.astype(np.int32),
            column_at.astype(np.int32),
            len(row_ids),
            len(column_ids),
            weight,
        )
        self.n_features_in_ = X.shape[1]
        self.blocks_ = [
            FoundBlock(
                np.asarray(row_ids)[b.rows],
                np.asarray(column_ids)[b.columns],
                b.edges,
                b.excess_density,
                b.lift,
                b.fill,
                b.evidence,
                b.found_by,
            )
            for b in find_blocks(graph, self.n_blocks, tuple(self.weightings), vectors=self.vectors)
        ]
        score: dict[object, float] = {}
        for b in self.blocks_:
            for r in b.rows.tolist():
                score[r] = max(score.get(r, 0.0), b.excess_density)
        self.row_scores_ = pd.Series(score, dtype="float64")
        self.offset_ = -1e-12
        return self

    def score_samples(self, X: object) -> np.ndarray:
        """Minus the excess density of each row id's densest block, shape (n,).

        Rows outside every block and unknown ids score 0.
        """
        check_is_fitted(self)
        ids = (
            X.iloc[:, 0]
            if isinstance(X, pd.DataFrame)
            else pd.Series(np.asarray(X).reshape(len(X), -1)[:, 0])  # type: ignore[arg-type]
        )
        return -self.row_scores_.reindex(ids).fillna(0.0).to_numpy()

    def decision_function(self, X: object) -> np.ndarray:
        """Scores less the offset: negative for members of a block."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:
        """-1 for members of a block, 1 for others."""
        return np.where(self.decision_function(X) < 0, -1, 1)
