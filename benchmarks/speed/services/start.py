"""How long a service takes until it answers: `steelyard serve` beside services that do nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.demo import STEELYARD, free_port
from benchmarks.harness.figures import Row
from benchmarks.harness.timing import REPEATS, repeated_row
from benchmarks.speed.boost_check_load import stop
from benchmarks.speed.services.published_world import copy_published_world

POLL_SECONDS = 0.01
MAX_START_SECONDS = 60
PROBE = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
NO_OPS = {
    "tuned no-op": ["bentoml", "serve", "benchmarks.speed.noop_server:Tuned"],
    "bare no-op": ["uvicorn", "benchmarks.speed.services.bare_noop:application"],
}
GATE = "gate"
WHY = "The gate loads DuckDB, Arrow, pandas, numba, LightGBM and the catalogue of signals."


def rows(say: Any, models: Path) -> list[Row]:
    """Starts of the gate and of the no-ops in turns."""
    say("starts of services")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lake = copy_published_world(folder, models)
        commands = {
            name: [sys.executable, "-m", *words, "--host", "127.0.0.1"]
            for name, words in NO_OPS.items()
        }
        commands[GATE] = [str(STEELYARD), "serve", str(lake), "--models", str(models.resolve())]
        environment = {"BENTOML_HOME": str(folder), "BENTOML_DO_NOT_TRACK": "True"}
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for turn in range(1 + REPEATS):
            for name, command in commands.items():
                spent = start_once(command, environment, folder / "log")
                if turn:  # the first start compiles, and fills the caches of the system
                    found[name].append(spent)
    return rows_of_starts({name: np.array(spent) for name, spent in found.items()})


def rows_of_starts(found: dict[str, np.ndarray]) -> list[Row]:
    """Ratios of starts; `found`: seconds on the clock and of CPU by service, shape (rounds, 2)."""
    (wall, cpu), (tuned_wall, tuned_cpu), (_, bare_cpu) = (
        found[name].T for name in (GATE, *NO_OPS)
    )

    def row_of(kind: str, unit: str, gate: np.ndarray, noop: np.ndarray) -> Row:
        what = (
            f"{unit} until `steelyard serve` answers ({np.median(gate):.2f}) over those of "
            f"BentoML's tuned no-op ({np.median(noop):.2f})"
        )
        return repeated_row(f"start-{kind}", what, gate / noop, "<= 2", WHY)

    bare = (
        f"CPU seconds until `steelyard serve` answers over those of a no-op of Starlette under "
        f"uvicorn ({np.median(bare_cpu):.2f})"
    )
    return [
        row_of("cpu", "CPU seconds", cpu, tuned_cpu),
        row_of("wall", "Seconds on the clock", wall, tuned_wall),
        repeated_row("start-bare", bare, cpu / bare_cpu),
    ]


def start_once(command: list[str], environment: dict[str, str], log: Path) -> tuple[float, float]:
    """Start a service, wait until it answers, and stop it.

    Parameters
    ----------
    command
        Without a port, which is added.
    environment, log
        Variables of the process, and the file of its output.

    Returns
    -------
    tuple of float
        Seconds on the clock, and CPU seconds of all its processes.

    Raises
    ------
    RuntimeError
        It ended, or did not answer within a minute; the message is its log.
    """
    port = free_port()
    with log.open("w") as out:
        begin = time.perf_counter()
        service = subprocess.Popen(
            [*command, "--port", str(port)],
            stdout=out,
            stderr=out,
            start_new_session=True,
            env=os.environ | environment,
        )
    try:
        while not _answers(port):
            if service.poll() is not None or time.perf_counter() - begin > MAX_START_SECONDS:
                raise RuntimeError(log.read_text("utf-8"))
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - begin, cpu_seconds(service.pid)
    finally:
        stop(service)


def _answers(port: int) -> bool:
    """Whether a service answers 200; a connection that it does not accept yet waits for it."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), MAX_START_SECONDS) as s:
        s.sendall(PROBE)
        return s.recv(64).startswith(b"HTTP/1.1 200")
    return False


def cpu_seconds(service: int) -> float:
    """CPU seconds of a process and all below it, and of those that ended."""
    seconds, root = 0.0, psutil.Process(service)
    for process in (root, *root.children(recursive=True)):  # workers may have their own sessions
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:4])
    return seconds
