"""Nights with too little memory or disk: one message, nothing half published, a rerun completes."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from benchmarks.harness.figures import Row
from benchmarks.reliability.attack import Scale, attack_row, with_progress
from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import to_arrow, write_file
from data_contracts.runs import published_run
from data_contracts.storage.room import MEMORY_VARIABLE, OutOfRoom

NIGHT, ORDERS = "2026-03-10", 60
SECONDS_PER_NIGHT = 600
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limit:
    """A limit of a night's process."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    resource: int | None = None
    size: int = 0

    def apply(self) -> None:
        """Set the limit in the process that is about to start."""
        if self.resource is not None:
            resource.setrlimit(self.resource, (self.size, self.size))


@dataclass
class Found:
    """The outcome of nights under limits."""

    trials: int = 0
    stopped: int = 0
    tracebacks: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)


def limits(scale: Scale) -> list[Limit]:
    """Limits from far too small to large enough."""
    files = [Limit(f"files of {n} KB", {}, resource.RLIMIT_FSIZE, n * 1024) for n in (0, 4, 64)]
    engine = [Limit(f"engine of {n} MB", {MEMORY_VARIABLE: f"{n}MB"}) for n in (1, 4, 8, 16)]
    spaces = (350, 500, 700, 1_000, 1_500)
    memory = [Limit(f"{n} MB of addresses", {}, resource.RLIMIT_AS, n * MEGABYTE) for n in spaces]
    return [files[1]] if scale is Scale.SMALL else [*files, *engine, *memory]


def rows(scale: Scale) -> list[Row]:
    """Run nights under limits, then each lake without any."""
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        whole = _lake(Path(folder) / "whole")
        _night(whole, Limit("none"), Path(folder) / "whole-tmp")
        expected = _published(whole)
        for i, limit in enumerate(with_progress("nights under limits", limits(scale))):
            _try(found, limit, _lake(Path(folder) / f"lake-{i}"), expected)
    return rows_of(found, scale)


def rows_of(found: Found, scale: Scale) -> list[Row]:
    """Rows of nights under limits."""
    what = f"of {found.trials} with limits on memory, addresses and files"

    def one(name: str, words: str, bad: list[str]) -> Row:
        why = "; ".join(bad[:3]) or None
        return attack_row(name, f"Nights {words}, {what}", len(bad), "<= 0", scale=scale, why=why)

    return [
        one("limits-tracebacks", "that end without a message", found.tracebacks),
        one("limits-left", "that leave a half night or temporary files", found.left_behind),
        one("limits-unlike", "whose rerun is not the night without limits", found.unlike),
        attack_row("limits-stopped", f"Nights stopped, {what}", found.stopped, None, scale=scale),
    ]


def _try(found: Found, limit: Limit, lake: Lake, expected: dict[str, str]) -> None:
    temporary = lake.root.with_name(lake.root.name + "-tmp")
    done = _night(lake, limit, temporary)
    found.trials += 1
    if done.returncode != 0:
        found.stopped += 1
        said = done.stderr.strip().splitlines()
        worded = done.returncode == OutOfRoom.exit_code and "run it again" in done.stderr
        if "Traceback" in done.stderr or not worded:
            found.tracebacks.append(f"{limit.name}: {done.returncode}: {' '.join(said[-2:])[:300]}")
        left = [p.name for p in temporary.glob("*") if p.name.startswith(("steelyard", "making"))]
        left += [p.name for p in lake.runs.glob(".*.writing")] if lake.runs.exists() else []
        if left or lake.published_pointer.exists():
            found.left_behind.append(f"{limit.name}: {left}")
    _night(lake, Limit("none"), temporary)
    if (after := _published(lake)) != expected:
        found.unlike.append(f"{limit.name}: {sorted(set(after.items()) ^ set(expected.items()))}")


def _night(lake: Lake, limit: Limit, temporary: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own under a limit."""
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "serving.cli.main", "nightly", str(lake.root), "--date", NIGHT]
    environment = os.environ | {"TMPDIR": str(temporary)} | limit.environment
    apply: Callable[[], None] = limit.apply
    return subprocess.run(
        command,
        env=environment,
        preexec_fn=apply,
        capture_output=True,
        text=True,
        timeout=SECONDS_PER_NIGHT,
        check=False,
    )


def _published(lake: Lake) -> dict[str, str]:
    """Digest of each file of the published night but its report and manifest."""
    if not lake.published_pointer.exists():
        return {}
    run = published_run(lake).verify()
    return {n: r.sha256 for n, r in run.files.items() if not n.endswith(".html")}


def _lake(folder: Path) -> Lake:
    """A lake of orders alone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lake, begin = Lake(folder), datetime(2026, 3, 10, 9)
    table = contract("orders")
    records = []
    for i in range(ORDERS):
        at = begin + timedelta(minutes=7 * i)
        known = {"order_id": f"r{i}", "operator_id": f"o{i % 9}", "buyer_id": f"b{i % 31}"}
        times = {"placed_at": at, "received_at": at + timedelta(minutes=2)}
        records.append(dict.fromkeys(c.name for c in table.columns) | known | times)
    write_file(folder / "orders.parquet", to_arrow(table, pd.DataFrame(records)))
    return lake
