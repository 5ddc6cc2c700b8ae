"""How far values lie from those of peers of a like size, robustly and on every signal's own scale.

A share of thirty views strays further by chance than one of thirty thousand, so peers are those of a like size, in strata of
equal numbers, and shares are pulled towards what is usual by how few observations they stand on (`features/peers/shrinkage.py`). Each value is set against the median of its stratum, over the spread of the side on which it lies; spreads come from
the quantiles up to the 95th, which a few cheats in a hundred cannot widen; where they are more, `settled` leaves out who lies out
furthest and looks again. The deviance adds up how far an entity
lies out on the suspicious side of its signals: it needs no label, and it is a signal for models that have few.

Source: robust z-scores from quantiles (Rousseeuw and Hubert, WIREs 2011), each side its own; trimming and learning again as in
concentration steps (Rousseeuw and Van Driessen, Technometrics 1999); outlier scores among the inputs of a
classifier as in XGBOD (Zhao and Hryniewicki, IJCNN 2018).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from features.catalogue import BY_NAME
from features.peers import shrinkage, tail_probability
from features.peers.shrinkage import Shrinkage, shrinkage_of
from features.peers.tail_probability import Ranked, ranked

STRATA = 5
FEWEST = 30  # known values of a stratum below which all strata are its peers
FAR = 3.0  # spreads from the median at which a value begins to count: three are rare by chance, and one or two are not
OUT, ROUNDS = 0.1, 3  # share that lies out furthest and is left out of the peers, and how often
LESS = 0.5  # what a signal counts that raises no alarm by itself
ENOUGH = FEWEST * STRATA  # entities below which they are no yardstick for one another
TINY = 0.05  # part of the plain standard deviation below which no spread falls: where most values are one, chance is not nought
UPPER, LOWER = (
    ((0.75, 0.6745), (0.90, 1.2816), (0.95, 2.0563)),
    ((0.25, 0.6745), (0.10, 1.2816)),
)  # quantile, normal spreads to it
QUANTILES = [q for q, _ in UPPER + LOWER]
ARRAYS = ("median", "middle", "upper", "lower")


@dataclass(frozen=True)
class Departures:
    """Peers' medians and spreads of some signals by stratum of size: arrays of shape (strata, signals).

    `size`: the signal that tells sizes apart, None where all are peers; `edges`: between its strata. `median`: of the values as they
    are; `middle`, `upper` and `lower`: of the values as they are compared, after `shrunk`. A signal that was never known is NaN.
    `ranked`: how rare values are among the same entities, cheats and all (None: nobody asks).
    """

    columns: tuple[str, ...]
    size: str | None
    edges: np.ndarray
    median: np.ndarray
    middle: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    shrunk: Shrinkage
    ranked: Ranked | None = None

    def of(self, values: np.ndarray) -> np.ndarray:
        """Departures in spreads, signed, shape (n, signals); NaN where the value or its peers are unknown."""
        stratum = self._stratum(values)
        away = self.shrunk.of(values)
        away -= self.middle[stratum]
        away /= np.where(away > 0, self.upper[stratum], self.lower[stratum])
        return away

    def usual(self, values: np.ndarray) -> np.ndarray:
        """Medians of each entity's peers, shape (n, signals)."""
        return np.broadcast_to(self.median[self._stratum(values)], values.shape)

    def _stratum(self, values: np.ndarray) -> np.ndarray | slice:
        """Stratum of each entity; where there is but one, what takes its single row, which is not repeated for each of a million orders."""
        if self.size is None or not len(self.edges):
            return slice(None)
        return np.searchsorted(
            self.edges, np.nan_to_num(values[:, self.columns.index(self.size)]), side="right"
        )

    def deviances(self, departed: np.ndarray) -> np.ndarray:
        """How far each entity lies out on the suspicious side: over all signals with an alarm, on the furthest signal of any, and
        over those of each typology with an alarm.

        Shape (n, typologies + 2), at least 0; an unknown signal adds nothing.
        """
        out = self.outlying(departed)
        return np.column_stack(
            [
                out[:, m].max(axis=1, initial=0.0) if i == 1 else out[:, m].sum(axis=1)
                for i, m in enumerate(self._sets)
            ]
        )

    def deviance_parts(self, departed: np.ndarray) -> np.ndarray:
        """What part each signal has in each deviance, shape (n, typologies + 2, signals); nothing where nothing lies out."""
        out = self.outlying(departed)
        parts = []
        for i, member in enumerate(self._sets):
            mine = out * member
            mine = np.where(mine == mine.max(axis=1, keepdims=True), mine, 0.0) if i == 1 else mine
            parts.append(mine / np.maximum(mine.sum(axis=1, keepdims=True), 1e-12))
        return np.stack(parts, axis=1)

    def outlying(self, departed: np.ndarray) -> np.ndarray:
        """What each signal with a suspicious side adds to a deviance, shape (n, signals), at least 0."""
        return weight_of(np.nan_to_num(departed * self._side))

    def total(self, departed: np.ndarray) -> np.ndarray:
        """How far each entity lies out over all signals, shape (n,); those without an alarm count less."""
        return self.outlying(departed) @ np.where(self._alarmed, 1.0, LESS)

    @cached_property
    def _alarmed(self) -> np.ndarray:
        return np.array([BY_NAME[c].alarm is not None for c in self.columns])

    @cached_property
    def _side(self) -> np.ndarray:
        return np.array([BY_NAME[c].direction for c in self.columns], dtype=float)

    @cached_property
    def _sets(self) -> list[np.ndarray]:
        """Which signals each deviance is over."""
        alarmed = self._alarmed
        kind = np.array([BY_NAME[c].typology for c in self.columns], dtype=object)
        return [
            alarmed,
            np.ones(len(self.columns), dtype=bool),
            *(alarmed & (kind == t) for t in sorted(set(kind[alarmed]))),
        ]

    def as_json(self) -> dict[str, Any]:
        """Numbers and names that `from_json` reads again, bit for bit."""
        lists = {
            k: [[float(x) if np.isfinite(x) else None for x in row] for row in getattr(self, k)]
            for k in ARRAYS
        }
        rare = self.ranked and self.ranked.as_json()
        return {
            "columns": list(self.columns),
            "size": self.size,
            "edges": self.edges.tolist(),
            **lists,
            "shrunk": self.shrunk.as_json(),
            "ranked": rare,
        }


