"""Groups correlated signals so that one cause is not counted several times.

Nine signals show few buyers with many orders. Added up they would outweigh all other evidence; the
strongest alone ranks operators coarsely. Contributions of one group are therefore added and divided
by the root of their number, as much as independent ones would spread (ADR-0016).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from features.declaration import Signal

NO_ALARM_WEIGHT = 0.5  # of a signal that raises no alarm alone


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
