"""Figures of a night: counted from the lake, corrected by scores, and by attribution where views are (`attributed.py`)."""

from __future__ import annotations

import ibis
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from serving.figures import estimation
from serving.scoring import scope as inputs
from serving.scoring.nightly_scores import Scored
from training.dataset.labels import verdicts
from training.models.session_inflation import MODEL as SESSION_MODEL

ENGAGEMENT = "engagement_fraud"


def false_views(
    posterior: pd.Series, viewers: pd.DataFrame, orders: pd.DataFrame, probability: pd.Series
) -> pd.Series:
    """Posterior of each view being false, by its attributes or because its viewer's order in that session is: index as given.

    `posterior`: by attributes alone; `viewers`: session_id and account_id of the same views; `orders`: order_id, session_id, buyer_id.
    What a brusher watched before ordering looks like anybody's view, and is as false as the order.
    """
    most = estimation.brushers(orders, probability).rename_axis(["session_id", "account_id"])
    p = (
        viewers.reindex(posterior.index)
        .join(most.rename("p"), on=["session_id", "account_id"])["p"]
        .fillna(0.0)
    )
    return 1.0 - (1.0 - posterior) * (1.0 - p)


def counted_figures(tables: Snapshot, sessions: Scored) -> pd.DataFrame:
    """Figures of sessions as they were counted, from events or else from public counters."""
    index = sessions.signals.index
    out = pd.DataFrame(index=index)
    if "views" in tables:
        scope = tables.scope(list(index), SESSION)
        v = tables["views"].semi_join(scope, "session_id")
        seen = (
            v.group_by("session_id")
            .aggregate(views=v.count(), unique_viewers=v.account_id.nunique())
            .to_pandas()
        )
        out = out.join(seen.set_index("session_id")).assign(basis="events")
        if "interactions" in tables:
            a = tables["interactions"].semi_join(scope, "session_id")
            done = (
                a.group_by("session_id")
                .aggregate(
                    likes=a["count"].sum(where=a.kind == "like"),
                    follows=a["count"].sum(where=a.kind == "follow"),
                )
                .to_pandas()
            )
            out = out.join(done.set_index("session_id"))
            out[["likes", "follows"]] = out[["likes", "follows"]].fillna(0)
        out[["views", "unique_viewers"]] = out[["views", "unique_viewers"]].fillna(0)
    elif "session_totals" in tables:
        totals = (
            tables["session_totals"]
            .select("session_id", "views", "likes", "follows")
            .to_pandas()
            .set_index("session_id")
        )
        out = out.join(totals).assign(basis="counters")
    return out.assign(basis=out.get("basis", "counters")).astype(
        {c: float for c in out.columns if c != "basis"}
    )


def engagement(sessions: Scored, tables: Snapshot) -> pd.Series:
    """Probability of each session that its likes, comments or follows are inflated, NaN where no model gave one.

    A model that tells typologies apart says it; else it is that of any inflation times the share of confirmed sessions whose engagement was,
    by the verdicts that have matured (one pseudo-verdict a side).
    """
    if ENGAGEMENT in sessions.kinds:
        return sessions.kinds[ENGAGEMENT]
    if "outcomes" not in tables:
        return sessions.probability() * 0.5
    found = verdicts(tables, SESSION, SESSION_MODEL.typologies)
    kinds = found.loc[found["confirmed"] == 1, "typology"]
    return sessions.probability() * float(((kinds == ENGAGEMENT).sum() + 1.0) / (len(kinds) + 2.0))


def _watched(tables: Snapshot, orders: pd.DataFrame, probability: pd.Series) -> pd.DataFrame | None:
    """What false orders bring in views, session by session; None where views or buyers were not delivered."""
    if "views" not in tables or orders.empty:
        return None
    v = tables["views"].semi_join(
        tables.scope(sorted(orders["session_id"].unique()), SESSION), "session_id"
    )
    watched = (
        v.filter(v.account_id.notnull())
        .group_by("session_id", "account_id")
        .aggregate(views=ibis._.count())
        .to_pandas()
    )
    seen = orders.rename_axis("order_id").reset_index().rename(columns={"buyer_id": "account_id"})
    seen = seen.merge(watched, on=["session_id", "account_id"]).rename(
        columns={"account_id": "buyer_id"}
    )
    return estimation.watched_orders(seen, probability)


