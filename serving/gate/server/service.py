"""The process that serves: one listening socket, an event loop, an orderly end. ADR-0200."""

from __future__ import annotations

import errno
import gc
import resource
import signal
import socket
from functools import partial
from types import FrameType

from starlette.types import ASGIApp
from uvicorn import Config, Server

from data_contracts.errors import SteelyardError
from serving.gate.server.door import Door
from serving.gate.server.http_protocol import GateProtocol

MAX_DRAIN_SECONDS = 10  # requests in work may finish for so long after SIGTERM
ACCEPT_BACKLOG = 2048  # connections that the kernel keeps until they are accepted
FILES_BESIDE_CONNECTIONS = 256


class PortRefused(SteelyardError):
    """The address cannot be listened on."""

    exit_code = 15


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound and does not listen yet. Raises PortRefused, which says why."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        raise _port_refused(host, port, error) from error
    return bound


def _port_refused(host: str, port: int, error: OSError) -> PortRefused:
    if error.errno == errno.EADDRINUSE:
        return PortRefused(
            f"port {port} of {host} is in use. Stop the other service, or name another: --port"
        )
    return PortRefused(f"{host}:{port} cannot be listened on: {error.strerror or error}")


def make_server(application: ASGIApp, door: Door) -> Server:
    """A server whose connections ask a door; `run` and `should_exit` are uvicorn's."""
    return Server(
        Config(
            application,
            http=partial(GateProtocol, door),  # type: ignore[arg-type]
            loop="uvloop",
            ws="none",
            lifespan="off",
            backlog=ACCEPT_BACKLOG,
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=MAX_DRAIN_SECONDS,
        )
    )


def serve_until_stopped(bound: socket.socket, application: ASGIApp, door: Door) -> None:
    """Serve on a bound socket until SIGTERM or SIGINT; requests in work are finished first.

    Parameters
    ----------
    bound
        From `bound_socket`; it is the only socket that listens.
    application
        The gate, open and ready.
    door
        Limits and lanes of the service.

    Raises
    ------
    PortRefused
        Another process began to listen on the address meanwhile.
    """
    host, port = bound.getsockname()[:2]
    _allow_files(door.policy.connections + FILES_BESIDE_CONNECTIONS)
    try:
        bound.listen(ACCEPT_BACKLOG)
    except OSError as error:
        raise _port_refused(host, port, error) from error
    for stop in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again when it is done
        signal.signal(stop, _stopped)
    gc.collect()
    gc.freeze()  # these objects live as long as the server
    gc.enable()
    make_server(application, door).run([bound])


def _allow_files(count: int) -> None:
    """Raise the limit of open files of the process where the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def _stopped(_number: int, _frame: FrameType | None) -> None:
    """The service has drained: nothing is left to do."""
