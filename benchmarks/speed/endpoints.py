"""Lookups and single rows at the online door, and what fewer trees cost."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.demo import free_port
from benchmarks.end_to_end import TRAINING_SEED
from benchmarks.harness import worlds
from benchmarks.harness.timing import REPEATS, interleaved, repeated_row
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.gate.dependencies.minute_rows import rows_from_blob
from serving.gate.dependencies.redis_store import RedisMinuteStore
from serving.gate.dependencies.sqlite_store import SqliteMinuteStore
from serving.gate.night_cache import read_published_night
from training.release.artefact import load


def quantiles(calls: dict[str, tuple[Callable[[int], Any], int]]) -> dict[str, np.ndarray]:
    """p50 and p99 of calls in microseconds, shape (`REPEATS`, 2) each, in turns."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in calls}
    for _ in range(REPEATS):
        for name, (run, times) in calls.items():
            spent = np.empty(times)
            for i in range(times):
                begin = time.perf_counter_ns()
                run(i)
                spent[i] = time.perf_counter_ns() - begin
            found[name].append(np.quantile(spent, [0.5, 0.99]) / 1e3)
    return {name: np.array(values) for name, values in found.items()}


def _found(store: SqliteMinuteStore, session: str) -> bytes:
    """Minutes of a session that was written before.

    Raises
    ------
    LookupError
        The store has no minutes of it.
    """
    found = store.get([session])[0]
    if found is None:
        raise LookupError(session)
    return found[1]


def lookups(lake: Path, say: Any) -> list[dict[str, Any]]:
    """Time of a check's lookups: an operator, and minutes of running sessions.

    Minutes come from SQLite and, where it is installed, from a Redis on the loopback, one session
    at a time and sixteen in one command.
    """
    state, one = read_published_night(Lake.open(lake)), np.ones(15)
    names = list(state.operators)
    calls: dict[str, tuple[Callable[[int], Any], int]] = {
        "embedded": (lambda i: state.operators[names[i % len(names)]], 20_000)
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        minutes = SqliteMinuteStore(folder / "minutes.sqlite")
        calls["minutes"] = (lambda i: rows_from_blob(_found(minutes, f"s{i % 50}")), 3000)
        stores: list[SqliteMinuteStore | RedisMinuteStore] = [minutes]
        if shutil.which("redis-server") is None:
            say(
                "redis-server is not installed (apt-get install redis-server): its rows are left "
                "out"
            )
        else:
            redis, many = (
                RedisMinuteStore(stack.enter_context(redis_server(folder))),
                [f"s{i}" for i in range(16)],
            )
            stores.append(redis)
            calls["redis"] = (lambda i: redis.get([f"s{i % 50}"]), 5000)
            calls["redis-16"] = (lambda _: redis.get(many), 2000)
        for store in stores:
            for i in range(50):
                store.put(f"s{i}", "o", [(m, one) for m in range(120)])
        found = quantiles(calls)
    words = {
        "embedded": "Embedded lookup of an operator in the published night",
        "minutes": "120 minutes of a running session from SQLite",
        "redis": "120 minutes of a running session from Redis on the loopback, one blob a "
        "session, one at a time",
        "redis-16": "120 minutes of a running session from Redis, sixteen sessions in one "
        "command, per session",
    }
    out = []
    for name, values in found.items():
        half, most = values.T / (16 if name == "redis-16" else 1)
        goals = ("<= 5", "<= 50") if name == "embedded" else (None, None)
        out.append(
            repeated_row(
                f"lookup-{name}",
                f"{words[name]}: p50 in microseconds",
                half,
                goals[0],
                "the process waits for others",
            )
        )
        out.append(
            repeated_row(
                f"lookup-{name}-p99",
                f"{words[name]}: p99 in microseconds",
                most,
                goals[1],
                "the process waits for others",
            )
        )
    return out


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis of its own on a free port of the loopback; gives its URL."""
    port = free_port()
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    server, url = (
        subprocess.Popen(command, stdout=subprocess.DEVNULL),
        f"redis://127.0.0.1:{port}/0",
    )
    try:
        for _ in range(100):
            try:
                RedisMinuteStore(url).require_answer()
                break
            except LakeProblem:
                time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def rows(say: Any, models: Path) -> list[dict[str, Any]]:
    """Lookups and the tree kernel."""
    say("lookups")
    out = lookups(worlds.simulated_lake("medium", TRAINING_SEED), say)
    say("rows through trees")
    return out + through_trees(models)


def through_trees(models: Path) -> list[dict[str, Any]]:
    """Time of a released model's trees by LightGBM and by our kernel on one thread."""
    stage = load(models, "session_inflation_live").trees.stages[-1]
    out, booster, forest = [], stage.boosters[0], stage.forests[0]
    many = np.random.default_rng(0).normal(size=(20_000, booster.num_feature()))
    many[np.random.default_rng(1).random(many.shape) < 0.1] = np.nan
    ours, theirs = forest.raw, partial(booster.predict, raw_score=True, num_threads=1)
    if not np.array_equal(ours(many), np.reshape(theirs(many), (len(many), -1))):
        raise RuntimeError("trees: ours and LightGBM's raw scores differ")
    for name, rows, times in (("row", many[:1], 2000), ("batch", many, 1)):
        spent = interleaved(
            {
                "ours": partial(_asked, ours, rows, times),
                "LightGBM": partial(_asked, theirs, rows, times),
            }
        )
        mine, other = (spent[which] / times / len(rows) for which in ("ours", "LightGBM"))
        words = "one row at a time" if name == "row" else f"{len(rows):,} rows at once"
        what = (
            f"{booster.num_trees()} trees of `session_inflation_live`, {words}, equal bit for "
            f"bit: CPU time of LightGBM ({1e6 * np.median(other):.1f} us a row) over ours "
            f"({1e6 * np.median(mine):.1f} us)"
        )
        out.append(repeated_row(f"trees-{name}", what, other / mine))
    return out


def _asked(raw: Callable[[np.ndarray], Any], rows: np.ndarray, times: int) -> None:
    for _ in range(times):
        raw(rows)
