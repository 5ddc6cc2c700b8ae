"""One request from its headers to its answer: it is received, waits for its turn, is worked on."""

from __future__ import annotations

import asyncio
import urllib.parse
from typing import Any, Protocol

import httptools
from uvicorn._types import HTTPScope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from serving.gate.server.door import ADDRESS_PREFIX, Door
from serving.gate.server.refusals import Refusal


def complete_scope(scope: HTTPScope, parser: Any, url: bytes) -> bool:
    """Fill in what the head of a request says; False where its target is no path."""
    try:
        parsed = httptools.parse_url(url)
        path = parsed.path.decode("ascii")
    except (httptools.HttpParserInvalidURLError, AttributeError, UnicodeDecodeError):
        return False
    scope["http_version"] = parser.get_http_version()
    scope["method"] = parser.get_method().decode("ascii")
    scope["path"] = urllib.parse.unquote(path) if "%" in path else path
    scope["raw_path"] = parsed.path
    scope["query_string"] = parsed.query or b""
    return True


class Answering(Protocol):
    """A connection as a turn needs it."""

    door: Door

    def is_gone(self) -> bool:
        """Whether the connection is closed."""

    def start(self, turn: Turn) -> None:
        """Start the application."""

    def refuse(self, turn: Turn, refusal: Refusal) -> None:
        """Answer a refusal."""


class Turn:
    """A request of a connection, with the bytes of its body that are in memory."""

    __slots__ = ("body_bytes", "caller", "connection", "cycle")

    def __init__(self, connection: Answering, cycle: RequestResponseCycle, caller: str) -> None:
        self.connection, self.cycle, self.caller, self.body_bytes = connection, cycle, caller, 0

    def receive(self, body: bytes) -> None:
        """Keep a part of the body; that of a caller without a key is not kept."""
        if not self.caller.startswith(ADDRESS_PREFIX):
            self.cycle.body += body
            self.body_bytes += len(body)
            self.connection.door.admission.hold(self.caller, len(body))

    def release(self) -> None:
        """Forget the body."""
        if self.body_bytes:
            self.connection.door.admission.hold(self.caller, -self.body_bytes)
            self.body_bytes = 0
            self.cycle.body = bytearray()

    def is_gone(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.connection.is_gone()

    def begin(self) -> None:
        """Start the application."""
        self.connection.start(self)

    def turn_away(self) -> None:
        """Answer that the service is busy."""
        refusal = self.connection.door.busy(self.caller)
        self.release()
        self.connection.refuse(self, refusal)

    def done(self, _task: asyncio.Task) -> None:
        """The application has answered."""
        self.release()
        self.connection.door.admission.finish(self.caller)
