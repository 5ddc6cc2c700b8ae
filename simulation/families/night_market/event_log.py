"""Rows of events in blocks of columns, and moments that fall into stays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

MAX_SESSION_SECONDS = 1e7


class EventLog:
    """Rows of one table; a column has the type of its default."""

    def __init__(self, **defaults: float) -> None:
        self.defaults = defaults
        self.blocks: list[dict[str, np.ndarray]] = []

    def add(self, rows: int, **columns: Any) -> None:
        """Add a block; a scalar holds for all its rows."""
        unknown = set(columns) - set(self.defaults)
        assert not unknown, unknown
        block = {}
        for name, default in self.defaults.items():
            kind = np.float64 if isinstance(default, float) else np.int64
            block[name] = np.broadcast_to(columns.get(name, default), rows).astype(kind)
        self.blocks.append(block)

    def joined(self) -> SimpleNamespace:
        """All rows, one array a column."""
        empty = {
            name: np.zeros(0, np.float64 if isinstance(default, float) else np.int64)
            for name, default in self.defaults.items()
        }
        parts = [*self.blocks, empty]
        return SimpleNamespace(
            **{name: np.concatenate([p[name] for p in parts]) for name in self.defaults}
        )


def moments_within(
    session: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    moment_session: np.ndarray,
    moment: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of a stay and a moment of the same session that lies within it.

    Parameters
    ----------
    session, start, end : ndarray, shape (stays,)
        Session number, first and last second of each stay, relative to one origin.
    moment_session, moment : ndarray, shape (moments,)
        Session number and second of each moment, relative to the same origin.

    Returns
    -------
    stay, moment : ndarray of int, shape (pairs,)
        Positions in the two inputs.
    """
    key = moment_session * MAX_SESSION_SECONDS + moment
    order = np.argsort(key, kind="stable")
    key = key[order]
    low = np.searchsorted(key, session * MAX_SESSION_SECONDS + start)
    high = np.searchsorted(key, session * MAX_SESSION_SECONDS + end)
    count = np.maximum(high - low, 0)
    stay = np.repeat(np.arange(len(session)), count)
    turn = np.arange(len(stay)) - np.repeat(np.cumsum(count) - count, count)
    return stay, order[low[stay] + turn]
