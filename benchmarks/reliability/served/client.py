"""Clients in a closed loop: each connection sends its next request when it has an answer."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

LATE_SECONDS = 5.0
Requests = Generator[bytes, int | None, None]  # it is sent the status of each answer


@dataclass
class Outcome:
    """Answers by status, and their seconds; 0 is a connection that ended without an answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: dict[int, list[float]] = field(default_factory=dict)
    elapsed: float = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one answer."""
        self.statuses[status] += 1
        self.seconds.setdefault(status, []).append(seconds)

    def goodput(self) -> float:
        """Answers of status 200 a second."""
        return self.statuses[200] / self.elapsed


def http_request(method: str, path: str, key: str | None, body: dict | None = None) -> bytes:
    """The bytes of a request."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: gate", f"content-length: {len(content)}"]
    lines += ["content-type: application/json"] if body is not None else []
    lines += [f"x-api-key: {key}"] if key else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def boost_checks(key: str, name: str, operators: int) -> Requests:
    """Boost checks without end, each with another request id."""
    for i in count():
        body = {"requestId": f"{name}-{i}", "operatorId": f"op{i % operators}"}
        yield http_request("POST", "/v1/boost-check", key, body)


class ClosedLoop(asyncio.Protocol):
    """One connection; it is opened again where the server closed it."""

    def __init__(
        self, port: int, requests: Requests, outcome: Outcome, is_patient: bool = False
    ) -> None:
        self.port, self.requests, self.outcome = port, requests, outcome
        self.is_patient = is_patient
        self.received, self.sent_at, self.stops = b"", 0.0, False
        self.status: int | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._send()

    def _send(self) -> None:
        self.received, self.sent_at = b"", time.perf_counter()
        if self.transport is not None:
            self.transport.write(self.requests.send(self.status))

    def data_received(self, data: bytes) -> None:
        """Count a whole answer and send the next request."""
        self.received += data
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self.status = int(head.split(b" ", 2)[1])
            self.outcome.add(self.status, time.perf_counter() - self.sent_at)
            wait = head.lower().partition(b"retry-after: ")[2].partition(b"\r\n")[0]
            if self.is_patient and wait:
                asyncio.get_running_loop().call_later(int(wait), self._send_again)
            else:
                self._send_again()

    def _send_again(self) -> None:
        if not self.stops and self.transport is not None:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Count it, and connect again."""
        self.transport = None
        if not self.stops:
            self.status = 0 if self.status is not None else None
            self.outcome.add(0, time.perf_counter() - self.sent_at)
            asyncio.get_running_loop().create_task(self.connect())

    async def connect(self) -> None:
        """Open the connection."""
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            await loop.create_connection(lambda: self, "127.0.0.1", self.port)


async def _load(
    port: int,
    requests: Callable[[int], Requests],
    connections: int,
    seconds: float,
    is_patient: bool,
) -> Outcome:
    outcome = Outcome()
    loops = [ClosedLoop(port, requests(i), outcome, is_patient) for i in range(connections)]
    await asyncio.gather(*(loop.connect() for loop in loops))
    started = time.perf_counter()
    outcome.statuses.clear()
    outcome.seconds.clear()
    await asyncio.sleep(seconds)
    outcome.elapsed = time.perf_counter() - started
    for loop in loops:
        loop.stops = True
        if loop.transport is not None:
            loop.transport.abort()
    await asyncio.sleep(0.1)
    return outcome


def load(
    port: int,
    requests: Callable[[int], Requests],
    connections: int,
    seconds: float,
    *,
    is_patient: bool = False,
) -> Outcome:
    """Keep connections busy for some seconds; `requests` gives those of each connection.

    A patient client waits after a refusal as long as Retry-After says; others ask again at once.
    """
    return asyncio.run(_load(port, requests, connections, seconds, is_patient))


def ask_once(port: int, data: bytes) -> tuple[int, float]:
    """Status and seconds of one request on a connection of its own; status 0 for no answer."""
    started, received = time.perf_counter(), b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as made:
        made.settimeout(LATE_SECONDS)
        made.sendall(data)
        while b"\r\n\r\n" not in received and (more := made.recv(65536)):
            received += more
    status = int(received.split(b" ", 2)[1]) if received.startswith(b"HTTP") else 0
    return status, time.perf_counter() - started
