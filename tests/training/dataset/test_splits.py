"""Splits keep groups and moments apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training.dataset import splits


def test_no_group_and_no_moment_is_on_both_sides_of_a_split():
    """No group and no moment is on both sides of a split."""
    rng = np.random.default_rng(1)
    received = pd.Series(
        pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.uniform(0, 28, 2000), unit="D")
    )
    group = pd.Series([f"g{i}" for i in rng.integers(0, 80, 2000)])
    split = splits.forward(received, group)
    assert split.train.any() and split.test.any()
    assert not set(group[split.train]) & set(group[split.test])
    assert received[split.test].min() - received[split.train].max() > splits.GAP
