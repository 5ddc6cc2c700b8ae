"""The rules-only control: a score without a model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME


def rules_score(signals: pd.DataFrame) -> np.ndarray:
    """Number of signals beyond their declared alarm, shape (n,)."""
    total = np.zeros(len(signals))
    for name in signals.columns:
        s = BY_NAME[name]
        if s.alarm is not None:
            value = signals[name].to_numpy()
            with np.errstate(invalid="ignore"):
                total += ((value - s.alarm) * (s.direction or 1) >= 0) & np.isfinite(value)
    return total
