"""Lookups, single rows, and the night over the floor of reading its input."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks import worlds
from benchmarks.page import row
from benchmarks.slice import DAYS, TRAINED
from data_contracts.lake import files_of
from serving.nightly import nightly
from serving.policy import load_policy
from serving.store import Minutes, load_night
from training.release import load

COMMAND = "make bench-speed"
GROUPED = {
    "views": "session_id",
    "interactions": "session_id",
    "orders": "operator_id",
    "accounts": "region",
    "sessions": "operator_id",
    "room_minutes": "session_id",
    "parcels": "sender_id",
    "refunds": "stage",
    "reviews": "rating",
}


def quantiles(run: Callable[[int], Any], times: int = 20_000) -> tuple[float, float]:
    """p50 and p99 of a call in microseconds."""
    spent = np.empty(times)
    for i in range(times):
        begin = time.perf_counter_ns()
        run(i)
        spent[i] = time.perf_counter_ns() - begin
    return float(np.quantile(spent, 0.5) / 1e3), float(np.quantile(spent, 0.99) / 1e3)


def floor_seconds(lake: Path) -> float:
    """CPU seconds in which one DuckDB thread reads and groups each input table once."""
    engine = duckdb.connect()
    engine.execute("SET threads=1")
    begin = time.process_time()
    for table, key in GROUPED.items():
        files = files_of(lake, table)
        if files:
            engine.execute(
                f"SELECT {key}, count(*), {', '.join(f'max({c})' for c in _columns(engine, files))} FROM read_parquet(?) GROUP BY 1",
                [list(map(str, files))],
            ).fetchall()
    return time.process_time() - begin


def _columns(engine: Any, files: list[Path]) -> list[str]:
    names = [r[0] for r in engine.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(files[0])]).fetchall()]
    return [f'"{n}"' for n in names if not n.endswith("_ids")]


def rows(say: Any, models: Path) -> list[dict[str, Any]]:
    say("a medium night")
    lake = worlds.made("medium", TRAINED)  # not the unseen world, whose published nights other figures stand on
    floor = floor_seconds(lake)
    begin = time.process_time()
    done = nightly(lake, worlds.START + timedelta(days=DAYS - 2), models, load_policy(), say=lambda text: None)
    spent = time.process_time() - begin
    out = []
    if done.fresh:
        ratio = spent / floor
        out.append(
            row(
                "night-floor",
                f"A night on the medium world (seed {TRAINED}): CPU time ({spent:.0f} s) over reading and grouping each input table once ({floor:.1f} s)",
                ratio,
                COMMAND,
                goal="<= 8",
                holds=ratio <= 8,
                why=None
                if ratio <= 8
                else "signals join each table many times in one thread, for bits that repeat; every lake file is hashed and each night looks back 28 days",
            )
        )
    say("lookups")
    state = load_night(lake)
    names = list(state.operators)
    half, most = quantiles(lambda i: state.operators[names[i % len(names)]])
    out.append(row("lookup-embedded", f"Embedded lookup of an operator in the published night: p50 in microseconds (p99 {most:.1f})", half, COMMAND, "<= 5", holds=half <= 5 and most <= 50))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        minutes = Minutes(Path(folder) / "minutes.sqlite")
        one = np.ones(15)
        for i in range(50):
            minutes.put(f"s{i}", "o", [(m, one) for m in range(120)])
        half, most = quantiles(lambda i: minutes.get(f"s{i % 50}"), 3000)
        out.append(
            row("lookup-minutes", f"120 minutes of a running session from SQLite: p50 in microseconds (p99 {most:.0f})", half, COMMAND)
        )
    say("single rows")
    live = load(models, "session_inflation_live")
    values = np.random.default_rng(0).random((1, len(live.columns)))
    half, most = quantiles(lambda i: live.raw(values, threads=1), 3000)
    out.append(
        row(
            "trees-row",
            f"One row through `session_inflation_live` (LightGBM predict, one thread): p50 in microseconds (p99 {most:.0f})",
            half,
            COMMAND,
        )
    )
    many = np.random.default_rng(0).random((20_000, len(live.columns)))
    begin = time.process_time()
    live.raw(many, threads=1)
    out.append(row("trees-batch", "Rows a core-second through the same model in a batch", 20_000 / (time.process_time() - begin), COMMAND))
    say(f"models of seed {TRAINED}")
    return out
