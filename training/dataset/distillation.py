"""What nobody judged, by what a model that sees more holds of it: the nightly model teaches the one for running sessions.

A running session shows counters and nothing else; when it is over, the same session has viewers with devices, stays and other rooms,
and a model that knows almost surely. One session in ten or so gets a verdict. The others teach as well, each with the
probability that the nightly model gives it: once as honest and once as inflated, weighted.

Source: learning from privileged information by distillation (Lopez-Paz, Bottou, Schölkopf and Vapnik, ICLR 2016). Where it fails: what
the teacher misses, the pupil learns to call honest. So verdicts count as they are, and what a teacher holds never replaces one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from data_contracts.lake import Lake
from features.catalogue import BY_NAME
from features.declaration import SESSION
from features.engine.snapshot import Snapshot
from features.signals.peer_deviation import signals_of
from training.dataset.replay import WEEK, Dataset, Fortnights, by_name, prefixes_of, recall
from training.declaration import Model
from training.estimator.calibration import Calibration
from training.estimator.ensemble import Trees

MOST = 10_000  # sessions a week that are learnt from without a verdict, chosen by their names


@dataclass(frozen=True)
class Unjudged:
    """Rows without a verdict: signals (n, signals), the night and group of each, and the probability of each typology.

    `held`: frame (n, typologies) in the teacher's words; one column named "" where it tells none apart. `any`: (n,), of at least one.
    """

    signals: pd.DataFrame
    night: np.ndarray
    group: np.ndarray
    held: pd.DataFrame
    any: np.ndarray

    def __len__(self) -> int:
        return len(self.signals)

    def apart_from(self, groups: set[str]) -> Unjudged:
        """Those of other groups: what is held of a group's sessions is not learnt from where that group is judged by what was learnt."""
        keep = ~np.isin(self.group, list(groups))
        return Unjudged(
            self.signals[keep], self.night[keep], self.group[keep], self.held[keep], self.any[keep]
        )


def held_by(
    trees: Trees, calibration: Calibration, signals: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    """What a teacher holds of the sessions of one night: probability of each typology, shape (n, typologies), and of any, shape (n,)."""
    values = signals[trees.columns].to_numpy()
    tonight = trees.among(values)
    any_of = calibration(tonight.raw(values))
    if not trees.typologies:
        return pd.DataFrame({"": any_of}, index=signals.index), any_of
    shares = np.minimum(tonight.shares(values), 1.0) * any_of[:, None]
    return pd.DataFrame(shares, index=signals.index, columns=list(trees.typologies)), any_of


def unjudged(
    lake: Lake,
    model: Model,
    data: Dataset,
    teacher: Trees,
    calibration: Calibration,
    until: datetime,
    groups: dict[str, str],
    progress: Callable[[str], None] = lambda name: None,
    fortnights: Fortnights | None = None,
) -> Unjudged:
    """Sessions of the nights of `data` without a verdict at `until`, as they stood after each prefix of `model` and at their end.

    `teacher`: trees over nightly signals of sessions, with their `calibration`. `groups`, `fortnights`: as for `training.dataset.replay.build`.
    """
    known, judged = Snapshot.open(lake, until), set(data.entity)
    signals, held, any_of, nights, owners = [], [], [], [], []
    for moment in sorted(pd.to_datetime(data.night).unique()):
        progress(f"{model.name}: what its teacher holds of sessions before {moment:%Y-%m-%d}")
        s = known["sessions"]
        s = (
            s.filter((s.received_at >= moment - WEEK) & (s.received_at < moment))
            .select("session_id", "operator_id")
            .to_pandas()
        )
        owner = s.set_index("session_id")["operator_id"]
        ids = by_name(set(owner.index) - judged, MOST)
        if not ids:
            continue
        tables = Snapshot.open(lake, moment.to_pydatetime())
        recall(fortnights or {}, moment.to_pydatetime(), tables)
        whole = signals_of(tables, tuple(BY_NAME[c] for c in teacher.columns), SESSION, ids)
        shares, p = held_by(teacher, calibration, whole)
        rows, entity = prefixes_of(tables, model, ids)
        at = whole.index.get_indexer(entity)
        rows, entity, at = rows[at >= 0], entity[at >= 0], at[at >= 0]
        signals.append(rows)
        held.append(shares.iloc[at])
        any_of.append(p[at])
        nights.append(np.full(len(rows), moment.to_datetime64()))
        owners.append(np.array([groups.get(o, o) for o in owner.reindex(entity)], dtype=object))
    if not signals:
        columns = list(teacher.typologies) or [""]
        none = np.zeros(0, dtype=object)
        return Unjudged(
            pd.DataFrame(columns=model.columns, dtype=float),
            none,
            none,
            pd.DataFrame(columns=columns, dtype=float),
            np.zeros(0),
        )
    return Unjudged(
        pd.concat(signals, ignore_index=True),
        np.concatenate(nights),
        np.concatenate(owners),
        pd.concat(held, ignore_index=True),
        np.concatenate(any_of),
    )
