"""What a night would say of all sessions, orders and operators that it may judge of an unseen world, beside planted truth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import worlds
from features import engine
from features.declare import SESSION
from features.deviance import signals_of
from features.facts import points_of
from features.pooling import pooled_points, shown
from serving.attributed import Looked, look
from serving.inputs import OWNED
from serving.scored import MODEL_OF
from serving.scorer import weighed
from serving.yardsticks import STEADY
from training.dataset import by_name
from training.declare import Model
from training.fit import rules_score
from training.models.all import BY_NAME
from training.release import Released, load


@dataclass(frozen=True)
class InTurns:
    """Single views of more sessions than a night looks at, as many at a time as it does."""

    parts: tuple[Looked, ...]

    def moved(self, probability: np.ndarray, sessions: pd.Index, which: str = "judged") -> np.ndarray:
        """As `Looked.moved`, each session among those that were looked at with it."""
        for part in self.parts:
            probability = np.where(sessions.isin(part.evidence.index), part.moved(probability, sessions, which), probability)
        return probability


@dataclass(frozen=True)
class Judgement:
    """A model compared with tonight's, signals of what it is asked about, planted truth, operators, and single views where it judges sessions."""

    released: Released
    signals: pd.DataFrame
    guilty: np.ndarray
    owner: pd.Series
    looked: InTurns | None = None

    @property
    def together(self) -> bool:
        """Whether a night weighs what the model scores with the operator's others: sessions and orders, but not one that is running."""
        return self.released.model.entity in OWNED and not self.released.model.live

    def held(self, showed: pd.DataFrame | None = None, which: str = "judged") -> tuple[np.ndarray, np.ndarray]:
        """Scores, which rank as a night does, and probabilities."""
        owner = self.owner if self.together else None
        raw, _, probability = weighed(self.released, self.signals, self.signals, owner, None, showed, self.looked, which)
        return ranking(probability, raw), probability

    def showed(self) -> pd.Series:
        """Log-odds that these sessions or orders showed of their operators, as a night tells its ranker (`features/pooling.py`)."""
        own = weighed(self.released, self.signals, self.signals, looked=self.looked)[1]
        return shown(own, self.owner)["log_odds"]

    def scorers(self, showed: pd.DataFrame | None = None) -> dict[str, np.ndarray]:
        """Scores of the model as a night gives them, of its controls, and of a night without any label."""
        released, signals = self.released, self.signals
        control = signals[released.no_graph.columns].to_numpy()
        points = points_of(signals[released.columns], released.model.entity).sum(axis=1).to_numpy()
        own = {} if released.model.live else {"own signals alone": released.raw(signals[released.columns].to_numpy())}
        return {
            "model": self.held(showed)[0],
            **own,
            "no graph": released.no_graph.among(control).raw(control),
            "rules only": rules_score(signals),
            "no labels": pooled_points(points, self.owner) if self.together else points,
        }


Judged = dict[str, Judgement]  # by model


def judged(lake: Path, model: Model, as_of: datetime, without: tuple[str, ...] = ()) -> tuple[pd.DataFrame, np.ndarray, pd.Series]:
    """Signals, planted truth and group (operator) of what a night at `as_of` may judge of an unseen world, some tables not delivered."""
    tables = {name: table for name, table in engine.duckdb_tables(lake, as_of).items() if name not in without}
    if model.entity == "session":
        s = tables["sessions"]
        owner = (
            s.filter(s.received_at >= as_of - timedelta(days=14))
            .select("session_id", "operator_id")
            .to_pandas()
            .set_index("session_id")["operator_id"]
        )
        guilty = set(worlds.fraudulent_sessions(lake).index)
    elif model.entity == "order":
        o = tables["orders"]
        owner = (
            o.filter(o.received_at >= as_of - timedelta(days=7))
            .select("order_id", "operator_id")
            .to_pandas()
            .set_index("order_id")["operator_id"]
        )
        guilty = set(worlds.truth(lake, "orders")["order_id"])
    else:
        owner, guilty = None, worlds.guilty_operators(lake)
    signals = signals_of(tables, model.signals, model.entity, None if owner is None else sorted(owner.index))
    group = pd.Series(signals.index, index=signals.index) if owner is None else owner.reindex(signals.index)
    return signals, np.isin(signals.index, list(guilty)).astype(int), group


def judgement(models: Path, lake: Path, name: str, as_of: datetime, without: tuple[str, ...] = ()) -> Judgement:
    """What a released model says of an unseen world at `as_of`, compared with what is there; of sessions by their single views too."""
    signals, guilty, owner = judged(lake, BY_NAME[name], as_of, without)
    alone = Judgement(load(models, name).among(signals), signals, guilty, owner)
    if name != MODEL_OF[SESSION] or "views" in without:
        return alone
    return Judgement(
        alone.released, signals, guilty, owner, looked_at(models, lake, as_of, pd.Series(alone.held()[1], index=signals.index))
    )


def looked_at(models: Path, lake: Path, as_of: datetime, probability: pd.Series) -> InTurns:
    """Single views of sessions, as many sessions at a time as a night compares; `probability`: by everything else, index session."""
    tables, released = engine.duckdb_tables(lake, as_of), load(models, "view_authenticity")
    some = by_name(probability.index, len(probability))
    turns = [probability[some[i : i + STEADY]] for i in range(0, len(some), STEADY)]
    found = [look(tables, released, turn.sort_index()) for turn in turns]
    return InTurns(tuple(part for part in found if part is not None))


def told_of_operators(judgements: Judged) -> pd.DataFrame:
    """What the sessions and orders that were judged showed of their operators."""
    return pd.DataFrame({one.released.model.entity: one.showed() for one in judgements.values() if one.together})


def ranking(probability: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Scores that rank by probability and, where calibration made equal, by the raw score."""
    return np.unique(np.column_stack((probability, raw)), axis=0, return_inverse=True)[1].ravel().astype(float)
