"""Stores of minutes of running sessions: their interface, and the one that a service uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.gate.dependencies.circuit_breaker import CircuitBreaker

READ_DEADLINE_SECONDS = 0.1  # of a call in all; an answer to a check may take 0.15
WRITE_DEADLINE_SECONDS = 0.25

# Operator and blob; no operator where the value is not what a service stored.
StoredMinutes = tuple[str | None, bytes]
T = TypeVar("T")


class MinuteStoreUnavailable(Exception):
    """The store does not answer; its content is unknown."""


class DeadlinePassed(MinuteStoreUnavailable):
    """The store did not answer in time."""


class MinuteStore(Protocol):
    """A store of minutes of running sessions.

    `remote`: a call takes long enough that other requests should not wait for it.
    """

    remote: bool
    reads: CircuitBreaker
    writes: CircuitBreaker

    def ping(self) -> None:
        """Ask, so that the breaker of reads learns whether the store answers."""

    def ping_write(self) -> None:
        """Write nothing, so that the breaker of writes learns whether the store takes it."""

    def put(self, session: str, operator: str, rows: list[tuple[int, np.ndarray]]) -> bytes:
        """Store minutes; a minute that is sent again replaces the old one. Returns the blob.

        Raises LakeProblem for another operator's session, MinuteStoreUnavailable.
        """

    def get(self, sessions: list[str]) -> list[StoredMinutes | None]:
        """Operator and blob of each session, None for an unknown session.

        A blob is not checked yet. Raises MinuteStoreUnavailable.
        """


def guarded(breaker: CircuitBreaker, work: Callable[[], T]) -> T:
    """The result of a call to a store, which its breaker admits and learns from.

    Raises MinuteStoreUnavailable when the breaker is open, and what `work` raises.
    """
    if not breaker.admits():
        raise MinuteStoreUnavailable(f"{breaker.name} failed a moment ago; it is asked again soon")
    try:
        result = work()
    except MinuteStoreUnavailable as error:
        breaker.failed(at_once=isinstance(error, DeadlinePassed))
        raise
    except LakeProblem:  # a session of another operator: the store did answer
        breaker.succeeded()
        raise
    except BaseException:
        breaker.failed()
        raise
    breaker.succeeded()
    return result


def refuse_other_operator(session: str, owner: str | None, operator: str) -> None:
    """Raise LakeProblem when a session belongs to another operator."""
    if owner not in (None, operator):
        raise LakeProblem(f"session {session} belongs to another operator")


def open_minute_store(lake: Lake, url: str | None) -> MinuteStore:
    """The store of a service: Redis where a URL is given, else a file beside the lake."""
    from serving.gate.dependencies.redis_store import RedisMinuteStore
    from serving.gate.dependencies.sqlite_store import SqliteMinuteStore

    return RedisMinuteStore(url) if url else SqliteMinuteStore(lake.running_minutes)
