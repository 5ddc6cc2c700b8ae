"""Signals from graphs: who acts together, again and again, and how much of a room or a trade they make.

The groups and blocks are found once a night by `meetings.py`; here they are counted by account, view, order and operator.
"""

from __future__ import annotations

from features.declaration import ACCOUNT, ORDER, SESSION, Signal, relation, signal
from features.derived.co_visitation import buy_blocks, buy_pairs, partners, watch_pairs


@relation(ACCOUNT, reads=("views",), needs=(watch_pairs,))
def watch_partners(views, pairs):
    """Members of lockstep groups of viewers, with their partners."""
    return partners(pairs)


@relation(ACCOUNT, reads=("orders",), needs=(buy_pairs,))
def buy_partners(orders, pairs):
    """Members of lockstep groups of buyers, with their partners."""
    return partners(pairs)


@relation(SESSION, reads=("views",), needs=(watch_pairs,))
def lockstep_views(views, pairs):
    """Views by known accounts with the lockstep partners of the account."""
    known = views.filter(views.account_id.notnull()).select("session_id", "account_id")
    return known.left_join(partners(pairs), "account_id", rname="{name}_partner")


@relation(ORDER, reads=("orders",), grouped=False, needs=(buy_pairs, buy_blocks))
def tied_orders(orders, pairs, blocks):
    """Orders with the lockstep partners and the dense block of their buyer."""
    p = partners(pairs).rename(buyer_id="account_id")
    b = blocks.select(buyer_id="account_id", density="density")
    t = orders.select("order_id", "buyer_id").left_join(p, "buyer_id", rname="{name}_partner")
    return t.left_join(b, "buyer_id", rname="{name}_block")


@relation(SESSION, reads=("views", "sessions"), local=True, whole=("views",))
def wanderers(views, sessions, everywhere):
    """Views by known accounts with the sessions that the account entered in the same clock hour."""
    known = views.filter(views.account_id.notnull())
    t = known.mutate(hour=known.joined_at.epoch_seconds() // 3600).select(
        "session_id", "account_id", "hour"
    )
    there = everywhere.mutate(hour=everywhere.joined_at.epoch_seconds() // 3600).semi_join(
        t, ["account_id", "hour"]
    )
    rooms = there.group_by("account_id", "hour").aggregate(rooms=there.session_id.nunique())
    return t.join(rooms, ["account_id", "hour"])


@signal(
    watch_partners,
    unit="accounts",
    typology="view_fraud",
    direction=1,
    alarm=3.0,
    graph=True,
    zh="与 {value:.0f} 个账号反复同步进场",
    en="it keeps joining in lockstep with {value:.0f} accounts",
    blind="Pools that never meet the same partner three times.",
)
def lockstep_partner_count(t):
    """Partners in the account's lockstep group with whom it met more often than chance lets them."""
    return t.partners.max()


@signal(
    buy_partners,
    unit="accounts",
    typology="order_fraud",
    direction=1,
    alarm=3.0,
    graph=True,
    zh="与 {value:.0f} 个买家反复同步下单",
    en="it keeps ordering in lockstep with {value:.0f} buyers",
    blind="Group buying by neighbours.",
)
def lockstep_buyer_partner_count(t):
    """Buyers in the account's lockstep group with whom it ordered more often than chance lets them."""
    return t.partners.max()


@signal(
    lockstep_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.03,
    graph=True,
    zh="{value:.0%} 的观看来自反复同步进场的账号",
    en="{value:.0%} of views are by accounts that join in lockstep, session after session",
    blind="Small pools that never meet three times.",
)
def lockstep_view_share(t):
    """Share of known viewers' views by members of lockstep groups."""
    return t.partners.notnull().mean()


@signal(
    tied_orders,
    unit="buyers",
    typology="order_fraud",
    direction=1,
    alarm=3.0,
    graph=True,
    zh="买家与 {value:.0f} 个买家同步下单",
    en="the buyer orders in lockstep with {value:.0f} others",
    blind="Group buying by neighbours.",
)
def buyer_lockstep_partner_count(t):
    """Partners in the lockstep group of the order's buyer."""
    return t.partners.fill_null(0)


@signal(
    tied_orders,
    unit="edges per node",
    typology="order_fraud",
    direction=1,
    alarm=1.0,
    graph=True,
    zh="买家属于密集买家团块（超额密度 {value:.1f}）",
    en="the buyer belongs to a dense block of buyers (excess density {value:.1f})",
    blind="Brushers that never buy at the same minutes.",
)
def buyer_block_density(t):
    """Excess density of the densest block of buyers by (operator, two minutes) that the buyer belongs to, 0 for none."""
    return t.density.fill_null(0)


@signal(
    wanderers,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.3,
    graph=True,
    zh="{value:.0%} 的观看者同一小时内进入四个以上直播间",
    en="{value:.0%} of views are by accounts in four or more rooms that hour",
    blind="People who zap through a feed.",
)
def wandering_view_share(t):
    """Share of known viewers' views by accounts that entered four or more sessions in the same clock hour."""
    return (t.rooms >= 4).mean()


@signal(
    wanderers,
    unit="rooms",
    typology="view_fraud",
    direction=1,
    graph=True,
    zh="观看者该小时平均进入 {value:.1f} 个直播间",
    en="viewers entered {value:.1f} rooms that hour on average",
    blind="People who zap through a feed.",
)
def rooms_that_hour_mean(t):
    """Mean number of sessions that the viewers entered in the same clock hour."""
    return t.rooms.mean()


SIGNALS: tuple[Signal, ...] = (
    lockstep_partner_count,
    lockstep_buyer_partner_count,
    lockstep_view_share,
    buyer_lockstep_partner_count,
    buyer_block_density,
    wandering_view_share,
    rooms_that_hour_mean,
)
