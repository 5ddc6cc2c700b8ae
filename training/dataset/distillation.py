"""Distillation: the live model learns from the nightly model's probabilities.

A running session shows counters only. When it is over, the same session has viewers with devices,
stays and other rooms, and the nightly model knows far more. About one session in ten gets a
verdict. The others teach by the nightly model's probability: once as honest and once as inflated,
weighted.

Source: learning from privileged information by distillation (Lopez-Paz, Bottou, Schölkopf and
Vapnik, ICLR 2016). Limit: the live model learns to call honest what the nightly model misses.
Verdicts therefore keep their weight, and a soft label never replaces one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from features.declaration import SESSION
from features.engine.snapshot import Snapshot
from features.signals.peer_deviation import signals_of
from training.dataset.frame import Dataset
from training.dataset.prefixes import prefix_signals
from training.dataset.replay import WEEK, Replay
from training.dataset.sampling import sample_by_hash
from training.declaration import Model
from training.estimator.calibration import Calibration
from training.estimator.ensemble import Trees

MAX_SESSIONS_PER_WEEK = 10_000  # without a verdict


@dataclass(frozen=True)
class SoftLabelled:
    """Rows without a verdict, with a teacher's probabilities as soft labels.

    Attributes
    ----------
    signals
        Shape (n, signals).
    night, group
        Night and group of each row, shape (n,).
    by_typology
        Probability of each typology, shape (n, typologies); one column "" for a single ensemble.
    total
        Probability of at least one typology, shape (n,).
    """

    signals: pd.DataFrame
    night: np.ndarray
    group: np.ndarray
    by_typology: pd.DataFrame
    total: np.ndarray

    def __len__(self) -> int:
        return len(self.signals)

    def without_groups(self, groups: set[str]) -> SoftLabelled:
        """Rows of other groups, so that no group is evaluated by soft labels of its own."""
        keep = ~np.isin(self.group, list(groups))
        return SoftLabelled(
            self.signals[keep],
            self.night[keep],
            self.group[keep],
            self.by_typology[keep],
            self.total[keep],
        )


def soft_labels(
    trees: Trees, calibration: Calibration, signals: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    """A teacher's probabilities for the sessions of one night.

    Returns
    -------
    tuple
        The probability of each typology, shape (n, typologies), and of any, shape (n,).
    """
    values = signals[trees.columns].to_numpy()
    tonight = trees.rebased_on(values)
    total = calibration(tonight.raw(values))
    if not trees.typologies:
        return pd.DataFrame({"": total}, index=signals.index), total
    shares = np.minimum(tonight.typology_shares(values), 1.0) * total[:, None]
    return pd.DataFrame(shares, index=signals.index, columns=list(trees.typologies)), total


def soft_labelled_sessions(
    replay: Replay, model: Model, data: Dataset, teacher: Trees, calibration: Calibration
) -> SoftLabelled:
    """Sessions without a verdict, as they stood after each prefix of a model and at their end.

    Parameters
    ----------
    replay
        The lake as of weekly moments.
    model
        The live model that learns.
    data
        Its training frame: the nights to take sessions from, and the sessions with a verdict.
    teacher
        Trees over nightly signals of sessions.
    calibration
        Calibration of the teacher.
    """
    known, labelled = Snapshot.open(replay.lake, replay.until), set(data.entity)
    parts = []
    for moment in sorted(pd.to_datetime(data.night).unique()):
        replay.progress(f"{model.name}: soft labels of sessions before {moment:%Y-%m-%d}")
        s = known["sessions"]
        s = s.filter((s.received_at >= moment - WEEK) & (s.received_at < moment))
        owner = s.select("session_id", "operator_id").to_pandas()
        owner = owner.set_index("session_id")["operator_id"]
        ids = sample_by_hash(set(owner.index) - labelled, MAX_SESSIONS_PER_WEEK)
        if not ids:
            continue
        snapshot = replay.snapshot(moment.to_pydatetime())
        nightly = signals_of(snapshot, tuple(BY_NAME[c] for c in teacher.columns), SESSION, ids)
        by_typology, total = soft_labels(teacher, calibration, nightly)
        signals, entity = prefix_signals(snapshot, model, ids)
        at = nightly.index.get_indexer(entity)
        signals, entity, at = signals[at >= 0], entity[at >= 0], at[at >= 0]
        group = [replay.group_of(o) for o in owner.reindex(entity)]
        parts.append(
            SoftLabelled(
                signals,
                np.full(len(signals), moment.to_datetime64()),
                np.array(group, dtype=object),
                by_typology.iloc[at],
                total[at],
            )
        )
    return _joined(parts, model, list(teacher.typologies) or [""])


def _joined(parts: list[SoftLabelled], model: Model, typologies: list[str]) -> SoftLabelled:
    """Rows of all nights together."""
    if not parts:
        none = np.zeros(0, dtype=object)
        signals = pd.DataFrame(columns=model.columns, dtype=float)
        by_typology = pd.DataFrame(columns=typologies, dtype=float)
        return SoftLabelled(signals, none, none, by_typology, np.zeros(0))
    return SoftLabelled(
        pd.concat([p.signals for p in parts], ignore_index=True),
        np.concatenate([p.night for p in parts]),
        np.concatenate([p.group for p in parts]),
        pd.concat([p.by_typology for p in parts], ignore_index=True),
        np.concatenate([p.total for p in parts]),
    )
