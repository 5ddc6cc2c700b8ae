"""Peers of the product: flat LightGBM, IsolationForest, ECOD, and the ceiling."""

from __future__ import annotations

from importlib.util import find_spec

import lightgbm as lgb
import numpy as np
import pandas as pd

from training.dataset.splits import folds
from training.declaration import FITTING, ROUNDS

CEILING = {"min_data_in_leaf": 5, "num_leaves": 15}
CEILING_ROUNDS = 120
CEILING_FOLDS = 5


def flat_lightgbm(values: np.ndarray, confirmed: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Scores of all entities by LightGBM on raw signals and verdicts alone, shape (n,).

    Parameters
    ----------
    values
        Raw signals, shape (n, signals).
    confirmed
        Verdicts, shape (n,).
    rows
        Mask of the entities that have one.
    """
    leaf = {"min_data_in_leaf": max(3, int(0.05 * rows.sum()))}
    data = lgb.Dataset(values[rows], confirmed[rows])
    booster = lgb.train(FITTING | leaf, data, num_boost_round=ROUNDS)
    return np.asarray(booster.predict(values))


def unsupervised(values: np.ndarray) -> dict[str, np.ndarray]:
    """Scores by IsolationForest and, where PyOD is installed, by ECOD; unknown is the median."""
    from sklearn.ensemble import IsolationForest  # with the peers: seconds to import

    known = values[:, np.isfinite(values).any(axis=0)]
    x = np.where(np.isfinite(known), known, np.nanmedian(known, axis=0))
    x = x[:, x.std(axis=0) > 0]
    if not x.shape[1]:
        return {}
    forest = IsolationForest(random_state=7).fit(x)
    found = {"IsolationForest": -forest.score_samples(x)}
    if find_spec("pyod"):
        from pyod.models.ecod import ECOD  # a peer library: `make bench-generalisation` installs it

        found["ECOD"] = ECOD().fit(x).decision_scores_
    return found


def ceiling(inputs: np.ndarray, truth: np.ndarray, operators: pd.Series) -> np.ndarray:
    """Scores by trees on the world's own planted truth, of other operators; NaN where unknown."""
    fold, out = folds(operators.astype(str), CEILING_FOLDS), np.full(len(truth), np.nan)
    known = np.isfinite(truth)
    for k in range(CEILING_FOLDS):
        rest = known & (fold != k)
        if 0 < truth[rest].sum() < rest.sum() and (fold == k).any():
            data = lgb.Dataset(inputs[rest], truth[rest])
            booster = lgb.train(FITTING | CEILING, data, num_boost_round=CEILING_ROUNDS)
            out[fold == k] = booster.predict(inputs[fold == k])
    return out
