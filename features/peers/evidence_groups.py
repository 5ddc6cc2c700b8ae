"""Groups correlated signals so that one cause is not counted several times.

Nine signals show few buyers with many orders. Added up they would outweigh all other evidence; the
strongest alone ranks operators coarsely. Contributions of one group are therefore added and divided
by the root of their number, as much as independent ones would spread (ADR-0016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.declaration import Signal

NO_ALARM_WEIGHT = 0.5  # of a signal that raises no alarm alone


@dataclass(frozen=True)
class EvidenceGroups:
    """Weights of some signals, and the numbers of those that share a group.

    Parameters
    ----------
    weights
        float64, shape (signals,): less for signals that raise no alarm alone.
    shared
        Numbers of the signals of each group that has more than one.
    """

    weights: np.ndarray
    shared: list[np.ndarray]

    @classmethod
    def of(cls, signals: Sequence[Signal]) -> EvidenceGroups:
        """The groups that the signals declare."""
        names = pd.Series([s.evidence_group for s in signals], dtype=object)
        groups = [g.index.to_numpy() for _, g in names.groupby(names, sort=False) if len(g) > 1]
        return cls(np.array([alarm_weight(s) for s in signals]), groups)

    def strongest(self, scores: np.ndarray) -> np.ndarray:
        """Weighted score of the strongest signal of each group, 0 for its others.

        Of those that tie the first counts. `scores` and the result have shape (n, signals).
        """
        out = scores * self.weights
        for group in self.shared:
            mine = out[:, group]
            first = mine.argmax(axis=1)[:, None]
            out[:, group] = np.where(np.arange(len(group)) == first, mine, 0.0)
        return out


def alarm_weight(signal: Signal) -> float:
    """What a signal counts in an anomaly score: less where it raises no alarm alone."""
    return NO_ALARM_WEIGHT if signal.alarm is None else 1.0


def scaled_by_group(
    contributions: pd.DataFrame, known: pd.Series, signals: Mapping[str, Signal]
) -> pd.DataFrame:
    """Contributions over the root of the number of signals of their group.

    Only signals that are `known` of any entity are counted.
    """
    groups = pd.Series({c: signals[c].evidence_group for c in contributions.columns}, dtype=object)
    counted = known.reindex(contributions.columns, fill_value=False).to_numpy(dtype=bool)
    sizes = groups[counted].value_counts()
    return contributions / np.sqrt(groups.map(sizes).fillna(1.0).to_numpy(dtype=float))
