"""Real servers that tests start: any command that listens on a port, and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVER_SECONDS = 60


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def server(
    command: list[str],
    port: int,
    folder: Path,
    stop: signal.Signals = signal.SIGTERM,
    **environment: str,
) -> Iterator[None]:
    """Run a server from the moment when its port answers; `stop` ends it."""
    with (folder / "server.log").open("wb") as log:
        running = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ | environment, cwd=folder
        )
        try:
            end = time.monotonic() + SERVER_SECONDS
            while time.monotonic() < end:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert running.poll() is None, (folder / "server.log").read_text()[-2000:]
                time.sleep(0.1)
            yield
        finally:
            running.send_signal(stop)
            running.wait(20)


@contextmanager
def postgresql(folder: Path) -> Iterator[int]:
    """A new cluster of PostgreSQL with the user `me`; gives its port on the loopback.

    The test is skipped, saying so, where it is not installed.
    """
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not places:
        pytest.skip("postgresql is not installed (apt-get install postgresql)")
    data, port = folder / "data", free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        place = Path("/tmp") / f"steelyard-postgres-{port}"
        place.mkdir()
        shutil.chown(place, "postgres", "postgres")
        data = place / "data"
    made = [*as_user, str(places[-1] / "initdb"), "-A", "trust", "-U", "me", "-N", "-D", str(data)]
    try:
        subprocess.run(made, check=True, capture_output=True, cwd="/tmp")
        command = [*as_user, str(places[-1] / "postgres"), "-D", str(data), "-p", str(port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}"]
        command += ["-c", "fsync=off"]  # nothing of it is kept
        with server(command, port, folder, signal.SIGQUIT):
            yield port
    finally:
        shutil.rmtree(data.parent if as_user else data, ignore_errors=True)
