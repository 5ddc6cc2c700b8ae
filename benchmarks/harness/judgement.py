"""Scores of a night for the entities of an unseen world, with their ground truth."""

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
from features.posteriors import owner_pooling
from features.signals.peer_deviation import signals_of
from serving.scoring.nightly_models import MODEL_OF
from serving.scoring.operator_history import evidence_columns
from serving.scoring.posterior import ScoringContext, posterior
from serving.scoring.scope import MIN_COMPARED_SESSIONS, OWNED
from serving.scoring.view_evidence import ViewEvidence, ViewSet, assess_views
from training.dataset.sampling import sample_by_hash
from training.declaration import Model
from training.evaluation.rules_control import rules_score
from training.models.registry import BY_NAME
from training.release.artefact import Released, load

# Entities of these kinds are judged when they were received within this time.
JUDGED_WINDOW = {SESSION: timedelta(days=14), ORDER: timedelta(days=7)}


@dataclass(frozen=True)
class BatchedViewEvidence:
    """Evidence from single views in batches, each of as many sessions as a night compares."""

    parts: tuple[ViewEvidence, ...]

    def update(
        self,
        probability: np.ndarray,
        sessions: pd.Index,
        views: ViewSet = ViewSet.NON_BUYERS,
    ) -> np.ndarray:
        """Probabilities of sessions after the evidence of their batch, as `ViewEvidence.update`."""
        for part in self.parts:
            probability = np.where(
                sessions.isin(part.log_factors.index),
                part.update(probability, sessions, views),
                probability,
            )
        return probability


