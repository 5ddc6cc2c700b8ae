"""Compiled basics of undirected graphs given as pairs of node numbers.

Components use union by size with path halving (Tarjan and van Leeuwen, JACM 1984). Core numbers
use bins (Batagelj and Zaversnik, 2003).
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _union(left, right, n):  # pragma: no cover - compiled
    parent = np.arange(n)
    size = np.ones(n, np.int64)
    for e in range(len(left)):
        a, b = left[e], right[e]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a != b:
            if size[a] < size[b]:
                a, b = b, a
            parent[b] = a
            size[a] += size[b]
    label = np.full(n, -1, np.int64)
    names = np.full(n, -1, np.int64)
    count = 0
    for v in range(n):
        a = v
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        if names[a] < 0:
            names[a] = count
            count += 1
        label[v] = names[a]
    return label


def components(left: np.ndarray, right: np.ndarray, n: int) -> np.ndarray:
    """Component of each of n nodes, int64, numbered by their first node."""
    return _union(np.asarray(left, np.int64), np.asarray(right, np.int64), n)


@njit(cache=True, nogil=True)
def neighbours(left, right, n):  # pragma: no cover - compiled
    """Adjacency both ways: (start of each node, neighbours)."""
    start = np.zeros(n + 1, np.int64)
    for e in range(len(left)):
        start[left[e] + 1] += 1
        start[right[e] + 1] += 1
    for v in range(n):
        start[v + 1] += start[v]
    fill = start[:-1].copy()
    other = np.empty(2 * len(left), np.int32)
    for e in range(len(left)):
        other[fill[left[e]]] = right[e]
        fill[left[e]] += 1
        other[fill[right[e]]] = left[e]
        fill[right[e]] += 1
    return start, other


@njit(cache=True, nogil=True)
def _cores(start, other):  # pragma: no cover - compiled
    n = len(start) - 1
    degree = np.empty(n, np.int64)
    max_degree = 0
    for v in range(n):
        degree[v] = start[v + 1] - start[v]
        max_degree = max(max_degree, degree[v])
    bins = np.zeros(max_degree + 2, np.int64)
    for v in range(n):
        bins[degree[v] + 1] += 1
    for d in range(max_degree + 1):
        bins[d + 1] += bins[d]
    place, order = np.empty(n, np.int64), np.empty(n, np.int64)
    fill = bins[:-1].copy()
    for v in range(n):
        place[v] = fill[degree[v]]
        order[place[v]] = v
        fill[degree[v]] += 1
    for i in range(n):
        v = order[i]
        for k in range(start[v], start[v + 1]):
            u = other[k]
            if degree[u] > degree[v]:
                first = bins[degree[u]]
                w = order[first]
                if u != w:
                    order[place[u]], order[first] = w, u
                    place[w], place[u] = place[u], first
                bins[degree[u]] += 1
                degree[u] -= 1
    return degree


def core_numbers(left: np.ndarray, right: np.ndarray, n: int) -> np.ndarray:
    """Core number of each of n nodes, int64.

    It is the largest k such that the node is in a subgraph of degrees at least k.
    """
    start, other = neighbours(np.asarray(left, np.int32), np.asarray(right, np.int32), n)
    return _cores(start, other)
