"""The purchase itself: its amount, its buyer's account, and what the buyer did before it."""

from __future__ import annotations

import ibis

from features.declaration import ORDER, relation, signal
from features.expressions import ratio, seconds_between
from features.units import Unit

SECONDS_PER_DAY = 86400.0


@relation(ORDER, reads=("orders",), grouped=False, unit=Unit.RATIO, typology="order_fraud")
def amounts(orders):
    """Orders with the median amount of their operator."""
    median = (
        orders.filter(orders.paid_amount > 0)
        .group_by("operator_id")
        .aggregate(operator_median=ibis._.paid_amount.median())
    )
    return orders.left_join(median, "operator_id", rname="{name}_other").drop("operator_id_other")


@relation(ORDER, reads=("orders", "accounts"), grouped=False, local=True, typology="order_fraud")
def buyers(orders, accounts):
    """Orders with their buyer's account."""
    a = accounts.select(
        buyer_id="account_id",
        registered_at="registered_at",
        verified="real_name_verified",
        level="level",
    )
    return orders.join(a, "buyer_id")


@relation(
    ORDER,
    reads=("orders", "views"),
    grouped=False,
    unit=Unit.SECONDS,
    typology="order_fraud",
    direction=-1,
    evidence_group="unseen",
)
def watch_times(orders, views):
    """Orders of known sessions with the time that their buyer had watched before.

    Orders whose buyer was in the session at an unknown time are left out.
    """
    o = orders.filter(orders.session_id.notnull()).select(
        "order_id", "session_id", "placed_at", account_id="buyer_id"
    )
    seen = o.join(
        views.select("session_id", "account_id", "joined_at", "left_at"),
        ["session_id", "account_id"],
    )
    untimed = seen.filter(seen.joined_at.isnull()).select("order_id").distinct()
    seen = seen.filter(seen.joined_at <= seen.placed_at)
    until = ibis.least(seen.left_at, seen.placed_at)
    total = seen.group_by("order_id").aggregate(
        watched=seconds_between(until, seen.joined_at).sum()
    )
    t = o.anti_join(untimed, "order_id")
    return t.left_join(total, "order_id", rname="{name}_seen").drop("order_id_seen")


@relation(
    ORDER,
    reads=("orders", "interactions"),
    grouped=False,
    local=True,
    unit=Unit.ACTIONS,
    typology="order_fraud",
    direction=-1,
    evidence_group="unseen",
)
def buyer_actions(orders, interactions):
    """Orders of known sessions with the actions of their buyer in the session before."""
    o = orders.filter(orders.session_id.notnull()).select(
        "order_id", "session_id", "placed_at", account_id="buyer_id"
    )
    done = o.join(
        interactions.select("session_id", "account_id", "kind", "at"), ["session_id", "account_id"]
    )
    done = done.filter((done.at <= done.placed_at) & (done.kind != "unfollow"))
    total = done.group_by("order_id").aggregate(
        acts=done.count(), clicks=(done.kind == "product_click").sum()
    )
    return o.left_join(total, "order_id", rname="{name}_done").drop("order_id_done")


@signal(
    amounts,
    zh="实付金额为该运营者订单中位数的 {value}",
    en="the amount paid is {value} the operator's median order",
    blind="Depends on the assortment.",
)
def amount_to_median_ratio(t):
    """Amount paid over the median of the operator's orders in the last 28 days."""
    return ratio(t.paid_amount, t.operator_median)


@signal(
    amounts,
    zh="实付金额为标价的 {value}",
    en="the amount paid is {value} the list price",
    blind="Coupons.",
)
def paid_to_list_ratio(t):
    """Amount paid over the amount at list price."""
    return ratio(t.paid_amount, t.list_amount)


@signal(
    amounts,
    unit=Unit.SECONDS,
    zh="下单 {value}后支付",
    en="it was paid {value} after it was placed",
    blind="Pre-sales are paid later.",
)
def place_to_pay_seconds(t):
    """Seconds from placing to paying."""
    return seconds_between(t.paid_at, t.placed_at)


@signal(
    buyers,
    unit=Unit.DAYS,
    direction=-1,
    alarm=7.0,
    evidence_group="account",
    zh="下单时买家账号已注册 {value}",
    en="the buyer's account was {value} old when it ordered",
    blind="New users are honest too. Aged accounts escape.",
)
def buyer_age_days(t):
    """Days from the buyer's registration to the order."""
    return seconds_between(t.placed_at, t.registered_at) / SECONDS_PER_DAY


@signal(
    buyers,
    unit=Unit.LEVEL,
    zh="买家账号等级为 {value}",
    en="the buyer's account has {value}",
    blind="Levels can be bought.",
)
def buyer_level(t):
    """Platform level of the buyer's account."""
    return t.level.cast("float64")


@signal(
    buyers,
    unit=Unit.FLAG,
    direction=1,
    evidence_group="account",
    zh="买家账号未实名：{value}",
    en="buyer without a verified name: {value}",
    blind="Verification is not always required.",
)
def buyer_unverified_share(t):
    """1 where the buyer's account has no verified name, 0 where it has."""
    return (~t.verified).cast("float64")


@signal(
    watch_times,
    alarm=3.0,
    zh="下单前买家在该场次观看了 {value}",
    en="the buyer had watched the session for {value} before ordering",
    blind="Orders after the session, from a replay or a saved link.",
)
def watch_before_order_seconds(t):
    """Seconds of the session that the buyer watched before placing; 0 where it has no view.

    Unknown where a view of the buyer has no join time.
    """
    return t.watched.fill_null(0.0)


@signal(
    buyer_actions,
    zh="下单前买家在该场次有 {value}",
    en="the buyer made {value} in the session before ordering",
    blind="Many honest buyers only order.",
)
def acts_before_order_count(t):
    """Likes, comments, follows, shares and clicks of the buyer in the session before placing."""
    return t.acts.fill_null(0)


@signal(
    buyer_actions,
    unit=Unit.CLICKS,
    zh="下单前买家对商品有 {value}",
    en="the buyer made {value} on products in the session before ordering",
    blind="Clicks may be recorded only in part.",
)
def clicks_before_order_count(t):
    """Product clicks of the buyer in the session before placing."""
    return t.clicks.fill_null(0)
