"""Operators by what their viewers did in other operators' rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from features.declaration import OPERATOR, Signal, relation, signal
from features.derived.account_reputation import (
    account_reputation,
    view_traces,
    with_other_views,
)


@relation(OPERATOR, reads=("views", "sessions", "interactions"), needs=(account_reputation,))
def audience_elsewhere(views, sessions, interactions, traces):
    """Known viewers of operators with the traces of their views in other operators' rooms, and whether they acted in its own."""
    owner = sessions.filter(sessions.operator_id.notnull()).select("session_id", "operator_id")
    t = with_other_views(
        view_traces(views.join(owner, "session_id"), "operator_id", "account_id"), traces
    )
    acts = interactions.filter(
        interactions.account_id.notnull() & interactions.kind.isin(["like", "follow", "comment"])
    )
    acts = (
        acts.join(owner, "session_id")
        .select("operator_id", "account_id")
        .distinct()
        .mutate(acted=True)
    )
    t = t.left_join(acts, ["operator_id", "account_id"], rname="{name}_acts")
    return t.mutate(acted=t.acted.fill_null(False))


def _audiences(
    unit: str, typology: str, zh: str, en: str, blind: str
) -> Callable[[Callable[..., Any]], Signal]:
    return signal(
        audience_elsewhere,
        unit=unit,
        typology=typology,
        direction=1,
        graph=True,
        zh=zh,
        en=en,
        blind=blind,
    )


@_audiences(
    "faults per view",
    "view_fraud",
    "其观众在其他运营者直播间的观看平均有 {value:.2f} 处异常",
    "its viewers' views in other operators' rooms have {value:.2f} faults each",
    "Operators whose rooms share a feed.",
)
def operator_viewer_fault_mean(t):
    """Mean over the operator's known viewers of the shares of their views elsewhere that were a flash, hidden, and by a link, added up."""
    return t.fault.mean()


@_audiences(
    "faults per view",
    "engagement_fraud",
    "其互动账号在其他运营者直播间的观看平均有 {value:.2f} 处异常",
    "the views elsewhere of those who act in its rooms have {value:.2f} faults each",
    "Operators whose rooms share a feed.",
)
def operator_actor_fault_mean(t):
    """The same over those who like, follow or comment in its rooms."""
    return t.fault.mean(where=t.acted)


@_audiences(
    "share of accounts",
    "view_fraud",
    "{value:.0%} 的观众未在其他运营者直播间出现",
    "{value:.0%} of its viewers were seen at no other operator",
    "A host who brings people to the platform.",
)
def operator_viewer_nowhere_else_share(t):
    """Share of the operator's known viewers that were seen at no other operator in 28 days."""
    return t.nowhere.mean()


@_audiences(
    "share of accounts",
    "engagement_fraud",
    "{value:.0%} 的互动账号未在其他运营者直播间出现",
    "{value:.0%} of those who act in its rooms were seen at no other operator",
    "A host who brings people to the platform.",
)
def operator_actor_nowhere_else_share(t):
    """The same over those who like, follow or comment in its rooms."""
    return t.nowhere.mean(where=t.acted)


SIGNALS: tuple[Signal, ...] = (
    operator_viewer_fault_mean,
    operator_actor_fault_mean,
    operator_viewer_nowhere_else_share,
    operator_actor_nowhere_else_share,
)
