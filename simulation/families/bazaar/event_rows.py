"""Rows of events, collected in blocks of integer columns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np


class EventRows:
    """Blocks of columns of one table, joined at the end."""

    def __init__(self, **defaults: int) -> None:
        self.defaults = defaults
        self.blocks: list[dict[str, np.ndarray]] = []

    def add(self, rows: int, **columns: Any) -> None:
        """Add a block; a scalar holds for all its rows."""
        self.blocks.append(
            {
                k: np.broadcast_to(columns.get(k, d), rows).astype(np.int64)
                for k, d in self.defaults.items()
            }
        )

    def joined(self) -> SimpleNamespace:
        """All rows, one int64 array a column."""
        return SimpleNamespace(
            **{
                k: np.concatenate([b[k] for b in self.blocks] or [np.zeros(0, np.int64)])
                for k in self.defaults
            }
        )
