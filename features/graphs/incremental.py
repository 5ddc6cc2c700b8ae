"""A day's actions and edges, added to yesterday's result.

Meetings are counted by thing, and a session belongs to a day: counts of days add up exactly. A thing that is acted on on several days is
counted on each on which a pair met in it, and a meeting across midnight is not seen. So of a pair's things, the sum over days differs from a
full pass by at most the days, beyond the first, of the things that both acted on.

Blocks: yesterday's blocks are climbed on today's graph, and new ones are looked for among the edges of the rows that
acted today. Climbing never lowers excess density, so each block is at least as dense as yesterday's members are today;
a block none of whose rows acted today and that was not there yesterday is not found until they act again.
"""

from __future__ import annotations

import numpy as np

from features.graphs.co_occurrence import CAP, Pairs, meeting_pairs
from features.graphs.dense_blocks import FoundBlock, find_blocks
from features.graphs.excess_density import Bipartite, bipartite, climb, evidence


class Meetings:
    """Meetings of pairs over a window of days, kept day by day.

    Account numbers must mean the same accounts on all days. Memory: 16 bytes for each pair that met at all, twice.
    """

    def __init__(self, window: int, cap: int = CAP):
        self.window, self.cap = window, cap
        self.days: dict[object, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self.key = np.zeros(0, np.uint64)
        self.things = np.zeros(0, np.int64)
        self.rarity = np.zeros(0)

    def add(self, day: object, account: np.ndarray, thing: np.ndarray, at: np.ndarray) -> None:
        """Add a day. Raises ValueError when it was added before: drop it first."""
        if day in self.days:
            raise ValueError(f"Meetings.add: {day} was added before; drop it to add it again")
        p = meeting_pairs(account, thing, at, self.window, 1, self.cap)
        key = (p.left.astype(np.uint64) << np.uint64(32)) | p.right.astype(np.uint64)
        order = np.argsort(key)
        one = (key[order], p.things[order].astype(np.int64), p.rarity[order].astype(np.float64))
        self.days[day] = one
        self._merge(one, 1)

    def drop(self, day: object) -> None:
        """Take a day out again, such as one that has left the window."""
        self._merge(self.days.pop(day), -1)

    def _merge(self, one: tuple[np.ndarray, np.ndarray, np.ndarray], sign: int) -> None:
        key = np.union1d(self.key, one[0])
        things, rarity = np.zeros(len(key), np.int64), np.zeros(len(key))
        here, there = np.searchsorted(key, self.key), np.searchsorted(key, one[0])
        things[here], rarity[here] = self.things, self.rarity
        things[there] += sign * one[1]
        rarity[there] += sign * one[2]
        kept = things > 0
        self.key, self.things, self.rarity = key[kept], things[kept], rarity[kept]

    def pairs(self, least: int = 3) -> Pairs:
        """Pairs that met in at least `least` things over the days kept."""
        good = self.things >= least
        left, right = (
            (self.key[good] >> np.uint64(32)).astype(np.int32),
            (self.key[good] & np.uint64(0xFFFFFFFF)).astype(np.int32),
        )
        return Pairs(
            left, right, self.things[good].astype(np.int32), self.rarity[good].astype(np.float32)
        )


def update_blocks(
    graph: Bipartite,
    before: list[FoundBlock],
    fresh: np.ndarray,
    n_blocks: int = 5,
    least_evidence: float = 3.0,
) -> list[FoundBlock]:
    """Blocks of today's graph from yesterday's blocks and the rows with fresh edges; positions as in `find_blocks`."""
    found = []
    for b in before:
        rows, columns, value = climb(graph, b.columns[b.columns < len(graph.column_mass)])
        if len(rows) > 1 and len(columns) > 1:
            seen = evidence(graph, rows, columns)
            found.append(
                FoundBlock(
                    rows, columns, seen.edges, value, seen.lift, seen.fill, seen.nats, b.found_by
                )
            )
    acted = np.zeros(len(graph.row_mass), bool)
    acted[fresh] = True
    here = acted[graph.rows]
    small = bipartite(
        graph.rows[here],
        graph.columns[here],
        len(graph.row_mass),
        len(graph.column_mass),
        graph.weight[here],
    )
    for b in find_blocks(small, n_blocks, least_evidence=-np.inf) if here.any() else []:
        rows, columns, value = climb(graph, b.columns)
        if len(rows) > 1 and len(columns) > 1:
            seen = evidence(graph, rows, columns)
            found.append(
                FoundBlock(
                    rows, columns, seen.edges, value, seen.lift, seen.fill, seen.nats, b.found_by
                )
            )
    kept: list[FoundBlock] = []
    for b in sorted(found, key=lambda b: -b.excess_density):
        again = any(
            len(np.intersect1d(b.rows, k.rows)) > 0.5 * min(len(b.rows), len(k.rows)) for k in kept
        )
        if b.evidence >= least_evidence and not again:
            kept.append(b)
    return kept[:n_blocks]
