"""Trees as flat arrays, walked by a compiled kernel: LightGBM's raw scores bit for bit (ADR-0047).

LightGBM walks one row through all trees, and the processor guesses the way at every node. Here a
tree takes a block of rows one level at a time. Rows that have reached their leaf stay there, so
nothing is guessed and rows do not wait for each other. A few rows are walked through a block of
trees instead. Leaves are added in the order of the trees, as LightGBM adds them.
"""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numba import njit

BLOCK = 64  # rows, or trees, walked together
MIN_ROWS_PER_BLOCK = 8  # with fewer rows, trees are walked together
# Bits of LightGBM's `decision_type`, and values of its bits for missing.
CATEGORICAL, DEFAULT_LEFT, MISSING = 1, 2, 12
MISSING_IS_ZERO, MISSING_IS_NAN = 4, 8
ZERO_THRESHOLD = float(np.float32(1e-35))  # LightGBM takes values within it for zero


@dataclass(frozen=True)
class Forest:
    """Nodes of all trees, leaves among them.

    Attributes
    ----------
    feature, threshold
        Input that each node reads, and its threshold.
    child
        The two children of each node; those of a leaf are itself.
    unknown_right
        Whether an unknown input goes right.
    value
        What each node adds: 0 but for leaves.
    root, depth
        Root and depth of each tree, in LightGBM's order.
    ensembles
        Trees of an iteration.
    """

    feature: np.ndarray
    threshold: np.ndarray
    child: np.ndarray
    unknown_right: np.ndarray
    value: np.ndarray
    root: np.ndarray
    depth: np.ndarray
    ensembles: int

    def raw(self, x: np.ndarray, rounds: int | None = None) -> np.ndarray:
        """Raw scores, shape (n, ensembles), of inputs, shape (n, inputs).

        `rounds` limits them to the first iterations.
        """
        trees = len(self.root) if rounds is None else min(rounds * self.ensembles, len(self.root))
        out = np.zeros((len(x), self.ensembles))
        nodes = self.feature, self.threshold, self.child, self.unknown_right, self.value
        walk = _by_trees if len(x) < MIN_ROWS_PER_BLOCK else _by_rows
        walk(
            np.ascontiguousarray(x, dtype=np.float64),
            *nodes,
            self.root[:trees],
            self.depth[:trees],
            out,
        )
        return out


def forest_of(booster: lgb.Booster) -> Forest:
    """Read the trees of a booster.

    Raises
    ------
    ValueError
        A tree splits by categories, or takes zero for unknown; no model here does.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    root: list[int] = []
    depth: list[int] = []
    nodes = 0
    for text in booster.model_to_string(importance_type="split").split("\nTree=")[1:]:
        given = dict(line.split("=", 1) for line in text.split("\n\n")[0].splitlines()[1:])
        kind, bound, leaf = (
            _numbers(given, "decision_type", int),
            _numbers(given, "threshold", float),
            _numbers(given, "leaf_value", float),
        )
        if (kind & CATEGORICAL).any() or (kind & MISSING == MISSING_IS_ZERO).any():
            raise ValueError(
                f"tree {len(root)} splits by categories or takes zero for unknown, "
                "which this kernel does not walk"
            )
        # a tree that met no unknown value takes it for zero
        right = np.where(kind & MISSING == MISSING_IS_NAN, kind & DEFAULT_LEFT == 0, bound < 0.0)
        bound = np.where(bound == -ZERO_THRESHOLD, np.nextafter(bound, -np.inf), bound)
        inner, ends = len(kind), np.arange(len(leaf))
        child = np.stack(
            [_numbers(given, f"{side}_child", int) for side in ("left", "right")], axis=1
        ).reshape(inner, 2)
        child = np.concatenate(
            [np.where(child < 0, inner + ~child, child), np.stack([inner + ends] * 2, axis=1)]
        )
        parts.append(
            (
                np.append(_numbers(given, "split_feature", int), 0 * ends),
                np.append(bound, np.full(len(leaf), np.inf)),
                nodes + child.ravel(),
                np.append(right, 0 * ends),
                np.append(np.zeros(inner), leaf),
            )
        )
        root.append(nodes)
        depth.append(_depth(child[:inner]))
        nodes += inner + len(leaf)
    feature, threshold, child, unknown_right, value = map(np.concatenate, zip(*parts, strict=True))
    small = [a.astype(np.int32) for a in (feature, child, np.array(root), np.array(depth))]
    return Forest(
        small[0],
        threshold,
        small[1],
        unknown_right.astype(np.bool_),
        value,
        small[2],
        small[3],
        booster.num_model_per_iteration(),
    )


def _numbers(given: dict[str, str], name: str, kind: type) -> np.ndarray:
    return np.array(given.get(name, "").split(), dtype=kind)


def _depth(child: np.ndarray) -> int:
    """Depth of a tree whose nodes have these children, shape (nodes, 2); others are leaves."""
    depth, level = 0, np.zeros(min(len(child), 1), dtype=np.int64)
    while len(level):
        depth, below = depth + 1, child[level].ravel()
        level = below[below < len(child)]
    return depth


@njit(cache=True, nogil=True, inline="always")
def _next(row, node, feature, threshold, child, unknown_right):  # pragma: no cover - compiled
    known = row[feature[node]]
    right = (known > threshold[node]) | ((known != known) & unknown_right[node])
    return child[2 * node + right]


@njit(cache=True, nogil=True)
def _by_rows(  # noqa: PLR0913  a kernel takes arrays, not objects
    x, feature, threshold, child, unknown_right, value, root, depth, out
):  # pragma: no cover - compiled
    ensembles, at = out.shape[1], np.empty(BLOCK, np.int32)
    for low in range(0, x.shape[0], BLOCK):
        rows = min(BLOCK, x.shape[0] - low)
        for t in range(len(root)):
            at[:rows] = root[t]
            for _ in range(depth[t]):
                for i in range(rows):
                    at[i] = _next(x[low + i], at[i], feature, threshold, child, unknown_right)
            for i in range(rows):
                out[low + i, t % ensembles] += value[at[i]]


@njit(cache=True, nogil=True)
def _by_trees(  # noqa: PLR0913  a kernel takes arrays, not objects
    x, feature, threshold, child, unknown_right, value, root, depth, out
):  # pragma: no cover - compiled
    ensembles, at = out.shape[1], np.empty(BLOCK, np.int32)
    for first in range(0, len(root), BLOCK):
        trees = min(BLOCK, len(root) - first)
        deepest = depth[first : first + trees].max()
        for i in range(x.shape[0]):
            at[:trees] = root[first : first + trees]
            for _ in range(deepest):
                for j in range(trees):
                    at[j] = _next(x[i], at[j], feature, threshold, child, unknown_right)
            for j in range(trees):
                out[i, (first + j) % ensembles] += value[at[j]]
