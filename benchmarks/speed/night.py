"""Time of a night over the floor of reading its input, memory, share of reasons, and growth."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import pyarrow.parquet as pq
from lightgbm import Booster

from benchmarks.end_to_end import DAYS, TRAINING_SEED
from benchmarks.harness import worlds
from benchmarks.harness.timing import REPEATS, repeated_row
from data_contracts.lake import Lake
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy

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


def floor_seconds(lake: Path) -> float:
    """CPU seconds in which one DuckDB thread reads and groups each input table once."""
    engine = duckdb.connect()
    engine.execute("SET threads=1; SET enable_progress_bar=false")
    begin = time.process_time()
    for table, key in GROUPED.items():
        files = Lake(lake).files(table)
        if files:
            engine.execute(
                f"SELECT {key}, count(*), "
                f"{', '.join(f'max({c})' for c in _columns(engine, files))} FROM read_parquet(?) "
                "GROUP BY 1",
                [list(map(str, files))],
            ).fetchall()
    return time.process_time() - begin


def _columns(engine: Any, files: list[Path]) -> list[str]:
    names = [
        r[0]
        for r in engine.execute(
            "DESCRIBE SELECT * FROM read_parquet(?)", [str(files[0])]
        ).fetchall()
    ]
    return [f'"{n}"' for n in names if not n.endswith("_ids")]


@contextmanager
def explaining() -> Iterator[list[float]]:
    """CPU seconds of each call that computes SHAP values while this is open."""
    spent: list[float] = []
    predict = Booster.predict

    def timed(self: Booster, *given: Any, **named: Any) -> Any:
        begin = time.process_time()
        out = predict(self, *given, **named)
        if named.get("pred_contrib"):
            spent.append(time.process_time() - begin)
        return out

    with patch.object(Booster, "predict", timed):
        yield spent


def one_night(lake: Path, models: Path) -> dict[str, float]:
    """Run a night in this process: CPU and wall seconds, SHAP seconds, peak GB, views read."""
    night = worlds.START + timedelta(days=DAYS - 2)
    for folder in ("runs", "journal"):
        shutil.rmtree(lake / folder, ignore_errors=True)
    cpu, wall = time.process_time(), time.perf_counter()

    def said(text: str) -> None:
        sys.stderr.write(f"{time.perf_counter() - wall:6.0f} s  {text}\n")

    with explaining() as reasons:
        nightly(lake, night, models, load_policy(), say=said)
    spent, passed = time.process_time() - cpu, time.perf_counter() - wall
    status = Path("/proc/self/status").read_text("utf-8")
    peak = next(x for x in status.splitlines() if x.startswith("VmHWM")).split()[1]
    views = sum(pq.read_metadata(f).num_rows for f in Lake(lake).files("views"))
    return {
        "cpu": spent,
        "wall": passed,
        "reasons": sum(reasons),
        "gb": int(peak) / 2**20,
        "floor": floor_seconds(lake),
        "views": views,
    }


def night_in_own_process(lake: Path, models: Path) -> dict[str, float]:
    """Run `one_night` in a process of its own, so that its peak memory is separate."""
    code = (
        "import json; from pathlib import Path; from benchmarks.speed.night import one_night; "
        f"print(json.dumps(one_night(Path({str(lake)!r}), Path({str(models)!r}))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def growth(small: Mapping[str, Any], big: Mapping[str, Any]) -> Any:
    """Exponent of CPU time by views between two nights, or between so many pairs of nights."""
    return np.log(big["cpu"] / small["cpu"]) / np.log(big["views"] / small["views"])


def rows(say: Any, models: Path) -> list[dict[str, Any]]:
    """Nights of the medium and the large world in turns, each beside its floor."""
    lakes = {size: worlds.simulated_lake(size, TRAINING_SEED) for size in ("medium", "large")}
    nights: dict[str, list[dict[str, float]]] = {size: [] for size in lakes}
    for i in range(REPEATS):
        for size, lake in lakes.items():
            say(f"a {size} night, {i + 1} of {REPEATS}")
            nights[size].append(night_in_own_process(lake, models))
    return _rows_of_nights(
        {
            size: {key: np.array([one[key] for one in found]) for key in found[0]}
            for size, found in nights.items()
        }
    )


def _rows_of_nights(found: dict[str, dict[str, np.ndarray]]) -> list[dict[str, Any]]:
    """Rows of nights by size of their world; each value of a night: shape (repeats,)."""
    out = []
    for size, one in found.items():
        label = (
            f"A night with models on the {size} world (seed {TRAINING_SEED}, "
            f"{one['views'][0] / 1e6:.1f} M views)"
        )
        cpu, wall, floor = (np.median(one[key]) for key in ("cpu", "wall", "floor"))
        out += [
            repeated_row(
                f"night-floor-{size}",
                f"{label}: CPU time ({cpu:.0f} s, {wall:.0f} s on "
                "the clock) over reading and grouping each input table "
                f"once ({floor:.1f} s)",
                one["cpu"] / one["floor"],
                "<= 8",
                "Some sixty relations and two passes of lockstep read the same rows in one "
                "thread, so that bits repeat.",
            ),
            repeated_row(
                f"night-memory-{size}",
                f"{label}: peak memory in GB",
                one["gb"],
                "<= 8" if size == "large" else None,
                "text columns of all views are held beside their copies; the engine itself spills "
                "at 4 GB",
            ),
            repeated_row(
                f"night-reasons-{size}",
                f"{label}: SHAP values of reasons, as a share of its CPU time",
                one["reasons"] / one["cpu"],
                "<= 0.25",
                "too many entities are explained",
            ),
        ]
    grows = growth(found["medium"], found["large"])
    what = "Growth exponent of the night's CPU time from the medium to the large world"
    return [
        *out,
        repeated_row(
            "night-growth", what, grows, "<= 1.1", "lockstep pairs grow faster than views"
        ),
    ]
