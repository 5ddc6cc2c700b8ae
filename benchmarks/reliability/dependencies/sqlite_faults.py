"""Faults of the file that keeps minutes: locks of other processes, lost and damaged rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.reliability.dependencies.fault import SESSION, Fault, nothing


@dataclass
class SqlitePlace:
    """The file of minutes of a gate, as another process sees it."""

    path: Path
    gate: Any = None

    def other(self) -> sqlite3.Connection:
        """A connection of another process."""
        return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        """Nothing is kept open."""


def _exclusive(place: SqlitePlace) -> sqlite3.Connection:
    other = place.other()
    other.execute("BEGIN EXCLUSIVE")
    return other


def _disconnect(place: SqlitePlace) -> None:
    for name in ("writer", "connection"):
        connection = getattr(place.gate.minutes, name)
        setattr(place.gate.minutes, name, None)
        if connection is not None:
            connection.close()


def _locked_whole(place: SqlitePlace) -> sqlite3.Connection:
    """Lock the file for reads, too: its journal is no write-ahead log then."""
    _disconnect(place)
    other = place.other()
    other.execute("PRAGMA journal_mode=DELETE")
    other.execute("BEGIN EXCLUSIVE")
    return other


def _released(_place: SqlitePlace, other: sqlite3.Connection) -> None:
    other.execute("ROLLBACK")
    other.close()


def _sql(statement: str, *values: object) -> Callable[[SqlitePlace], None]:
    def make(place: SqlitePlace) -> None:
        other = place.other()
        other.execute(statement, values)
        other.close()

    return make


def _garbage(place: SqlitePlace) -> None:
    """Overwrite the file, as a disk that fails."""
    _disconnect(place)  # else its pages are still in memory, or in the log
    for suffix in ("-wal", "-shm"):
        place.path.with_name(place.path.name + suffix).unlink(missing_ok=True)
    place.path.write_bytes(b"no database" * 4096)


UPDATE = "UPDATE running SET rows = {} WHERE session = ?"
SQLITE_FAULTS = (
    Fault("file locked whole", "store_down", _locked_whole, _released, refuses_minutes=True),
    Fault(
        "row deleted",
        "minutes_lost",
        _sql("DELETE FROM running WHERE session = ?", SESSION),
        nothing,
        lost=True,
    ),
    Fault(
        "row truncated",
        "minutes_invalid",
        _sql(UPDATE.format("substr(rows, 1, length(rows) - 128)"), SESSION),
        nothing,
        lost=True,
    ),
    Fault(
        "row is text", "minutes_invalid", _sql(UPDATE.format("'text'"), SESSION), nothing, lost=True
    ),
    Fault("row is null", "minutes_invalid", _sql(UPDATE.format("NULL"), SESSION), nothing, True),
    Fault(
        "row of 25 MB",
        "minutes_invalid",
        _sql(UPDATE.format("zeroblob(25000000)"), SESSION),
        nothing,
        lost=True,
    ),
    Fault("table dropped", "store_down", _sql("DROP TABLE running"), nothing, lost=True),
    Fault("file overwritten", "store_down", _garbage, nothing, lost=True),
)
WRITE_LOCK = Fault("write lock held", "", _exclusive, _released, refuses_minutes=True)
