"""Posterior probabilities: by own signals, after single views, and pooled with related entities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from features.posteriors.owner_pooling import log_odds, pooled, shift_probabilities
from serving.scoring.operator_history import with_evidence
from serving.scoring.view_evidence import ViewSet
from training.release.artefact import Released

VIEW_FRAUD = "view_fraud"  # the typology that single views are evidence of
COLUMNS = ["raw", "own", "view_evidence_log_odds", "view_adjusted", "pooled"]


class SessionEvidence(Protocol):
    """Evidence that updates probabilities of sessions, such as `ViewEvidence`."""

    def update(self, probability: np.ndarray, sessions: pd.Index, views: ViewSet) -> np.ndarray:
        """Probabilities of sessions after the evidence, in the order given."""
        ...


@dataclass(frozen=True)
class ScoringContext:
    """Entities and evidence that the probability of an entity depends on besides its signals.

    Attributes
    ----------
    compared
        Signals of all entities that are compared with each other; they include the scored ones.
    owner
        Operator of each entity, by entity id; None where entities are not pooled by operator.
    earlier
        View-adjusted probabilities that earlier nights published, by entity id.
    history
        What sessions and orders say of their operators: index operator, `evidence_columns`.
    view_evidence
        Evidence from single views, for sessions.
    """

    compared: pd.DataFrame
    owner: pd.Series | None = None
    earlier: pd.Series | None = None
    history: pd.DataFrame | None = None
    view_evidence: SessionEvidence | None = None

    def earlier_only(self) -> pd.Series:
        """Probabilities of entities that are known from earlier nights alone."""
        if self.earlier is None:
            return pd.Series(dtype=float)
        return self.earlier[~self.earlier.index.isin(self.compared.index)]


def posterior(
    released: Released, context: ScoringContext, views: ViewSet = ViewSet.NON_BUYERS
) -> pd.DataFrame:
    """Probabilities of all compared entities.

    Parameters
    ----------
    released
        Release that is asked, with its peers rebased on the compared entities.
    context
        Compared entities, their owners and further evidence.
    views
        Views that count as evidence on their session.

    Returns
    -------
    pd.DataFrame
        Index as `context.compared`; `raw` score, `own` (by its signals), `view_evidence_log_odds`
        (added by single views; NaN where no views were assessed), `view_adjusted` and `pooled`.
    """
    own = own_probabilities(released, context.compared, context.owner)
    return adjusted(own, context, views)


def own_probabilities(
    released: Released, compared: pd.DataFrame, owner: pd.Series | None = None
) -> pd.DataFrame:
    """Raw scores and probabilities of entities by their own signals: columns raw, own.

    Parameters
    ----------
    released
        The release, with its peers rebased on the compared entities.
    compared
        Signals of the compared entities.
    owner
        Operator of each, by entity id; None for entities without one.
    """
    raw = np.zeros(0)
    if len(compared):
        raw = released.raw(compared[released.columns].to_numpy(), owners(compared, owner))
    return pd.DataFrame({"raw": raw, "own": released.probability(raw)}, index=compared.index)


def owners(signals: pd.DataFrame, owner: pd.Series | None) -> np.ndarray | None:
    """Operators of entities in the order of their signals; None where they have none."""
    return None if owner is None else owner.reindex(signals.index).to_numpy(dtype=object)


def adjusted(
    own: pd.DataFrame, context: ScoringContext, views: ViewSet = ViewSet.NON_BUYERS
) -> pd.DataFrame:
    """The `posterior` of entities whose `own_probabilities` are known."""
    probability, index = own["own"].to_numpy(), own.index
    after, evidence = probability, np.full(len(probability), np.nan)
    if context.view_evidence is not None:
        after = context.view_evidence.update(probability, index, views)
        evidence = log_odds(after) - log_odds(probability)
    both = after
    if context.owner is not None:
        more = context.earlier_only()
        both = pooled(
            np.append(after, more.to_numpy()), context.owner.reindex(index.append(more.index))
        )
    if context.history is not None:
        both = with_evidence(after, context.history.reindex(index))
    return own.assign(
        view_evidence_log_odds=evidence, view_adjusted=after, pooled=both[: len(index)]
    )


def typology_probabilities(
    released: Released,
    signals: pd.DataFrame,
    probabilities: pd.DataFrame,
    owner: pd.Series | None = None,
) -> pd.DataFrame:
    """Probability of each typology that a model tells apart, index entity id.

    Evidence from single views is evidence of false views alone.

    Parameters
    ----------
    released
        The release, with its peers rebased on the compared entities.
    signals
        Signals of the scored entities.
    probabilities
        Their `posterior`, in the same order.
    owner
        Operator of each, by entity id; None for entities without one.
    """
    evidence = probabilities["view_evidence_log_odds"].fillna(0.0).to_numpy()
    total = probabilities["pooled"].to_numpy()
    before_views = shift_probabilities(total, -evidence)
    found = released.by_typology(
        signals[released.columns].to_numpy(), before_views, owners(signals, owner)
    )
    return pd.DataFrame(
        {
            name: np.minimum(shift_probabilities(p, evidence) if name == VIEW_FRAUD else p, total)
            for name, p in found.items()
        },
        index=signals.index,
    )
