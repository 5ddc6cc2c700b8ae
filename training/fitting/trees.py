"""Fit the trees of a model on some rows, and score rows of a training frame by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from features.declaration import VIEW
from features.peers.baseline import PeerBaseline
from training.dataset.distillation import SoftLabelled
from training.dataset.frame import Dataset
from training.dataset.labels import weights
from training.declaration import FITTING, Model
from training.estimator.ensemble import Trees
from training.estimator.inputs import model_inputs

MIN_SOFT_LABEL = 1e-3  # probability below which an unlabelled row is no example of a class
MIN_VERDICTS_PER_CLASS = 10  # below which a class is not fitted


@dataclass(frozen=True)
class _Examples:
    """Inputs (n, inputs), targets (n,) and weights (n,) of a booster; weights None for equal."""

    inputs: np.ndarray
    target: np.ndarray
    weight: np.ndarray | None


def fit_trees(
    model: Model,
    columns: list[str],
    data: Dataset,
    rows: np.ndarray,
    unlabelled: SoftLabelled | None = None,
) -> Trees:
    """Fit LightGBM on some rows.

    Trees are monotone in signals with an alarm and a direction. Those of views are monotone in all
    signals with a direction (ADR-0161).

    Parameters
    ----------
    model
        The model, whose settings hold.
    columns
        The signals to use: the model's, or those of a control.
    data
        The training frame.
    rows
        Mask of the rows to learn from.
    unlabelled
        Rows with soft labels to learn from as well.
    """
    labels, values = data.labels[rows], data.signals.loc[rows, columns].to_numpy()
    baselines = (
        data.peer_baselines(columns, model.size_signal, model.rarity_weight > 0.0)
        if model.peer_relative
        else {}
    )
    peers = baselines[max(baselines)] if model.peer_relative else None
    inputs = values
    if model.peer_relative:
        inputs = _inputs_by_night(model, baselines, values, pd.to_datetime(data.night[rows]))
    classes, typologies = _typology_classes(labels) if model.per_typology else (None, ())
    parameters = (
        FITTING
        | {"monotone_constraints": _constraints(model, columns, peers, values)}
        | {"objective": "binary"}
        | model.parameters
    )
    weight = None
    if model.entity == VIEW:
        target = labels["false"].to_numpy(dtype=float)
    elif classes is not None:
        parameters |= {"objective": "multiclassova", "num_class": int(classes.max()) + 1}
        target = classes.astype(float)
    else:
        target, weight = labels["confirmed"].to_numpy(dtype=float), weights(labels)
    examples = _Examples(inputs, target, weight)
    if unlabelled is not None and len(unlabelled):
        more = _inputs_by_night(
            model,
            baselines,
            unlabelled.signals[columns].to_numpy(),
            pd.to_datetime(pd.Series(unlabelled.night)),
        )
        examples = _with_soft_labels(
            replace(examples, weight=weights(labels)), more, unlabelled, typologies
        )
    train = lgb.Dataset(examples.inputs, examples.target, weight=examples.weight)
    return Trees(
        lgb.train(parameters, train, num_boost_round=model.rounds),
        columns,
        peers,
        typologies,
        model.use_raw_values,
        model.anomaly_weight,
        model.logit_floor,
        model.rarity_weight,
    )


def raw_scores(trees: Trees, data: Dataset, rows: np.ndarray) -> np.ndarray:
    """Raw scores of some rows of a training frame (a mask), each compared with its own night."""
    values, peers = data.signals.loc[rows, trees.columns].to_numpy(), trees.peers
    if peers is None:
        return trees.raw(values)
    baselines = data.peer_baselines(trees.columns, peers.size_signal, trees.rarity_weight > 0.0)
    night = pd.to_datetime(data.night[rows]).to_numpy()
    return _by_night(values, night, lambda at, some: replace(trees, peers=baselines[at]).raw(some))


def _constraints(
    model: Model, columns: list[str], peers: PeerBaseline | None, values: np.ndarray
) -> list[int]:
    """Monotone constraint of each input: 1, -1, or 0 for none."""
    constraints = [
        BY_NAME[c].direction if BY_NAME[c].alarm is not None or model.entity == VIEW else 0
        for c in columns
    ]
    if peers is None:
        return constraints
    scores = peers.anomaly_scores(peers.deviations(values[:1])).shape[1]
    return constraints * (1 + model.use_raw_values) + [1] * scores


def _inputs_by_night(
    model: Model,
    baselines: dict[pd.Timestamp, PeerBaseline],
    values: np.ndarray,
    night: pd.Series,
) -> np.ndarray:
    """Inputs of rows, each compared with the peers of its own night."""
    return _by_night(
        values,
        night.to_numpy(),
        lambda at, some: model_inputs(some, baselines[at], model.use_raw_values),
    )


def _with_soft_labels(
    labelled: _Examples,
    more: np.ndarray,
    unlabelled: SoftLabelled,
    typologies: tuple[str, ...],
) -> _Examples:
    """Examples with unlabelled rows below: each as honest and as each typology, weighted."""
    classes = [(0, 1.0 - unlabelled.total)] + [
        (typologies.index(n) + 1 if n in typologies else 1, unlabelled.by_typology[n].to_numpy())
        for n in unlabelled.by_typology
    ]
    parts = [(more[p > MIN_SOFT_LABEL], float(k), p[p > MIN_SOFT_LABEL]) for k, p in classes]
    assert labelled.weight is not None
    return _Examples(
        np.vstack([labelled.inputs, *(rows for rows, _, _ in parts)]),
        np.concatenate([labelled.target, *(np.full(len(rows), k) for rows, k, _ in parts)]),
        np.concatenate([labelled.weight, *(p for _, _, p in parts)]),
    )


def _by_night(
    values: np.ndarray,
    night: np.ndarray,
    function: Callable[[pd.Timestamp, np.ndarray], np.ndarray],
) -> np.ndarray:
    """`function(night, values)` of the rows of each night, in the order of the rows."""
    parts = [(night == n, function(pd.Timestamp(n), values[night == n])) for n in np.unique(night)]
    if not parts:
        return values
    out = np.full((len(values), *parts[0][1].shape[1:]), np.nan)
    for mask, part in parts:
        out[mask] = part
    return out


def _typology_classes(labels: pd.DataFrame) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Class of each row, and the typologies in the order of their classes.

    Class 0 is honest. Typologies with too few verdicts join the commonest. None if there is but
    one typology.
    """
    kinds = labels.loc[labels["confirmed"] == 1, "typology"].value_counts()
    names = sorted(kinds.index[kinds >= MIN_VERDICTS_PER_CLASS], key=str)
    if len(names) < 2:
        return None, ()
    number = {name: i for i, name in enumerate(names, 1)}
    found = labels["typology"].map(number).fillna(number[kinds.index[0]]).to_numpy(dtype=np.int64)
    return np.where(labels["confirmed"].to_numpy() == 1, found, 0), tuple(names)
