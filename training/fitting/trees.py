"""Fit a combination on verdicts, beginning from the prior, and score rows of a training frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from features.declaration import VIEW
from training.dataset.frame import Dataset
from training.dataset.labels import row_weights, weights
from training.declaration import FITTING, ROUNDS, Model
from training.estimator.combination import Combination, any_ensemble
from training.estimator.prior import load_prior
from training.estimator.stage import Stage, fit_stage

MIN_VERDICTS_PER_CLASS = 10  # below which no ensemble is fitted on verdicts
MIN_ROWS_PER_LEAF = 3
MIN_ROUNDS = 10  # of boosting; a round for each verdict above it, up to `ROUNDS`
ROWS_PER_LEAF_SHARE = 0.05  # of the verdicts: few verdicts make few leaves


def fit_trees(
    model: Model, data: Dataset, rows: np.ndarray, hidden: tuple[str, ...] = ()
) -> Combination:
    """Fit a stage of trees on the verdicts of some rows, on top of the prior (ADR-0062).

    Parameters
    ----------
    model
        The model, whose settings hold.
    data
        The training frame.
    rows
        Mask of the rows to learn from.
    hidden
        Signals that are taken for unknown: those of graphs, for the control without them.
    """
    found = without_verdicts(model, hidden)
    x = inputs_of(found, data)[rows]
    labels = data.labels[rows]
    targets = _targets(model, labels, begins_from_prior=bool(found.stages))
    weight = (row_weights if model.entity == VIEW else weights)(labels)
    leaf = max(MIN_ROWS_PER_LEAF, int(ROWS_PER_LEAF_SHARE * len(x)))
    start = found.log_odds_of(x)
    if not found.stages:
        start = np.zeros(start.shape)
    settings = FITTING | model.parameters | {"min_data_in_leaf": leaf}
    rounds = int(np.clip(weight.sum(), MIN_ROUNDS, ROUNDS))
    stage = fit_stage(x, targets, weight, settings | found.constraints, rounds, start)
    if found.stages and len(model.ensembles) > 1:
        # judged entities are selected: how often they are of a typology compares none of them
        stage = replace(stage, offset=(0.0,) * len(model.ensembles))
    peers = data.without(hidden).peers(found.columns, found.size_signals).without_owners()
    return replace(found, stages=(*found.stages, stage), peers=peers)


def without_verdicts(model: Model, hidden: tuple[str, ...] = ()) -> Combination:
    """The prior of a model; a combination without stages where none is released."""
    prior = load_prior(model.name)
    stages: tuple[Stage, ...] = () if prior is None else prior.combination.stages
    columns = model.columns if prior is None else prior.combination.columns
    reference = None if prior is None else prior.combination.reference
    return Combination(
        columns, model.ensembles, stages, model.size_signals, hidden, reference=reference
    )


def inputs_of(trees: Combination, data: Dataset) -> np.ndarray:
    """Inputs of all rows of a training frame, each compared with its own night."""
    peers = data.without(trees.hidden).inputs(trees.columns, trees.size_signals)
    return trees.with_reference(peers, data.signals[trees.columns].to_numpy(dtype=float))


def raw_scores(trees: Combination, data: Dataset, rows: np.ndarray) -> np.ndarray:
    """Raw scores of some rows of a training frame (a mask), each compared with its own night."""
    return any_ensemble(trees.log_odds_of(inputs_of(trees, data)[rows]))


def _targets(model: Model, labels: pd.DataFrame, begins_from_prior: bool) -> np.ndarray:
    """Targets of each ensemble, shape (n, ensembles): 1, 0, or NaN where a verdict says nothing.

    A verdict that names a typology says nothing of the others. Typologies with too few verdicts
    teach every ensemble. Their own stays the prior where another has enough, and a verdict on an
    operator teaches no typology but its own (ADR-0065).
    """
    column = "false" if model.entity == VIEW else "confirmed"
    found = labels[column].to_numpy(dtype=float)
    targets = np.repeat(found[:, None], len(model.ensembles), axis=1)
    if len(model.ensembles) == 1 or "typology" not in labels:
        return targets
    kind, weight = labels["typology"].to_numpy(dtype=object), row_weights(labels)
    many = {
        name: weight[(kind == name) & (found == 1)].sum() >= MIN_VERDICTS_PER_CLASS
        for name in model.ensembles
    }
    bags = ~labels["direct"].to_numpy(dtype=bool) if "direct" in labels else np.False_
    for k, name in enumerate(model.ensembles):
        other = np.array([many.get(t, False) and t != name for t in kind], dtype=bool)
        targets[other & (found == 1), k] = np.nan
        if begins_from_prior:
            targets[bags & (kind != name), k] = np.nan
            if any(many.values()) and not many[name]:
                targets[:, k] = np.nan
    return targets
