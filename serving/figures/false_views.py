"""False views by name: views of tonight's sessions that are probably false, with reasons.

A view is false when no person watched (its session's false share), or when it belongs to a false
order of that session. The probabilities of both are combined as if they were independent.

Their sum over all assessed views of a session, named or not, is at most what its corrected figure
takes. That is the false share times the probability that the session is inflated (ADR-0063).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.declaration import ORDER, SESSION, VIEW
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.engine.tables import VIEW_ORDER, named_views
from features.posteriors.view_posteriors import TINY, posteriors_at_share
from serving.figures.nightly_figures import NightShares
from serving.figures.order_figures import night_orders, suspicious_orders
from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext
from serving.scoring.nightly_models import MODEL_OF
from serving.scoring.reasons import PeerMedians, drivers_of, reasons_of
from serving.scoring.scope import Scope

MAX_EXPLAINED_VIEWS = 5_000  # of a night, the most probable of each session first
ORDER_REASON = {
    "zh": "该账号在本场的订单 {order} 为虚假的概率为 {p:.2f}",
    "en": "its account's order {order} in the session is false with probability {p:.2f}",
}


@dataclass(frozen=True)
class FalseViews:
    """Rows of the `false_views` contract less the run's stamp, and the number expected.

    Attributes
    ----------
    rows
        Views from the policy's probability on.
    expected
        Expected number of false views among all that were assessed tonight, named or not.
    """

    rows: pd.DataFrame
    expected: float


def name_false_views(
    context: NightContext,
    tables: Snapshot,
    scored: dict[str, EntityScores],
    scope: Scope,
    found: NightShares,
) -> FalseViews:
    """Name the false views of the night's sessions; none where no views were assessed.

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
    """
    sessions = scored.get(SESSION)
    if sessions is None or sessions.view_evidence is None:
        return FalseViews(pd.DataFrame(), 0.0)
    by_share = view_probabilities(sessions, found.of_views)
    views = _with_orders(by_share, tables, scored.get(ORDER), scope, found.orders_from)
    named = views[views["probability"] >= context.policy.night.false_view]
    expected = float(views["probability"].sum())
    if named.empty:
        return FalseViews(pd.DataFrame(), expected)
    inflated = sessions.probability_with_buyers.reindex(named["session_id"]).to_numpy()
    evidence = sessions.view_evidence
    release = evidence.release if evidence else None
    if release is None:
        return pd.Series(None, index=named.index, dtype=object)
    rows = named.join(_identities(tables, named)).assign(
        session_probability=inflated,
        model=release.model.name,
        model_version=release.version,
        reasons=_reasons(context, tables, named, sessions),
    )
    columns = ["session_id", *VIEW_ORDER, "probability", "session_probability", "order_id"]
    columns += ["model", "model_version", "reasons"]
    return FalseViews(rows[columns].reset_index(), expected)


def view_probabilities(sessions: EntityScores, shares: pd.DataFrame) -> pd.DataFrame:
    """Probability that no person watched, of each view of the scored sessions.

    Parameters
    ----------
    sessions
        Scores of sessions.
    shares
        Estimated false share of views and probability of inflation, index session.

    Returns
    -------
    pd.DataFrame
        Index view_id; session_id, account_id, probability. The mean over a session is the share
        that its figure takes, times the probability that the session is inflated.
    """
    evidence, found = sessions.view_evidence, sessions.view_shares
    if evidence is None or found is None:
        return pd.DataFrame(columns=["session_id", "account_id", "probability"])
    mine = evidence.log_factors.index.isin(sessions.signals.index)
    size = np.diff(evidence.start)
    of_view = np.repeat(mine, size)
    start = np.append(0, size[mine].cumsum())
    mixed = shares.reindex(evidence.log_factors.index[mine]).fillna(0.0)
    inflated = mixed["inflated"].to_numpy()
    given = found.posterior[of_view] / np.maximum(np.repeat(found.inflated[mine], size[mine]), TINY)
    posterior = posteriors_at_share(
        given * np.repeat(inflated, size[mine]),
        start,
        inflated,
        inflated * mixed["share"].to_numpy(),
    )
    views = evidence.views.loc[of_view, ["session_id", "account_id"]]
    return views.assign(probability=posterior)


def _with_orders(
    views: pd.DataFrame,
    tables: Snapshot,
    orders: EntityScores | None,
    scope: Scope,
    from_probability: float,
) -> pd.DataFrame:
    """Views with the most suspicious order of their account in the session, where it has one.

    Orders below the probability from which figures take them do not make a view false.
    """
    views = views.assign(order_id=None, order_probability=0.0)
    if orders is None or orders.release is None:
        return views
    placed = night_orders(tables, scope.orders)
    placed = placed[placed["session_id"].isin(scope.sessions)]
    worst = suspicious_orders(placed.rename_axis("order_id").reset_index(), orders.probability)
    key = pd.MultiIndex.from_frame(views[["session_id", "account_id"]])
    found = worst.reindex(key)
    p = found["p"].fillna(0.0)
    by_order = p.where(p >= from_probability, 0.0).to_numpy()
    return views.assign(
        order_id=found["order_id"].to_numpy(),
        order_probability=by_order,
        probability=1.0 - (1.0 - views["probability"]) * (1.0 - by_order),
    )


def _identities(tables: Snapshot, named: pd.DataFrame) -> pd.DataFrame:
    """Columns of the `views` contract by which each named view is found again, index view_id."""
    scope = tables.scope(sorted(named["session_id"].unique()), SESSION)
    rows = named_views(tables["views"].semi_join(scope, "session_id"))
    frame = rows.select("view_id", *VIEW_ORDER).to_pandas().set_index("view_id")
    return frame.loc[named.index].drop(columns="account_id")


def _reasons(
    context: NightContext, tables: Snapshot, named: pd.DataFrame, sessions: EntityScores
) -> pd.Series:
    """Reasons of the named views that are explained, as JSON, index view_id."""
    ordered = named.rename_axis("view_id").sort_values(
        ["probability", "view_id"], ascending=[False, True]
    )
    place = ordered.groupby("session_id").cumcount()
    explained = ordered.iloc[np.argsort(place.to_numpy(), kind="stable")[:MAX_EXPLAINED_VIEWS]]
    evidence = sessions.view_evidence
    release = evidence.release if evidence else None
    if release is None:
        return pd.Series(None, index=named.index, dtype=object)
    of = sorted(explained["session_id"].unique())
    signals = compute(tables, release.model.signals, VIEW, of)
    values = signals.loc[explained.index, release.columns]
    contributions = release.trees.contributions(values.to_numpy())
    peers = PeerMedians({}, {} if evidence is None else evidence.medians, {})
    texts = {}
    for i, (view_id, row) in enumerate(explained.iterrows()):
        found = reasons_of(
            drivers_of(values.iloc[i], contributions[i], peers), context.policy.night.reasons
        )
        p = float(row["order_probability"])
        if p >= context.policy.night.false_view:
            found.insert(0, order_reason(str(row["order_id"]), p))
        texts[view_id] = json.dumps(found[: context.policy.night.reasons], ensure_ascii=False)
    return pd.Series(texts, dtype=object).reindex(named.index)


def order_reason(order_id: str, probability: float) -> dict[str, object]:
    """The reason of a view that belongs to a suspicious order, in the form of signals' reasons."""
    return {
        "signal": MODEL_OF[ORDER],
        "typology": "order_fraud",
        "value": round(probability, 6),
        "unit": "probability",
        "peers": None,
        "share": None,
        **{k: text.format(order=order_id, p=probability) for k, text in ORDER_REASON.items()},
    }
