"""Features of peer libraries (catch22, tsfresh, plain sums) under one LightGBM."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from benchmarks.detection.label_ablation import AS_OF
from benchmarks.end_to_end import UNSEEN_SEED
from benchmarks.harness import worlds
from benchmarks.harness.figures import figure_row
from features.engine.minute_arrays import minutes_frame
from features.engine.minute_kernels import COLUMNS
from features.engine.snapshot import Snapshot
from training.dataset.labels import verdicts
from training.declaration import FITTING, ROUNDS
from training.evaluation.metrics import average_precision

COMMAND = "make bench-detection"
SERIES = ("viewers", "joins", "likes", "comments")
VIEWS = ("view_fraud", "engagement_fraud")


def minutes_of(lake: Path, ids: list[str]) -> pd.DataFrame:
    """Counters by minute of sessions."""
    tables = Snapshot.open(lake, AS_OF)
    return minutes_frame(tables, tables.scope(ids, "session"))


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Sums and means of every counter and the number of minutes."""
    g = frame.groupby("session_id")[list(COLUMNS)]
    return pd.concat(
        [g.sum().add_prefix("sum_"), g.mean().add_prefix("mean_"), g.size().rename("minutes")],
        axis=1,
    )


def catch22(frame: pd.DataFrame) -> pd.DataFrame:
    """Features of catch22 by session."""
    import pycatch22

    rows = {}
    for session, g in frame.groupby("session_id"):
        if len(g) >= 10:
            rows[session] = [
                v for c in SERIES for v in pycatch22.catch22_all(g[c].fillna(0).tolist())["values"]
            ]
    return pd.DataFrame.from_dict(rows, orient="index").replace([np.inf, -np.inf], np.nan)


def tsfresh(frame: pd.DataFrame) -> pd.DataFrame:
    """Minimal features of tsfresh by session."""
    from tsfresh.feature_extraction import MinimalFCParameters, extract_features

    long = frame[["session_id", "minute", *SERIES]].fillna(0)
    return extract_features(
        long,
        column_id="session_id",
        column_sort="minute",
        default_fc_parameters=MinimalFCParameters(),
        n_jobs=0,
        disable_progressbar=True,
    )


def rows(say: Any) -> list[dict[str, Any]]:
    """Average precision on the unseen world of each set of features."""
    here, there = worlds.training_lake(), worlds.simulated_lake("medium", UNSEEN_SEED)
    known = verdicts(Snapshot.open(here, AS_OF), "session", VIEWS)["confirmed"]
    tables = Snapshot.open(there, AS_OF)
    s = tables["sessions"]
    owner = (
        s.filter(s.received_at >= AS_OF - pd.Timedelta(days=14))
        .select("session_id", "operator_id")
        .to_pandas()
        .set_index("session_id")["operator_id"]
    )
    guilty = set(worlds.fraudulent_sessions(there).index)
    train, test = minutes_of(here, sorted(known.index)), minutes_of(there, sorted(owner.index))
    makers = {"plain sums and means": flat}
    if find_spec("pycatch22"):
        makers["catch22"] = catch22
    if find_spec("tsfresh"):
        makers["tsfresh minimal"] = tsfresh
    out = []
    for name, make in makers.items():
        say(f"features of peers: {name}")
        x, z = make(train), make(test)
        y = known.reindex(x.index).to_numpy(dtype=float)
        booster = lgb.train(
            FITTING | {"objective": "binary"}, lgb.Dataset(x.to_numpy(dtype=float), y), ROUNDS
        )
        truth = np.isin(z.index, list(guilty)).astype(int)
        found = average_precision(
            truth,
            np.asarray(booster.predict(z.to_numpy(dtype=float), num_threads=2)),
            owner.reindex(z.index).reset_index(drop=True),
        )
        out.append(
            figure_row(
                f"peer-sessions-{name}",
                "Inflated sessions of the unseen world from minutes alone, same LightGBM and "
                f"verdicts on {name} ({x.shape[1]} columns): average precision (ours: "
                "`session_inflation_live` on end_to_end.md)",
                found,
                COMMAND,
            )
        )
    return out
