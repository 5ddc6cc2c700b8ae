"""Corrected figures of sessions: views, unique viewers, likes and follows.

The false share of a figure is estimated by the released share models, in bands of the probability
of inflation. The estimate minimises the expected absolute error, and an interval states how often
such intervals held on families of platforms that taught nothing (ADR-0063).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import SESSION
from serving.scoring.entity_scores import EntityScores
from serving.scoring.posterior import VIEW_FRAUD, owners
from training.estimator.combination import MIN_ENTITIES, Combination
from training.estimator.share_prior import SharePrior, pooled_probability

COLUMNS = [
    "entity_kind",
    "entity_id",
    "measure",
    "unit",
    "counted",
    "estimate",
    "low",
    "high",
    "certainty",
    "basis",
]
ENGAGEMENT_FRAUD = "engagement_fraud"
# Measure of the share models, and typology, by which each figure is corrected.
MEASURE_OF = {"views": "views", "unique_viewers": "views", "likes": "likes", "follows": "follows"}
TYPOLOGY_OF = {"views": VIEW_FRAUD, "likes": ENGAGEMENT_FRAUD, "follows": ENGAGEMENT_FRAUD}

Shares = dict[str, pd.DataFrame]


def session_shares(sessions: EntityScores, prior: SharePrior | None) -> Shares:
    """False shares of the figures of scored sessions, by measure of the share models.

    The probability of inflation is that of the share models. Where a platform's own verdicts have
    taught a model, it is pooled with the probability of that model, and so is the share.

    Parameters
    ----------
    sessions
        Scores of sessions.
    prior
        The released share models.

    Returns
    -------
    dict
        Of each measure a frame, index session; share, low, high, certainty, and `inflated`, the
        probability. Empty where no model of sessions was asked, or where none is released.
    """
    release = sessions.release
    if prior is None or release is None or not len(sessions.signals):
        return {}
    around, trees = sessions.context, release.trees
    if trees.columns != prior.columns or trees.peers is None or trees.hidden:
        compared = around.compared[prior.columns].to_numpy(dtype=float)
        if len(compared) < MIN_ENTITIES:
            return {}
        trees = Combination(prior.columns, (), (), prior.size_signals).rebased_on(
            compared, owners(around.compared, around.owner)
        )
    x = trees.peer_inputs(
        sessions.signals[prior.columns].to_numpy(dtype=float),
        owners(sessions.signals, around.owner),
    )
    out = {}
    for measure, model in prior.models.items():
        probability, share = model.predict(x)
        if not release.is_prior:
            judged = sessions.typologies.get(TYPOLOGY_OF[measure], sessions.probability)
            probability = pooled_probability(probability, judged.to_numpy(dtype=float))
            if measure == "views":
                share = _with_view_evidence(share, sessions)
        found = model.bands[SESSION].of(probability, share)
        out[measure] = found.assign(inflated=probability).set_axis(sessions.signals.index)
    return out


def _with_view_evidence(share: np.ndarray, sessions: EntityScores) -> np.ndarray:
    """Mean of a predicted share and of that of single views, by a model that verdicts taught.

    The share stays where no views were assessed, or by the prior alone.
    """
    evidence, found = sessions.view_evidence, sessions.view_shares
    if evidence is None or found is None or evidence.release is None or evidence.release.is_prior:
        return share
    possible = np.where(found.inflated > 0.0, found.inflated, np.nan)
    assessed = pd.Series(found.share / possible, index=evidence.log_factors.index)
    by_views = assessed.reindex(sessions.signals.index).to_numpy(dtype=float)
    return np.where(np.isfinite(by_views), (share + by_views) / 2.0, share)


def session_figures(
    counted: pd.DataFrame,
    shares: Shares,
    viewer_factor: pd.Series | None = None,
    brushed_views: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Corrected views, unique viewers, likes and follows of sessions.

    Parameters
    ----------
    counted
        Index session; one column a measure, and `basis`.
    shares
        `session_shares`. Where none is known nothing is taken away, and `certainty` is NaN.
    viewer_factor
        From the false share of views to that of viewers, by session; None for 1.
    brushed_views
        Views and viewers that false orders bring (`brushed_views`), index session.

    Returns
    -------
    pd.DataFrame
        Rows of the `corrected_figures` contract less the run's stamp.
    """
    parts = []
    for measure, of in MEASURE_OF.items():
        if measure not in counted:
            continue
        value = counted[measure]
        false = _known(shares.get(of), counted.index)
        if measure == "unique_viewers" and viewer_factor is not None:
            factor = viewer_factor.reindex(counted.index).fillna(1.0).astype(float)
            ends = ["share", "low", "high"]
            false[ends] = false[ends].mul(factor, axis=0).clip(upper=1.0)
        if of == "views" and brushed_views is not None:
            false = _with_brushed(false, brushed_views[measure], value)
        parts.append(_rows(measure, value, false, counted["basis"]))
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return frame[frame["counted"].notna()]


def _known(shares: pd.DataFrame | None, sessions: pd.Index) -> pd.DataFrame:
    """Shares of sessions, index `sessions`; zeros and an unknown certainty where there are none."""
    columns = ["share", "low", "high", "certainty"]
    if shares is None:
        shares = pd.DataFrame(columns=columns, dtype=float)
    found = shares.reindex(sessions)[columns].astype(float)
    return found.fillna({"share": 0.0, "low": 0.0, "high": 0.0})


def _rows(measure: str, value: pd.Series, false: pd.DataFrame, basis: pd.Series) -> pd.DataFrame:
    known = false["certainty"].notna()
    false = false.where(known, 0.0)
    estimate = value * (1.0 - false["share"])
    return pd.DataFrame(
        {
            "entity_kind": "session",
            "entity_id": value.index,
            "measure": measure,
            "unit": "count",
            "counted": value,
            "estimate": estimate,
            "low": np.minimum(value * (1.0 - false["high"]), estimate),
            "high": np.maximum(value * (1.0 - false["low"]), estimate),
            "certainty": false["certainty"].where(known),
            "basis": basis,
        }
    )


def _with_brushed(false: pd.DataFrame, brushed: pd.Series, counted: pd.Series) -> pd.DataFrame:
    """False shares plus the views of brushers, as if no view were false for both reasons.

    The interval only widens, so that it holds as often as before.
    """
    more = (brushed.reindex(false.index).astype(float) / counted.where(counted > 0)).fillna(0.0)
    added = {c: (false[c] + more).clip(upper=1.0) for c in ("share", "high")}
    return false.assign(**added)
