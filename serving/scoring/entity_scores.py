"""Scores of one kind of entity: its probabilities are computed once and read by every stage."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from features import catalogue
from features.declaration import OPERATOR, ORDER, SESSION, VIEW
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.posteriors.owner_pooling import log_odds
from features.posteriors.view_mixture import Shares
from features.signals.peer_deviation import signals_of
from serving.scoring import scope
from serving.scoring.night_context import NightContext, Progress
from serving.scoring.nightly_models import MODEL_OF, applicable_model
from serving.scoring.operator_history import (
    earlier_probabilities,
    evidence_columns,
    history_of,
    no_worst_sessions,
    worst_sessions,
)
from serving.scoring.posterior import (
    COLUMNS,
    ScoringContext,
    adjusted,
    own_probabilities,
    typology_probabilities,
)
from serving.scoring.reasons import PeerMedians, peer_medians
from serving.scoring.score_rows import ANOMALY_MODEL, anomaly_score_rows, model_score_rows
from serving.scoring.view_evidence import ViewEvidence, ViewSet, assess_views, sessions_to_assess
from training.release.artefact import Released


@dataclass(frozen=True)
class EntityScores:
    """Signals, probabilities and published scores of one kind of entity.

    Attributes
    ----------
    signals
        Signals of the scored entities, index entity id.
    rows
        Rows of the `scores` contract, of all models, index entity id.
    model
        Name of the model that decisions follow.
    peers
        Medians of peers, for reasons.
    context
        Compared entities and further evidence.
    probabilities
        `posterior` of all compared entities; no rows where no model was asked.
    typologies
        Probability of each typology that the model tells apart, index entity id.
    release
        The release that decisions follow, with rebased peers; None where none was asked.
    """

    signals: pd.DataFrame
    rows: pd.DataFrame
    model: str
    peers: PeerMedians
    context: ScoringContext
    probabilities: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    typologies: pd.DataFrame = field(default_factory=pd.DataFrame)
    release: Released | None = None

    @property
    def model_rows(self) -> pd.DataFrame:
        """Rows of the model that decisions follow."""
        return self.rows[self.rows["model"] == self.model]

    @property
    def probability(self) -> pd.Series:
        """Pooled probabilities; NaN where no model was asked."""
        return self.model_rows["probability"]

    @property
    def view_evidence(self) -> ViewEvidence | None:
        """Evidence from single views; None where no views were assessed."""
        evidence = self.context.view_evidence
        return evidence if isinstance(evidence, ViewEvidence) else None

    @property
    def pooling_log_odds(self) -> pd.Series:
        """Log-odds that pooling adds to each scored entity; 0 where no model was asked."""
        rows = self.model_rows
        change = log_odds(rows["probability"]) - log_odds(rows["own_probability"])
        return change.fillna(0.0)

    @cached_property
    def view_adjusted(self) -> pd.Series:
        """View-adjusted probabilities of compared and earlier entities, by id, sorted."""
        if self.release is None:
            return pd.Series(dtype=float)
        earlier = self.context.earlier_only()
        parts = [p for p in (self.probabilities["view_adjusted"], earlier) if len(p)]
        return pd.concat(parts or [earlier]).sort_index()

    @cached_property
    def history(self) -> pd.DataFrame:
        """History of operators by these entities (`history_of`); no rows without a model."""
        return history_of(self.view_adjusted, self.owners)

    @cached_property
    def worst(self) -> pd.DataFrame:
        """Most probable session of each operator; no rows where no views were assessed.

        Counters alone never show for certain that a session is inflated.
        """
        if self.context.view_evidence is None:
            return no_worst_sessions()
        return worst_sessions(self.view_adjusted, self.owners)

    @cached_property
    def probability_with_buyers(self) -> pd.Series:
        """Probability that a session has false views, buyers' views included."""
        found = adjusted(self.probabilities[["raw", "own"]], self.context, ViewSet.ALL)
        return found["pooled"].reindex(self.signals.index)

    @cached_property
    def view_shares(self) -> Shares | None:
        """False shares and posteriors of views; sessions not scored tonight count as clean."""
        if self.view_evidence is None:
            return None
        return self.view_evidence.shares(self.probability_with_buyers)

    @property
    def owners(self) -> pd.Series:
        """Operators in the order of `view_adjusted`."""
        owner = self.context.owner
        if owner is None:
            return pd.Series(dtype=object)
        return owner.reindex(self.view_adjusted.index)


