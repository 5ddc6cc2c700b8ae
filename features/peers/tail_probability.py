"""How rare a value is among all of its night, by its rank alone.

Spreads mean little where nearly everybody has the same value: of a payer with one buyer, two are then as far out as anything. Of orders most
signals are so, and most orders of a shop share theirs. What is told is the share of orders that lie as far out or further, half of those
that tie; what more than three in ten have adds nothing, for of sixty signals everybody has something that half do not.

What a night shows of its orders is kept as a yardstick (`Ranked`), so that one order can be weighed again alone.

Source: sums of logarithms of empirical tail probabilities (Li, Zhao, Hu, Botta, Ionescu and Chen, ECOD, TKDE 2022), here on the
suspicious side alone, and from where they are small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.catalogue import BY_NAME

COMMON = 0.3  # share of all from which as much is common


@dataclass(frozen=True)
class Ranked:
    """How many entities lie as far out as each value that is not common, by signal: all that their ranks need.

    `known`: entities of which a signal is known, shape (signals,). `values`: of each signal the distinct ones on its suspicious side, the
    furthest first, with its side for a sign; `upto`: how many entities lie as far out or further. Both end where that is common.
    """

    columns: tuple[str, ...]
    known: np.ndarray
    values: tuple[np.ndarray, ...]
    upto: tuple[np.ndarray, ...]

    def of(self, values: np.ndarray) -> np.ndarray:
        """-log of the share that lies as far out on the suspicious side, less that of `COMMON`: shape (n, signals), at least 0.

        `values`: float64 of shape (n, signals). 0 where a value is unknown, or nobody's was, or its signal has no suspicious side.
        """
        out = np.zeros(values.shape)
        for j in np.flatnonzero(self.known):
            mine = np.isfinite(values[:, j])
            x, counts = -values[mine, j] * _side(self.columns[j]), np.append(0, self.upto[j])
            further, as_far = (
                counts[np.searchsorted(self.values[j], x, side)] for side in ("left", "right")
            )
            out[mine, j] = np.clip(
                np.log(COMMON * self.known[j] / ((further + as_far + 1) / 2)), 0.0, None
            )  # half of those that tie
        return out

    def as_json(self) -> dict[str, Any]:
        """Numbers and names that `from_json` reads again, bit for bit."""
        return {
            "columns": list(self.columns),
            "known": self.known.tolist(),
            "values": [v.tolist() for v in self.values],
            "upto": [n.tolist() for n in self.upto],
        }


def from_json(given: dict[str, Any]) -> Ranked:
    """Ranks as `as_json` wrote them."""
    values = tuple(np.array(v, dtype=np.float64) for v in given["values"])
    return Ranked(
        tuple(given["columns"]),
        np.array(given["known"]),
        values,
        tuple(np.array(n, dtype=np.int64) for n in given["upto"]),
    )


def ranked(columns: list[str], values: np.ndarray) -> Ranked:
    """What entities show of how rare values are. `values`: float64 of shape (n, signals); infinite ones are unknown."""
    known, kept, upto = np.zeros(len(columns), dtype=np.int64), [], []
    for j, name in enumerate(columns):
        x = values[np.isfinite(values[:, j]), j]
        known[j] = len(x) if _side(name) else 0
        distinct, counts = np.unique(-x * _side(name), return_counts=True)
        total = np.cumsum(counts)
        few = (
            int(np.searchsorted(total, COMMON * len(x))) + 1
        )  # the first of those that are common closes the list
        kept.append(distinct[:few] if known[j] else np.zeros(0))
        upto.append(total[:few] if known[j] else np.zeros(0, dtype=np.int64))
    return Ranked(tuple(columns), known, tuple(kept), tuple(upto))


def rarities(columns: list[str], values: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """The same of values among themselves, or `among` others: `Ranked.of`."""
    return ranked(columns, values if among is None else among).of(values)


def _side(name: str) -> int:
    return BY_NAME[name].direction or 0
