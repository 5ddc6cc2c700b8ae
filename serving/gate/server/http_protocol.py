"""One HTTP connection: uvicorn's protocol with limits on what a stranger may send. ADR-0201.

Headers are judged when they are complete, before a body is received. A request begins when its
body is complete and it is its turn (`admission.py`).
"""

from __future__ import annotations

import asyncio

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from serving.gate.requests import MAX_BODY_BYTES
from serving.gate.server import refusals
from serving.gate.server.limited_connection import LimitedConnection, Phase
from serving.gate.server.refusals import Refusal
from serving.gate.server.turn import Turn, complete_scope

MAX_URL_BYTES = 8192
MAX_PIPELINED_REQUESTS = 16  # requests of one connection that are complete and not answered
MAX_FRAMED_BODY_BYTES = 2 * MAX_BODY_BYTES  # a body with the lengths and extensions of its chunks
LINGER_SECONDS = 1.0  # nothing more is read of a refused request, but its sender reads the refusal


class RequestStopped(Exception):
    """Raised inside a callback of the parser: nothing more of this connection is read."""


def refusal_of(error: httptools.HttpParserError) -> Refusal:
    """The refusal of bytes that are no request; a fault of the callbacks is ours."""
    if isinstance(error, httptools.HttpParserCallbackError):
        structlog.get_logger().error("protocol", error=repr(error.__context__))
        return refusals.INTERNAL
    return refusals.BAD_REQUEST


class GateProtocol(LimitedConnection):
    """A connection of the gate; its parameters are those of `LimitedConnection`."""

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, within the limits of a head and a body."""
        if self.phase is Phase.LINGER:
            return
        if self.phase is Phase.IDLE:
            self.door.connections.idle.pop(self, None)
            self.phase, self.unread_bytes = Phase.HEAD, 0
            self.deadline = self.loop.time() + self.policy.header_seconds
        self.unread_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # what follows is no HTTP/1.1
            self._stop_reading(refusals.BAD_REQUEST)
            return
        except httptools.HttpParserError as error:
            self._stop_reading(self.refusal or refusal_of(error))
            return
        if self.refusal is not None:  # its body is still to come
            self._stop_reading(self.refusal)
        elif self.phase is Phase.HEAD:
            self.door.connections.begin(self)
            if self.unread_bytes > self.policy.header_bytes:
                self._stop_reading(refusals.HEADERS_TOO_LARGE)
        elif self.phase is Phase.BODY:
            self.door.connections.begin(self)
            self.door.connections.receive_body(self)
            if self.unread_bytes > MAX_FRAMED_BODY_BYTES:
                self._stop_reading(refusals.BODY_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self.phase is not Phase.HEAD:  # it follows another one in the same bytes
            self.phase, self.deadline = Phase.HEAD, self.loop.time() + self.policy.header_seconds
            self.door.connections.idle.pop(self, None)
        self.head_bytes = self.head_lines = self.unread_bytes = 0

    def on_url(self, url: bytes) -> None:
        """A part of the path."""
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            self._stop(refusals.URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line; lines after the body are counted and ignored."""
        self.head_bytes += len(name) + len(value) + 4
        self.head_lines += 1
        limits = self.policy
        if self.head_bytes > limits.header_bytes or self.head_lines > limits.header_lines:
            self._stop(refusals.HEADERS_TOO_LARGE)
        if self.phase is Phase.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Judge a request by its headers, and make ready to receive its body."""
        self.phase, self.unread_bytes = Phase.BODY, 0
        self.deadline = self.loop.time() + self.policy.body_seconds
        if self.parser.should_upgrade() or len(self.turns) >= MAX_PIPELINED_REQUESTS:
            self._stop(refusals.BAD_REQUEST)
        caller, self.refusal = self.door.judge(self.url, self.headers, self.client)
        if self.refusal is not None:
            if self.turns:  # answers keep the order of requests
                self._stop(self.refusal)
            return
        self.caller = caller
        if not complete_scope(self.scope, self.parser, self.url):
            self._stop(refusals.BAD_REQUEST)
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=self._keeps_alive(),
            on_response=self.on_response_complete,
        )
        self.turn = Turn(self, self.cycle, caller)
        if self.expect_100_continue and not self.turns:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self.refusal is None and self.turn is not None:
            if len(self.cycle.body) + len(body) > MAX_BODY_BYTES:
                self._stop(refusals.BODY_TOO_LARGE)
            self.turn.receive(body)

    def on_message_complete(self) -> None:
        """The request is complete: it is refused, or takes its turn."""
        self.phase, self.turn, turn = Phase.COMPLETE, None, self.turn
        self.door.connections.complete(self)
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            self._answer(refusal, self.parser.get_method(), self._keeps_alive())
        elif turn is not None:
            turn.cycle.more_body = False
            turn.cycle.message_event.set()
            self.turns.append(turn)
            if len(self.turns) == 1:
                self.door.admission.submit(turn)

    def start(self, turn: Turn) -> None:
        """Start the application on a request whose turn it is."""
        task = self.loop.create_task(turn.cycle.run_asgi(self.app))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(turn.done)

    def refuse(self, turn: Turn, refusal: Refusal) -> None:
        """Answer a complete request that does not get its turn."""
        turn.cycle.response_complete = True
        if not self.is_gone():
            method = turn.cycle.scope["method"].encode()
            self._answer(refusal, method, turn.cycle.keep_alive)

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for one."""
        self.server_state.total_requests += 1
        if self.turns:
            self.turns.popleft()
        if self.transport.is_closing():
            return
        if self.turns:
            self.door.admission.submit(self.turns[0])
        elif self.phase is Phase.COMPLETE:
            self.phase, self.deadline = Phase.IDLE, self.loop.time() + self.policy.idle_seconds
            self.door.connections.idle[self] = None

    def _keeps_alive(self) -> bool:
        return self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()

    def _answer(self, refusal: Refusal, method: bytes, keep_alive: bool) -> None:
        self.door.count(refusal)
        answer = refusal.kept if keep_alive else refusal.closed
        if method == b"HEAD":
            answer = answer[: -len(refusal.body)]
        self.transport.write(answer)
        if keep_alive:
            self.on_response_complete()
        else:
            self.transport.close()

    def _stop(self, refusal: Refusal) -> None:
        """End the parsing from inside a callback. Raises RequestStopped."""
        self.refusal = refusal
        raise RequestStopped

    def _stop_reading(self, refusal: Refusal) -> None:
        """Refuse a request that is not complete, and close once its sender could read why."""
        self.phase, self.refusal = Phase.LINGER, refusal
        self.deadline = self.loop.time() + LINGER_SECONDS
        self.door.connections.begin(self)
        self.door.count(refusal)
        if self.turn is not None:
            self.turn.release()
            self.turn = None
        if self.turns:
            self.turns[-1].cycle.keep_alive = False  # what was complete before is still answered
        else:
            self.transport.write(refusal.closed)
            self.transport.write_eof()
