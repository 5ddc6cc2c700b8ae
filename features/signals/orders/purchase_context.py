"""How an order came about: who placed it, when, beside which others, and after what."""

from __future__ import annotations

import ibis
from ibis import _

from features.declaration import ORDER, Signal, ratio, relation, seconds_between, signal


@relation(ORDER, reads=("orders",), grouped=False)
def amounts(orders):
    """Orders beside the other orders of their operator."""
    middle = (
        orders.filter(orders.paid_amount > 0)
        .group_by("operator_id")
        .aggregate(middle=_.paid_amount.median())
    )
    return orders.left_join(middle, "operator_id", rname="{name}_other").drop("operator_id_other")


@relation(ORDER, reads=("orders", "accounts"), grouped=False, local=True)
def buyers(orders, accounts):
    """Orders with their buyer's account."""
    a = accounts.select(
        buyer_id="account_id",
        registered_at="registered_at",
        verified="real_name_verified",
        level="level",
    )
    return orders.join(a, "buyer_id")


@relation(ORDER, reads=("orders", "views"), grouped=False)
def watched(orders, views):
    """Orders of known sessions with what their buyer watched there before."""
    o = orders.filter(orders.session_id.notnull()).select(
        "order_id", "session_id", "placed_at", account_id="buyer_id"
    )
    seen = o.join(
        views.select("session_id", "account_id", "joined_at", "left_at"),
        ["session_id", "account_id"],
    )
    seen = seen.filter(seen.joined_at <= seen.placed_at)
    until = ibis.least(seen.left_at, seen.placed_at)
    total = seen.group_by("order_id").aggregate(
        watched=seconds_between(until, seen.joined_at).sum()
    )
    return o.left_join(total, "order_id", rname="{name}_seen").drop("order_id_seen")


@relation(ORDER, reads=("orders", "interactions"), grouped=False, local=True)
def clicked(orders, interactions):
    """Orders of known sessions with what their buyer did there before."""
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
    unit="ratio",
    typology="order_fraud",
    zh="金额为该运营者中位数的 {value:.2f} 倍",
    en="the amount is {value:.2f} of the operator's median",
    blind="Depends on the assortment.",
)
def amount_to_median_ratio(t):
    """Amount paid over the median of the operator's orders in the last 28 days."""
    return ratio(t.paid_amount, t.middle)


@signal(
    amounts,
    unit="ratio",
    typology="order_fraud",
    zh="实付为标价的 {value:.0%}",
    en="{value:.0%} of the list price was paid",
    blind="Coupons.",
)
def paid_to_list_ratio(t):
    """Amount paid over the amount at list price."""
    return ratio(t.paid_amount, t.list_amount)


@signal(
    amounts,
    unit="seconds",
    typology="order_fraud",
    zh="下单到支付 {value:.0f} 秒",
    en="paid {value:.0f} seconds after it was placed",
    blind="Pre-sales are paid later.",
)
def place_to_pay_seconds(t):
    """Seconds from placing to paying."""
    return seconds_between(t.paid_at, t.placed_at)


@signal(
    buyers,
    unit="days",
    typology="order_fraud",
    direction=-1,
    alarm=7.0,
    zh="买家账号注册仅 {value:.1f} 天",
    en="the buyer's account was {value:.1f} days old",
    blind="New users are honest too; aged accounts escape.",
)
def buyer_age_days(t):
    """Days from the buyer's registration to the order."""
    return seconds_between(t.placed_at, t.registered_at) / 86400.0


@signal(
    buyers,
    unit="level",
    typology="order_fraud",
    zh="买家账号等级 {value:.0f}",
    en="the buyer's account has level {value:.0f}",
    blind="Levels can be bought.",
)
def buyer_level(t):
    """Platform level of the buyer's account."""
    return t.level.cast("float64")


@signal(
    buyers,
    unit="share",
    typology="order_fraud",
    direction=1,
    zh="买家账号未实名",
    en="the buyer's account has no verified name",
    blind="Verification is not always required.",
)
def buyer_unverified_share(t):
    """1 where the buyer's account has no verified name, 0 where it has."""
    return (~t.verified).cast("float64")


@signal(
    watched,
    unit="seconds",
    typology="order_fraud",
    direction=-1,
    alarm=3.0,
    zh="下单前仅观看 {value:.0f} 秒",
    en="the buyer had watched {value:.0f} seconds before ordering",
    blind="Orders after the session, from a replay or a saved link.",
)
def watch_before_order_seconds(t):
    """Seconds that the buyer had watched of the session before placing; 0 where the buyer was never seen in it."""
    return t.watched.fill_null(0.0)


@signal(
    clicked,
    unit="actions",
    typology="order_fraud",
    direction=-1,
    zh="下单前在场内有 {value:.0f} 次互动",
    en="the buyer had acted {value:.0f} times in the session before",
    blind="Many honest buyers only order.",
)
def acts_before_order_count(t):
    """Likes, comments, follows, shares and clicks of the buyer in the session before placing."""
    return t.acts.fill_null(0)


@signal(
    clicked,
    unit="clicks",
    typology="order_fraud",
    direction=-1,
    zh="下单前点击商品 {value:.0f} 次",
    en="the buyer had clicked products {value:.0f} times before",
    blind="Clicks may be recorded only in part.",
)
def clicks_before_order_count(t):
    """Product clicks of the buyer in the session before placing."""
    return t.clicks.fill_null(0)


SIGNALS: tuple[Signal, ...] = (
    amount_to_median_ratio,
    paid_to_list_ratio,
    place_to_pay_seconds,
    buyer_age_days,
    buyer_level,
    buyer_unverified_share,
    watch_before_order_seconds,
    acts_before_order_count,
    clicks_before_order_count,
)
