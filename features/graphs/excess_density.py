"""Blocks against a degree-preserving null: edges beyond what the degrees explain, and evidence.

The null is the configuration model: a row of degree d and a column of degree k share d k / m edges
on average (Chung and Lu, PNAS 2002). Excess density is a block's edges beyond that, over its number
of nodes. It is FRAUDAR's objective less the null. Up to the denominator it is the Rayleigh quotient
of Newman's modularity matrix (PNAS 2006). A popular room has a high density and no excess.

Evidence is a scan statistic in Poisson form (Arias-Castro and Verzelen, Annals of Statistics 2014).
It is the log-likelihood ratio of the block's edges less the logarithm of the number of such blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.sparse import coo_array
from scipy.sparse.linalg import ArpackError, LinearOperator, svds
from scipy.special import gammaln

from features.graphs.core_pruning import degrees

MAX_CLIMB_ROUNDS = 30


@dataclass(frozen=True)
class Bipartite:
    """Distinct edges with weights, and the degrees that the null keeps (int32, float64)."""

    rows: np.ndarray
    columns: np.ndarray
    weight: np.ndarray
    row_mass: np.ndarray
    column_mass: np.ndarray
    row_degree: np.ndarray
    column_degree: np.ndarray

    @property
    def total(self) -> float:
        """Weight of all edges."""
        return float(self.row_mass.sum())


@dataclass(frozen=True)
class Evidence:
    """Edges of a block, those its degrees explain, lift, fill, and its evidence in nats."""

    edges: int
    expected: float
    lift: float
    fill: float
    nats: float


def bipartite(
    rows: np.ndarray,
    columns: np.ndarray,
    n_rows: int,
    n_columns: int,
    weight: np.ndarray | None = None,
) -> Bipartite:
    """A graph with its degrees."""
    weight = (
        np.ones(len(rows)) if weight is None else np.ascontiguousarray(weight, dtype=np.float64)
    )
    return Bipartite(
        rows,
        columns,
        weight,
        np.bincount(rows, weight, n_rows),
        np.bincount(columns, weight, n_columns),
        degrees(rows, n_rows),
        degrees(columns, n_columns),
    )


def _log_choices(n: int, k: int) -> float:
    """Logarithm of the number of ways to choose k of n."""
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def evidence(graph: Bipartite, rows: np.ndarray, columns: np.ndarray) -> Evidence:
    """Evidence of a block, from its unweighted edges."""
    in_row, in_column = np.zeros(len(graph.row_mass), bool), np.zeros(len(graph.column_mass), bool)
    in_row[rows], in_column[columns] = True, True
    edges = int((in_row[graph.rows] & in_column[graph.columns]).sum())
    n_cells = len(rows) * len(columns)
    if not edges:
        return Evidence(0, 0.0, 0.0, 0.0, 0.0)
    expected = min(
        float(graph.row_degree[rows].sum())
        * float(graph.column_degree[columns].sum())
        / len(graph.rows),
        n_cells,
    )
    ratio = edges * np.log(edges / expected) - (edges - expected) if edges > expected else 0.0
    chosen = _log_choices(int((graph.row_degree > 0).sum()), len(rows)) + _log_choices(
        int((graph.column_degree > 0).sum()), len(columns)
    )
    return Evidence(edges, expected, edges / expected, edges / n_cells, float(ratio - chosen))


@njit(cache=True, nogil=True)
def _weight_into(ends, others, weight, chosen, out):  # pragma: no cover - compiled
    """Weight of each node's edges into the chosen nodes of the other side."""
    out[:] = 0.0
    for e in range(len(ends)):
        if chosen[others[e]]:
            out[ends[e]] += weight[e]


def _best_prefix(gain: np.ndarray, others: int) -> tuple[np.ndarray, float]:
    """Nodes of largest gain that maximise gain over the nodes of both sides, and that maximum."""
    likely = np.flatnonzero(gain > 0)
    if not len(likely):
        return likely, 0.0
    order = likely[np.argsort(-gain[likely], kind="stable")]
    value = np.cumsum(gain[order]) / (np.arange(1, len(order) + 1) + others)
    best = int(np.argmax(value))
    return order[: best + 1], float(value[best])


def climb(graph: Bipartite, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Improve a block until no change of its rows or of its columns helps.

    Given the columns, the best rows are a prefix of the rows by excess, and vice versa. Each
    half-step is exact, and the excess density never falls. Returns (rows, columns, excess density),
    the first two sorted.
    """
    in_row, in_column = np.zeros(len(graph.row_mass), bool), np.zeros(len(graph.column_mass), bool)
    in_column[columns] = True
    k_row, k_column = np.zeros(len(in_row)), np.zeros(len(in_column))
    best, found = 0.0, (np.zeros(0, np.int64), np.zeros(0, np.int64))
    for _ in range(MAX_CLIMB_ROUNDS):
        _weight_into(graph.rows, graph.columns, graph.weight, in_column, k_row)
        rows, _value = _best_prefix(
            k_row - graph.row_mass * (graph.column_mass[in_column].sum() / graph.total),
            int(in_column.sum()),
        )
        in_row[:] = False
        in_row[rows] = True
        _weight_into(graph.columns, graph.rows, graph.weight, in_row, k_column)
        columns, value = _best_prefix(
            k_column - graph.column_mass * (graph.row_mass[in_row].sum() / graph.total),
            int(in_row.sum()),
        )
        in_column[:] = False
        in_column[columns] = True
        if value <= best * (1 + 1e-9):
            break
        best, found = value, (np.flatnonzero(in_row), np.flatnonzero(in_column))
    return found[0], found[1], best


def spectral_starts(graph: Bipartite, n_vectors: int) -> list[np.ndarray]:
    """Columns on which the leading singular vectors of the modularity matrix concentrate.

    Each vector gives a start for each sign, of as many columns as its participation ratio. The
    starting vector is fixed, so the result is deterministic. The list is empty where degrees
    explain the whole graph or the vectors do not converge.
    """
    shape = (len(graph.row_mass), len(graph.column_mass))
    n_vectors = min(n_vectors, min(shape) - 1)
    if n_vectors < 1 or graph.total <= 0:
        return []
    a = coo_array((graph.weight, (graph.rows, graph.columns)), shape=shape).tocsr()
    at, m, dr, dc = a.T.tocsr(), graph.total, graph.row_mass, graph.column_mass
    operator = LinearOperator(
        shape,
        matvec=lambda x: a @ x.ravel() - dr * (dc @ x.ravel() / m),
        rmatvec=lambda y: at @ y.ravel() - dc * (dr @ y.ravel() / m),
        dtype=np.float64,
    )
    try:
        _u, _s, vt = svds(
            operator, k=n_vectors, tol=1e-2, v0=np.random.default_rng(0).random(min(shape))
        )
    except ArpackError:
        return []
    starts = []
    for v in vt[::-1]:
        for x in (np.maximum(v, 0.0), np.maximum(-v, 0.0)):
            square = float((x**2).sum())
            if square > 0:
                starts.append(np.argsort(-x, kind="stable")[: max(3, int(x.sum() ** 2 / square))])
    return starts
