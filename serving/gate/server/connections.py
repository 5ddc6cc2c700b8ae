"""All connections of the service: how many there are, and which are closed when time is up.

A connection is unfinished from its first byte (or its opening) until a request is complete, idle
after an answer. When places run out the oldest idle or unfinished one is closed. ADR-0201.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Protocol

from serving.policy.service_policy import ServicePolicy

SWEEP_SECONDS = 0.25


class Connection(Protocol):
    """A connection as the registry needs it."""

    deadline: float
    caller: str

    def end(self) -> None:
        """Close at once."""

    def time_out(self) -> None:
        """Answer that the time is up, then close."""

    def is_stuck(self) -> bool:
        """Whether its peer does not take what was written."""


class Connections:
    """Registry of open connections."""

    def __init__(self, policy: ServicePolicy) -> None:
        self.policy = policy
        self.open: dict[Connection, None] = {}
        self.idle: OrderedDict[Connection, None] = OrderedDict()
        self.unfinished: OrderedDict[Connection, None] = OrderedDict()
        self.receiving: dict[str, OrderedDict[Connection, None]] = {}
        self.stuck_until: dict[Connection, float] = {}
        self.ended: dict[str, int] = {}
        self.sweeping = False

    def add(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> bool:
        """Take a connection in, in the place of an older one if need be; False: none is free."""
        if not self.sweeping:
            self.sweeping = True
            loop.call_later(SWEEP_SECONDS, self._sweep, loop)
        if len(self.open) >= self.policy.connections:
            oldest = next(iter(self.idle), None) or next(iter(self.unfinished), None)
            if oldest is None:
                self._count("refused")
                return False
            self._count("displaced")
            oldest.end()
            self.remove(oldest)
        self.open[connection] = None
        self.begin(connection)
        return True

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        self.open.pop(connection, None)
        self.idle.pop(connection, None)
        self.stuck_until.pop(connection, None)
        self.complete(connection)

    def begin(self, connection: Connection) -> None:
        """A connection waits for the rest of a request."""
        if connection in self.unfinished:
            return
        if len(self.unfinished) >= self.policy.unfinished:
            oldest, _ = self.unfinished.popitem(last=False)
            self._count("displaced")
            oldest.end()
            self.remove(oldest)
        self.unfinished[connection] = None

    def receive_body(self, connection: Connection) -> None:
        """A connection waits for the rest of the body of a caller's request."""
        of_caller = self.receiving.setdefault(connection.caller, OrderedDict())
        if connection in of_caller:
            return
        if len(of_caller) >= self.policy.bodies_per_key:
            oldest, _ = of_caller.popitem(last=False)
            self._count("displaced")
            oldest.time_out()
        of_caller[connection] = None

    def complete(self, connection: Connection) -> None:
        """A request is complete, or its connection is gone."""
        self.unfinished.pop(connection, None)
        of_caller = self.receiving.get(connection.caller)
        if of_caller is not None:
            of_caller.pop(connection, None)
            if not of_caller:
                del self.receiving[connection.caller]

    def _count(self, reason: str) -> None:
        self.ended[reason] = self.ended.get(reason, 0) + 1

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in [c for c in self.unfinished if c.deadline < now]:
            self._count("timed_out")
            connection.time_out()
        for connection in [c for c in self.idle if c.deadline < now]:
            connection.end()
        stuck = {c: self.stuck_until.get(c) for c in self.open if c.is_stuck()}
        self.stuck_until = {
            c: until or now + self.policy.body_seconds for c, until in stuck.items()
        }
        for connection in [c for c, until in self.stuck_until.items() if until < now]:
            self._count("stuck")
            connection.end()
        loop.call_later(SWEEP_SECONDS, self._sweep, loop)
