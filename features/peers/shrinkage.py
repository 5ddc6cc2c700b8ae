"""Shares of few observations, pulled towards what is usual before they are compared.

Of seven views one came through a proxy: a seventh, and no evidence of anything. Strata of size do not hold that away, for within the
smallest one shares stand on two views or on two hundred. So a share counts as if some observations of a usual entity had been
added to its own: as many as its chance variation holds of the variation between entities. A share of thousands stays what it is.

Where it fails: who cheats a little in very many small rooms looks usual in each of them. Lockstep, rings and what accounts left elsewhere look across rooms.

Source: empirical Bayes shrinkage (Efron and Morris, JASA 1975) of proportions with extraneous variance, by moments
(Kleinman, JASA 1973: the estimate that weighs each proportion by its number of observations).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.catalogue import BY_NAME
from features.declaration import OPERATOR, SESSION

# What a signal of a unit stands on, by the kind of entity; the number of observations is the value of that signal. Parcels and reviews
# are no more than orders, actions and accounts are taken for as many as views: where those are too many, somewhat more is left to chance.
COUNTED: dict[str, dict[str, str]] = {
    OPERATOR: {
        **dict.fromkeys(
            ("share of orders", "share of parcels", "share of reviews", "faults per order"),
            "operator_order_count",
        ),
        **dict.fromkeys(
            ("share of views", "share of actions", "share of accounts", "faults per view"),
            "operator_view_count",
        ),
    },
    SESSION: {
        **dict.fromkeys(
            ("share of views", "share of joins", "share of viewers", "share of accounts"),
            "view_count",
        ),
        "share of follows": "follow_count",
        "share of minutes": "minutes_count",
    },
}
MOST = 1000.0  # observations that are added where entities do not differ by more than chance
FEWEST = 30  # entities with a known share below which nothing is added


@dataclass(frozen=True)
class Shrinkage:
    """What is added to the observations of each signal: `added` of them, at the `centre`; arrays of shape (signals,).

    Nothing is added to a signal that is no share, nor where the number of its observations is unknown.
    """

    columns: tuple[str, ...]
    centre: np.ndarray
    added: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Values as they are compared, shape (n, signals)."""
        out = values.copy()
        if self._pulled:
            shares, counts = list(self._pulled), list(self._pulled.values())
            n, x, centre = np.nan_to_num(values[:, counts]), values[:, shares], self.centre[shares]
            out[:, shares] = np.where(
                n > 0, centre + n / (n + self.added[shares]) * (x - centre), x
            )
        return out

    def moves(self, j: int) -> bool:
        """Whether a signal is compared otherwise than as it is."""
        return j in self._pulled

    @cached_property
    def _pulled(self) -> dict[int, int]:
        """Signals to which anything is added, and what counts their observations; looked up once, for a check of a running session asks each time."""
        return {j: count for j, count in stands_on(self.columns).items() if self.added[j] > 0}

    def as_json(self) -> dict[str, Any]:
        """Numbers that `from_json` reads again, bit for bit."""
        return {"centre": self.centre.tolist(), "added": self.added.tolist()}


def from_json(columns: tuple[str, ...], given: dict[str, Any]) -> Shrinkage:
    """Shrinkage as `as_json` wrote it."""
    return Shrinkage(columns, *(np.array(given[k], dtype=np.float64) for k in ("centre", "added")))


def stands_on(columns: tuple[str, ...]) -> dict[int, int]:
    """Number of the signal that counts the observations of each share among some signals, by the number of the share."""
    at = {name: j for j, name in enumerate(columns)}
    counts = {
        j: COUNTED.get(BY_NAME[name].entity, {}).get(BY_NAME[name].unit) for name, j in at.items()
    }
    return {j: at[count] for j, count in counts.items() if count in at}


def shrinkage_of(columns: tuple[str, ...], values: np.ndarray) -> Shrinkage:
    """What to add, from signals of peers, shape (entities, signals)."""
    centre, added = np.zeros(len(columns)), np.zeros(len(columns))
    for j, count in stands_on(columns).items():
        x, n = values[:, j], np.nan_to_num(values[:, count])
        known = np.isfinite(x) & (n > 0)
        x, n = x[known], n[known]
        if (
            len(x) < FEWEST or x.min() < 0.0 or x.max() > 1.0
        ):  # what goes beyond one is no proportion
            continue
        whole = n.sum()
        centre[j] = (n * x).sum() / whole
        chance = max(centre[j] * (1.0 - centre[j]), 0.0)  # variance of one observation
        between = ((n * (x - centre[j]) ** 2).sum() - (len(n) - 1) * chance) / max(
            whole - (n**2).sum() / whole, 1e-9
        )
        added[j] = min(chance / between, MOST) if between > 0 else MOST * (chance > 0)
    return Shrinkage(columns, centre, added)
