"""Deterministic samples: entities whose hashed names are lowest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd


def sample_by_hash(ids: Iterable[str], size: int) -> list[str]:
    """Sample entities, the same whenever they are asked for.

    Examples
    --------
    >>> sample_by_hash(["a", "b", "c"], 2) == sample_by_hash(["c", "b", "a"], 2)
    True
    """
    return sorted(ids, key=lambda i: hashlib.sha256(str(i).encode()).digest())[:size]


def sample_views(view_ids: pd.Index, views_per_session: int) -> np.ndarray:
    """Mask of a sample of the views of each session, the same whenever they are asked for."""
    names = pd.Series(sample_by_hash(view_ids, len(view_ids)), dtype=object)
    place = names.groupby(session_of(pd.Index(names)).to_numpy()).cumcount()
    return view_ids.isin(names[place < views_per_session])


def session_of(view_ids: pd.Index) -> pd.Index:
    """Sessions of views, from their names."""
    return pd.Index(view_ids.str.rpartition("#").get_level_values(0))
