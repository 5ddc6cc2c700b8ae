"""`steelyard serve` on a lake of a few orders, as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.demo import STEELYARD, free_port
from data_contracts.contract import contract
from data_contracts.lake import Lake
from serving.gate.api_keys import make_key
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

FIRST_ORDER = datetime(2026, 3, 10, 9)
OPERATORS = 10
START_SECONDS = 120


@dataclass(frozen=True)
class Service:
    """A running service: its process, its port, its lake, its log, two keys with all scopes."""

    pid: int
    port: int
    lake: Lake
    log: Path
    keys: tuple[str, str]

    def resident_megabytes(self) -> float:
        """Memory of the process."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def tracebacks(self) -> int:
        """Tracebacks in the log."""
        return self.log.read_text("utf-8").count("Traceback")

    def open_files(self) -> int:
        """Files and sockets of the process."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


def publish_order_lake(folder: Path) -> Lake:
    """A lake of one day of orders with its night published."""
    given: list[dict[str, Any]] = [
        {
            "order_id": f"o{i}",
            "operator_id": f"op{i % OPERATORS}",
            "buyer_id": f"b{i}",
            "placed_at": FIRST_ORDER + timedelta(minutes=i),
            "received_at": FIRST_ORDER + timedelta(minutes=i),
        }
        for i in range(10 * OPERATORS)
    ]
    columns = [column.name for column in contract("orders").columns]
    rows = [{name: one.get(name) for name in columns} for one in given]
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "orders.parquet")
    lake = Lake(folder)
    nightly(lake, FIRST_ORDER.date(), None, load_policy())
    return lake


@contextmanager
def running_service(lake: Lake, log: Path) -> Iterator[Service]:
    """The service on a free port of the loopback. Raises RuntimeError with its log."""
    names = ("first", "second")
    keys = tuple(make_key(lake, name, ["boost", "minutes", "read"]) for name in names)
    port = free_port()
    command = [str(STEELYARD), "serve", str(lake.root), "--port", str(port)]
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    try:
        until = time.monotonic() + START_SECONDS
        while not _is_ready(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(log.read_text("utf-8"))
            time.sleep(0.2)
        yield Service(process.pid, port, lake, log, (keys[0], keys[1]))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _is_ready(port: int) -> bool:
    """Whether the process answers; it need not be of use, the night is old."""
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    return False
