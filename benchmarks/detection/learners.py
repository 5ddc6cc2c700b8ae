"""What the benchmarks on public sets share: the trees, a ranking measure with its interval, and the row that says them."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from benchmarks.page import row

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


def interval(truth: np.ndarray, score: np.ndarray, measure: Any, draws: int = 200) -> list[float]:
    """90 % bootstrap interval of a measure over rows."""
    rng, values = np.random.default_rng(7), []
    for _ in range(draws):
        i = rng.integers(0, len(truth), len(truth))
        if 0 < truth[i].sum() < len(i):
            values.append(measure(truth[i], score[i]))
    return [float(q) for q in np.quantile(values, [0.05, 0.95])]


def figure(id_: str, what: str, truth: Any, score: Any, measure: Any, goal: float | None = None, why: str | None = None) -> dict[str, Any]:
    """A row of a ranking measure with its interval."""
    t, s = np.asarray(truth, dtype=int), np.asarray(score, dtype=float)
    value = float(measure(t, s))
    return row(id_, what, value, COMMAND, None if goal is None else f">= {goal}", interval(t, s, measure), why=why)


def fitted(x: pd.DataFrame, y: Any, rounds: int = 400, **more: Any) -> lgb.Booster:
    return lgb.train(TREES | more, lgb.Dataset(x.to_numpy(dtype=float), np.asarray(y, dtype=float)), rounds)