def corrected_figures(
    tables: Snapshot,
    scored: dict[str, Scored],
    scope: inputs.Scope,
    shares: pd.DataFrame | None,
) -> pd.DataFrame:
    """Corrected figures of the night's sessions and of operators, as rows of their contract less the run's stamp."""
    parts, watched = [], None
    if ORDER in scored and len(scored[ORDER].signals):
        wanted = tables.scope(scope.orders, ORDER)
        chosen = (
            tables["orders"]
            .semi_join(wanted, "order_id")
            .select("order_id", "session_id", "operator_id", "buyer_id", "paid_amount")
        )
        orders = chosen.to_pandas().set_index("order_id")
        refunded = set(tables["refunds"].order_id.to_pandas()) if "refunds" in tables else set()
        orders["refunded"] = orders.index.isin(refunded)
        p = scored[ORDER].probability()
        tonight = orders[orders["session_id"].isin(scope.sessions)]
        watched = _watched(tables, tonight, p)
        parts.append(estimation.order_figures(tonight, p, "session", "session_id"))
        parts.append(estimation.order_figures(orders, p, "operator", "operator_id"))
    if SESSION in scored and len(scored[SESSION].signals):
        s = scored[SESSION]
        counted = counted_figures(tables, s)
        found = estimation.session_figures(
            s.signals, counted, s.probability(), s.peers, shares, watched, engagement(s, tables)
        )
        parts.insert(0, found)
    parts = [p for p in parts if len(p)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def sessions_before(lake: Lake, before: str | None, nights: int = 27) -> pd.DataFrame:
    """Corrected figures of sessions in the published nights that this one stands on, newest first, a session once."""
    parts = []
    for folder in inputs.nights_before(lake, before, nights):
        frame = pq.read_table(folder / "corrected_figures.parquet").to_pandas()
        parts.append(
            frame[frame["entity_kind"] == "session"].reindex(columns=estimation.COLUMNS)
        )  # older nights knew no certainty
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def operator_figures(sessions: pd.DataFrame, tables: Snapshot) -> pd.DataFrame:
    """Views, unique viewers, likes and follows of operators over the sessions that were corrected in the last 28 days.

    Errors of sessions may share a cause, so low and high ends are summed as well: the interval is wide rather than wrong, and as
    certain as that of its least certain session.
    Unique viewers do not add up over sessions: the accounts that were seen in them are counted once, and what is held real of
    each session's carries over as a share. Orders and net sales come from `corrected.order_figures`.
    """
    if sessions.empty or "sessions" not in tables:
        return pd.DataFrame()
    s = sessions[
        sessions["measure"].isin(["views", "unique_viewers", "likes", "follows"])
    ].drop_duplicates(["entity_id", "measure"])
    owner = (
        tables["sessions"]
        .select("session_id", "operator_id")
        .to_pandas()
        .set_index("session_id")["operator_id"]
    )
    s = s.assign(operator=s["entity_id"].map(owner)).dropna(subset=["operator"])
    grouped = s.groupby(["operator", "measure", "unit"], sort=True)
    total = (
        grouped[["counted", "estimate", "low", "high"]]
        .sum()
        .assign(certainty=grouped["certainty"].min())
        .reset_index()
    )
    seen = _distinct_viewers(tables, s["entity_id"])
    unique = total["measure"] == "unique_viewers"
    factor = total["operator"].map(seen).astype(float) / total["counted"].where(
        total["counted"] > 0
    )
    ends = ["counted", "estimate", "low", "high"]
    total.loc[unique, ends] = total.loc[unique, ends].mul(factor[unique].fillna(1.0), axis=0)
    basis = s.groupby("operator")["basis"].max()
    total = total.assign(entity_kind="operator", basis=total["operator"].map(basis)).rename(
        columns={"operator": "entity_id"}
    )
    return total[estimation.COLUMNS]


def _distinct_viewers(tables: Snapshot, sessions: pd.Series) -> pd.Series:
    """Accounts seen in any of an operator's given sessions, counted once, by operator."""
    if "views" not in tables:
        return pd.Series(dtype=float)
    v = tables["views"].semi_join(tables.scope(sorted(sessions.unique()), SESSION), "session_id")
    owned = v.join(tables["sessions"].select("session_id", "operator_id"), "session_id")
    seen = owned.group_by("operator_id").aggregate(accounts=owned.account_id.nunique()).to_pandas()
    return seen.set_index("operator_id")["accounts"].astype(float)
