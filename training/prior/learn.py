"""Learning of a combination over families of simulated worlds.

Each family weighs the same, whatever its size. Tables are dropped at random while it learns, so
that it works with what a platform delivers. What is said of it is measured on families left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from features.catalogue import signals_named
from features.peers.comparison import compare
from training.declaration import FITTING
from training.estimator.calibration import Calibration, isotonic
from training.estimator.combination import Combination, any_ensemble, fit_stage
from training.prior.world_frames import TYPOLOGIES, WorldFrame

MAX_ROWS_PER_WORLD = 4000
MASKED_COPIES = 1  # of each world, with tables dropped at random
DROPPED_TABLE_SHARE, KNOWN_OWNER_SHARE = 0.3, 0.7
DROPPABLE_TABLES = (
    "views",
    "interactions",
    "orders",
    "room_minutes",
    "accounts",
    "parcels",
    "refunds",
    "reviews",
    "operators",
)
FAMILY_FOLDS = 4  # in which families are left out to calibrate
LEARNING: dict[str, float | int | str] = {"min_data_in_leaf": 40}
ROUNDS = 250


@dataclass(frozen=True)
class Examples:
    """Inputs (n, inputs), targets (n, typologies), weights (n,), and whose they are (n,)."""

    inputs: np.ndarray
    targets: np.ndarray
    weight: np.ndarray
    family: np.ndarray
    world: np.ndarray
    entity: np.ndarray
    complete: np.ndarray

    def of(self, mask: np.ndarray) -> Examples:
        """The rows of a mask."""
        return Examples(*(getattr(self, f.name)[mask] for f in fields(self)))


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


def examples_of(
    frames: Sequence[WorldFrame],
    columns: list[str],
    size_signals: tuple[str, ...] = (),
    seed: int = 0,
    owned: bool = True,
) -> Examples:
    """Examples of worlds: each as it is, and copies with tables dropped at random."""
    rng = np.random.default_rng(seed)
    parts = []
    worlds = {f.family: sum(g.family == f.family for g in frames) for f in frames}
    for frame in frames:
        copies = masked_copies(frame, rng, owned)
        targets = frame.targets.to_numpy(dtype=float)
        known = _spread(np.isfinite(targets).any(axis=1), MAX_ROWS_PER_WORLD)
        for k, copy in enumerate(copies):
            values = copy.signals.reindex(columns=columns).to_numpy(dtype=float)
            if not np.isfinite(values).any():
                continue
            x = inputs_of(values, columns, size_signals, copy.owner)[known]
            weight = 1e3 / (worlds[frame.family] * len(copies) * max(known.sum(), 1))
            parts.append(
                (
                    x,
                    targets[known],
                    np.full(len(x), weight),
                    np.full(len(x), frame.family, dtype=object),
                    np.full(len(x), frame.world, dtype=object),
                    frame.signals.index[known].to_numpy(dtype=object),
                    np.full(len(x), k == 0),
                )
            )
    return Examples(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _spread(mask: np.ndarray, most: int) -> np.ndarray:
    """At most so many rows of a mask, spread evenly over it."""
    rows = np.flatnonzero(mask)
    kept = rows[:: max(1, -(-len(rows) // most))]
    return np.isin(np.arange(len(mask)), kept)


def masked_copies(
    frame: WorldFrame, rng: np.random.Generator, owned: bool = True
) -> list[WorldFrame]:
    """The frame as it is, and `MASKED_COPIES` of it with tables dropped at random."""
    copies = [frame.without_tables(set(), owned)]
    for _ in range(MASKED_COPIES):
        lost = {t for t in DROPPABLE_TABLES if rng.random() < DROPPED_TABLE_SHARE}
        copies.append(frame.without_tables(lost, owned and bool(rng.random() < KNOWN_OWNER_SHARE)))
    return copies


def inputs_of(
    values: np.ndarray, columns: list[str], size_signals: tuple[str, ...], owner: np.ndarray | None
) -> np.ndarray:
    """Inputs of entities that are compared with one another."""
    signals = signals_named(columns)
    peers = compare(signals, values, size_signals, owner)
    return peers.inputs(values, owner)


def fit_combination(
    examples: Examples,
    columns: list[str],
    entity: str,
    size_signals: tuple[str, ...] = (),
    rounds: int = ROUNDS,
) -> Combination:
    """Fit the trees on all examples."""
    bare = Combination(columns, TYPOLOGIES[entity], (), size_signals)
    settings = FITTING | LEARNING | bare.constraints
    stage = fit_stage(examples.inputs, examples.targets, examples.weight, settings, rounds)
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
    entity = frames[0].entity
    examples = examples_of(frames, columns, size_signals, owned=not live)
    families = sorted(set(examples.family))
    z, scores = np.full(examples.targets.shape, np.nan), []
    for k in range(min(FAMILY_FOLDS, len(families))):
        out = np.isin(examples.family, families[k::FAMILY_FOLDS])
        part = fit_combination(examples.of(~out), columns, entity, size_signals)
        z[out] = part.stages[0].log_odds(examples.inputs[out])
        scores += [scores_of(part, f) for f in frames if f.family in families[k::FAMILY_FOLDS]]
    whole = fit_combination(examples, columns, entity, size_signals)
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


def scores_of(trees: Combination, frame: WorldFrame) -> pd.DataFrame:
    """Raw scores of all entities of a world; the operators of operators are themselves."""
    values = frame.signals.reindex(columns=trees.columns).to_numpy(dtype=float)
    if not np.isfinite(values).any():
        values = values[:0]
    x = inputs_of(values, trees.columns, trees.size_signals, frame.owner) if len(values) else None
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
