"""Minutes of running sessions in SQLite, in a file of its own that one process writes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from serving.gate.dependencies.circuit_breaker import CircuitBreaker
from serving.gate.dependencies.minute_rows import MAX_BLOB_BYTES, merge_minutes
from serving.gate.dependencies.minute_store import (
    READ_DEADLINE_SECONDS,
    WRITE_DEADLINE_SECONDS,
    DeadlinePassed,
    MinuteStoreUnavailable,
    StoredMinutes,
    guarded,
    refuse_other_operator,
)

MAX_QUEUE_SECONDS = 1.0  # a write waits so long for other writes of this process
NO_DATABASE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

# `length` of a blob reads its header only, so that a large one costs nothing. That holds of tables
# with a rowid only: a search by key in one without reads whole rows (ADR-0371).
FIND = (
    "SELECT operator, CASE WHEN typeof(rows) = 'blob' AND length(rows) <= "
    f"{MAX_BLOB_BYTES} THEN rows END FROM running WHERE session = ?"
)
T = TypeVar("T")


class SqliteMinuteStore:
    """SQLite in a file of its own; one process writes it.

    Reads have a connection of their own that waits for no lock, so that a write that waits holds no
    check up. A connection that failed is opened again. A write sets a file aside that is no
    database; its minutes are sent again.
    """

    remote = False

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.files_set_aside = path, 0
        self.reads, self.writes = CircuitBreaker("minutes_read"), CircuitBreaker("minutes_write")
        self.read_lock, self.write_lock = threading.Lock(), threading.Lock()
        self.writer: sqlite3.Connection | None = None
        self.connection: sqlite3.Connection | None = None  # of the reads
        self.connected_to = 0  # files that were set aside when it was opened
        with suppress(MinuteStoreUnavailable):
            self._written(self._open_writer)
        with suppress(MinuteStoreUnavailable):
            self._get([])

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
        """Store minutes; returns the session's blob."""
        return self._write(partial(self._put, session, operator, rows))

    def _write(self, work: Callable[[], T]) -> T:
        """One write at a time; each waits a while for those before it."""
        if not self.write_lock.acquire(timeout=MAX_QUEUE_SECONDS):
            raise MinuteStoreUnavailable("too many writes wait for the file of minutes")
        try:
            return guarded(self.writes, lambda: self._written(work))
        finally:
            self.write_lock.release()

    def _lock_and_leave(self) -> None:
        writer = self.writer or self._open_writer()
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("ROLLBACK")

    def _put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
        with self.writer or self._open_writer() as writer:
            writer.execute("BEGIN IMMEDIATE")
            owner, blob = _found(writer, session) or (operator, b"")
            refuse_other_operator(session, owner, operator)
            blob = merge_minutes(blob, rows)
            writer.execute(
                "INSERT OR REPLACE INTO running VALUES (?, ?, ?)", (session, operator, blob)
            )
        return blob

    def get(self, sessions: list[str]) -> list[StoredMinutes | None]:
        """Operator and blob of each session, None for an unknown session."""
        if not self.read_lock.acquire(timeout=READ_DEADLINE_SECONDS):
            raise MinuteStoreUnavailable("another read of the file of minutes does not end")
        try:
            return guarded(self.reads, lambda: self._get(sessions))
        finally:
            self.read_lock.release()

    def ping(self) -> None:
        """Ask for a session that cannot be, so that the breaker learns whether the file answers."""
        self.get([""])

    def ping_write(self) -> None:
        """Take the lock of a write, so that the breaker learns whether the file can be written."""
        self._write(self._lock_and_leave)

    def _get(self, sessions: list[str]) -> list[StoredMinutes | None]:
        try:
            if self.connection is None or self.connected_to != self.files_set_aside:
                self.connected_to = self.files_set_aside
                self.connection = self._connected(0.0)
            connection = self.connection
            return [_found(connection, session) for session in sessions]
        except sqlite3.Error as error:
            if not _is_busy(error):
                self.connection = None
            raise _unavailable(error) from error

    def _written(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.Error as error:
            if not _is_busy(error):
                self.writer = None
            if getattr(error, "sqlite_errorcode", None) in NO_DATABASE:
                self._set_aside()
            raise _unavailable(error) from error

    def _connected(self, lock_seconds: float) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path, timeout=lock_seconds, check_same_thread=False, isolation_level=None
        )

    def _open_writer(self) -> sqlite3.Connection:
        writer = self._connected(WRITE_DEADLINE_SECONDS)
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute(
            "CREATE TABLE IF NOT EXISTS running "
            "(session TEXT PRIMARY KEY, operator TEXT, rows BLOB)"
        )
        self.writer = writer
        return writer

    def _set_aside(self) -> None:
        """Move a file that is no database away, with its log."""
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            with suppress(OSError):
                part.replace(part.with_name(part.name + ".broken"))
        self.files_set_aside += 1


def _found(connection: sqlite3.Connection, session: str) -> StoredMinutes | None:
    found: tuple[Any, bytes] | None = connection.execute(FIND, (session,)).fetchone()
    if found is None:
        return None
    owner, blob = found
    return owner if isinstance(owner, str) else None, blob


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY  # extended codes, too


def _unavailable(error: sqlite3.Error) -> MinuteStoreUnavailable:
    kind = DeadlinePassed if _is_busy(error) else MinuteStoreUnavailable
    return kind(str(error))
