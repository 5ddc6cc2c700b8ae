"""Verdicts as a platform would give them: from the top of the ranking, at random, some wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training.dataset.frame import Dataset
from training.dataset.splits import side
from training.prior.world_frames import WorldFrame

COUNTS = (20, 60, 200)
WRONG_SHARE = 0.05
NIGHT = pd.Timestamp("2026-01-01")  # all entities of a world are compared in one night


def operators_of(frame: WorldFrame) -> pd.Series:
    """Operator of each entity; the entity itself where none is known."""
    names = pd.Series(frame.signals.index, frame.signals.index, dtype=object)
    if frame.owner is None:
        return names
    owner = pd.Series(frame.owner, frame.signals.index, dtype=object)
    return owner.where(owner.notna(), names)


def judged_half(operators: pd.Series) -> np.ndarray:
    """Entities of the half of the operators that get no verdicts; shape (n,)."""
    return operators.astype(str).map(side).to_numpy() >= 0.5


def draw(frame: WorldFrame, score: np.ndarray, eligible: np.ndarray, seed: int) -> pd.DataFrame:
    """Labels of a world's entities: columns confirmed, typology, audited and `place`.

    Places count from 0 in the order of delivery: in turn the next from the top of the ranking, and
    one at random (audited). Entities without a verdict have place NaN.

    Parameters
    ----------
    frame
        The world, whose planted truth is what a reviewer sees but for `WRONG_SHARE`.
    score
        Ranking without verdicts, shape (n,).
    eligible
        Entities that may get a verdict, shape (n,).
    seed
        Of the draw.
    """
    rng, truth = np.random.default_rng(seed), frame.any_fraud
    able = np.flatnonzero(eligible & np.isfinite(truth))
    top = able[np.argsort(-score[able], kind="stable")]
    chance, taken, order = rng.permutation(able), set(), []
    queues = [iter(top), iter(chance)]
    for turn in range(min(max(COUNTS), len(able))):
        pick = next(i for i in queues[turn % 2] if i not in taken)
        taken.add(pick)
        order.append(pick)
    place, audited = np.full(len(truth), np.nan), np.zeros(len(truth), dtype=bool)
    place[order] = np.arange(len(order))
    audited[order[1::2]] = True
    wrong = rng.random(len(truth)) < WRONG_SHARE
    confirmed = np.where(wrong, 1.0 - truth, truth)
    names = np.array(frame.targets.columns, dtype=object)
    kind = names[np.nan_to_num(frame.targets.to_numpy(dtype=float)).argmax(axis=1)]
    return pd.DataFrame(
        {
            "confirmed": confirmed,
            "typology": np.where(confirmed == 1, kind, ""),
            "audited": audited,
            "place": place,
        },
        index=frame.signals.index,
    )


def dataset_of(frame: WorldFrame, columns: list[str], labels: pd.DataFrame) -> Dataset:
    """A world as the training frame of a model: all its entities, compared with one another."""
    signals = frame.signals.reindex(columns=columns)
    index, operators = signals.index, operators_of(frame)
    return Dataset(
        signals=signals,
        labels=labels,
        received=pd.Series(NIGHT, index),
        group=operators,
        night=pd.Series(NIGHT, index),
        entity=pd.Series(index, index, dtype=object),
        owner=frame.owner,
        peer_signals={NIGHT: signals},
        peer_owner={} if frame.owner is None else {NIGHT: frame.owner},
    )
