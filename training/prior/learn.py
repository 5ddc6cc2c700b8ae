"""Learning of a combination over families of simulated worlds.

Each family weighs the same, whatever its size. Tables are dropped at random while it learns, and so
are the peers, so that it works with what a platform delivers and with few entities. What is said of
it is measured on families left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.declaration import OPERATOR
from features.peers.comparison import Comparison
from training.declaration import FITTING
from training.estimator.calibration import Calibration, isotonic
from training.estimator.combination import Combination, any_ensemble
from training.estimator.stage import fit_stage
from training.prior.examples import Examples, examples_of, inputs_of
from training.prior.reference import reference_of, references_without
from training.prior.world_frames import TYPOLOGIES, WorldFrame

FAMILY_FOLDS = 4  # in which families are left out to calibrate
LEARNING: dict[str, float | int | str] = {
    "min_data_in_leaf": 40,
    "monotone_constraints_method": "advanced",  # ADR-0376
}
ROUNDS, OPERATOR_ROUNDS = 250, 120  # worlds have few operators (ADR-0376)


@dataclass(frozen=True)
class Learned:
    """A learned combination with its calibration.

    Attributes
    ----------
    combination
        The trees, without peers.
    calibration
        From raw log-odds to probabilities, on families left out.
    left_out
        Raw log-odds of rows by trees of other families, with their truth, weights, families,
        worlds and entities, and whether all tables were there: what the calibration was fitted on.
    scores
        Entities of complete worlds by trees of other families: columns family, world, entity_id,
        owner, raw and truth (NaN where it is not known).
    """

    combination: Combination
    calibration: Calibration
    left_out: dict[str, np.ndarray]
    scores: pd.DataFrame


def fit_combination(
    examples: Examples,
    columns: list[str],
    entity: str,
    size_signals: tuple[str, ...] = (),
    reference: Comparison | None = None,
) -> Combination:
    """Fit the trees on all examples; `reference` is what they compare with afterwards."""
    bare = Combination(columns, TYPOLOGIES[entity], (), size_signals, reference=reference)
    settings = FITTING | LEARNING | bare.constraints
    stage = fit_stage(
        examples.inputs, examples.targets, examples.weight, settings, rounds_of(entity)
    )
    return replace(bare, stages=(stage,))


def learn(
    frames: Sequence[WorldFrame],
    columns: list[str],
    size_signals: tuple[str, ...] = (),
    live: bool = False,
) -> Learned:
    """Learn a combination, and calibrate it on families left out.

    Parameters
    ----------
    frames
        Frames of one kind of entity, of at least two families.
    columns
        Names of the signals to read.
    size_signals
        Signals by which peers are of a like size.
    live
        Whether it is for running sessions, of which the operator's level is not known.
    """
    entity, references = frames[0].entity, {}
    if not live:
        references = references_without(frames, columns, size_signals)
    examples = examples_of(frames, columns, size_signals, owned=not live, references=references)
    families = sorted(set(examples.family))
    z, scores = np.full(examples.targets.shape, np.nan), []
    for k in range(min(FAMILY_FOLDS, len(families))):
        out = np.isin(examples.family, families[k::FAMILY_FOLDS])
        part = fit_combination(
            examples.of(~out), columns, entity, size_signals, references.get(families[k])
        )
        z[out] = part.stages[0].log_odds(examples.inputs[out])
        for f in frames:
            if f.family in families[k::FAMILY_FOLDS]:
                scores.append(scores_of(replace(part, reference=references.get(f.family)), f))
    every = reference_of(frames, columns, size_signals) if references else None
    whole = fit_combination(examples, columns, entity, size_signals, every)
    raw = any_ensemble(z)
    truth = any_target(examples.targets)
    known = np.isfinite(truth) & np.isfinite(raw)
    return Learned(
        whole,
        isotonic(raw[known], truth[known], examples.weight[known]),
        {
            "raw": raw[known],
            "truth": truth[known],
            **{
                name: getattr(examples, name)[known]
                for name in ("weight", "family", "world", "entity", "complete")
            },
        },
        pd.concat(scores, ignore_index=True),
    )


def rounds_of(entity: str) -> int:
    """Rounds of boosting of a combination for one kind of entity."""
    return OPERATOR_ROUNDS if entity == OPERATOR else ROUNDS


def scores_of(trees: Combination, frame: WorldFrame) -> pd.DataFrame:
    """Raw scores of all entities of a world; the operators of operators are themselves."""
    values = frame.signals.reindex(columns=trees.columns).to_numpy(dtype=float)
    if not np.isfinite(values).any():
        values = values[:0]
    x = None
    if len(values):
        compared = trees.columns, trees.size_signals, frame.owner, trees.reference
        x = inputs_of(values, *compared)
    index = frame.signals.index[: len(values)]
    return pd.DataFrame(
        {
            "family": frame.family,
            "world": frame.world,
            "entity_id": index,
            "owner": index if frame.owner is None else frame.owner[: len(values)],
            "raw": np.zeros(0) if x is None else any_ensemble(trees.log_odds_of(x)),
            "truth": frame.any_fraud[: len(values)],
        }
    )


def any_target(targets: np.ndarray) -> np.ndarray:
    """1 where any typology is planted, 0 where all are known not to be, else NaN."""
    clean = (targets == 0).all(axis=1)
    return np.where((targets == 1).any(axis=1), 1.0, np.where(clean, 0.0, np.nan))
