"""What a night would say of all sessions, orders and operators that it may judge of an unseen world, beside planted truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.harness import worlds
from features import catalogue
from features.declaration import KEY, ORDER, SESSION
from features.engine.snapshot import Snapshot
from features.peers.anomaly_score import anomaly_contributions
from features.posteriors.owner_pooling import pooled_points, shown
from features.signals.peer_deviation import signals_of
from serving.scoring.nightly_models import MODEL_OF
from serving.scoring.posterior import ScoringContext, posterior
from serving.scoring.scope import MIN_COMPARED_SESSIONS, OWNED
from serving.scoring.view_evidence import ViewEvidence, ViewSet, assess_views
from training.dataset.sampling import sample_by_hash
from training.declaration import Model
from training.evaluation.rules_control import rules_score
from training.models.registry import BY_NAME
from training.release.artefact import Released, load

SINCE = {
    SESSION: timedelta(days=14),
    ORDER: timedelta(days=7),
}  # what is judged of those that have owners


@dataclass(frozen=True)
class InTurns:
    """Single views of more sessions than a night looks at, as many at a time as it does."""

    parts: tuple[ViewEvidence, ...]

    def update(
        self,
        probability: np.ndarray,
        sessions: pd.Index,
        views: ViewSet = ViewSet.NON_BUYERS,
    ) -> np.ndarray:
        """As `ViewEvidence.update`, each session among those that were assessed with it."""
        for part in self.parts:
            probability = np.where(
                sessions.isin(part.log_factors.index),
                part.update(probability, sessions, views),
                probability,
            )
        return probability


@dataclass(frozen=True)
class Judgement:
    """A model compared with tonight's, signals of what it is asked about, planted truth, operators, and single views where it judges sessions."""

    released: Released
    signals: pd.DataFrame
    guilty: np.ndarray
    owner: pd.Series
    view_evidence: InTurns | None = None

    @property
    def together(self) -> bool:
        """Whether a night weighs what the model scores with the operator's others: sessions and orders, but not one that is running."""
        return self.released.model.entity in OWNED and not self.released.model.live

    def held(
        self, showed: pd.DataFrame | None = None, views: ViewSet = ViewSet.NON_BUYERS
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores, which rank as a night does, and probabilities."""
        owner = self.owner if self.together else None
        context = ScoringContext(self.signals, owner, None, showed, self.view_evidence)
        found = posterior(self.released, context, views)
        probability = found["pooled"].to_numpy()
        return ranking(probability, found["raw"].to_numpy()), probability

    def showed(self) -> pd.Series:
        """Log-odds that these sessions or orders showed of their operators, as a night tells its ranker (`features/posteriors/owner_pooling.py`)."""
        context = ScoringContext(self.signals, view_evidence=self.view_evidence)
        probability = posterior(self.released, context)["view_adjusted"].to_numpy()
        return shown(probability, self.owner)["log_odds"]

    def scorers(self, showed: pd.DataFrame | None = None) -> dict[str, np.ndarray]:
        """Scores of the model as a night gives them, of its controls, and of a night without any label."""
        released, signals = self.released, self.signals
        control = signals[released.no_graph.columns].to_numpy()
        contributions = anomaly_contributions(
            signals[released.columns], catalogue.BY_NAME, released.model.entity
        )
        points = contributions.sum(axis=1).to_numpy()
        own = (
            {}
            if released.model.live
            else {"own signals alone": released.raw(signals[released.columns].to_numpy())}
        )
        return {
            "model": self.held(showed)[0],
            **own,
            "no graph": released.no_graph.rebased_on(control).raw(control),
            "rules only": rules_score(signals),
            "no labels": pooled_points(points, self.owner) if self.together else points,
        }


Judged = dict[str, Judgement]  # by model


def planted(lake: Path, entity: str) -> pd.DataFrame:
    """Sessions or orders that were planted, with their scheme, by entity id."""
    return (
        worlds.fraudulent_sessions(lake)
        if entity == SESSION
        else worlds.ground_truth(lake, "orders").set_index("order_id").assign(evasion="")
    )


def planted_and_found(lake: Path, one: Judgement) -> pd.DataFrame:
    """Those of them that were judged, and whether each was `found`: beyond the score that one honest entity in a hundred exceeds."""
    score = pd.Series(one.held()[0], index=one.signals.index)
    bar = score[one.guilty == 0].quantile(0.99)
    met = planted(lake, one.released.model.entity).join(score.rename("score"), how="inner")
    return met.assign(found=met["score"] > bar)


def judged(
    lake: Path, model: Model, as_of: datetime, without: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, np.ndarray, pd.Series]:
    """Signals, planted truth and group (operator) of what a night at `as_of` may judge of an unseen world, some tables not delivered."""
    tables = Snapshot.open(lake, as_of).without(*without)
    entity = model.entity
    if entity in SINCE:
        key, t = KEY[entity], tables[OWNED[entity]]
        lately = t.filter(t.received_at >= as_of - SINCE[entity]).select(key, "operator_id")
        owner, guilty = (
            lately.to_pandas().set_index(key)["operator_id"],
            set(planted(lake, entity).index),
        )
    else:
        owner, guilty = None, worlds.cheating_operators(lake)
    signals = signals_of(
        tables, model.signals, entity, None if owner is None else sorted(owner.index)
    )
    group = (
        pd.Series(signals.index, index=signals.index)
        if owner is None
        else owner.reindex(signals.index)
    )
    return signals, np.isin(signals.index, list(guilty)).astype(int), group


def judgement(models: Path, lake: Path, name: str, as_of: datetime) -> Judgement:
    """What a released model says of an unseen world at `as_of`, compared with what is there; of sessions by their single views too."""
    signals, guilty, owner = judged(lake, BY_NAME[name], as_of)
    alone = Judgement(load(models, name).rebased_on(signals), signals, guilty, owner)
    if name != MODEL_OF[SESSION]:
        return alone
    return replace(
        alone,
        view_evidence=looked_at(
            models, lake, as_of, pd.Series(alone.held()[1], index=signals.index)
        ),
    )


def looked_at(models: Path, lake: Path, as_of: datetime, probability: pd.Series) -> InTurns:
    """Single views of sessions, as many sessions at a time as a night compares; `probability`: by everything else, index session."""
    tables, released = Snapshot.open(lake, as_of), load(models, "view_authenticity")
    some = sample_by_hash(probability.index, len(probability))
    turns = [
        probability[some[i : i + MIN_COMPARED_SESSIONS]]
        for i in range(0, len(some), MIN_COMPARED_SESSIONS)
    ]
    found = [assess_views(tables, released, turn.sort_index()) for turn in turns]
    return InTurns(tuple(part for part in found if part is not None))


def told_of_operators(judgements: Judged) -> pd.DataFrame:
    """What the sessions and orders that were judged showed of their operators."""
    return pd.DataFrame(
        {one.released.model.entity: one.showed() for one in judgements.values() if one.together}
    )


def ranking(probability: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Scores that rank by probability and, where calibration made equal, by the raw score."""
    return (
        np.unique(np.column_stack((probability, raw)), axis=0, return_inverse=True)[1]
        .ravel()
        .astype(float)
    )
