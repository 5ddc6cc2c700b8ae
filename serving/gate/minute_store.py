"""Minutes of running sessions: one blob a session, in SQLite or in a Redis that services share."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from features.engine.minute_kernels import COLUMNS

COLUMN_INDEX = {name: i for i, name in enumerate(COLUMNS)}
BLOB_WIDTH = 1 + len(COLUMNS)  # the minute, then its counters
SESSION_TTL_SECONDS = 3 * 86_400  # in Redis, after the session's last minute
KEY_PREFIX = "steelyard:session:"


class MinuteStoreUnavailable(Exception):
    """The store does not answer; its content is unknown."""


class MinuteStore(Protocol):
    """A store of minutes of running sessions.

    `remote`: a call takes long enough that other requests should not wait for it.
    """

    remote: bool

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
        """Store minutes; a minute that is sent again replaces the old one. Returns the blob.

        Raises LakeProblem for another operator's session, StoreDown.
        """

    def get(self, sessions: list[str]) -> list[tuple[str, bytes] | None]:
        """Operator and blob of each session, None for an unknown session. Raises StoreDown."""


def minute_to_row(minute: dict[str, Any]) -> np.ndarray:
    """A minute as the kernels read it, shape (15,); counters that were not sent are NaN."""
    row = np.full(len(COLUMNS), np.nan)
    for name, place in COLUMN_INDEX.items():
        value = minute.get(name)
        if value is not None:
            row[place] = float(value)
    return row


def rows_from_blob(blob: bytes) -> np.ndarray:
    """Minutes of a blob in order, float64 of shape (minutes, 15).

    The array is writable: a read-only one is another type to the compiled kernels, which would
    compile again on a request.
    """
    return np.frombuffer(blob, dtype=np.float64).reshape(-1, BLOB_WIDTH)[:, 1:].copy()


def merge_minutes(blob: bytes, rows: list[tuple[int, np.ndarray]]) -> bytes:
    """A blob with minutes added or replaced, in order of minutes."""
    rows_by_minute = {
        row[0]: row for row in np.frombuffer(blob, dtype=np.float64).reshape(-1, BLOB_WIDTH)
    }
    rows_by_minute |= {
        float(minute): np.concatenate([[float(minute)], row]) for minute, row in rows
    }
    return np.concatenate([rows_by_minute[m] for m in sorted(rows_by_minute)]).tobytes()


def _refuse_other_operator(session: str, owner: str, operator: str) -> None:
    if owner != operator:
        raise LakeProblem(f"session {session} belongs to another operator")


class SqliteMinuteStore:
    """SQLite in a file of its own; one process writes it."""

    remote = False

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS running "
            "(session TEXT PRIMARY KEY, operator TEXT, rows BLOB) WITHOUT ROWID"
        )

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
        """Store minutes; returns the session's blob."""
        try:
            with self.lock, self.connection:
                owner, blob = self._found(session) or (operator, b"")
                _refuse_other_operator(session, owner, operator)
                blob = merge_minutes(blob, rows)
                self.connection.execute(
                    "INSERT OR REPLACE INTO running VALUES (?, ?, ?)", (session, operator, blob)
                )
        except sqlite3.Error as error:
            raise MinuteStoreUnavailable(str(error)) from error
        return blob

    def get(self, sessions: list[str]) -> list[tuple[str, bytes] | None]:
        """Operator and blob of each session, None for an unknown session."""
        try:
            with self.lock:
                return [self._found(session) for session in sessions]
        except sqlite3.Error as error:
            raise MinuteStoreUnavailable(str(error)) from error

    def _found(self, session: str) -> tuple[str, bytes] | None:
        return self.connection.execute(
            "SELECT operator, rows FROM running WHERE session = ?", (session,)
        ).fetchone()


class RedisMinuteStore:
    """A Redis that several services share. A value is the operator's id, a zero byte and the blob.

    Needs the extra `redis`. A put that races with another writer is repeated. One command gets all
    sessions of a call.
    """

    remote = True

    def __init__(self, url: str, timeout: float = 0.25) -> None:
        try:
            import redis
        except ImportError as error:
            raise LakeProblem(
                "the package redis is not installed; "
                "install steelyard[redis], or leave --minutes out"
            ) from error
        self.redis_error = redis.RedisError
        self.race_error = redis.WatchError
        try:
            self.client = redis.Redis.from_url(
                url, socket_timeout=timeout, socket_connect_timeout=timeout
            )
        except ValueError as error:
            raise LakeProblem(f"{url}: {error}. Example: redis://127.0.0.1:6379/0") from error

    def require_answer(self) -> None:
        """Raise LakeProblem when the Redis does not answer, before a service starts on it."""
        try:
            self.client.ping()
        except self.redis_error as error:
            raise LakeProblem(
                f"the Redis for minutes does not answer: {error}. "
                "Is its URL right, and does it run?"
            ) from error

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
        """Store minutes; returns the session's blob."""
        key = KEY_PREFIX + session
        try:
            with self.client.pipeline() as pipe:
                while True:
                    try:
                        pipe.watch(key)
                        owner, blob = _split_value(pipe.get(key)) or (operator, b"")
                        _refuse_other_operator(session, owner, operator)
                        blob = merge_minutes(blob, rows)
                        pipe.multi()
                        pipe.set(key, operator.encode() + b"\0" + blob, ex=SESSION_TTL_SECONDS)
                        pipe.execute()
                        return blob
                    except self.race_error:
                        continue
        except self.redis_error as error:
            raise MinuteStoreUnavailable(str(error)) from error

    def get(self, sessions: list[str]) -> list[tuple[str, bytes] | None]:
        """Operator and blob of each session, None for an unknown session."""
        try:
            return [
                _split_value(value)
                for value in self.client.mget([KEY_PREFIX + session for session in sessions])
            ]
        except self.redis_error as error:
            raise MinuteStoreUnavailable(str(error)) from error


def _split_value(value: Any) -> tuple[str, bytes] | None:
    if value is None:
        return None
    operator, blob = value.split(b"\0", 1)
    return operator.decode(), blob


def open_minute_store(lake: Lake, url: str | None) -> MinuteStore:
    """The store of a service: Redis where a URL is given, else a file beside the lake."""
    return RedisMinuteStore(url) if url else SqliteMinuteStore(lake.running_minutes)
