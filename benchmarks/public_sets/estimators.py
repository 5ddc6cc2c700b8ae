"""Boosted trees and rows of ranking measures for the public sets."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from benchmarks.harness.figures import figure_row
from training.evaluation.metrics import bootstrapped

COMMAND = "make bench-detection"
TREES = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 31,
    "min_child_samples": 30,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "verbose": -1,
    "seed": 7,
    "num_threads": 2,
    "deterministic": True,
    "force_row_wise": True,
}


def figure(
    id_: str,
    what: str,
    truth: Any,
    score: Any,
    measure: Any,
    goal: float | None = None,
    why: str | None = None,
) -> dict[str, Any]:
    """A row of a ranking measure with its interval."""
    t, s = np.asarray(truth, dtype=int), np.asarray(score, dtype=float)
    found = bootstrapped(measure, t, s, pd.Series(np.arange(len(t))))
    return figure_row(id_, what, found, COMMAND, None if goal is None else f">= {goal}", why=why)


def fitted(x: pd.DataFrame, y: Any, rounds: int = 400, **more: Any) -> lgb.Booster:
    """Boosted trees on columns and labels; `more` are parameters of LightGBM."""
    return lgb.train(
        TREES | more, lgb.Dataset(x.to_numpy(dtype=float), np.asarray(y, dtype=float)), rounds
    )
