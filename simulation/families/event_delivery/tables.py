"""Event tables of a family: columns grow block by block and are delivered at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.contract import contract
from data_contracts.parquet import to_arrow, write_file
from simulation.identifiers import make_ids

IDS_PER_SEED = 1 << 36  # indices of two seeds never meet, so that no platform shares an identifier


class EventTable:
    """Rows of one table, collected as blocks of columns.

    Parameters
    ----------
    defaults
        Value of each column where a block does not name it; its type is the column's type.

    Examples
    --------
    >>> likes = EventTable(session=-1, at=0.0)
    >>> likes.append(2, at=np.array([1.0, 2.0]))
    >>> likes.joined()["session"].tolist()
    [-1, -1]
    """

    def __init__(self, **defaults: int | float | bool) -> None:
        self._defaults = defaults
        self._blocks: dict[str, list[np.ndarray]] = {name: [] for name in defaults}

    def append(self, rows: int, **columns: Any) -> None:
        """Add rows; a scalar is repeated, an absent column takes its default."""
        unknown = set(columns) - set(self._defaults)
        if unknown:
            raise KeyError(f"no such columns: {sorted(unknown)}")
        for name, default in self._defaults.items():
            values = np.broadcast_to(columns.get(name, default), rows)
            self._blocks[name].append(values.astype(type(default)))

    def joined(self) -> dict[str, np.ndarray]:
        """All rows, one array a column."""
        return {
            name: np.concatenate(blocks) if blocks else np.zeros(0, type(self._defaults[name]))
            for name, blocks in self._blocks.items()
        }


@dataclass(frozen=True)
class Delivery:
    """Folders, clock and identifiers of one lake that is written.

    Parameters
    ----------
    lake, truth
        Folders of the delivered tables and of the truth.
    seed
        Seed of the platform; identifiers differ between seeds.
    clock_seconds
        Resolution of every time that happened, in seconds.
    end
        Moment at which the lake was copied, seconds since the epoch; later rows are absent.
    missing_tables, missing_columns
        What the platform does not deliver; a column as `table.column`.
    """

    lake: Path
    truth: Path
    seed: int
    clock_seconds: float
    end: float
    missing_tables: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()

    def ids(self, kind: str, index: np.ndarray) -> pa.Array:
        """Identifiers of a kind; a negative index becomes null."""
        index = np.asarray(index, dtype=np.int64)
        return make_ids(kind, np.where(index < 0, -1, index + self.seed * IDS_PER_SEED))

    def times(self, seconds: np.ndarray) -> pa.Array:
        """Timestamps on the platform's clock; NaN becomes null."""
        ticks = np.floor(np.asarray(seconds, float) / self.clock_seconds) * self.clock_seconds
        micros = np.where(np.isnan(ticks), 0, np.round(np.nan_to_num(ticks) * 1e6))
        stamps = pa.array(micros.astype(np.int64), mask=np.isnan(ticks))
        return stamps.cast(pa.timestamp("us"))

    def deliver(self, name: str, columns: Mapping[str, Any], received: np.ndarray) -> None:
        """Write an inbound table: the rows received by the end, in order of receipt.

        A table that the platform lacks is not written, a column that it lacks is null.
        """
        if name in self.missing_tables:
            return
        order = np.argsort(received, kind="stable")
        order = order[received[order] < self.end]
        arrays = {key: _array(values).take(pa.array(order)) for key, values in columns.items()}
        arrays = {k: v for k, v in arrays.items() if f"{name}.{k}" not in self.missing_columns}
        micros = (np.round(received[order] * 1e3) * 1e3).astype(np.int64)
        arrays["received_at"] = pa.array(micros).cast(pa.timestamp("us"))
        table = to_arrow(contract(name), pa.table(arrays))
        write_file(self.lake / f"{name}.parquet", table)

    def record(self, name: str, columns: Mapping[str, Any]) -> None:
        """Write one table of the truth."""
        table = pa.table({key: _array(values) for key, values in columns.items()})
        write_file(self.truth / f"{name}.parquet", table)

    def record_world(self, parameters: Mapping[str, Any]) -> None:
        """Write the parameters drawn for this seed."""
        self.truth.mkdir(parents=True, exist_ok=True)
        text = json.dumps(parameters, indent=1, sort_keys=True, default=float)
        (self.truth / "world.json").write_text(text + "\n")


def _array(values: Any) -> pa.Array:
    """An Arrow array of a column, from NumPy, a list or Arrow."""
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values if isinstance(values, pa.Array) else pa.array(values)


def nullable(values: np.ndarray, absent: np.ndarray) -> pa.Array:
    """An Arrow array that is null where `absent`."""
    return pa.array(np.asarray(values), mask=np.broadcast_to(absent, len(values)).copy())


def hide(values: pa.Array, absent: np.ndarray) -> pa.Array:
    """The same Arrow array, null where `absent` too."""
    return pc.if_else(pa.array(np.asarray(absent, bool)), pa.scalar(None, values.type), values)


def spans(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Owner of each element and its place, for groups of the given sizes."""
    sizes = np.asarray(sizes, np.int64)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return owner, np.arange(len(owner)) - starts
