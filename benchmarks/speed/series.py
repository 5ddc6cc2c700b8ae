"""LIVE signals over minutes: sessions a core-second, beside pandas, Polars, catch22 and tsfresh on the same series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.page import row
from benchmarks.speed.timing import interleaved
from features.catalogue import CATALOGUE
from features.declare import LIVE
from features.kernels import COLUMNS, run_kernels

COMMAND = "make bench-speed"
MINUTES, SESSIONS, FEW = 240, 2000, 40
CALLS = "each kernel is called from Python for each session, which is most of its time"
SLOW = {"Polars": "its aggregates are simple and run over all sessions at once", "catch22": CALLS, "pandas apply": CALLS}


def rows(say: Any, peers: bool) -> list[dict[str, Any]]:
    say("series")
    rng = np.random.default_rng(0)
    values = rng.poisson(20, (MINUTES * SESSIONS, len(COLUMNS))).astype(float)
    values[:, COLUMNS.index("granted")] = 0
    offsets = np.arange(SESSIONS + 1, dtype=np.int64) * MINUTES
    live = tuple(s for s in CATALOGUE if s.freshness == LIVE)
    frame = pd.DataFrame(values[:, :3], columns=["a", "b", "c"]).assign(session=np.repeat(np.arange(SESSIONS), MINUTES))
    small = frame[frame["session"] < FEW]
    methods: dict[str, Any] = {
        "ours": lambda: run_kernels(values, offsets, live),
        "pandas": lambda: frame.groupby("session")[["a", "b", "c"]].agg(["mean", "std", "min", "max", "median", "skew"]),
        "pandas apply": lambda: small.groupby("session")[["a", "b", "c"]].apply(
            lambda g: pd.Series({f"{k}{c}": f(g[c].to_numpy()) for c in "abc" for k, f in {"m": np.mean, "s": np.std, "p": np.ptp, "d": lambda x: np.abs(np.diff(x)).max(), "e": np.median}.items()})
        ),
    }  # fmt: skip
    many = {"ours": SESSIONS, "pandas": SESSIONS, "pandas apply": FEW}
    count = {"ours": len(live), "pandas": 18, "pandas apply": 15}
    if peers:
        import polars as pl
        import pycatch22
        from tsfresh.feature_extraction import MinimalFCParameters, extract_features

        table = pl.from_pandas(frame)
        lists = [[frame[c].to_numpy()[s * MINUTES : (s + 1) * MINUTES].tolist() for c in "abc"] for s in range(FEW)]
        long = small.assign(t=np.tile(np.arange(MINUTES), FEW))
        aggregates = [getattr(pl.col(c), k)().alias(c + k) for c in "abc" for k in ("mean", "std", "min", "max", "median", "skew")]
        methods |= {
            "Polars": lambda: table.group_by("session").agg(aggregates),
            "catch22": lambda: [pycatch22.catch22_all(x) for one in lists for x in one],
            "tsfresh minimal": lambda: extract_features(long, column_id="session", column_sort="t", default_fc_parameters=MinimalFCParameters(), n_jobs=0, disable_progressbar=True),
        }  # fmt: skip
        many |= {"Polars": SESSIONS, "catch22": FEW, "tsfresh minimal": FEW}
        count |= {"Polars": 18, "catch22": 66, "tsfresh minimal": 30}
    spent = interleaved(methods)
    pace = {k: many[k] / v for k, v in spent.items()}
    out = [
        row(
            f"series-{k}".replace(" ", "-"),
            f"{k}: sessions of {MINUTES} minutes a core-second ({count[k]} features)",
            v,
            COMMAND,
            goal=">= 20000" if k == "ours" else None,
            holds=v >= 20_000 if k == "ours" else None,
            why="a kernel is called once a session and signal from Python, which is most of the time"
            if k == "ours" and v < 20_000
            else None,
        )
        for k, v in pace.items()
    ]
    goals = {"Polars": 3.0, "catch22": 20.0, "pandas apply": 20.0, "tsfresh minimal": None}
    for k, goal in goals.items():
        if k in pace:
            value = (pace["ours"] * count["ours"]) / (pace[k] * count[k])
            out.append(
                row(
                    f"series-ratio-{k}".replace(" ", "-"),
                    f"Features a core-second: ours over {k}",
                    value,
                    COMMAND,
                    goal=None if goal is None else f">= {goal:g}",
                    holds=None if goal is None else value >= goal,
                    why=SLOW[k] if goal is not None and value < goal else None,
                )
            )
    return out
