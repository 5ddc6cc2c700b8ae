"""Peer baseline: medians and robust spreads of peers of a like size, on each signal's own scale.

Peers are those in the same stratum of size, of equal numbers (ADR-0030). Shares are shrunken first
(`features/peers/shrinkage.py`). Each value is compared with the median of its stratum, over the
spread of the side on which it lies.

References
----------
Rousseeuw and Hubert, WIREs 2011: robust z-scores from quantiles, here of each side. Zhao and
Hryniewicki, XGBOD, IJCNN 2018: outlier scores among the inputs of a classifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.declaration import Signal
from features.peers import shrinkage as shrinkages
from features.peers.evidence_groups import alarm_weight
from features.peers.shrinkage import Shrinkage

DEVIATION_SCALE_SPREADS = 3.0  # at which a deviation begins to count: one or two are not rare
JSON_KEYS = {
    "peer_medians": "medians",
    "compared_medians": "compared_medians",
    "upper_spreads": "upper_spreads",
    "lower_spreads": "lower_spreads",
}


@dataclass(frozen=True)
class PeerBaseline:
    """Medians and spreads of peers by stratum of size.

    Parameters
    ----------
    signals
        The signals compared, in the order of the columns.
    size_signal
        Name of the signal that tells sizes apart; None where all entities are peers.
    stratum_edges
        Sizes between the strata, ascending, in the unit of the size signal.
    peer_medians
        Medians of the values as they are, shape (strata, signals); NaN where never known.
    compared_medians, upper_spreads, lower_spreads
        Medians and spreads of the values as they are compared, after shrinkage, same shape.
    shrinkage
        Priors of shares.
    """

    signals: tuple[Signal, ...]
    size_signal: str | None
    stratum_edges: np.ndarray
    peer_medians: np.ndarray
    compared_medians: np.ndarray
    upper_spreads: np.ndarray
    lower_spreads: np.ndarray
    shrinkage: Shrinkage

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the signals."""
        return tuple(s.name for s in self.signals)

    def deviations(self, values: np.ndarray) -> np.ndarray:
        """Signed deviations in robust spreads, shape (n, signals).

        NaN where the value or its peers are unknown.
        """
        stratum = self._stratum(values)
        out = self.shrinkage.apply(values)
        out -= self.compared_medians[stratum]
        out /= np.where(out > 0, self.upper_spreads[stratum], self.lower_spreads[stratum])
        return out

    def medians(self, values: np.ndarray) -> np.ndarray:
        """Medians of each entity's peers, shape (n, signals)."""
        return np.broadcast_to(self.peer_medians[self._stratum(values)], values.shape)

    def _stratum(self, values: np.ndarray) -> np.ndarray | slice:
        """Stratum of each entity; a slice where there is one, so that its row is not repeated."""
        if self.size_signal is None or not len(self.stratum_edges):
            return slice(None)
        sizes = np.nan_to_num(values[:, self.columns.index(self.size_signal)])
        return np.searchsorted(self.stratum_edges, sizes, side="right")

    def strata(self, values: np.ndarray) -> np.ndarray:
        """Number of each entity's stratum of size, int64 of shape (n,)."""
        found = self._stratum(values)
        return np.zeros(len(values), dtype=np.int64) if isinstance(found, slice) else found

    def weights(self, deviations: np.ndarray) -> np.ndarray:
        """Weights of deviations on the suspicious side, shape (n, signals), at least 0."""
        return deviation_weights(np.nan_to_num(deviations * self._directions))

    def total_score(self, deviations: np.ndarray) -> np.ndarray:
        """Anomaly score over all signals, shape (n,); those without an alarm count less."""
        return self.weights(deviations) @ self._alarm_weights

    @cached_property
    def _alarm_weights(self) -> np.ndarray:
        return np.array([alarm_weight(s) for s in self.signals])

    @cached_property
    def _directions(self) -> np.ndarray:
        return np.array([s.direction for s in self.signals], dtype=float)

    def as_json(self) -> dict[str, Any]:
        """Numbers and names that `from_json` reads again, bit for bit."""
        arrays = {
            key: [
                [float(x) if np.isfinite(x) else None for x in row] for row in getattr(self, field)
            ]
            for field, key in JSON_KEYS.items()
        }
        return {
            "columns": list(self.columns),
            "size_signal": self.size_signal,
            "stratum_edges": self.stratum_edges.tolist(),
            **arrays,
            "shrinkage": self.shrinkage.as_json(),
        }


def from_json(signals: Mapping[str, Signal], given: dict[str, Any]) -> PeerBaseline:
    """A baseline as `as_json` wrote it; `signals` by name."""
    compared = tuple(signals[name] for name in given["columns"])
    arrays = {
        field: np.array(given[key], dtype=np.float64).reshape(-1, len(compared))
        for field, key in JSON_KEYS.items()
    }
    return PeerBaseline(
        compared,
        given["size_signal"] and signals[given["size_signal"]].name,
        np.array(given["stratum_edges"], dtype=np.float64),
        **arrays,
        shrinkage=shrinkages.from_json(compared, given["shrinkage"]),
    )


def deviation_weights(spreads: np.ndarray) -> np.ndarray:
    """Weight of a deviation on the suspicious side: log(1 + (spreads / scale)³), 0 on the other.

    The cube keeps many small deviations from making a large one. The logarithm keeps one absurd
    value from outweighing all others.
    """
    out, beyond = np.zeros(spreads.shape), spreads > 0
    out[beyond] = np.log1p((spreads[beyond] / DEVIATION_SCALE_SPREADS) ** 3)
    return out