@dataclass(frozen=True)
class Judgement:
    """A released model on an unseen world.

    Attributes
    ----------
    released
        The model, rebased on tonight's peers.
    signals
        Signals of the judged entities.
    fraud
        Ground truth of each entity, 0 or 1; shape (entities,).
    owner
        Operator of each entity.
    view_evidence
        Evidence from single views, for sessions.
    """

    released: Released
    signals: pd.DataFrame
    fraud: np.ndarray
    owner: pd.Series
    view_evidence: BatchedViewEvidence | None = None

    @property
    def is_pooled(self) -> bool:
        """Whether a night pools these entities by operator: sessions and orders."""
        return self.released.model.entity in OWNED and not self.released.model.live

    def scores_and_probabilities(
        self, history: pd.DataFrame | None = None, views: ViewSet = ViewSet.NON_BUYERS
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores that rank as a night does, and probabilities.

        `history` is what sessions and orders say of operators.
        """
        owner = self.owner if self.is_pooled else None
        context = ScoringContext(self.signals, owner, None, history, self.view_evidence)
        posteriors = posterior(self.released, context, views)
        probability = posteriors["pooled"].to_numpy()
        return rank_scores(probability, posteriors["raw"].to_numpy()), probability

    def operator_evidence(self) -> pd.DataFrame:
        """Evidence of these sessions or orders on their operators (ADR-0033, ADR-0374)."""
        context = ScoringContext(self.signals, view_evidence=self.view_evidence)
        probability = posterior(self.released, context)["view_adjusted"]
        return evidence_columns(self.released.model.entity, probability, self.owner)

    def scores_by_method(self, history: pd.DataFrame | None = None) -> dict[str, np.ndarray]:
        """Scores of the model in a night, of its controls, and of a night without labels."""
        released, signals = self.released, self.signals
        values = signals[released.columns].to_numpy()
        named = self.owner.to_numpy() if self.is_pooled else None
        contributions = anomaly_contributions(
            signals[released.columns], catalogue.BY_NAME, released.model.entity
        )
        anomaly = contributions.sum(axis=1).to_numpy()
        by_own_signals = (
            {} if released.model.live else {"own signals alone": released.raw(values, named)}
        )
        return {
            "model": self.scores_and_probabilities(history)[0],
            **by_own_signals,
            "no graph": released.no_graph.rebased_on(values, named).raw(values, named),
            "rules only": rules_score(signals),
            "no labels": owner_pooling.pooled_anomaly_scores(anomaly, self.owner)
            if self.is_pooled
            else anomaly,
        }


Judgements = dict[str, Judgement]  # by name of the model


def planted_entities(lake: Path, entity: str) -> pd.DataFrame:
    """Planted sessions or orders with their scheme, by entity id."""
    return (
        worlds.fraudulent_sessions(lake)
        if entity == SESSION
        else worlds.ground_truth(lake, "orders").set_index("order_id").assign(evasion="")
    )


def planted_entities_found(lake: Path, one: Judgement) -> pd.DataFrame:
    """Planted entities that were judged, and whether each was `found`.

    An entity is found above the score that one honest entity in a hundred exceeds.
    """
    score = pd.Series(one.scores_and_probabilities()[0], index=one.signals.index)
    bar = score[one.fraud == 0].quantile(0.99)
    planted = planted_entities(lake, one.released.model.entity).join(
        score.rename("score"), how="inner"
    )
    return planted.assign(found=planted["score"] > bar)


def signals_and_truth(
    lake: Path, model: Model, as_of: datetime, without: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, np.ndarray, pd.Series]:
    """Signals, ground truth and operators of the entities that a night at `as_of` may judge.

    Tables named in `without` count as not delivered.
    """
    tables = Snapshot.open(lake, as_of).without(*without)
    entity = model.entity
    if entity in JUDGED_WINDOW:
        key, t = KEY[entity], tables[OWNED[entity]]
        recent = t.filter(t.received_at >= as_of - JUDGED_WINDOW[entity]).select(key, "operator_id")
        owner, fraud = (
            recent.to_pandas().set_index(key)["operator_id"],
            set(planted_entities(lake, entity).index),
        )
    else:
        owner, fraud = None, worlds.cheating_operators(lake)
    signals = signals_of(
        tables, model.signals, entity, None if owner is None else sorted(owner.index)
    )
    group = (
        pd.Series(signals.index, index=signals.index)
        if owner is None
        else owner.reindex(signals.index)
    )
    return signals, np.isin(signals.index, list(fraud)).astype(int), group


def judge(models: Path, lake: Path, name: str, as_of: datetime) -> Judgement:
    """A released model on an unseen world at `as_of`; sessions with their single views."""
    signals, fraud, owner = signals_and_truth(lake, BY_NAME[name], as_of)
    release = load(models, name)
    owned = release.model.entity in OWNED and not release.model.live
    base = Judgement(release.rebased_on(signals, owner if owned else None), signals, fraud, owner)
    if name != MODEL_OF[SESSION]:
        return base
    return replace(
        base,
        view_evidence=batched_view_evidence(
            models, lake, as_of, pd.Series(base.scores_and_probabilities()[1], index=signals.index)
        ),
    )


def batched_view_evidence(
    models: Path, lake: Path, as_of: datetime, probability: pd.Series
) -> BatchedViewEvidence:
    """Evidence from single views; `probability` of each session without them, by session."""
    tables, released = Snapshot.open(lake, as_of), load(models, "view_authenticity")
    order = sample_by_hash(probability.index, len(probability))
    batches = [
        probability[order[i : i + MIN_COMPARED_SESSIONS]]
        for i in range(0, len(order), MIN_COMPARED_SESSIONS)
    ]
    found = [assess_views(tables, released, batch.sort_index()) for batch in batches]
    return BatchedViewEvidence(tuple(part for part in found if part is not None))


def operator_history(judgements: Judgements) -> pd.DataFrame:
    """Evidence of judged sessions and orders on operators: `evidence_columns` of each kind."""
    found = [one.operator_evidence() for one in judgements.values() if one.is_pooled]
    return pd.concat(found, axis=1) if found else pd.DataFrame()


def rank_scores(probability: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Scores that rank by probability and, where it is tied, by the raw score."""
    return (
        np.unique(np.column_stack((probability, raw)), axis=0, return_inverse=True)[1]
        .ravel()
        .astype(float)
    )
