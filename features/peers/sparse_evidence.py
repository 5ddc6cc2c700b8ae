"""Summaries of sparse evidence: how many evidence groups are rare, and how rare the rarest are.

A summary names no signal, so that a combination that learned on some schemes also counts what a
scheme that it never saw leaves behind. Each group counts by its most extreme signal.

References
----------
Donoho and Jin, Annals of Statistics 2004: higher criticism. Liu and Xie, JASA 2020: the Cauchy
combination. Li et al., ECOD, TKDE 2022: sums of logarithms of tail probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from features.declaration import Signal
from features.peers.baseline import deviation_weights

STRONGEST_GROUPS = 8
NORMAL_SCORES = (1.0, 1.64, 2.33)  # tail probabilities .16, .05 and .01
MIN_TAIL_PROBABILITY = 1e-4
NO_GROUP = -9.0  # normal score where there are fewer groups than are listed
TYPOLOGY_SUMMARIES = 2


@dataclass(frozen=True)
class SparseEvidence:
    """The signals that count, their evidence groups and their typologies.

    Parameters
    ----------
    direction
        Direction of each signal, shape (signals,); signals with 0 do not count.
    groups
        Numbers of the signals of each evidence group.
    typologies
        Numbers of the signals of each typology, by name.
    """

    direction: np.ndarray
    groups: tuple[np.ndarray, ...]
    typologies: dict[str, np.ndarray]

    @classmethod
    def of(cls, signals: Sequence[Signal]) -> SparseEvidence:
        """The groups and typologies that the signals declare."""
        groups: dict[str, list[int]] = {}
        kinds: dict[str, list[int]] = {}
        for j, s in enumerate(signals):
            if s.direction:
                groups.setdefault(s.evidence_group, []).append(j)
                kinds.setdefault(s.typology, []).append(j)
        return cls(
            np.array([s.direction for s in signals], dtype=float),
            tuple(np.array(g) for g in groups.values()),
            {name: np.array(kinds[name]) for name in sorted(kinds)},
        )

    @property
    def names(self) -> list[str]:
        """Names of the summaries, in order."""
        return [
            *(f"normal score of evidence group {i + 1}" for i in range(STRONGEST_GROUPS)),
            *(f"share of evidence groups beyond {z}" for z in NORMAL_SCORES),
            "known evidence groups",
            "Cauchy combination",
            "mean log tail probability",
            "higher criticism",
            *(
                name
                for t in self.typologies
                for name in (f"summed deviation of {t}", f"highest normal score of {t}")
            ),
        ]

    @property
    def constraints(self) -> list[int]:
        """Monotone constraint of each summary: more evidence never lowers a score."""
        counted = STRONGEST_GROUPS + len(NORMAL_SCORES)
        return [1] * counted + [0] + [1] * (3 + TYPOLOGY_SUMMARIES * len(self.typologies))

    def normal_scores(self, ranks: np.ndarray) -> np.ndarray:
        """Normal scores of tail probabilities on the suspicious side, shape (n, signals).

        NaN where a rank is unknown and where a signal has no suspicious side.
        """
        tail = np.where(self.direction > 0, 1.0 - ranks, ranks)
        clipped = np.clip(tail, MIN_TAIL_PROBABILITY, 1.0 - MIN_TAIL_PROBABILITY)
        return np.where(self.direction == 0, np.nan, -ndtri(clipped))

    def summaries(self, ranks: np.ndarray, spreads: np.ndarray) -> np.ndarray:
        """Summaries of entities, shape (n, names).

        Parameters
        ----------
        ranks
            Ranks among peers, shape (n, signals).
        spreads
            Deviations from peers in robust spreads, same shape.
        """
        scores = self.normal_scores(ranks)
        known = np.isfinite(scores)
        filled = np.where(known, scores, NO_GROUP)
        strongest = np.column_stack([filled[:, g].max(axis=1) for g in self.groups])
        ordered = -np.sort(-strongest, axis=1)
        count = (strongest > NO_GROUP).sum(axis=1)
        first = np.full((len(ranks), STRONGEST_GROUPS), NO_GROUP)
        width = min(STRONGEST_GROUPS, ordered.shape[1])
        first[:, :width] = ordered[:, :width]
        tails = np.where(known, ndtr(-filled), np.nan)
        weights = deviation_weights(np.nan_to_num(spreads * self.direction))
        return np.column_stack(
            [
                first,
                *((strongest > z).sum(axis=1) / np.maximum(count, 1) for z in NORMAL_SCORES),
                count,
                _mean_known(np.tan((0.5 - tails) * np.pi), known, _signed_log),
                _mean_known(-np.log(tails), known),
                _higher_criticism(ordered, count),
                *(
                    column
                    for mine in self.typologies.values()
                    for column in (weights[:, mine].sum(axis=1), filled[:, mine].max(axis=1))
                ),
            ]
        )

    def shares(self, ranks: np.ndarray) -> np.ndarray:
        """Share of each signal in what the summaries count, shape (n, signals)."""
        scores = np.clip(np.nan_to_num(self.normal_scores(ranks)), 0.0, None) ** 2
        return scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-12)


def _mean_known(
    x: np.ndarray, known: np.ndarray, shape: Callable[[np.ndarray], np.ndarray] | None = None
) -> np.ndarray:
    count = known.sum(axis=1)
    mean = np.where(known, x, 0.0).sum(axis=1) / np.maximum(count, 1)
    mean = mean if shape is None else shape(mean)
    return np.where(count > 0, mean, np.nan)


def _signed_log(x: np.ndarray) -> np.ndarray:
    return np.sign(x) * np.log1p(np.abs(x))


def _higher_criticism(ordered: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Largest standardised excess of small tail probabilities in their smaller half."""
    many = np.maximum(count, 1)[:, None]
    place = np.arange(1, ordered.shape[1] + 1)[None, :]
    tail = ndtr(-ordered)
    excess = np.sqrt(many) * (place / many - tail) / np.sqrt(tail * (1.0 - tail) + 1e-6)
    return np.where(place <= np.maximum(many / 2, 1), excess, -np.inf).max(axis=1)
