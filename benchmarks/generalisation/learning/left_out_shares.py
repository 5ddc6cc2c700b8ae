"""Share models learned without a family, each fit of which also judges the family for the others."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.generalisation.learn_prior import progress
from benchmarks.generalisation.learning.learn_shares import (
    FAMILIES_FOLDER,
    counted_sessions,
    left_out_orders,
)
from features.declaration import SESSION
from training.estimator.share_prior import MEASURES, OrderShares, SharePrior
from training.models.order_brushing import MODEL as ORDER_MODEL
from training.models.session_inflation import MODEL as SESSION_MODEL
from training.prior.band_fitting import inflated
from training.prior.learn import Learned
from training.prior.share_models import (
    Boosters,
    Predicted,
    ShareExamples,
    fit_boosters,
    learn_orders,
    share_examples,
    share_model,
)
from training.prior.world_frames import WorldFrame

Group = tuple[str, ...]  # families that are left out together


def shares_without(
    frames: Sequence[WorldFrame],
    learned: Mapping[Group, Mapping[str, Learned]],
    folder: Path = FAMILIES_FOLDER,
) -> dict[Group, SharePrior]:
    """Share models without each group of families.

    Parameters
    ----------
    frames
        Frames of worlds of all families.
    learned
        What was learned without each group, by model.
    folder
        Folder of the lakes; their truth lies beside them.
    """
    start = time.monotonic()
    sessions = [f for f in frames if f.entity == SESSION]
    worlds = [f for f in sessions if (folder / f.world).exists()]
    if not worlds:
        return {}
    counted = {f.world: counted_sessions(folder / f.world) for f in worlds}
    examples = share_examples(worlds, counted, SESSION_MODEL)
    boosters: dict[str, dict[Group, Boosters]] = {}
    predicted: dict[str, Predicted] = {}
    for j, measure in enumerate(MEASURES):
        boosters[measure], predicted[measure] = _by_others(examples, j, list(learned))
    orders, out = _orders(learned, folder), {}
    for group in learned:
        rest = ~np.isin(examples.family, group)
        models = {
            measure: share_model(
                _of(examples, rest),
                j,
                (predicted[measure][0][rest], predicted[measure][1][rest]),
                boosters[measure][group],
            )[0]
            for j, measure in enumerate(MEASURES)
            if group in boosters[measure]
        }
        said = {"families": sorted(set(examples.family[rest]))}
        columns, sizes = SESSION_MODEL.columns, SESSION_MODEL.size_signals
        out[group] = SharePrior(columns, sizes, models, orders.get(group), said)
    progress(f"shares of {len(worlds)} worlds: {time.monotonic() - start:.0f} s")
    return out


def _by_others(
    examples: ShareExamples, j: int, groups: Sequence[Group]
) -> tuple[dict[Group, Boosters], Predicted]:
    """Boosters without each group, and what they predict of it: log-odds and share."""
    counts, truth = examples.counted[:, j], examples.shares[:, j]
    figure, bad = counts > 0, inflated(truth, counts)
    z, share = np.full(len(truth), np.nan), np.full(len(truth), np.nan)
    boosters: dict[Group, Boosters] = {}
    for group in groups:
        out = np.isin(examples.family, group)
        if not (bad & ~out).any():
            continue
        boosters[group] = fit_boosters(examples, j, figure & ~out)
        mine = figure & out
        if mine.any():
            z[mine] = boosters[group][0].predict(examples.inputs[mine], raw_score=True)
            share[mine] = np.clip(boosters[group][1].predict(examples.inputs[mine]), 0.0, 1.0)
    return boosters, (z, share)


def _of(examples: ShareExamples, rows: np.ndarray) -> ShareExamples:
    return ShareExamples(*(getattr(examples, f.name)[rows] for f in fields(examples)))


def _orders(
    learned: Mapping[Group, Mapping[str, Learned]], folder: Path
) -> dict[Group, OrderShares | None]:
    """What is taken from orders, by what was learned without each group."""
    return {
        group: learn_orders(left_out_orders(by[ORDER_MODEL.name], folder))
        for group, by in learned.items()
        if ORDER_MODEL.name in by
    }
