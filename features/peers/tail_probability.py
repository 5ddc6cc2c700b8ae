"""Empirical tail probabilities: the share of entities at least as extreme as a value.

Robust spreads mean little where nearly all entities have the same value, as with most signals of
orders. The tail probability counts the entities that are as extreme or more, and half of those
that tie. A value that more than `COMMON_SHARE` reach adds nothing (ADR-0031).

References
----------
Li, Zhao, Hu, Botta, Ionescu and Chen, ECOD, TKDE 2022: sums of logarithms of empirical tail
probabilities; here on the suspicious side alone, and only where they are small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.declaration import Signal

COMMON_SHARE = 0.3  # of all entities; a value that as many reach is common


@dataclass(frozen=True)
class TailProbabilities:
    """How many entities are as extreme as each value that is not common, by signal.

    Parameters
    ----------
    signals
        The signals, in the order of the columns.
    known_counts
        Entities of which a signal is known, shape (signals,); 0 without a suspicious side.
    values
        Of each signal the distinct values on its suspicious side, the most extreme first,
        multiplied by minus its direction. The list ends with the first common value.
    tail_counts
        Entities that are as extreme as each of `values` or more.
    """

    signals: tuple[Signal, ...]
    known_counts: np.ndarray
    values: tuple[np.ndarray, ...]
    tail_counts: tuple[np.ndarray, ...]

    def scores(self, values: np.ndarray) -> np.ndarray:
        """-log of the tail probability over that of a common value, at least 0.

        `values` and the result have shape (n, signals). The score is 0 where a value is unknown,
        where no entity's was known, and where a signal has no suspicious side.
        """
        out = np.zeros(values.shape)
        for j in np.flatnonzero(self.known_counts):
            mine = np.isfinite(values[:, j])
            x = -values[mine, j] * self.signals[j].direction
            counts = np.append(0, self.tail_counts[j])
            further, as_far = (
                counts[np.searchsorted(self.values[j], x, side)] for side in ("left", "right")
            )
            tail = (further + as_far + 1) / 2  # half of those that tie
            out[mine, j] = np.clip(np.log(COMMON_SHARE * self.known_counts[j] / tail), 0.0, None)
        return out


def fit_tail_probabilities(signals: Sequence[Signal], values: np.ndarray) -> TailProbabilities:
    """Count the tails of entities, float64 of shape (n, signals); infinite values are unknown."""
    known = np.zeros(len(signals), dtype=np.int64)
    kept, counted = [], []
    for j, signal in enumerate(signals):
        x = values[np.isfinite(values[:, j]), j]
        known[j] = len(x) if signal.direction else 0
        distinct, counts = np.unique(-x * signal.direction, return_counts=True)
        total = np.cumsum(counts)
        # the first common value closes the list
        rare = int(np.searchsorted(total, COMMON_SHARE * len(x))) + 1
        kept.append(distinct[:rare] if known[j] else np.zeros(0))
        counted.append(total[:rare] if known[j] else np.zeros(0, dtype=np.int64))
    return TailProbabilities(tuple(signals), known, tuple(kept), tuple(counted))


def tail_scores(
    signals: Sequence[Signal], values: np.ndarray, reference: np.ndarray | None = None
) -> np.ndarray:
    """Tail scores of values among a reference, by default among themselves."""
    population = values if reference is None else reference
    return fit_tail_probabilities(signals, population).scores(values)
