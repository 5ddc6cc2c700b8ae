"""Figures of a night: counted from the lake, corrected by its scores."""

from __future__ import annotations

import ibis
import pandas as pd

from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from serving.figures.operator_figures import earlier_session_figures, operator_figures
from serving.figures.order_figures import brushed_views, night_orders, order_figures
from serving.figures.session_figures import session_figures
from serving.figures.view_shares import false_view_shares
from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext
from serving.scoring.scope import Scope
from training.dataset.labels import verdicts
from training.models.session_inflation import MODEL as SESSION_MODEL

ENGAGEMENT_FRAUD = "engagement_fraud"
UNLABELLED_ENGAGEMENT_SHARE = 0.5  # of inflated sessions, where no verdict is delivered


def corrected_figures(
    context: NightContext, tables: Snapshot, scored: dict[str, EntityScores], scope: Scope
) -> pd.DataFrame:
    """Corrected figures of the night's sessions, and of operators over 28 days.

    Parameters
    ----------
    context
        Context of the night.
    tables
        dict[str, Any] of the night.
    scored
        Scores by kind of entity.
    scope
        Sessions and orders of the night.

    Returns
    -------
    pd.DataFrame
        Rows of the `corrected_figures` contract less the run's stamp.
    """
    sessions, by_order, brushed = scored.get(SESSION), [], None
    if ORDER in scored and len(scored[ORDER].signals):
        p = scored[ORDER].probability
        orders = night_orders(tables, scope.orders)
        tonight = orders[orders["session_id"].isin(scope.sessions)]
        brushed = _brushed(tables, tonight, p)
        by_order = [
            order_figures(tonight, p, "session", "session_id"),
            order_figures(orders, p, "operator", "operator_id"),
        ]
    by_session = []
    if sessions is not None and len(sessions.signals):
        by_session = [_session_figures(tables, sessions, brushed)]
    tonights = _concat([*by_session, *by_order])
    of_sessions = tonights[tonights["entity_kind"] == SESSION] if len(tonights) else tonights
    whole = _concat([of_sessions, earlier_session_figures(context)])
    return _concat([tonights, operator_figures(whole, tables)])


def counted_figures(tables: Snapshot, sessions: pd.Index) -> pd.DataFrame:
    """Figures of sessions as they were counted, from events or else from public counters.

    Returns
    -------
    pd.DataFrame
        Index session; views, unique_viewers, likes, follows as far as delivered, and `basis`.
    """
    out = pd.DataFrame(index=sessions)
    if "views" in tables:
        out = out.join(_counted_events(tables, sessions)).assign(basis="events")
        counts = [c for c in out.columns if c != "basis"]
        out[counts] = out[counts].fillna(0)
    elif "session_totals" in tables:
        totals = tables["session_totals"].select("session_id", "views", "likes", "follows")
        totals = totals.to_pandas().set_index("session_id")
        out = out.join(totals).assign(basis="counters")
    return out.assign(basis=out.get("basis", "counters")).astype(
        {c: float for c in out.columns if c != "basis"}
    )


def engagement_probability(sessions: EntityScores, tables: Snapshot) -> pd.Series:
    """Probability that a session's likes, comments or follows are inflated; NaN without a model.

    A model that tells typologies apart gives it. Otherwise it is the probability of any inflation
    times the share of engagement among confirmed sessions, with one pseudo-verdict a side.
    """
    if ENGAGEMENT_FRAUD in sessions.typologies:
        return sessions.typologies[ENGAGEMENT_FRAUD]
    if "outcomes" not in tables:
        return sessions.probability * UNLABELLED_ENGAGEMENT_SHARE
    found = verdicts(tables, SESSION, SESSION_MODEL.typologies)
    kinds = found.loc[found["confirmed"] == 1, "typology"]
    share = ((kinds == ENGAGEMENT_FRAUD).sum() + 1.0) / (len(kinds) + 2.0)
    return sessions.probability * float(share)


def _session_figures(
    tables: Snapshot, sessions: EntityScores, brushed: pd.DataFrame | None
) -> pd.DataFrame:
    evidence, found = sessions.view_evidence, sessions.view_shares
    return session_figures(
        sessions.signals,
        counted_figures(tables, sessions.signals.index),
        sessions.probability,
        sessions.peers,
        view_shares=(
            None
            if evidence is None or found is None
            else false_view_shares(evidence, found, sessions.signals.index)
        ),
        brushed_views=brushed,
        engagement=engagement_probability(sessions, tables),
    )


def _counted_events(tables: Snapshot, sessions: pd.Index) -> pd.DataFrame:
    scope = tables.scope(list(sessions), SESSION)
    v = tables["views"].semi_join(scope, "session_id")
    counted = v.group_by("session_id").aggregate(
        views=v.count(), unique_viewers=v.account_id.nunique()
    )
    out = counted.to_pandas().set_index("session_id")
    if "interactions" in tables:
        a = tables["interactions"].semi_join(scope, "session_id")
        done = a.group_by("session_id").aggregate(
            likes=a["count"].sum(where=a.kind == "like"),
            follows=a["count"].sum(where=a.kind == "follow"),
        )
        done = done.to_pandas().set_index("session_id")
        out = out.join(done, how="outer")
    return out


def _brushed(tables: Snapshot, orders: pd.DataFrame, probability: pd.Series) -> pd.DataFrame | None:
    """Views that false orders bring; None where views or buyers were not delivered."""
    if "views" not in tables or orders.empty:
        return None
    sessions = sorted(orders["session_id"].unique())
    v = tables["views"].semi_join(tables.scope(sessions, SESSION), "session_id")
    watched = (
        v.filter(v.account_id.notnull())
        .group_by("session_id", "account_id")
        .aggregate(views=ibis._.count())
        .to_pandas()
        .rename(columns={"account_id": "buyer_id"})
    )
    placed = orders.rename_axis("order_id").reset_index()
    return brushed_views(placed.merge(watched, on=["session_id", "buyer_id"]), probability)


def _concat(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames that have rows, one after the other; an empty frame where none has."""
    parts = [p for p in parts if len(p)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
