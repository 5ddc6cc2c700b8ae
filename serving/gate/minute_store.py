"""Minutes of running sessions: one blob a session, in SQLite beside the lake or in a Redis that several services share."""

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
BLOB_WIDTH = 1 + len(COLUMNS)  # the minute itself, then what was counted in it
SESSION_TTL_SECONDS = 3 * 86_400  # a session in Redis is forgotten three days after its last minute
KEY_PREFIX = "steelyard:session:"


class MinuteStoreUnavailable(Exception):
    """The store cannot be asked; what it holds is unknown."""


class MinuteStore(Protocol):
    """Where minutes of running sessions are kept; `remote`: asking takes long enough that others should not wait for it."""

    remote: bool

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
        """Store minutes; one that is put again replaces the old. Returns the session's blob.

        Raises LakeProblem for another operator's session, StoreDown.
        """

    def get(self, sessions: list[str]) -> list[tuple[str, bytes] | None]:
        """Operator and blob of each session, None where nothing was put. Raises StoreDown."""


def minute_to_row(minute: dict[str, Any]) -> np.ndarray:
    """A minute as the kernels read it; what was not sent is NaN."""
    row = np.full(len(COLUMNS), np.nan)
    for name, place in COLUMN_INDEX.items():
        value = minute.get(name)
        if value is not None:
            row[place] = float(value)
    return row


def rows_from_blob(blob: bytes) -> np.ndarray:
    """Minutes of a blob in order, float64 of shape (minutes, 15), writable: a read-only array is another type to the
    compiled kernels, which would compile again on a request."""
    return np.frombuffer(blob, dtype=np.float64).reshape(-1, BLOB_WIDTH)[:, 1:].copy()


def merge_minutes(blob: bytes, rows: list[tuple[int, np.ndarray]]) -> bytes:
    """A blob with minutes added or replaced, in order of minutes."""
    held = {row[0]: row for row in np.frombuffer(blob, dtype=np.float64).reshape(-1, BLOB_WIDTH)}
    held |= {float(minute): np.concatenate([[float(minute)], row]) for minute, row in rows}
    return np.concatenate([held[m] for m in sorted(held)]).tobytes()


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
            "CREATE TABLE IF NOT EXISTS running (session TEXT PRIMARY KEY, operator TEXT, rows BLOB) WITHOUT ROWID"
        )

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
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

    Needs the extra `redis`. A put that meets another writer's is done again; sessions that are asked for together are one command.
    """

    remote = True

    def __init__(self, url: str, timeout: float = 0.25) -> None:
        try:
            import redis
        except ImportError as error:
            raise LakeProblem(
                "the package redis is not installed; install steelyard[redis], or leave --minutes out"
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
        """Raises LakeProblem when the Redis does not answer, so that a service is not started on a wrong address."""
        try:
            self.client.ping()
        except self.redis_error as error:
            raise LakeProblem(
                f"the Redis for minutes does not answer: {error}. Is its URL right, and does it run?"
            ) from error

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
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
    """The store that a service works with: Redis where a URL is given, else a file beside the lake."""
    return RedisMinuteStore(url) if url else SqliteMinuteStore(lake.running_minutes)
