"""Search for dense blocks: starts of several methods, each improved on excess density (ADR-0053).

No weighting finds every planted block on every real graph. Flat weights drown in popular columns;
heavy discounts miss tiny cliques. So FRAUDAR's peel with three weightings, block after block, and
the leading vectors of the modularity matrix give starts. Blocks whose evidence outweighs the choice
are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.graphs.excess_density import Bipartite, bipartite, climb, evidence, spectral_starts
from features.graphs.peeling import column_weights, densest_block

COLUMN_WEIGHTINGS = ("flat", "log", "sqrt")
MIN_EVIDENCE_NATS = 3.0


@dataclass(frozen=True)
class FoundBlock:
    """A dense block.

    Attributes
    ----------
    rows, columns
        Ids or positions, sorted.
    edges
        Number of edges inside.
    excess_density
        Edge weight beyond what the degrees explain, over rows and columns.
    lift
        Edges over the number that the degrees explain.
    fill
        Share of the possible edges that exist, 0 to 1.
    evidence
        Evidence against chance, in nats.
    found_by
        Start from which the block grew.
    """

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
    """Blocks by greedy peeling, several for each weighting.

    The edges of a block are taken out before the next is sought. Returns (start, rows, columns).
    """
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
    min_evidence_nats: float = MIN_EVIDENCE_NATS,
) -> list[FoundBlock]:
    """Find blocks, sorted by excess density.

    The edges of found blocks are taken out before the next is sought.

    Parameters
    ----------
    graph
        Bipartite graph with its degrees.
    n_blocks
        Most blocks that are returned.
    weightings
        Column weights of the peel, of `column_weights`.
    per_weighting
        Peeled starts of each weighting.
    vectors
        Leading vectors of the modularity matrix that give starts.
    min_evidence_nats
        Least evidence of a block, in nats.

    Returns
    -------
    list of FoundBlock
        Rows and columns are positions.
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
        # on the whole graph: what is left after taking blocks out must not look special
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
    """Weights of edges by the burst of their column: 1 + ln(1 + x).

    Here x is the excess of a column's edges nearby over an even spread, relative to that spread.
    An edge in a burst therefore weighs more than one of everyday activity.

    Parameters
    ----------
    columns
        Column of each edge, shape (edges,).
    seconds
        Time of each edge, shape (edges,).
    window
        Seconds before and after an edge that are nearby.

    Returns
    -------
    numpy.ndarray
        float64, shape (edges,), at least 1.
    """
    order = np.lexsort((seconds, columns))
    c, t = columns[order], np.asarray(seconds, dtype=np.float64)[order]
    starts = np.flatnonzero(np.append(True, c[1:] != c[:-1]))
    sizes = np.diff(np.append(starts, len(c)))
    first, last = np.repeat(t[starts], sizes), np.repeat(t[starts + sizes - 1], sizes)
    # all columns lie on one axis, far apart, so that one search serves every edge
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
