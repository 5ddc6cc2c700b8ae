"""Splits forward in time, with groups on one side only and a gap."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

GAP = timedelta(days=2)


@dataclass(frozen=True)
class Split:
    """Boolean masks over the rows of a dataset, and where the cut lies."""

    train: np.ndarray
    test: np.ndarray
    cut: pd.Timestamp


def side(group: str) -> float:
    """A number in [0, 1) that a group's name decides, the same in every run."""
    return int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 2**32


def forward(
    received: pd.Series, group: pd.Series, test_groups: float = 0.5, train_time: float = 0.6
) -> Split:
    """Train on the first `train_time` of the rows from some groups, test on later rows of the others.

    Rows inside the gap after the cut, and rows whose group and time disagree, are in neither.
    """
    cut = received.quantile(train_time)
    elsewhere = group.map(side).to_numpy() < test_groups
    train = (received <= cut).to_numpy() & ~elsewhere
    test = (received > cut + GAP).to_numpy() & elsewhere
    return Split(train, test, cut)


def folds(group: pd.Series, count: int = 5) -> np.ndarray:
    """Fold number of each row; the rows of a group share it."""
    return (group.map(side).to_numpy() * count).astype(int)
