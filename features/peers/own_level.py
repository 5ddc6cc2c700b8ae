"""Own levels: what is usual for an operator, known from its other entities.

A fan club that copies slogans, a room whose viewers are family, or a shop with resellers deviates
from its peers every day. The deviation beyond the operator's own level is evidence of a change.
The plain deviation stays beside it, so that a steady cheat does not become usual (ADR-0061).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MIN_OWN_ENTITIES = 4  # of an operator; fewer show no level


@dataclass(frozen=True)
class OwnLevels:
    """Median deviations of each operator's entities.

    Parameters
    ----------
    owners
        Operators with enough entities, sorted.
    medians
        Median signed log deviation of each signal, shape (owners, signals); NaN where unknown.
    """

    owners: pd.Index
    medians: np.ndarray

    def changes(self, deviations: np.ndarray, owner: np.ndarray | None) -> np.ndarray:
        """Deviations beyond the owner's level, shape (n, signals); NaN where it is unknown.

        Parameters
        ----------
        deviations
            Signed log deviations from peers, shape (n, signals).
        owner
            Operator of each entity, shape (n,); None where operators are not known.
        """
        if owner is None or not len(self.owners):
            return np.full(deviations.shape, np.nan)
        at = self.owners.get_indexer(pd.Index(owner))
        return np.where((at < 0)[:, None], np.nan, deviations - self.medians[at])

    def as_json(self) -> dict[str, Any]:
        """Numbers and names that `from_json` reads again, bit for bit."""
        rows = [[float(x) if np.isfinite(x) else None for x in row] for row in self.medians]
        return {"owners": self.owners.tolist(), "medians": rows}


def from_json(given: dict[str, Any], signals: int) -> OwnLevels:
    """Own levels of a number of signals, as `as_json` wrote them."""
    medians = np.array(given["medians"], dtype=np.float64).reshape(-1, signals)
    return OwnLevels(pd.Index(given["owners"], dtype=object), medians)


def no_levels(signals: int) -> OwnLevels:
    """Levels of no operator."""
    return OwnLevels(pd.Index([], dtype=object), np.zeros((0, signals)))


def fit_own_levels(deviations: np.ndarray, owner: np.ndarray | None) -> OwnLevels:
    """Median deviations of the operators with at least `MIN_OWN_ENTITIES` entities.

    Parameters
    ----------
    deviations
        Signed log deviations of the compared entities, shape (n, signals).
    owner
        Operator of each, shape (n,); None for no levels.
    """
    if owner is None or not len(deviations):
        return no_levels(deviations.shape[1])
    named = pd.Series(owner, dtype=object)
    many = named.map(named.value_counts()).to_numpy(dtype=float) >= MIN_OWN_ENTITIES
    if not many.any():
        return no_levels(deviations.shape[1])
    medians = pd.DataFrame(deviations[many]).groupby(named[many].to_numpy()).median()
    return OwnLevels(medians.index.astype(object), medians.to_numpy())
