"""Signals from graphs: who acts together, again and again, and how much of a room or a trade they make.

Pairs are counted in the engine: two accounts are linked when they did the same thing (joined the same session, bought
from the same shop) within the same few minutes, in several sessions or shops. Steps with many people say little and
cost much, so they are left out: a crowd is not a ring.
Source: the similarity of SynchroTrap (Cao et al., CCS 2014), counted on time steps, without its daily clustering.
"""

from __future__ import annotations

from features.declare import ACCOUNT, ORDER, SESSION, Signal, relation, signal

CROWD = 25  # accounts in one step beyond which it is a crowd
WATCH_STEP, BUY_STEP = 60, 600  # seconds
TOGETHER = 3  # sessions or shops in which a pair must coincide


def pairs_in_steps(t, group: str, account: str, at: str, step: int):
    """Pairs of accounts with in how many groups they coincided: columns left, right, times."""
    t = t.filter(t[account].notnull() & t[group].notnull())
    t = t.mutate(step=t[at].epoch_seconds() // step).select(group, "step", who=account).distinct()
    size = t.group_by(group, "step").aggregate(size=t.count())
    t = t.join(size, [group, "step"])
    t = t.filter((t["size"] >= 2) & (t["size"] <= CROWD)).select(group, "step", "who")
    other = t.view().select(group, "step", partner="who")
    both = t.join(other, [group, "step"])
    both = both.filter(both.who < both.partner).select(group, "who", "partner").distinct()
    return (
        both.group_by("who", "partner")
        .aggregate(times=both.count())
        .filter(lambda p: p.times >= TOGETHER)
        .rename(left="who", right="partner")
    )


def watch_pairs(views):
    """Pairs of accounts that joined the same sessions within the same minutes, three times or more."""
    return pairs_in_steps(views, "session_id", "account_id", "joined_at", WATCH_STEP)


def buy_pairs(orders):
    """Pairs of buyers that ordered from the same operators within the same ten minutes, at three of them or more."""
    return pairs_in_steps(orders, "operator_id", "buyer_id", "placed_at", BUY_STEP)


def partners(pairs):
    """Accounts with the number of others they act together with."""
    both = pairs.select(account_id="left", other="right").union(pairs.select(account_id="right", other="left"))
    return both.group_by("account_id").aggregate(partners=both.count())


@relation(ACCOUNT, reads=("views",))
def watch_partners(views):
    """Accounts with those they watch in lockstep with."""
    return partners(watch_pairs(views))


@relation(ACCOUNT, reads=("orders",))
def buy_partners(orders):
    """Buyers with those they buy in lockstep with."""
    return partners(buy_pairs(orders))


@relation(SESSION, reads=("views",))
def lockstep_views(views):
    """Views by known accounts with the number of lockstep partners of the account."""
    known = views.filter(views.account_id.notnull()).select("session_id", "account_id")
    return known.left_join(partners(watch_pairs(views)), "account_id", rname="{name}_partner")


@relation(ORDER, reads=("orders",), grouped=False)
def lockstep_orders(orders):
    """Orders with the number of lockstep partners of the buyer."""
    p = partners(buy_pairs(orders)).rename(buyer_id="account_id")
    return orders.select("order_id", "buyer_id").left_join(p, "buyer_id", rname="{name}_partner")


@relation(SESSION, reads=("views", "sessions"))
def wanderers(views, sessions):
    """Views by known accounts with the sessions that the account entered in the same clock hour."""
    known = views.filter(views.account_id.notnull())
    t = known.mutate(hour=known.joined_at.epoch_seconds() // 3600).select("session_id", "account_id", "hour")
    rooms = t.group_by("account_id", "hour").aggregate(rooms=t.session_id.nunique())
    return t.join(rooms, ["account_id", "hour"])


@signal(
    watch_partners,
    unit="accounts",
    typology="view_fraud",
    direction=1,
    alarm=5.0,
    graph=True,
    zh="与 {value:.0f} 个账号多次同步进场",
    en="it joined in lockstep with {value:.0f} accounts",
    blind="Fans who come at the start of every session.",
)
def lockstep_partner_count(t):
    """Accounts that joined at least three sessions within the same minute as this one."""
    return t.partners.max()


@signal(
    buy_partners,
    unit="accounts",
    typology="order_fraud",
    direction=1,
    alarm=3.0,
    graph=True,
    zh="与 {value:.0f} 个买家多次同步下单",
    en="it bought in lockstep with {value:.0f} buyers",
    blind="Group buying by neighbours.",
)
def lockstep_buyer_partner_count(t):
    """Buyers that ordered from at least three operators within the same ten minutes as this one."""
    return t.partners.max()


@signal(
    lockstep_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.15,
    graph=True,
    zh="{value:.0%} 的观看来自反复同步进场的账号",
    en="{value:.0%} of views are by accounts that join in lockstep, session after session",
    blind="Small pools that never meet three times.",
)
def lockstep_view_share(t):
    """Share of known viewers' views by accounts with five or more lockstep partners."""
    return (t.partners.fill_null(0) >= 5).mean()


@signal(
    lockstep_views,
    unit="accounts",
    typology="view_fraud",
    direction=1,
    graph=True,
    zh="观众平均有 {value:.1f} 个同步伙伴",
    en="viewers have {value:.1f} lockstep partners on average",
    blind="Grows with the history known.",
)
def lockstep_partner_mean(t):
    """Mean number of lockstep partners, by view of a known account."""
    return t.partners.fill_null(0).mean()


@signal(
    lockstep_orders,
    unit="buyers",
    typology="order_fraud",
    direction=1,
    alarm=3.0,
    graph=True,
    zh="买家与 {value:.0f} 个买家多次同步下单",
    en="the buyer orders in lockstep with {value:.0f} others",
    blind="Group buying by neighbours.",
)
def buyer_lockstep_partner_count(t):
    """Lockstep partners of the order's buyer."""
    return t.partners.fill_null(0)


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
    lockstep_partner_mean,
    buyer_lockstep_partner_count,
    wandering_view_share,
    rooms_that_hour_mean,
)
