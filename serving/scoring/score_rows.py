"""Rows of the `scores` contract: by a released model, and by the anomaly score."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME, of_entity
from features.peers.anomaly_score import anomaly_contributions
from features.posteriors.owner_pooling import pooled_anomaly_scores
from serving.policy.schema import NightPolicy
from serving.scoring.posterior import ScoringContext, owners
from serving.scoring.reasons import Driver, PeerMedians, drivers_of, with_reasons
from training.release.artefact import Released

ANOMALY_MODEL = "deviance"  # as published in `scores.model`
ANOMALY_SCALE = 6.0  # anomaly score at which the published score is 63 of 100


def model_score_rows(
    released: Released,
    signals: pd.DataFrame,
    probabilities: pd.DataFrame,
    peers: PeerMedians,
    policy: NightPolicy,
    owner: pd.Series | None = None,
) -> pd.DataFrame:
    """Scores of a released model, with reasons for the highest of them.

    Parameters
    ----------
    released
        The release, with its peers rebased on the compared entities.
    signals
        Signals of the scored entities, index entity id.
    probabilities
        Their `posterior`, in the same order.
    peers
        Medians of their peers.
    policy
        Which entities get reasons, and how many.
    owner
        Operator of each, by entity id; None for entities without one.

    Returns
    -------
    pd.DataFrame
        Index entity id; model, model_version, score, probability, rank, reasons, own_probability
        (view-adjusted), view_evidence_log_odds, unknown, and `mostly_orders`, which is not
        published.
    """
    values, probability = signals[released.columns], probabilities["pooled"].to_numpy()
    frame = _ranked(
        signals.index,
        released.model.name,
        released.version,
        score=100.0 * probability,
        probability=probability,
        key=probabilities["raw"].to_numpy(),
    )
    explained = (frame["rank"] <= policy.explain_top) | (
        frame["probability"] >= policy.explain_from
    )
    rows = np.flatnonzero(explained.to_numpy())
    contributions = (
        released.trees.contributions(values.to_numpy()[rows], owners(values.iloc[rows], owner))
        if len(rows)
        else np.zeros((0, len(released.columns)))
    )
    drivers = {
        frame.index[i]: drivers_of(values.iloc[i], c, peers)
        for i, c in zip(rows, contributions, strict=True)
    }
    frame = with_reasons(frame, drivers, policy.reasons)
    return frame.assign(
        own_probability=probabilities["view_adjusted"].to_numpy(),
        view_evidence_log_odds=probabilities["view_evidence_log_odds"].to_numpy(),
        unknown=_unknown(values, explained.to_numpy()),
    )


def anomaly_score_rows(
    signals: pd.DataFrame,
    entity: str,
    version: str,
    peers: PeerMedians,
    policy: NightPolicy,
    context: ScoringContext,
) -> pd.DataFrame:
    """Scores without labels: the anomaly score over all signals with a suspicious side.

    An anomaly score is no probability. Columns as those of `model_score_rows`.
    """
    columns = [s.name for s in of_entity(entity) if s.name in signals.columns]
    compared = context.compared[columns]
    contributions = anomaly_contributions(compared, BY_NAME, entity)
    total = (
        contributions.sum(axis=1).to_numpy() if contributions.shape[1] else np.zeros(len(compared))
    )
    rows = compared.index.get_indexer(signals.index)
    key = total
    if context.owner is not None:
        key = pooled_anomaly_scores(total, context.owner.reindex(compared.index))
    key, contributions, total = key[rows], contributions.iloc[rows], total[rows]
    nothing = np.full(len(signals), np.nan)
    score = 100.0 * (1.0 - np.exp(-np.maximum(key, 0.0) / ANOMALY_SCALE))
    frame = _ranked(
        signals.index, ANOMALY_MODEL, version, score=score, probability=nothing, key=key
    )
    explained = ((frame["rank"] <= policy.explain_top) & (frame["score"] > 0)).to_numpy()
    drivers = {}
    for i in np.flatnonzero(explained):
        row, one = contributions.iloc[i], frame.index[i]
        drivers[one] = [
            Driver(BY_NAME[n], signals.at[one, n], peers.median(one, n), v / total[i])
            for n, v in row[row > 0].sort_values(ascending=False, kind="stable").items()
        ]
    frame = with_reasons(frame, drivers, policy.reasons)
    return frame.assign(
        own_probability=nothing,
        view_evidence_log_odds=nothing,
        unknown=_unknown(signals[columns], explained),
    )


def _ranked(
    index: pd.Index,
    model: str,
    version: str,
    *,
    score: np.ndarray,
    probability: np.ndarray,
    key: np.ndarray,
) -> pd.DataFrame:
    """Ranks by score; by raw key where calibration made scores equal; ties by entity id."""
    order = np.lexsort((index.to_numpy().astype(str), -key, -score))
    rank = np.empty(len(index), dtype=np.int64)
    rank[order] = np.arange(1, len(index) + 1)
    return pd.DataFrame(
        {
            "model": model,
            "model_version": version,
            "score": score,
            "probability": probability,
            "rank": rank,
        },
        index=index,
    )


def _unknown(signals: pd.DataFrame, explained: np.ndarray) -> pd.Series:
    """Names of the unknown signals of each explained entity, as JSON."""
    missing = signals.isna().to_numpy()
    names = np.array(signals.columns)
    texts = [
        json.dumps(names[missing[i]].tolist()) if explained[i] else None
        for i in range(len(signals))
    ]
    return pd.Series(texts, index=signals.index, dtype=object)
