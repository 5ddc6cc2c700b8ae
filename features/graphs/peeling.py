"""The densest block of a weighted bipartite graph: prune, then peel.

The objective is definition 1 of FRAUDAR (Hooi et al., KDD 2016) with column weights. It is g(S),
the sum of the weights of a block's edges over its number of rows and columns. Greedy peeling
removes the node of least weight repeatedly and keeps the best prefix. Its density is at least half
of the optimum (theorem 2). Only a small core is peeled exactly (`core_pruning`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from features.graphs.core_pruning import core_edges, degrees


@dataclass(frozen=True)
class Block:
    """A dense block: its rows and columns (sorted), density g, number and weight of edges."""

    rows: np.ndarray
    columns: np.ndarray
    density: float
    edges: int
    weight: float


def column_weights(columns: np.ndarray, size: int, kind: str) -> np.ndarray:
    """Camouflage-resistant weights by column degree d, shape (size,).

    `log` is 1/ln(d+5), `sqrt` is 1/sqrt(d), `flat` is 1.
    """
    d = degrees(columns, size)
    if kind == "log":
        return 1.0 / np.log(d + 5.0)
    if kind == "sqrt":
        return 1.0 / np.sqrt(np.maximum(d, 1))
    if kind == "flat":
        return np.ones(size)
    raise ValueError(f"column weights are log, sqrt or flat, not {kind!r}")


@njit(cache=True, nogil=True)
def _restore_heap(heap, place, weight, at, size):  # pragma: no cover - compiled
    """Restore the heap from position `at`, up or down; ties by node number."""
    v = heap[at]
    while at > 0:
        up = (at - 1) >> 1
        u = heap[up]
        if weight[u] < weight[v] or (weight[u] == weight[v] and u < v):
            break
        heap[at] = u
        place[u] = at
        at = up
    while True:
        low = 2 * at + 1
        if low >= size:
            break
        if low + 1 < size:
            a, b = heap[low], heap[low + 1]
            if weight[b] < weight[a] or (weight[b] == weight[a] and b < a):
                low += 1
        u = heap[low]
        if weight[v] < weight[u] or (weight[v] == weight[u] and v < u):
            break
        heap[at] = u
        place[u] = at
        at = low
    heap[at] = v
    place[v] = at


@njit(cache=True, nogil=True)
def _peel(rows, cols, edge_value, n_rows, n_cols):  # pragma: no cover - compiled
    """Exact greedy peel of a graph with nodes 0..n_rows-1 and 0..n_cols-1, all with edges.

    Returns (order of removal, nodes left in the best prefix, best density).
    """
    n, m = n_rows + n_cols, len(rows)
    start = np.zeros(n + 1, np.int64)
    weight = np.zeros(n)
    total = 0.0
    for e in range(m):
        start[rows[e] + 1] += 1
        start[n_rows + cols[e] + 1] += 1
        weight[rows[e]] += edge_value[e]
        weight[n_rows + cols[e]] += edge_value[e]
        total += edge_value[e]
    for v in range(n):
        start[v + 1] += start[v]
    fill = start[:-1].copy()
    other = np.empty(2 * m, np.int32)
    value = np.empty(2 * m)
    for e in range(m):
        a, b = rows[e], n_rows + cols[e]
        other[fill[a]], value[fill[a]] = b, edge_value[e]
        other[fill[b]], value[fill[b]] = a, edge_value[e]
        fill[a] += 1
        fill[b] += 1
    heap = np.argsort(weight, kind="mergesort").astype(np.int32)
    place = np.empty(n, np.int32)
    for i in range(n):
        place[heap[i]] = i
    order = np.empty(n, np.int32)
    size, best, best_left = n, total / n if n else 0.0, n
    for step in range(n):
        v = heap[0]
        order[step] = v
        size -= 1
        if size:
            last = heap[size]
            heap[0] = last
            place[last] = 0
        place[v] = -1
        if size:
            _restore_heap(heap, place, weight, 0, size)
        for k in range(start[v], start[v + 1]):
            u = other[k]
            if place[u] >= 0:
                weight[u] -= value[k]
                total -= value[k]
                _restore_heap(heap, place, weight, place[u], size)
        if size and total / size > best:
            best, best_left = total / size, size
    return order, best_left, best


def densest_block(
    rows: np.ndarray,
    columns: np.ndarray,
    column_weight: np.ndarray,
    edge_weight: np.ndarray | None = None,
    n_rows: int | None = None,
) -> Block:
    """The greedy densest block of distinct edges.

    Parameters
    ----------
    rows, columns
        int32, shape (edges,).
    column_weight
        float64, shape (columns,), at least 0.
    edge_weight
        float64, shape (edges,), at least 0. Ones when None.
    n_rows
        Number of rows; one more than the largest when None.

    Raises
    ------
    ValueError
        Lengths differ or a weight is negative.
    """
    rows, columns = (
        np.ascontiguousarray(rows, dtype=np.int32),
        np.ascontiguousarray(columns, dtype=np.int32),
    )
    if len(rows) != len(columns):
        raise ValueError(f"{len(rows)} rows for {len(columns)} columns: an edge has one of each")
    if (column_weight < 0).any() or (edge_weight is not None and (edge_weight < 0).any()):
        raise ValueError("weights of columns and edges are at least 0")
    if not len(rows):
        return Block(np.zeros(0, np.int32), np.zeros(0, np.int32), 0.0, 0, 0.0)
    extra = (
        np.zeros(0) if edge_weight is None else np.ascontiguousarray(edge_weight, dtype=np.float64)
    )
    n_rows = int(rows.max()) + 1 if n_rows is None else n_rows
    kept = core_edges(rows, columns, column_weight, extra, n_rows, len(column_weight))
    r, c = rows[kept], columns[kept]
    row_name, row_at = np.unique(r, return_inverse=True)
    column_name, column_at = np.unique(c, return_inverse=True)
    value = column_weight[c] * (1.0 if edge_weight is None else edge_weight[kept])
    order, left, best = _peel(
        row_at.astype(np.int32), column_at.astype(np.int32), value, len(row_name), len(column_name)
    )
    inside: Any = np.zeros(len(order), dtype=bool)
    inside[order[len(order) - left :]] = True
    both = inside[row_at] & inside[len(row_name) + column_at]
    return Block(
        row_name[inside[: len(row_name)]],
        column_name[inside[len(row_name) :]],
        float(best),
        int(both.sum()),
        float(value[both].sum()),
    )