def score_sessions(
    context: NightContext, tables: Snapshot, sessions: list[str], say: Progress
) -> EntityScores:
    """Score the night's sessions, compared with further sessions of two weeks."""
    further = scope.reference_sessions(tables, context.as_of, sessions)
    compared = _signals(tables, SESSION, [*sessions, *further], say)
    signals = compared[~compared.index.isin(further)] if further else compared
    earlier = earlier_probabilities(context, tables)
    everyone = compared.index.union(earlier.index)
    around = ScoringContext(compared, scope.owners_of(tables, SESSION, everyone), earlier)
    released = _applicable(context, SESSION, around, say)
    own = None if released is None else own_probabilities(released, compared, around.owner)
    by_view = context.champions.get(MODEL_OF[VIEW]) if "views" in tables else None
    if own is not None and by_view is not None:
        say("views")
        prior = adjusted(own, around)["pooled"]
        assessed = sessions_to_assess(compared["view_count"], signals.index)
        around = replace(around, view_evidence=assess_views(tables, by_view, prior[assessed]))
    peers = peer_medians(signals, scope.categories_of(tables, SESSION))
    return _entity_scores(context, SESSION, signals, peers, around, released, own)


def score_orders(
    context: NightContext, tables: Snapshot, orders: list[str], say: Progress
) -> EntityScores:
    """Score the orders received in the last week."""
    signals = _signals(tables, ORDER, orders, say)
    around = ScoringContext(signals, scope.owners_of(tables, ORDER, signals.index))
    return score_compared(context, tables, ORDER, around, say)


def score_operators(
    context: NightContext, tables: Snapshot, history: pd.DataFrame | None, say: Progress
) -> EntityScores:
    """Score all operators; `history` is what sessions and orders say of them."""
    signals = _signals(tables, OPERATOR, None, say)
    if signals.empty:  # public counters name operators and show nothing else of them
        named = scope.operators_named(tables)
        signals = compute(tables, catalogue.of_entity(OPERATOR), OPERATOR, named)
    around = ScoringContext(signals, history=history)
    return score_compared(context, tables, OPERATOR, around, say)


def operator_evidence(scored: dict[str, EntityScores]) -> pd.DataFrame | None:
    """`evidence_columns` of sessions and orders by operator; None where no model was asked."""
    found = [
        evidence_columns(entity, s.view_adjusted, s.owners)
        for entity, s in scored.items()
        if s.context.owner is not None and s.release is not None
    ]
    return pd.concat(found, axis=1) if found else None


def _signals(
    tables: Snapshot, entity: str, wanted: list[str] | None, say: Progress
) -> pd.DataFrame:
    of = catalogue.of_entity(entity)
    return signals_of(tables, of, entity, wanted, lambda name: say(f"{entity} signals: {name}"))


def score_compared(
    context: NightContext, tables: Snapshot, entity: str, around: ScoringContext, say: Progress
) -> EntityScores:
    """Score all compared entities."""
    signals = around.compared
    released = _applicable(context, entity, around, say)
    own = None if released is None else own_probabilities(released, signals, around.owner)
    peers = peer_medians(signals, scope.categories_of(tables, entity))
    return _entity_scores(context, entity, signals, peers, around, released, own)


def _applicable(
    context: NightContext, entity: str, around: ScoringContext, say: Progress
) -> Released | None:
    """The applicable model, its peers rebased on the compared entities."""
    say(f"{entity} scores")
    released = applicable_model(context.champions, entity, around.compared, say)
    return None if released is None else released.rebased_on(around.compared, around.owner)


def _entity_scores(
    context: NightContext,
    entity: str,
    signals: pd.DataFrame,
    peers: PeerMedians,
    around: ScoringContext,
    released: Released | None,
    own: pd.DataFrame | None,
) -> EntityScores:
    policy = context.policy.night
    version = catalogue.digest()[:12]
    rows = anomaly_score_rows(signals, entity, version, peers, policy, around)
    if released is None or own is None:
        return EntityScores(signals, rows, ANOMALY_MODEL, peers, around)
    everyone = adjusted(own, around)
    mine = everyone.loc[signals.index]
    by_model = model_score_rows(released, signals, mine, peers, policy, around.owner)
    return EntityScores(
        signals,
        pd.concat([rows, by_model]),
        released.model.name,
        peers,
        around,
        everyone,
        typology_probabilities(released, signals, mine, around.owner),
        released,
    )
