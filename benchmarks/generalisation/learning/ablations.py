"""What each part of the learned combination pays on families left out: it learns without it.

`python -m benchmarks.generalisation.learning.ablations` keeps the rows; the page reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from benchmarks.generalisation.learn_prior import progress
from benchmarks.generalisation.learning.left_out_priors import thinned
from benchmarks.generalisation.results import FOLDER
from benchmarks.generalisation.worlds import TEACHING_SEEDS, frames, teaching
from features.catalogue import signals_named
from features.declaration import Unit
from features.peers.comparison import peer_width
from training.declaration import FITTING, Model
from training.estimator.combination import Combination, any_ensemble
from training.estimator.stage import fit_stage
from training.models.registry import BY_NAME
from training.prior.examples import Examples, examples_of
from training.prior.learn import FAMILY_FOLDS, LEARNING, any_target, rounds_of
from training.prior.reference import reference_of, references_without
from training.prior.world_frames import TYPOLOGIES, WorldFrame

MODELS = ("session_inflation", "order_brushing", "operator_rank")
NOTHING, CONSTRAINTS, DROPPED = "nothing", "monotone constraints", "copies with tables dropped"
COLUMNS = ("model", "without", "all tables", "tables dropped", "no peers")


def input_parts(columns: Sequence[str], width: int) -> dict[str, np.ndarray]:
    """Masks of the inputs of each part of a combination, shape (width,), by name.

    Anomaly scores are signals, so their inputs are in other parts too.
    """
    signals = signals_named(columns)
    n, peers = len(signals), peer_width(signals)
    place = np.arange(width)
    block = np.where(place < 3 * n, place // n, 3)
    block[place >= peers] = 4
    scores = np.array([s.unit is Unit.ANOMALY_SCORE for s in signals])
    of_scores = np.zeros(width, dtype=bool)
    of_scores[: 3 * n] = np.tile(scores, 3)
    names = ("ranks", "deviations", "own levels", "summaries of sparse evidence", "reference")
    found = {name: block == k for k, name in enumerate(names) if (block == k).any()}
    if scores.any():
        if width > peers:
            of_scores[peers : peers + 2 * n] = np.tile(scores, 2)
        found["anomaly scores"] = of_scores
    return found


def ablations(given: Sequence[WorldFrame], model: Model) -> list[list[Any]]:
    """Average precision without each part: rows of `COLUMNS`, families in folds left out."""
    read = model.columns, model.size_signals
    references = references_without(given, *read)
    examples = examples_of(given, *read, references=references)
    parts = input_parts(model.columns, examples.inputs.shape[1])
    reference = reference_of(given, *read) if references else None
    kinds = TYPOLOGIES[model.entity]
    combination = Combination(model.columns, kinds, (), model.size_signals, reference=reference)
    settings = FITTING | LEARNING | combination.constraints
    rows = []
    for name in (NOTHING, *parts, CONSTRAINTS, DROPPED):
        hidden = parts.get(name, np.zeros(examples.inputs.shape[1], dtype=bool))
        free = {"monotone_constraints": [0] * len(hidden)} if name == CONSTRAINTS else {}
        z = _left_out(examples, hidden, settings | free, rounds_of(model.entity), name == DROPPED)
        figures = _figures(examples, z, peer_width(signals_named(model.columns)))
        rows.append([model.name, name, *figures])
        progress(f"{model.name} without {name}: {figures}")
    return rows


def _left_out(
    examples: Examples,
    hidden: np.ndarray,
    settings: Mapping[str, Any],
    rounds: int,
    whole_only: bool,
) -> np.ndarray:
    """Log-odds of rows by trees of the families of other folds, shape (n,)."""
    families, z = sorted(set(examples.family)), np.full(examples.targets.shape, np.nan)
    x = examples.inputs.copy()
    x[:, hidden] = np.nan
    for k in range(min(FAMILY_FOLDS, len(families))):
        out = np.isin(examples.family, families[k::FAMILY_FOLDS])
        taught = ~out & (examples.complete | (not whole_only))
        stage = fit_stage(
            x[taught], examples.targets[taught], examples.weight[taught], dict(settings), rounds
        )
        z[out] = stage.log_odds(x[out])
    return any_ensemble(z)


def _figures(examples: Examples, z: np.ndarray, peers: int) -> list[float]:
    """Mean over families of the average precision on each kind of copy of their worlds."""
    truth = any_target(examples.targets)
    bare = np.isnan(examples.inputs[:, :peers]).all(axis=1)
    out = []
    for kind in (examples.complete, ~examples.complete & ~bare, bare):
        known, found = kind & np.isfinite(truth) & np.isfinite(z), []
        for family in np.unique(examples.family[known]):
            mine = known & (examples.family == family)
            if 0 < truth[mine].sum() < mine.sum():
                found.append(average_precision_score(truth[mine], z[mine]))
        out.append(round(float(np.mean(found)), 3) if found else float("nan"))
    return out


def main() -> None:
    """Learn each model without each part, and keep what is found for the page."""
    given, rows = frames(TEACHING_SEEDS), []
    for model in (BY_NAME[name] for name in MODELS):
        mine = [thinned(f) for f in teaching(given, model.entity)]
        rows += ablations(mine, model)
    FOLDER.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=COLUMNS).to_parquet(FOLDER / "ablations.parquet")


if __name__ == "__main__":
    main()
