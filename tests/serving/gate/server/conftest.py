"""A server with a small application and small limits, on a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import pytest

from serving.gate.server.door import Door
from serving.gate.server.service import bound_socket, make_server
from serving.policy.load import load_policy
from serving.policy.service_policy import ServicePolicy

LIMITS = replace(load_policy().service, header_seconds=0.5, body_seconds=0.6, idle_seconds=0.8)
KEYS = {"good": "good-digest", "other": "other-digest"}


@dataclass
class Served:
    """A running server: its port, its door, and how many answers its application has given."""

    port: int
    door: Door
    answered: list[str]
    work_seconds: float = 0.0

    def connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port))
        made.settimeout(5)
        return made

    def exchange(self, data: bytes) -> bytes:
        """What is answered to some bytes until the server closes."""
        with self.connect() as made:
            with suppress(OSError):
                made.sendall(data)
            return read_until_closed(made)


def read_until_closed(made: socket.socket) -> bytes:
    answer = b""
    try:
        while data := made.recv(65536):
            answer += data
    except (ConnectionResetError, TimeoutError) as error:
        answer += type(error).__name__.encode()
    return answer


def head(key: str | None = "good", length: int = 2, more: bytes = b"") -> bytes:
    presented = f"x-api-key: {key}\r\n".encode() if key else b""
    return (
        b"POST /v1/boost-check HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n%b%b\r\n" % (length, presented, more)
    )


@contextmanager
def serving_with(limits: ServicePolicy) -> Iterator[Served]:
    bound = bound_socket("127.0.0.1", 0)
    door = Door(limits, KEYS.get)
    served = Served(bound.getsockname()[1], door, [])

    async def application(scope, receive, send):
        message = await receive()
        await asyncio.sleep(served.work_seconds)
        served.answered.append(scope["path"])
        body = b"%d" % len(message["body"])
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    server = make_server(application, door)
    thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join(15)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving_with(LIMITS) as one:
        yield one


@pytest.fixture
def serve() -> Callable:
    """Serve with other limits."""
    return lambda **limits: serving_with(replace(LIMITS, **limits))