def weight_of(spreads: np.ndarray) -> np.ndarray:
    """What lying out by so many spreads on the suspicious side adds: log(1 + (spreads / FAR)³), 0 on the other side.

    The cube keeps many small departures from making a large one, the logarithm one absurd value from outweighing all others.
    """
    out, beyond = np.zeros(spreads.shape), spreads > 0
    out[beyond] = np.log1p((spreads[beyond] / FAR) ** 3)
    return out


def from_json(given: dict[str, Any]) -> Departures:
    """Departures as `as_json` wrote them."""
    columns = tuple(given["columns"])
    arrays = {k: np.array(given[k], dtype=np.float64).reshape(-1, len(columns)) for k in ARRAYS}
    shrunk, rare = (
        shrinkage.from_json(columns, given["shrunk"]),
        given["ranked"] and tail_probability.from_json(given["ranked"]),
    )
    return Departures(
        columns,
        given["size"],
        np.array(given["edges"], dtype=np.float64),
        **arrays,
        shrunk=shrunk,
        ranked=rare,
    )


def learn(columns: list[str], values: np.ndarray, size: str | None) -> Departures:
    """What peers show. `values`: float64 of shape (entities, signals), of entities as they come, honest or not."""
    sizes = (
        np.nan_to_num(values[:, columns.index(size)])
        if size is not None and size in columns
        else None
    )
    edges = (
        np.unique(np.quantile(sizes, np.arange(1, STRATA) / STRATA))
        if sizes is not None and len(sizes)
        else np.zeros(0)
    )
    stratum = (
        np.searchsorted(edges, sizes, side="right")
        if sizes is not None
        else np.zeros(len(values), dtype=np.int64)
    )
    shape = (len(edges) + 1, len(columns))
    median, middle, upper, lower = (np.full(shape, np.nan) for _ in ARRAYS)
    shrunk = shrinkage_of(tuple(columns), values)
    compared = np.asfortranarray(shrunk.of(values))
    for j in range(len(columns)):
        x = compared[:, j]
        known = np.isfinite(x)
        if not known.any():
            continue
        floor = TINY * x[known].std() + 1e-9
        for k in range(shape[0]):
            some = known & (stratum == k)
            some = some if some.sum() >= FEWEST else known
            mine = np.sort(x[some])  # once: selecting each quantile apart takes six times as long
            median[k, j], middle[k, j] = (
                np.median(values[some, j]) if shrunk.moves(j) else _middle(mine),
                _middle(mine),
            )
            at = dict(zip(QUANTILES, _quantiles(mine), strict=True))
            upper[k, j] = max(floor, *((at[q] - middle[k, j]) / s for q, s in UPPER))
            lower[k, j] = max(floor, *((middle[k, j] - at[q]) / s for q, s in LOWER))
    return Departures(
        tuple(columns),
        size if sizes is not None else None,
        edges,
        median,
        middle,
        upper,
        lower,
        shrunk,
    )


def _middle(ordered: np.ndarray) -> float:
    """Median of sorted values."""
    return float(ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1].mean())


def _quantiles(ordered: np.ndarray) -> np.ndarray:
    """`QUANTILES` of sorted values, by numpy's linear rule and to its last bit."""
    at = (len(ordered) - 1) * np.array(QUANTILES)
    low = at.astype(np.int64)
    part, a, b = at - low, ordered[low], ordered[np.minimum(low + 1, len(ordered) - 1)]
    return np.where(part < 0.5, a + (b - a) * part, b - (b - a) * (1.0 - part))


def settled(
    columns: list[str], values: np.ndarray, size: str | None, rare: bool = False
) -> Departures:
    """What usual peers show: learnt again, `ROUNDS` times, without the share `OUT` that lies out furthest. Input as for `learn`.

    Without it a scheme that one entity in ten uses hides itself: it widens the spread by which it would stand out. `rare`: how rare
    values are is wanted too, among all of them.
    """
    found = learn(columns, values, size)
    for _ in range(ROUNDS if len(values) else 0):
        total = found.total(found.of(values))
        found = learn(columns, values[total <= np.quantile(total, 1.0 - OUT)], size)
    return replace(found, ranked=ranked(columns, values)) if rare else found
