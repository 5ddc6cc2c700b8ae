"""Blocks of rows of one table, collected while a world runs and joined at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


class ColumnBuffer:
    """Rows with fixed columns; a column that a block leaves out takes its default.

    Parameters
    ----------
    defaults
        Default by column. The type of a default is the type of its column.

    Examples
    --------
    >>> rows = ColumnBuffer(session=0, at=0.0)
    >>> rows.add(2, session=7)
    >>> rows.joined()["session"].tolist()
    [7, 7]
    """

    def __init__(self, **defaults: bool | int | float) -> None:
        self._defaults = defaults
        self._blocks: list[dict[str, np.ndarray]] = []
        self.rows = 0

    def add(self, rows: int, **columns: Any) -> None:
        """Append a block; values are scalars or arrays of `rows` entries."""
        unknown = set(columns) - set(self._defaults)
        if unknown:
            raise KeyError(f"not columns of this table: {sorted(unknown)}")
        if rows:
            self._blocks.append(
                {
                    name: np.broadcast_to(np.asarray(columns.get(name, default)), rows).astype(
                        type(default)
                    )
                    for name, default in self._defaults.items()
                }
            )
            self.rows += rows

    def joined(self) -> pd.DataFrame:
        """Return all rows in the order in which they were added."""
        return pd.DataFrame(
            {
                name: np.concatenate(
                    [block[name] for block in self._blocks] or [np.zeros(0, type(default))]
                )
                for name, default in self._defaults.items()
            }
        )
