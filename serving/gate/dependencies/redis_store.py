"""Minutes of running sessions in a Redis that several services share."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import numpy as np

from data_contracts.errors import LakeProblem
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
from serving.gate.protocol.ids import MAX_ID_CHARACTERS

SESSION_TTL_SECONDS = 3 * 86_400  # after the session's last minute
KEY_PREFIX = "steelyard:session:"
LENGTH_BYTES = 2
MAX_VALUE_BYTES = LENGTH_BYTES + 4 * MAX_ID_CHARACTERS + MAX_BLOB_BYTES
PING_SECONDS = 2.0  # at the start of a service
NO_MINUTES_VALUE = b""  # of a key that is not there, and of an empty one

T = TypeVar("T")


class RedisMinuteStore:
    """A Redis that several services share.

    A value is the length of the operator's id, the id, the blob. Needs the extra `redis`. A put
    that races with another writer is repeated. One round trip gets all sessions of a call, and no
    more than the bytes that a session can have.
    """

    remote = True

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError as error:
            raise LakeProblem(
                "the package redis is not installed; "
                "install steelyard[redis], or leave --minutes out"
            ) from error
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self.reads, self.writes = CircuitBreaker("minutes_read"), CircuitBreaker("minutes_write")
        self.redis_error, self.timeout_error = redis.RedisError, redis.TimeoutError
        self.race_error, self.answered_error = redis.WatchError, redis.ResponseError
        self.calls = threading.local()
        try:
            self.client = redis.Redis.from_url(
                url,
                socket_timeout=WRITE_DEADLINE_SECONDS,
                socket_connect_timeout=READ_DEADLINE_SECONDS,
                # Once, for a connection of the pool that was closed; the deadline stays.
                retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
            )
        except ValueError as error:
            raise LakeProblem(f"{url}: {error}. Example: redis://127.0.0.1:6379/0") from error
        pool = self.client.connection_pool
        pool.connection_class = _with_deadline(pool.connection_class, self._seconds_left)

    def require_answer(self) -> None:
        """Raise LakeProblem when the Redis does not answer, before a service starts on it."""
        try:
            with self._deadline(PING_SECONDS):
                self.client.ping()
        except (self.redis_error, OSError) as error:
            raise LakeProblem(
                f"the Redis for minutes does not answer: {error}. "
                "Is its URL right, and does it run?"
            ) from error

    def ping(self) -> None:
        """Ask for a session that cannot be, so that the breaker learns whether Redis answers."""
        self.get([""])

    def ping_write(self) -> None:
        """Write a key that expires at once, so that the breaker learns whether Redis takes it."""
        write = partial(self.client.set, KEY_PREFIX, b"", px=1)
        guarded(self.writes, lambda: self._called(WRITE_DEADLINE_SECONDS, write))

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
        """Store minutes; returns the session's blob."""

        def store() -> bytes:
            key = KEY_PREFIX + session
            with self.client.pipeline() as pipe:
                while True:
                    try:
                        pipe.watch(key)
                        owner, blob = _split_value(self._value(pipe, key)) or (operator, b"")
                        refuse_other_operator(session, owner, operator)
                        blob = merge_minutes(blob, rows)
                        pipe.multi()
                        pipe.set(key, _joined_value(operator, blob), ex=SESSION_TTL_SECONDS)
                        pipe.execute()
                        return blob
                    except self.race_error:
                        if self._seconds_left() <= 0:
                            raise DeadlinePassed(
                                "other writers of the session came first"
                            ) from None

        return guarded(self.writes, lambda: self._called(WRITE_DEADLINE_SECONDS, store))

    def get(self, sessions: list[str]) -> list[StoredMinutes | None]:
        """Operator and blob of each session, None for an unknown session.

        A value of another type has no operator, and its blob is not valid.
        """

        def fetch() -> list[StoredMinutes | None]:
            pipe = self.client.pipeline(transaction=False)
            for session in sessions:
                pipe.getrange(KEY_PREFIX + session, 0, MAX_VALUE_BYTES)
            values = pipe.execute(raise_on_error=False)
            for value in values:
                if isinstance(value, Exception) and not _is_wrong_type(value):
                    raise value
            return [_split_value(value) for value in values]

        return guarded(self.reads, lambda: self._called(READ_DEADLINE_SECONDS, fetch))

    def _value(self, pipe: Any, key: str) -> Any:
        try:
            return pipe.getrange(key, 0, MAX_VALUE_BYTES)
        except self.answered_error as error:
            if _is_wrong_type(error):
                return error
            raise

    def _called(self, seconds: float, work: Callable[[], T]) -> T:
        """The result of calls that share a deadline. Raises MinuteStoreUnavailable."""
        try:
            with self._deadline(seconds):
                return work()
        except (self.timeout_error, TimeoutError) as error:
            raise DeadlinePassed(str(error)) from error
        except (self.redis_error, OSError, ValueError) as error:  # ValueError: no Redis at all
            raise MinuteStoreUnavailable(str(error)) from error

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        self.calls.until = time.monotonic() + seconds
        try:
            yield
        finally:
            del self.calls.until

    def _seconds_left(self) -> float:
        return float(getattr(self.calls, "until", float("inf"))) - time.monotonic()


class _DeadlineSocket:
    """A socket whose calls end at a deadline that they share, however slowly bytes drip in."""

    def __init__(self, wrapped: socket.socket, seconds_left: Callable[[], float]) -> None:
        self.wrapped, self.seconds_left = wrapped, seconds_left
        self.timeout = wrapped.gettimeout()

    def settimeout(self, seconds: float | None) -> None:
        self.timeout = seconds
        self.wrapped.settimeout(seconds)

    def _limit(self) -> None:
        if self.timeout == 0:  # the client asks whether there is something, and does not wait
            return
        left = min(self.seconds_left(), float("inf") if self.timeout is None else self.timeout)
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        self.wrapped.settimeout(None if left == float("inf") else left)

    def recv(self, *arguments: Any) -> bytes:
        self._limit()
        return self.wrapped.recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        self._limit()
        return self.wrapped.recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        self._limit()
        self.wrapped.sendall(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wrapped, name)


def _with_deadline(connection: Any, seconds_left: Callable[[], float]) -> Any:
    """A class of connections whose sockets keep to the deadline of the call."""

    class DeadlineConnection(connection):
        def _connect(self) -> Any:
            self.socket_connect_timeout = max(min(seconds_left(), PING_SECONDS), 0.001)
            return _DeadlineSocket(super()._connect(), seconds_left)

    return DeadlineConnection


def _is_wrong_type(value: Any) -> bool:
    return "WRONGTYPE" in str(value)


def _joined_value(operator: str, blob: bytes) -> bytes:
    name = operator.encode()
    return len(name).to_bytes(LENGTH_BYTES, "big") + name + blob


def _split_value(value: Any) -> StoredMinutes | None:
    """Operator and blob of a value; no operator where no service stored the value."""
    if value == NO_MINUTES_VALUE:
        return None
    if isinstance(value, Exception):
        return None, b""
    end = LENGTH_BYTES + int.from_bytes(value[:LENGTH_BYTES], "big")
    try:
        return (value[LENGTH_BYTES:end].decode() if end < len(value) else None), value[end:]
    except UnicodeDecodeError:
        return None, b""
