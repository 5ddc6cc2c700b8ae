"""Fit a model and its controls, evaluate them on the split, and fit again on taught for release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from data_contracts.errors import SteelyardError
from features.catalogue import BY_NAME
from features.declaration import OPERATOR, VIEW
from training.dataset import splits
from training.dataset.distillation import Unjudged
from training.dataset.labels import prevalence, weights
from training.dataset.replay import Dataset
from training.dataset.view_labels import false_views
from training.declaration import FITTING, Model
from training.estimator.calibration import Calibration, expected_calibration_error, isotonic
from training.estimator.conformal import Honest, honest_examples
from training.estimator.ensemble import Trees, inputs, sigmoid
from training.evaluation.metrics import Figure, auroc, average_precision

LEAST_HELD = (
    1e-3  # probability below which a row without a verdict is not shown as what it would be then
)
FEWEST = 10  # verdicts of each kind below which nothing is fitted


class TooFewLabels(SteelyardError):
    """There are not enough verdicts to train on."""

    exit_code = 6


@dataclass(frozen=True)
class Fitted:
    """A model ready for release: its trees and those of the control, calibration, figures, and what they were computed on."""

    model: Model
    trees: Trees
    no_graph: Trees
    calibration: Calibration
    figures: dict[str, Figure]
    ece: float
    counts: dict[str, float]
    dataset: Dataset
    honest: Honest = field(default_factory=Honest)
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


def trees_of(
    model: Model, columns: list[str], data: Dataset, rows: np.ndarray, also: Unjudged | None = None
) -> Trees:
    """LightGBM on some rows, and on rows without a verdict where they are given; monotone where a signal with an alarm declares its
    direction. Views learn from their labels `false`, and all their signals with a direction are monotone: on two markets that taught
    nothing the views held false were so .95 and .97 of the time without, .98 and .99 with (and .93, .89 and .90, .87 of the false were found).
    """
    labels, values = data.labels[rows], data.signals.loc[rows, columns].to_numpy()
    constraints = [
        BY_NAME[c].direction if BY_NAME[c].alarm is not None or model.entity == VIEW else 0
        for c in columns
    ]
    peers, given = None, values
    if model.compares:
        yardsticks, night = (
            data.yardsticks(columns, model.size, model.rare > 0.0),
            pd.to_datetime(data.night[rows]).to_numpy(),
        )
        peers = yardsticks[max(yardsticks)]
        given = _by_night(values, night, lambda at, some: inputs(some, yardsticks[at], model.own))
        constraints = (
            constraints * (1 + model.own)
            + [1] * peers.anomaly_scores(peers.deviations(values[:1])).shape[1]
        )
    classes, typologies = _apart(labels) if model.apart else (None, ())
    parameters = (
        FITTING | {"monotone_constraints": constraints, "objective": "binary"} | model.parameters
    )
    weight = None
    if model.entity == VIEW:
        target = labels["false"].to_numpy(dtype=float)
    elif classes is not None:
        parameters |= {"objective": "multiclassova", "num_class": int(classes.max()) + 1}
        target = classes.astype(float)
    else:
        target, weight = labels["confirmed"].to_numpy(dtype=float), weights(labels)
    if also is not None and len(also):
        more = _by_night(
            also.signals[columns].to_numpy(),
            also.night,
            lambda at, some: inputs(some, yardsticks[at], model.own),
        )
        given, target, weight = _with_unjudged(
            given, target, weights(labels), more, also, typologies
        )
    train = lgb.Dataset(given, target, weight=weight)
    booster = lgb.train(parameters, train, num_boost_round=model.rounds)
    return Trees(
        booster, columns, peers, typologies, model.own, model.lean, model.doubt, model.rare
    )


def _with_unjudged(
    given: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    more: np.ndarray,
    also: Unjudged,
    typologies: tuple[str, ...],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, targets and weights with those of rows without a verdict below: each as honest, and as each typology, so far as it is held."""
    shown = [(0, 1.0 - also.any)] + [
        (typologies.index(n) + 1 if n in typologies else 1, also.held[n].to_numpy())
        for n in also.held
    ]
    parts = [
        (more[held > LEAST_HELD], float(kind), held[held > LEAST_HELD]) for kind, held in shown
    ]
    x = np.vstack([given, *(rows for rows, _, _ in parts)])
    y = np.concatenate([target, *(np.full(len(rows), kind) for rows, kind, _ in parts)])
    return x, y, np.concatenate([weight, *(held for _, _, held in parts)])


def _by_night(
    values: np.ndarray, night: np.ndarray, what: Callable[[pd.Timestamp, np.ndarray], np.ndarray]
) -> np.ndarray:
    """`what(night, values)` of the rows of each night, put together again in their order."""
    parts = [(night == n, what(pd.Timestamp(n), values[night == n])) for n in np.unique(night)]
    if not parts:
        return values
    out = np.full((len(values), *parts[0][1].shape[1:]), np.nan)
    for mask, part in parts:
        out[mask] = part
    return out


def raw_of(trees: Trees, data: Dataset, rows: np.ndarray) -> np.ndarray:
    """Raw scores of some rows of a training frame (a mask), each compared with the entities of its night, as a night compares."""
    values, peers = data.signals.loc[rows, trees.columns].to_numpy(), trees.peers
    if peers is None:
        return trees.raw(values)
    of, night = (
        data.yardsticks(trees.columns, peers.size_signal, trees.rare > 0.0),
        pd.to_datetime(data.night[rows]).to_numpy(),
    )
    return _by_night(values, night, lambda at, some: replace(trees, peers=of[at]).raw(some))


