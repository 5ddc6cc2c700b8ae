"""Dense blocks in bipartite graphs: who acts on the same things far more than popularity explains.

No weighting finds every planted block on every real graph: flat weights drown in popular columns, heavy discounts fall
for tiny cliques. So several look (FRAUDAR's peel with flat, logarithmic and square-root weights, block after block, the
core of highest minimal degree, and the leading vectors of the modularity matrix), each start is improved on one
objective, excess density, and the blocks are ranked by it and kept when their evidence outweighs the choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from features.graphs.excess_density import Bipartite, bipartite, climb, evidence, spectral_starts
from features.graphs.peeling import column_weights, densest_block

COLUMN_WEIGHTINGS = ("flat", "log", "sqrt")


@dataclass(frozen=True)
class FoundBlock:
    """A block (ids of rows and columns, sorted) with what speaks for it; `found_by` names the start it grew from."""

    rows: np.ndarray
    columns: np.ndarray
    edges: int
    excess_density: float
    lift: float
    fill: float
    evidence: float
    found_by: str


def peel_starts(
    graph: Bipartite, weightings: tuple[str, ...], blocks: int
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Blocks by greedy peeling, for each weighting several: the edges of a block are taken out before the next."""
    starts = []
    for kind in weightings:
        rows, columns, weight = graph.rows, graph.columns, graph.weight
        for turn in range(blocks):
            if not len(rows):
                break
            w = column_weights(columns, len(graph.column_mass), kind)
            block = densest_block(rows, columns, w, weight, len(graph.row_mass))
            if not block.edges:
                break
            starts.append(
                (f"{kind}-{turn + 1}", block.rows.astype(np.int64), block.columns.astype(np.int64))
            )
            in_row, in_column = (
                np.zeros(len(graph.row_mass), bool),
                np.zeros(len(graph.column_mass), bool),
            )
            in_row[block.rows], in_column[block.columns] = True, True
            left = ~(in_row[rows] & in_column[columns])
            rows, columns, weight = rows[left], columns[left], weight[left]
    return starts


def find_blocks(
    graph: Bipartite,
    n_blocks: int = 5,
    weightings: tuple[str, ...] = COLUMN_WEIGHTINGS,
    per_weighting: int = 3,
    vectors: int = 6,
    min_evidence_nats: float = 3.0,
) -> list[FoundBlock]:
    """At most `n_blocks` blocks by excess density, whose evidence is at least `least_evidence` nats.

    Each further block is looked for after the edges of those before it are taken out. Rows and columns are positions.
    """
    found: list[FoundBlock] = []
    rest = graph
    while len(found) < n_blocks and len(rest.rows):
        starts = [(name, c) for name, _r, c in peel_starts(rest, weightings, per_weighting)]
        starts += [(f"vector-{i + 1}", c) for i, c in enumerate(spectral_starts(rest, vectors))]
        best, best_value, by = None, 0.0, ""
        for name, columns in starts:
            rows, columns, value = climb(rest, columns)
            if value > best_value and len(rows) > 1 and len(columns) > 1:
                best, best_value, by = (rows, columns), value, name
        if best is None:
            break
        # evidence is judged on the whole graph: taking blocks out must not make what is left look special
        seen = evidence(graph, *best)
        if seen.nats < min_evidence_nats:
            break
        found.append(
            FoundBlock(
                best[0], best[1], seen.edges, best_value, seen.lift, seen.fill, seen.nats, by
            )
        )
        in_row, in_column = (
            np.zeros(len(graph.row_mass), bool),
            np.zeros(len(graph.column_mass), bool),
        )
        in_row[best[0]], in_column[best[1]] = True, True
        left = ~(in_row[rest.rows] & in_column[rest.columns])
        if left.all():
            break
        rest = bipartite(
            rest.rows[left],
            rest.columns[left],
            len(graph.row_mass),
            len(graph.column_mass),
            rest.weight[left],
        )
    return sorted(found, key=lambda b: -b.excess_density)


def burst_weights(columns: np.ndarray, seconds: np.ndarray, window: float) -> np.ndarray:
    """Edge weights 1 + ln(1 + x): x is how many edges of the same column lie within `window` seconds, beyond what an even
    spread over the column's own span explains, over what it explains. A column's burst weighs more than its everyday.
    """
    order = np.lexsort((seconds, columns))
    c, t = columns[order], np.asarray(seconds, dtype=np.float64)[order]
    starts = np.flatnonzero(np.append(True, c[1:] != c[:-1]))
    sizes = np.diff(np.append(starts, len(c)))
    first, last = np.repeat(t[starts], sizes), np.repeat(t[starts + sizes - 1], sizes)
    # all columns on one axis, far apart, so that one search answers for every edge
    axis = (
        t
        - first
        + np.repeat(np.cumsum((t[starts + sizes - 1] - t[starts]) + 4 * window + 1) - 0.0, sizes)
    )
    near = np.searchsorted(axis, axis + window, "right") - np.searchsorted(
        axis, axis - window, "left"
    )
    even = 1.0 + (np.repeat(sizes, sizes) - 1) * np.minimum(
        2 * window / np.maximum(last - first, 2 * window), 1.0
    )
    out = np.empty(len(c))
    out[order] = 1.0 + np.log1p(np.maximum(near / even - 1.0, 0.0))
    return out


class DenseBlocks(OutlierMixin, BaseEstimator):
    """Dense blocks of a bipartite edge list, as a scikit-learn outlier detector over the rows' ids.

    `fit` takes a frame whose first two columns are the ids of rows and columns and whose third, where there is one, is
    the time in seconds; repeated edges count once (the earliest). `score_samples` takes ids of rows (the first column
    of a frame, or a list) and gives minus the excess density of the densest block that each lies in, 0 for none and
    for ids never seen. Attributes: `blocks_` (ids), `offset_`, `n_features_in_`.
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

    def fit(self, X: pd.DataFrame, y: object = None) -> DenseBlocks:
        """Find blocks. Raises ValueError when X has fewer than two columns or an edge has no end."""
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
        """Minus the excess density of each row id's densest block, shape (n,)."""
        check_is_fitted(self)
        ids = (
            X.iloc[:, 0]
            if isinstance(X, pd.DataFrame)
            else pd.Series(np.asarray(X).reshape(len(X), -1)[:, 0])  # type: ignore[arg-type]
        )
        return -self.row_scores_.reindex(ids).fillna(0.0).to_numpy()

    def decision_function(self, X: object) -> np.ndarray:
        """`score_samples` less the offset: negative for members of a block."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:
        """-1 for members of a block, 1 for others."""
        return np.where(self.decision_function(X) < 0, -1, 1)
