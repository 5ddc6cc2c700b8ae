"""Columns of tables from numbers, labels and moments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from simulation.families.night_market.town import Town


def moments(town: Town, at: np.ndarray, clock: float | None = None) -> pa.Array:
    """Timestamps at the platform's clock; NaN is null."""
    step = round((town.parameters.clock if clock is None else clock) * 1_000_000)
    absent = np.isnan(at)
    micros = np.floor((np.where(absent, 0, at) + town.origin) * 1_000).astype(np.int64) * 1_000
    return pa.array(micros // step * step, mask=absent).cast(pa.timestamp("us"))


def received(town: Town, at: np.ndarray, mean: float = 60) -> pa.Array:
    """Moments of receipt some time after what happened; a few rows come days late."""
    rng, n = town.rng, len(at)
    late = (rng.random(n) < town.parameters.late_rows) * rng.exponential(30 * 3_600, n)
    return moments(town, at + 2 + rng.exponential(mean, n) + late, 0.001)


def unknown(rng: np.random.Generator, index: np.ndarray, share: float) -> np.ndarray:
    """Numbers of which a share is made null."""
    return np.where(rng.random(len(index)) < share, -1, index)


def numbers(values: Any, absent: np.ndarray | None = None) -> pa.Array:
    """Numbers, null where absent."""
    return pa.array(np.asarray(values), mask=absent)
