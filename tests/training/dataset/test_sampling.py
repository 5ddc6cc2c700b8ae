"""Samples are the same whenever they are asked for."""

from __future__ import annotations

import pandas as pd

from training.dataset.sampling import sample_views


def test_a_room_of_thousands_teaches_no_more_views_than_a_small_one():
    """A room of thousands teaches no more views than a small one."""
    ids = pd.Index([f"s1#{i}" for i in range(900)] + [f"s2#{i}" for i in range(5)])
    kept = sample_views(ids, 300)
    assert kept[:900].sum() == 300 and kept[900:].all()
    other = ids[::-1]
    assert set(other[sample_views(other, 300)]) == set(ids[kept])  # whatever their order
