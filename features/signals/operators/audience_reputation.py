"""Operators by their audience's reputation: its views in other operators' rooms."""

from __future__ import annotations

from features.declaration import OPERATOR, Unit, relation, signal
from features.derived.account_reputation import (
    account_reputation,
    view_traces,
    with_other_views,
)


@relation(
    OPERATOR,
    reads=("views", "sessions", "interactions"),
    needs=(account_reputation,),
    direction=1,
    graph=True,
)
def audience_reputations(views, sessions, interactions, reputation):
    """Known viewers of operators with their views at other operators, and whether they acted."""
    owner = sessions.filter(sessions.operator_id.notnull()).select("session_id", "operator_id")
    t = with_other_views(
        view_traces(views.join(owner, "session_id"), "operator_id", "account_id"), reputation
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


@signal(
    audience_reputations,
    unit=Unit.FAULTS_PER_VIEW,
    typology="view_fraud",
    zh="其观众在其他运营者直播间的观看{value}",
    en="its viewers' views in other operators' rooms show {value}",
    blind="Operators whose rooms share a feed.",
    formerly=("operator_viewer_fault_mean",),
)
def operator_viewer_red_flag_mean(t):
    """Mean over known viewers of the suspicious traces per view at other operators.

    Traces are a flash view, a view through a hidden network, and entry by a share link.
    """
    return t.fault.mean()


@signal(
    audience_reputations,
    unit=Unit.FAULTS_PER_VIEW,
    typology="engagement_fraud",
    zh="在其直播间互动的账号在其他运营者直播间的观看{value}",
    en="views in other operators' rooms by accounts that act in its rooms show {value}",
    blind="Operators whose rooms share a feed.",
    formerly=("operator_actor_fault_mean",),
)
def operator_actor_red_flag_mean(t):
    """`operator_viewer_red_flag_mean` of the accounts that like, follow or comment there."""
    return t.fault.mean(where=t.acted)


@signal(
    audience_reputations,
    unit=Unit.SHARE_OF_ACCOUNTS,
    typology="view_fraud",
    zh="{value} 的观众未在其他运营者直播间出现",
    en="{value} of its viewers were seen at no other operator",
    blind="A host who brings people to the platform.",
    formerly=("operator_viewer_nowhere_else_share",),
)
def operator_exclusive_viewer_share(t):
    """Share of the operator's known viewers without a view at another operator in 28 days."""
    return t.nowhere.mean()


@signal(
    audience_reputations,
    unit=Unit.SHARE_OF_ACCOUNTS,
    typology="engagement_fraud",
    zh="在其直播间互动的账号中 {value} 未在其他运营者直播间出现",
    en="{value} of the accounts that act in its rooms were seen at no other operator",
    blind="A host who brings people to the platform.",
    formerly=("operator_actor_nowhere_else_share",),
)
def operator_exclusive_actor_share(t):
    """Share of the accounts that like, follow or comment in its rooms seen at no other operator."""
    return t.nowhere.mean(where=t.acted)