def _apart(labels: pd.DataFrame) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Class of each row, and the typologies in the order of their classes: 0 honest, then one for each typology with verdicts
    enough; rarer ones go with the commonest. None when there is but one.
    """
    kinds = labels.loc[labels["confirmed"] == 1, "typology"].value_counts()
    names = sorted(kinds.index[kinds >= FEWEST], key=str)
    if len(names) < 2:
        return None, ()
    number = {name: i for i, name in enumerate(names, 1)}
    found = labels["typology"].map(number).fillna(number[kinds.index[0]]).to_numpy(dtype=np.int64)
    return np.where(labels["confirmed"].to_numpy() == 1, found, 0), tuple(names)


def _out_of_fold(
    model: Model,
    columns: list[str],
    data: Dataset,
    taught: np.ndarray | None = None,
    also: Unjudged | None = None,
) -> np.ndarray:
    """Raw scores of every row by trees that saw none of its group, and of the others those that are `taught` (None: all)."""
    fold, raw = splits.folds(data.group), np.full(len(data), np.nan)
    for k in np.unique(fold):
        mine = fold == k
        rows = ~mine if taught is None else ~mine & taught
        if data.labels.loc[rows, "confirmed"].nunique() == 2:
            others = also and also.apart_from(set(data.group[mine]))
            raw[mine] = raw_of(trees_of(model, columns, data, rows, others), data, mine)
    return raw


def consistent(model: Model, data: Dataset, rows: np.ndarray) -> np.ndarray:
    """Which of some rows have a verdict that trees of other groups do not contradict, mask over all rows.

    A verdict is contradicted where those trees are as sure of its opposite as they are on average where the opposite was found
    (confident learning: Northcutt, Jiang and Chuang, JAIR 2021). Such a row teaches nothing; it is still judged and calibrated on.
    What is asked is how sure the trees are, so that they clear without the model's doubt.
    """
    if not model.pruned or data.labels.loc[rows, "confirmed"].nunique() < 2:
        return rows
    raw, found = (
        _out_of_fold(replace(model, doubt=None), model.columns, data, rows),
        data.labels["confirmed"].to_numpy() == 1,
    )
    p = np.where(np.isfinite(raw), sigmoid(raw), found)
    sure, cleared = p[rows & found].mean(), (1.0 - p[rows & ~found]).mean()
    return rows & ~np.where(found, 1.0 - p >= cleared, p >= sure)


def purified(model: Model, data: Dataset) -> Dataset:
    """Rows of a model of views with the label `false` of each beside the verdict of its session."""

    def scores(label: np.ndarray) -> np.ndarray:
        return _out_of_fold(
            model, model.columns, replace(data, labels=data.labels.assign(false=label))
        )

    return replace(
        data,
        labels=data.labels.assign(false=false_views(data.labels["confirmed"].to_numpy(), scores)),
    )


def fit(model: Model, data: Dataset, also: Unjudged | None = None) -> Fitted:
    """Evaluate on the split, calibrate out of fold, fit for release. Raises TooFewLabels.

    `also`: rows without a verdict that are learnt from too. Not for the split: their teacher knows verdicts of its later side.
    """
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
        group, early = data.group[split.test], consistent(model, data, split.train)
        scores: dict[str, Any] = {"rules_only": rules_score(data.signals[split.test])}
        for name, used in (("model", columns), ("no_graph", control)):
            scores[name] = raw_of(trees_of(model, used, data, early), data, split.test)
        for name, score in scores.items():
            figures[f"average_precision_{name}"] = average_precision(
                truth[split.test], score, group
            )
            figures[f"auroc_{name}"] = auroc(truth[split.test], score, group)
    taught = consistent(model, data, np.ones(len(data), dtype=bool))
    raw = _out_of_fold(model, columns, data, taught, also)
    known = np.isfinite(raw)
    accused = data.labels.get("accused", data.labels["confirmed"]).to_numpy(dtype=bool)
    target, weight = (
        (data.labels["false"].to_numpy(), np.ones(len(data)))
        if model.entity == VIEW
        else (truth, weights(data.labels))
    )
    calibration = isotonic(raw[known], target[known], weight[known])
    return Fitted(
        model,
        trees_of(model, columns, data, taught, also),
        trees_of(model, control, data, taught, also),
        calibration,
        figures,
        expected_calibration_error(calibration(raw[known]), target[known], weight[known]),
        {
            "rows": len(data),
            "confirmed": found,
            "contradicted": int((~taught).sum()),
            "unjudged": 0 if also is None else len(also),
            "audited": int(data.labels["audited"].sum()),
            "audited_prevalence": prevalence(data.labels),
            "groups": int(data.group.nunique()),
            "test_rows": int(split.test.sum()),
            "test_confirmed": int(truth[split.test].sum()),
        },
        data,
        honest_examples(raw, accused, data.labels["audited"].to_numpy(dtype=bool), data.entity)
        if model.entity == OPERATOR
        else Honest(),
        {
            "raw": raw[known].tolist(),
            "truth": truth[known].astype(float).tolist(),
            "weight": weight[known].tolist(),
        },
    )
