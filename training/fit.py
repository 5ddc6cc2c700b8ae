"""Fit a model and its controls, evaluate them on the split, and fit again on everything for release."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from data_contracts.faults import SteelyardError
from features.catalogue import BY_NAME
from features.declare import VIEW
from training import splits
from training.calibrate import Calibration, expected_calibration_error, isotonic
from training.conformal import honest_scores
from training.dataset import Dataset
from training.declare import FITTING, Model
from training.evaluate import Figure, auroc, average_precision
from training.labels import prevalence, weights
from training.purify import false_views

FEWEST = 10  # verdicts of each kind below which nothing is fitted


class TooFewLabels(SteelyardError):
    """There are not enough verdicts to train on."""

    exit_code = 6


@dataclass(frozen=True)
class Fitted:
    """A model ready for release: boosters as text, calibration, figures, and what they were computed on."""

    model: Model
    booster: str
    no_graph: str
    columns: list[str]
    no_graph_columns: list[str]
    calibration: Calibration
    figures: dict[str, Figure]
    ece: float
    counts: dict[str, float]
    dataset: Dataset
    honest: np.ndarray = field(default_factory=lambda: np.zeros(0))
    calibrated_on: dict[str, list[float]] = field(default_factory=dict)


def rules_score(signals: pd.DataFrame) -> np.ndarray:
    """The rules-only control: how many signals lie beyond their declared alarm, shape (n,)."""
    total = np.zeros(len(signals))
    for name in signals.columns:
        s = BY_NAME[name]
        if s.alarm is not None:
            value = signals[name].to_numpy()
            with np.errstate(invalid="ignore"):
                total += ((value - s.alarm) * (s.direction or 1) >= 0) & np.isfinite(value)
    return total


def booster_of(model: Model, columns: list[str], data: Dataset, rows: np.ndarray) -> lgb.Booster:
    """LightGBM on some rows; monotone where a signal with an alarm declares its direction. Views learn from their labels `false`."""
    labels = data.labels[rows]
    constraints = [BY_NAME[c].direction if BY_NAME[c].alarm is not None else 0 for c in columns]
    parameters = FITTING | {"monotone_constraints": constraints} | model.parameters
    features = data.signals.loc[rows, columns].to_numpy()
    if model.ranking:
        nights = data.night[rows]
        sizes = nights.groupby(nights.to_numpy(), sort=False).size().to_numpy()
        train = lgb.Dataset(features, labels["level"].to_numpy(dtype=float), group=sizes, feature_name=columns)
        parameters |= {"objective": "lambdarank", "lambdarank_truncation_level": 50, "label_gain": [0, 1, 3, 7]}
    elif model.entity == VIEW:
        train = lgb.Dataset(features, labels["false"].to_numpy(dtype=float), feature_name=columns)
        parameters |= {"objective": "binary"}
    else:
        train = lgb.Dataset(features, labels["confirmed"].to_numpy(dtype=float), weight=weights(labels), feature_name=columns)
        parameters |= {"objective": "binary"}
    return lgb.train(parameters, train, num_boost_round=model.rounds)


def _out_of_fold(model: Model, columns: list[str], data: Dataset) -> np.ndarray:
    """Raw scores of every row by boosters that saw none of its group."""
    fold, raw = splits.folds(data.group), np.full(len(data), np.nan)
    for k in np.unique(fold):
        rows = fold != k
        if data.labels.loc[rows, "confirmed"].nunique() == 2:
            raw[~rows] = booster_of(model, columns, data, rows).predict(
                data.signals.loc[~rows, columns].to_numpy(), raw_score=True, num_threads=2
            )
    return raw


def purified(model: Model, data: Dataset) -> Dataset:
    """Rows of a model of views with the label `false` of each beside the verdict of its session."""

    def scores(label: np.ndarray) -> np.ndarray:
        return _out_of_fold(model, model.columns, replace(data, labels=data.labels.assign(false=label)))

    return replace(data, labels=data.labels.assign(false=false_views(data.labels["confirmed"].to_numpy(), scores)))


def fit(model: Model, data: Dataset) -> Fitted:
    """Evaluate on the split, calibrate out of fold, fit for release. Raises TooFewLabels."""
    found = int(data.labels["confirmed"].sum()) if len(data) else 0
    if min(found, len(data) - found) < FEWEST:
        raise TooFewLabels(
            f"{model.name}: {found} confirmed and {len(data) - found} cleared verdicts have matured; "
            f"{FEWEST} of each are needed. Deliver more `outcomes`, or train at a later --until."
        )
    columns, control = model.columns, model.without_graph()
    data = purified(model, data) if model.entity == VIEW else data
    split = splits.forward(data.received, data.group)
    truth = data.labels["confirmed"].to_numpy()
    figures: dict[str, Figure] = {}
    if data.labels.loc[split.train, "confirmed"].nunique() == 2 and split.test.any():
        group = data.group[split.test]
        scores: dict[str, Any] = {"rules_only": rules_score(data.signals[split.test])}
        for name, used in (("model", columns), ("no_graph", control)):
            booster = booster_of(model, used, data, split.train)
            scores[name] = booster.predict(data.signals.loc[split.test, used].to_numpy(), raw_score=True, num_threads=2)
        for name, score in scores.items():
            figures[f"average_precision_{name}"] = average_precision(truth[split.test], score, group)
            figures[f"auroc_{name}"] = auroc(truth[split.test], score, group)
    raw = _out_of_fold(model, columns, data)
    known = np.isfinite(raw)
    target, weight = (data.labels["false"].to_numpy(), np.ones(len(data))) if model.entity == VIEW else (truth, weights(data.labels))
    calibration = isotonic(raw[known], target[known], weight[known])
    everything = np.ones(len(data), dtype=bool)
    return Fitted(
        model,
        booster_of(model, columns, data, everything).model_to_string(),
        booster_of(model, control, data, everything).model_to_string(),
        columns,
        control,
        calibration,
        figures,
        expected_calibration_error(calibration(raw[known]), target[known], weight[known]),
        {
            "rows": len(data),
            "confirmed": found,
            "audited": int(data.labels["audited"].sum()),
            "audited_prevalence": prevalence(data.labels),
            "groups": int(data.group.nunique()),
            "test_rows": int(split.test.sum()),
            "test_confirmed": int(truth[split.test].sum()),
        },
        data,
        honest_scores(raw, truth, data.labels["audited"].to_numpy(dtype=bool), data.entity) if len(data.entity) else np.zeros(0),
        {"raw": raw[known].tolist(), "truth": truth[known].astype(float).tolist(), "weight": weight[known].tolist()},
    )
