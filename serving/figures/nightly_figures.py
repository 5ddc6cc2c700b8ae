"""Figures of a night: counted from the lake, corrected by its false shares."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import pandas as pd

from features.declaration import OPERATOR, ORDER, SESSION
from features.engine.snapshot import Snapshot
from serving.figures.operator_figures import (
    PLATFORM,
    earlier_session_figures,
    operator_figures,
    platform_figures,
)
from serving.figures.order_figures import brushed_views, night_orders, order_figures
from serving.figures.session_figures import Shares, session_figures, session_shares
from serving.figures.view_shares import viewer_factor
from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext
from serving.scoring.scope import Scope
from training.estimator.share_prior import OrderShares, SharePrior, load_share_prior

UNREACHED_PROBABILITY = 2.0  # a probability that none reaches


@dataclass(frozen=True)
class NightShares:
    """False shares of a night's sessions, and the released share models that gave them.

    Attributes
    ----------
    prior
        The share models; None where none are released.
    of_sessions
        `session_shares` of the scored sessions.
    """

    prior: SharePrior | None
    of_sessions: Shares

    @property
    def of_orders(self) -> OrderShares | None:
        """The share taken from orders; None where it was not released."""
        return None if self.prior is None else self.prior.orders

    @property
    def orders_from(self) -> float:
        """Probability from which an order is taken; above 1 where none is."""
        return UNREACHED_PROBABILITY if self.of_orders is None else self.of_orders.from_probability

    @property
    def of_views(self) -> pd.DataFrame:
        """Estimated false share of views and probability of inflation, index session."""
        found = self.of_sessions.get("views", pd.DataFrame(columns=["share", "inflated"]))
        return found[["share", "inflated"]].astype(float)


def night_shares(scored: dict[str, EntityScores]) -> NightShares:
    """False shares of the night's sessions, by the released share models."""
    prior, sessions = load_share_prior(), scored.get(SESSION)
    return NightShares(prior, {} if sessions is None else session_shares(sessions, prior))


def corrected_figures(
    context: NightContext,
    tables: Snapshot,
    scored: dict[str, EntityScores],
    scope: Scope,
    found: NightShares,
) -> pd.DataFrame:
    """Corrected figures of the night's sessions and of the platform, and of operators over 28 days.

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
    found
        False shares of the night.

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
        brushed = _brushed(tables, tonight, p, found.orders_from)
        everything = pd.Series(PLATFORM, index=tonight.index)
        by_order = [
            order_figures(tonight, p, SESSION, tonight["session_id"], found.of_orders),
            order_figures(orders, p, OPERATOR, orders["operator_id"], found.of_orders),
            order_figures(tonight, p, PLATFORM, everything, found.of_orders),
        ]
    by_session = []
    if sessions is not None and len(sessions.signals):
        by_session = [_session_figures(tables, sessions, found.of_sessions, brushed)]
        by_session.append(platform_figures(by_session[0], found.prior))
    tonights = _concat([*by_session, *by_order])
    of_sessions = tonights[tonights["entity_kind"] == SESSION] if len(tonights) else tonights
    whole = _concat([of_sessions, earlier_session_figures(context)])
    return _concat([tonights, operator_figures(whole, tables, found.prior)])


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
    elif "room_minutes" in tables:
        out = out.join(_counted_minutes(tables, sessions)).assign(basis="counters")
    return out.assign(basis=out.get("basis", "counters")).astype(
        {c: float for c in out.columns if c != "basis"}
    )


def _session_figures(
    tables: Snapshot, sessions: EntityScores, shares: Shares, brushed: pd.DataFrame | None
) -> pd.DataFrame:
    evidence, found = sessions.view_evidence, sessions.view_shares
    factor = None
    if evidence is not None and found is not None:
        factor = viewer_factor(
            found.posterior,
            evidence.views["session_id"].to_numpy(),
            evidence.views["account_id"].to_numpy(),
        )
    return session_figures(counted_figures(tables, sessions.signals.index), shares, factor, brushed)


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


def _counted_minutes(tables: Snapshot, sessions: pd.Index) -> pd.DataFrame:
    """Views that began, likes and follows by the counters of the minutes (ADR-0396).

    Follows are less unfollows there; a sum below zero is no count, and unknown.
    """
    m = tables["room_minutes"].semi_join(tables.scope(list(sessions), SESSION), "session_id")
    counted = m.group_by("session_id").aggregate(
        views=m.joins.sum(), likes=m.likes.sum(), follows=m.follows.sum()
    )
    counts = counted.to_pandas().set_index("session_id").astype(float)
    return counts.where(counts >= 0.0)


def _brushed(
    tables: Snapshot, orders: pd.DataFrame, probability: pd.Series, from_probability: float
) -> pd.DataFrame | None:
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
    watched_by_buyers = placed.merge(watched, on=["session_id", "buyer_id"])
    return brushed_views(watched_by_buyers, probability, from_probability)


def _concat(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames that have rows, one after the other; an empty frame where none has."""
    parts = [p for p in parts if len(p)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
