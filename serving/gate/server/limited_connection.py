"""The life of one connection: its place among the others, its deadline, its end. ADR-0201."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import Enum
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from serving.gate.server import refusals
from serving.gate.server.door import Door
from serving.gate.server.refusals import Refusal
from serving.gate.server.turn import Turn


class Phase(Enum):
    """The phase of a connection in reading a request."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    COMPLETE = "complete"
    LINGER = "linger"


class LimitedConnection(HttpToolsProtocol):
    """A connection that has a place among the others, and a deadline.

    Parameters
    ----------
    door
        Limits, callers and waiting requests, shared by all connections.
    config, server_state, app_state, _loop
        As uvicorn gives them.
    """

    def __init__(
        self,
        door: Door,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.door, self.policy = door, door.policy
        self.phase, self.deadline, self.caller = Phase.IDLE, 0.0, ""
        self.head_bytes = self.head_lines = self.unread_bytes = 0
        self.refusal: Refusal | None = None
        self.turn: Turn | None = None
        self.turns: deque[Turn] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place among the connections, or refuse."""
        super().connection_made(transport)
        self.deadline = self.loop.time() + self.policy.header_seconds
        if not self.door.connections.add(self, self.loop):
            transport.write(refusals.TOO_MANY_CONNECTIONS.closed)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back the place and the bytes of requests that were not begun."""
        self.door.connections.remove(self)
        if self.turn is not None:
            self.turn.release()
        for turn in self.turns:
            turn.release()
            turn.cycle.disconnected = True
            turn.cycle.message_event.set()
        super().connection_lost(exc)

    def end(self) -> None:
        """Close at once."""
        self.transport.abort()

    def time_out(self) -> None:
        """Answer that the time is up where a request had begun, then close."""
        if self.phase in {Phase.HEAD, Phase.BODY} and not self.turns:
            self.door.count(refusals.TOO_LATE)
            self.transport.write(refusals.TOO_LATE.closed)
            self.transport.close()
        else:
            self.transport.abort()

    def is_stuck(self) -> bool:
        """Whether the peer does not take what was written."""
        return self.flow.write_paused or self.transport.is_closing()

    def is_gone(self) -> bool:
        """Whether the connection is closed."""
        return self.transport.is_closing()
