"""Operators by the audience of all their sessions over the last 28 days."""

from __future__ import annotations

from features.declaration import OPERATOR, Dimension, Unit, per_operator, relation, signal
from features.derived.co_visitation import buy_blocks, buy_pairs, partners, watch_pairs
from features.expressions import seconds_between
from features.signals.sessions import coordination, view_durations, viewers


@relation(OPERATOR, reads=("sessions", "views"))
def operator_views(sessions, views):
    """Views of all sessions of an operator."""
    s = sessions.select("session_id", "operator_id", "started_at", "ended_at")
    t = views.join(s, "session_id")
    return t.mutate(
        stay=seconds_between(t.left_at, t.joined_at),
        offset=seconds_between(t.joined_at, t.started_at),
        length=seconds_between(t.ended_at, t.started_at),
    )


@relation(OPERATOR, reads=("sessions", "views", "accounts"))
def operator_viewers(sessions, views, accounts):
    """Views of an operator's sessions by known accounts, with the account."""
    t = views.join(sessions.select("session_id", "operator_id"), "session_id")
    return t.join(accounts.select("account_id", "registered_at", home="region"), "account_id")


@relation(
    OPERATOR,
    reads=("sessions", "interactions"),
    unit=Unit.SHARE_OF_ACTIONS,
    typology="engagement_fraud",
)
def operator_actions(sessions, interactions):
    """Actions in an operator's sessions."""
    return interactions.join(sessions.select("session_id", "operator_id"), "session_id")


@relation(OPERATOR, reads=("sessions", "views"), needs=(watch_pairs,))
def operator_lockstep_views(sessions, views, pairs):
    """Views of an operator's sessions with the lockstep partners of the viewer."""
    known = views.filter(views.account_id.notnull()).select("session_id", "account_id")
    t = known.join(sessions.select("session_id", "operator_id"), "session_id")
    return t.left_join(partners(pairs), "account_id", rname="{name}_partner")


@relation(OPERATOR, reads=("orders",), needs=(buy_pairs, buy_blocks))
def operator_lockstep_orders(orders, pairs, blocks):
    """Orders of an operator with whether their buyer is in a lockstep group or a dense block."""
    tied = partners(pairs).select("account_id").union(blocks.select("account_id")).distinct()
    tied = tied.select(buyer_id="account_id", tied="account_id")
    return orders.select("operator_id", "buyer_id").left_join(tied, "buyer_id", rname="{name}_tied")


operator_flash_view_share = per_operator(view_durations.flash_view_share, operator_views)
operator_whole_session_stay_share = per_operator(
    view_durations.whole_session_stay_share, operator_views, alarm=0.3
)
operator_datacentre_view_share = per_operator(
    view_durations.datacentre_view_share, operator_views, evidence_group="networks"
)
operator_proxy_view_share = per_operator(
    view_durations.proxy_view_share, operator_views, alarm=0.1, evidence_group="networks"
)
operator_anonymous_view_share = per_operator(
    view_durations.anonymous_view_share, operator_views, alarm=0.2
)
operator_share_link_view_share = per_operator(
    view_durations.share_link_view_share, operator_views, alarm=None
)
operator_new_account_view_share = per_operator(
    viewers.new_account_view_share, operator_viewers, alarm=0.15
)
operator_region_contradiction_share = per_operator(
    viewers.region_contradiction_share, operator_viewers, evidence_group="networks"
)


@signal(
    operator_actions,
    zh="互动记录中点赞占 {value}",
    en="likes are {value} of the recorded actions in its sessions",
    blind="Platforms fold several taps into one row.",
)
def operator_like_row_share(t):
    """Share of the rows of actions in the operator's sessions that are likes."""
    return (t.kind == "like").mean()


@signal(
    operator_actions,
    direction=1,
    dimension=Dimension.FOLLOW,
    zh="互动记录中取消关注占 {value}",
    en="unfollows are {value} of the recorded actions in its sessions",
    blind="Known only days later.",
)
def operator_unfollow_row_share(t):
    """Share of the rows of actions in the operator's sessions that undo a follow."""
    return (t.kind == "unfollow").mean()


operator_lockstep_view_share = per_operator(
    coordination.lockstep_view_share,
    operator_lockstep_views,
    blind="Fans who come at every start.",
)


@signal(
    operator_lockstep_orders,
    unit=Unit.SHARE_OF_ORDERS,
    typology="order_fraud",
    direction=1,
    alarm=0.05,
    graph=True,
    zh="{value} 的订单来自反复同步下单或属于密集团块的买家",
    en="{value} of its orders come from buyers who repeatedly order together",
    blind="Group buying by neighbours.",
)
def operator_lockstep_order_share(t):
    """Share of the operator's orders by buyers of lockstep groups or dense blocks."""
    return t.tied.notnull().mean()
