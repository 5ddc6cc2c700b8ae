"""Prunes a weighted bipartite graph to the core that holds its greedy densest block.

Every node of the greedy answer has weight at least g(S) in it. Nodes below any density already
seen can therefore go first without changing the answer.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BATCH_MARGIN = 0.1  # the batch peel removes nodes up to 1.1 times the mean weight


@njit(cache=True, nogil=True)
def degrees(ends, size):  # pragma: no cover - compiled
    """Edges at each node, int64, shape (size,)."""
    out = np.zeros(size, np.int64)
    for e in range(len(ends)):
        out[ends[e]] += 1
    return out


@njit(cache=True, nogil=True)
def node_weights(
    rows, cols, column_weight, edge_weight, n_rows, n_cols
):  # pragma: no cover - compiled
    """Weight of every node and of the whole graph; an empty `edge_weight` means ones."""
    weight = np.zeros(n_rows + n_cols)
    total, plain = 0.0, len(edge_weight) == 0
    for e in range(len(rows)):
        w = column_weight[cols[e]]
        if not plain:
            w *= edge_weight[e]
        weight[rows[e]] += w
        weight[n_rows + cols[e]] += w
        total += w
    return weight, total


@njit(cache=True, nogil=True)
def _weigh_alive(  # noqa: PLR0913 - a kernel takes plain arrays
    rows, cols, kept, n_edges, column_weight, edge_weight, n_rows, alive, weight
):  # pragma: no cover - compiled
    """Drop kept edges at dead nodes and weigh the rest again. Returns (edges, total)."""
    weight[:] = 0.0
    total, left, plain = 0.0, 0, len(edge_weight) == 0
    for k in range(n_edges):
        e = kept[k]
        r, c = rows[e], cols[e]
        if alive[r] and alive[n_rows + c]:
            w = column_weight[c]
            if not plain:
                w *= edge_weight[e]
            weight[r] += w
            weight[n_rows + c] += w
            total += w
            kept[left] = e
            left += 1
    return left, total


@njit(cache=True, nogil=True)
def _remove_below(alive, weight, bar):  # pragma: no cover - compiled
    """Nodes of weight below `bar` die. Returns (dead now, left)."""
    dead, left = 0, 0
    for v in range(len(alive)):
        if alive[v]:
            if weight[v] < bar:
                alive[v] = 0
                dead += 1
            else:
                left += 1
    return dead, left


@njit(cache=True, nogil=True)
def core_edges(
    rows, cols, column_weight, edge_weight, n_rows, n_cols
):  # pragma: no cover - compiled
    """Edges of the core with the greedy answer: batch peel for a density, then prune below it."""
    whole, total = node_weights(rows, cols, column_weight, edge_weight, n_rows, n_cols)
    nodes = 0
    first = np.zeros(n_rows + n_cols, np.uint8)
    for v in range(n_rows + n_cols):
        if whole[v] > 0:
            first[v] = 1
            nodes += 1
    kept = np.arange(len(rows)).astype(np.int32)
    best = total / nodes if nodes else 0.0
    alive, weight, n_edges, left = first.copy(), whole.copy(), len(rows), nodes
    while left and total > 0.0:
        # the batch peel removes nodes below about the mean weight of a node, which is 2 g
        _dead, left = _remove_below(alive, weight, 2.0 * (1.0 + BATCH_MARGIN) * total / left)
        if left == 0:
            break
        n_edges, total = _weigh_alive(
            rows, cols, kept, n_edges, column_weight, edge_weight, n_rows, alive, weight
        )
        best = max(best, total / left)
    # prune the whole graph below that density, until nothing falls
    for e in range(len(rows)):
        kept[e] = e
    n_edges, weight, alive = len(rows), whole, first
    dead, left = _remove_below(alive, weight, best * (1.0 - 1e-12))
    while dead:
        n_edges, total = _weigh_alive(
            rows, cols, kept, n_edges, column_weight, edge_weight, n_rows, alive, weight
        )
        if left:
            best = max(best, total / left)
        dead, left = _remove_below(alive, weight, best * (1.0 - 1e-12))
    return kept[:n_edges].copy()
