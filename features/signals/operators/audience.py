"""Operators by their rooms over the last 28 days: the audience of all their sessions taken together."""

from __future__ import annotations

from features.declaration import OPERATOR, Signal, relation, seconds_between, signal
from features.derived.co_visitation import buy_blocks, buy_pairs, partners, watch_pairs


@relation(OPERATOR, reads=("sessions", "views"))
def room_views(sessions, views):
    """Views of all sessions of an operator."""
    s = sessions.select("session_id", "operator_id", "started_at", "ended_at")
    t = views.join(s, "session_id")
    return t.mutate(
        stay=seconds_between(t.left_at, t.joined_at),
        offset=seconds_between(t.joined_at, t.started_at),
        length=seconds_between(t.ended_at, t.started_at),
    )


@relation(OPERATOR, reads=("sessions", "views", "accounts"))
def room_visitors(sessions, views, accounts):
    """Views of an operator's sessions by known accounts, with the account."""
    t = views.join(sessions.select("session_id", "operator_id"), "session_id")
    return t.join(accounts.select("account_id", "registered_at", home="region"), "account_id")


@relation(OPERATOR, reads=("sessions", "interactions"))
def room_acts(sessions, interactions):
    """What was done in an operator's sessions."""
    return interactions.join(sessions.select("session_id", "operator_id"), "session_id")


@relation(OPERATOR, reads=("sessions", "views"), needs=(watch_pairs,))
def room_lockstep(sessions, views, pairs):
    """Views of an operator's sessions with the lockstep partners of the viewer."""
    known = views.filter(views.account_id.notnull()).select("session_id", "account_id")
    t = known.join(sessions.select("session_id", "operator_id"), "session_id")
    return t.left_join(partners(pairs), "account_id", rname="{name}_partner")


@relation(OPERATOR, reads=("orders",), needs=(buy_pairs, buy_blocks))
def trade_lockstep(orders, pairs, blocks):
    """Orders of an operator with whether their buyer is in a lockstep group or a dense block."""
    tied = partners(pairs).select("account_id").union(blocks.select("account_id")).distinct()
    tied = tied.select(buyer_id="account_id", tied="account_id")
    return orders.select("operator_id", "buyer_id").left_join(tied, "buyer_id", rname="{name}_tied")


@signal(
    room_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.3,
    zh="各场合计 {value:.0%} 的观看不超过 3 秒",
    en="{value:.0%} of all its views stayed three seconds or less",
    blind="Autoplay.",
)
def operator_flash_view_share(t):
    """Share of the operator's views with a stay of three seconds or less."""
    return (t.stay <= 3.0).mean()


@signal(
    room_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.3,
    zh="各场合计 {value:.0%} 的观看几乎从头停到尾",
    en="{value:.0%} of all its views stayed nearly the whole session",
    blind="Fans of short sessions.",
)
def operator_whole_session_stay_share(t):
    """Share of the operator's views that cover 60 % of a session and leave in its last tenth."""
    return ((t.stay >= 0.6 * t.length) & (t.offset + t.stay >= 0.9 * t.length)).mean()


@signal(
    room_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.1,
    zh="各场合计 {value:.0%} 的观看来自机房",
    en="{value:.0%} of all its views came from data centres",
    blind="Proxies hide it.",
)
def operator_datacentre_view_share(t):
    """Share of the operator's views from data-centre networks."""
    return (t.asn_kind == "datacentre").mean()


@signal(
    room_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.1,
    zh="各场合计 {value:.0%} 的观看经代理",
    en="{value:.0%} of all its views came through proxies",
    blind="Only known proxies.",
)
def operator_proxy_view_share(t):
    """Share of the operator's views through known proxies."""
    return (t.asn_kind == "proxy").mean()


@signal(
    room_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.2,
    zh="各场合计 {value:.0%} 的观看没有账号",
    en="{value:.0%} of all its views had no account",
    blind="Visitors without a login.",
)
def operator_anonymous_view_share(t):
    """Share of the operator's views without an account."""
    return t.account_id.isnull().mean()


@signal(
    room_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    zh="各场合计 {value:.0%} 的观看由分享进入",
    en="{value:.0%} of all its views entered by a share link",
    blind="Fan groups.",
)
def operator_share_link_view_share(t):
    """Share of the operator's views that entered by a share link."""
    return (t.entry_source == "share").mean()


@signal(
    room_visitors,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.15,
    zh="各场合计 {value:.0%} 的观看来自新账号",
    en="{value:.0%} of all its views were by accounts under seven days old",
    blind="Campaigns for new users.",
)
def operator_new_account_view_share(t):
    """Share of the operator's known viewers' views by accounts younger than seven days."""
    return (seconds_between(t.joined_at, t.registered_at) < 7 * 86400).mean()


@signal(
    room_visitors,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.25,
    zh="各场合计 {value:.0%} 的观看属地不符",
    en="{value:.0%} of all its views came from a region other than the account's",
    blind="Travel.",
)
def operator_region_contradiction_share(t):
    """Share of the operator's known viewers' views whose network region differs from the account's home."""
    return (t.region != t.home).mean()


@signal(
    room_acts,
    unit="share of actions",
    typology="engagement_fraud",
    zh="互动中点赞行占 {value:.0%}",
    en="{value:.0%} of its rows of actions are likes",
    blind="Platforms fold taps.",
)
def operator_like_row_share(t):
    """Share of the rows of actions in the operator's sessions that are likes."""
    return (t.kind == "like").mean()


@signal(
    room_acts,
    unit="share of actions",
    typology="engagement_fraud",
    direction=1,
    zh="互动中取关占 {value:.1%}",
    en="{value:.1%} of its actions are unfollows",
    blind="Known only days later.",
)
def operator_unfollow_row_share(t):
    """Share of the rows of actions in the operator's sessions that undo a follow."""
    return (t.kind == "unfollow").mean()


@signal(
    room_lockstep,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.03,
    graph=True,
    zh="各场合计 {value:.0%} 的观看来自同步账号",
    en="{value:.0%} of all its views are by accounts that join in lockstep",
    blind="Fans who come at every start.",
)
def operator_lockstep_view_share(t):
    """Share of the operator's known viewers' views by members of lockstep groups."""
    return t.partners.notnull().mean()


@signal(
    trade_lockstep,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    alarm=0.05,
    graph=True,
    zh="{value:.0%} 的订单来自同步或密集团块的买家",
    en="{value:.0%} of its orders are by buyers of lockstep groups or dense blocks",
    blind="Group buying by neighbours.",
)
def operator_lockstep_order_share(t):
    """Share of the operator's orders by buyers of lockstep groups or dense blocks."""
    return t.tied.notnull().mean()


SIGNALS: tuple[Signal, ...] = (
    operator_flash_view_share,
    operator_whole_session_stay_share,
    operator_datacentre_view_share,
    operator_proxy_view_share,
    operator_anonymous_view_share,
    operator_share_link_view_share,
    operator_new_account_view_share,
    operator_region_contradiction_share,
    operator_like_row_share,
    operator_unfollow_row_share,
    operator_lockstep_view_share,
    operator_lockstep_order_share,
)
