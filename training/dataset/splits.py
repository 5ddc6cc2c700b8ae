"""Splits forward in time, with groups on one side only and a gap."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

GAP = timedelta(days=2)  # between training and test rows


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
    """Split forward in time, with each group on one side.

    Rows inside the gap after the cut, and rows whose group and time disagree, are on neither side.

    Parameters
    ----------
    received
        Moment of receipt of each row.
    group
        Group of each row.
    test_groups
        Share of the groups that are tested on.
    train_time
        Share of the rows, by time, that come before the cut.
    """
    cut = received.quantile(train_time)
    held_out = group.map(side).to_numpy() < test_groups
    train = (received <= cut).to_numpy() & ~held_out
    test = (received > cut + GAP).to_numpy() & held_out
    return Split(train, test, cut)


def folds(group: pd.Series, count: int = 5) -> np.ndarray:
    """Fold number of each row; the rows of a group share it."""
    return (group.map(side).to_numpy() * count).astype(int)
