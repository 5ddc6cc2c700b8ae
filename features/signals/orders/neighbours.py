"""The company an order is in: the buyer's other orders in all shops, and the other orders of its minutes in its own.

A fresh order has no parcel, refund or review yet. Its buyer's earlier orders have, and a brusher's ended otherwise than they should:
refunded before anything was shipped, never delivered, delivered light or by a stranger, praised in words that others used. Aged accounts
live an honest life beside the trade, so these are shares, not marks.

Source: aggregates of neighbours as inputs of trees (Tang, Hua, Gao, Zhao and Li, GADBench, NeurIPS 2023), without the entity itself.
"""

from __future__ import annotations

import ibis
from ibis import _

from features.declaration import ORDER, Signal, ratio, relation, seconds_between, signal

LIGHT, STRANGE = (
    0.6,
    0.3,
)  # parts of the goods' weight and of the operator's parcels under which a parcel is light, its sender a stranger
COPIES = 8  # reviews with one text from which it is a script
DUE = 6  # days after which a parcel should have arrived
MINUTES = 30  # by the clock, so that a grouping will do where a sliding window of seven sums costs thrice as much


def _facts(orders, parcels, refunds, reviews):
    """Orders with what became of each so far, 1 or 0 each; what should have arrived is told by when the newest order was received."""
    t = orders.select(
        "order_id",
        "operator_id",
        "buyer_id",
        "placed_at",
        shop=ibis.coalesce(orders.merchant_id, orders.operator_id),
    )
    t = t.cross_join(orders.aggregate(newest=orders.received_at.max()))
    asked = (
        refunds.filter(refunds.stage == "before_shipping")
        .select("order_id")
        .distinct()
        .mutate(asked=ibis.literal(1))
    )
    sent = parcels.select(
        "order_id",
        "sender_id",
        weight=ratio(parcels.weight_g, parcels.goods_weight_g),
        arrived=ibis.literal(1),
    )
    said = reviews.select("order_id", "text_hash", said=ibis.literal(1))
    for other in (asked, sent, said):
        t = t.left_join(other, "order_id", rname="{name}_other").drop("order_id_other")
    same = (
        reviews.filter(reviews.text_hash.notnull())
        .group_by("text_hash")
        .aggregate(copies=_.count())
    )
    usual = (
        t.filter(t.sender_id.notnull())
        .group_by("operator_id", "sender_id")
        .aggregate(sent=_.count())
    )
    every = usual.group_by("operator_id").aggregate(all_sent=_.sent.sum())
    t = t.left_join(same, "text_hash", rname="{name}_same")
    t = t.left_join(usual, ["operator_id", "sender_id"], rname="{name}_usual").left_join(
        every, "operator_id", rname="{name}_every"
    )
    due = seconds_between(t.newest, t.placed_at) > DUE * 86400.0
    facts = {
        "refunded": t.asked.notnull(),
        "due": due,
        "overdue": due & t.arrived.isnull(),
        "parcel": t.arrived.notnull(),
        "light": (t.weight < LIGHT).fill_null(False),
        "stranger": (ratio(t.sent, t.all_sent) < STRANGE).fill_null(False),
        "review": t.said.notnull(),
        "script": (t.copies >= COPIES).fill_null(False),
    }
    return t.select(
        "order_id",
        "buyer_id",
        "shop",
        "placed_at",
        **{name: fact.cast("int64") for name, fact in facts.items()},
    )


@relation(ORDER, reads=("orders", "parcels", "refunds", "reviews"), grouped=False)
def company(orders, parcels, refunds, reviews):
    """Orders with what became of their buyer's other orders of the last 28 days, and of the other orders of their shop's minutes.

    Every count leaves the order itself out; `faults` are those of the buyers of these minutes in all their other orders.
    """
    t = _facts(orders, parcels, refunds, reviews)
    facts = ("refunded", "due", "overdue", "parcel", "light", "stranger", "review", "script")
    whole = t.group_by("buyer_id").aggregate(n=_.count(), **{f"sum_{c}": t[c].sum() for c in facts})
    t = t.left_join(whole, "buyer_id", rname="{name}_whole")
    t = t.mutate(buyer_others=t.n - 1, **{f"buyer_{c}": t[f"sum_{c}"] - t[c] for c in facts})
    bad = t.buyer_refunded + t.buyer_overdue + t.buyer_light + t.buyer_stranger + t.buyer_script
    t = t.mutate(
        fault=ratio(bad, t.buyer_others).fill_null(0.0), known=(t.buyer_others > 0).cast("int64")
    )
    t = t.mutate(half_hour=t.placed_at.epoch_seconds() // (60 * MINUTES), day=t.placed_at.date())
    beside = ("refunded", "parcel", "light", "stranger", "fault", "known")
    near = t.group_by("shop", "half_hour").aggregate(
        near_n=_.count(), **{f"sum_{c}": t[c].sum() for c in beside}
    )
    days = t.group_by("shop", "day").aggregate(day_n=_.count(), day_parcel=t.parcel.sum())
    shops = t.group_by("shop").aggregate(shop_due=t.due.sum(), shop_overdue=t.overdue.sum())
    t = t.drop(*(f"sum_{c}" for c in facts))
    for other, keys in ((near, ["shop", "half_hour"]), (days, ["shop", "day"]), (shops, ["shop"])):
        t = t.left_join(other, keys, rname="{name}_other").drop(*(f"{k}_other" for k in keys))
    return t.mutate(near=t.near_n - 1, **{f"near_{c}": t[f"sum_{c}"] - t[c] for c in beside})


@signal(
    company,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="买家其他订单有 {value:.0%} 未发货即退款",
    en="{value:.0%} of the buyer's other orders were refunded before shipping",
    blind="Buyers who change their minds at once.",
)
def buyer_other_refund_share(t):
    """Share of the buyer's other orders in 28 days for which a refund was asked before shipping."""
    return ratio(t.buyer_refunded, t.buyer_others)


@signal(
    company,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="买家其他订单有 {value:.0%} 逾期未签收",
    en="{value:.0%} of the buyer's other orders that should have arrived did not",
    blind="Pre-sale goods; refunds that stopped a parcel.",
)
def buyer_other_overdue_share(t):
    """Share without a delivered parcel of the buyer's other orders older than six days; unknown where there are none."""
    return ratio(t.buyer_overdue, t.buyer_due)


@signal(
    company,
    unit="share of parcels",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="买家其他包裹有 {value:.0%} 偏轻",
    en="{value:.0%} of the buyer's other parcels weighed under 60 % of their goods",
    blind="Catalogue weights are often wrong.",
)
def buyer_other_light_share(t):
    """Share of the buyer's other delivered parcels that weighed under 60 % of their goods."""
    return ratio(t.buyer_light, t.buyer_parcel)


@signal(
    company,
    unit="share of parcels",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="买家其他包裹有 {value:.0%} 由非惯用寄件人寄出",
    en="{value:.0%} of the buyer's other parcels came from a sender that ships little for the operator",
    blind="Second warehouses and drop-shippers.",
)
def buyer_other_stranger_share(t):
    """Share of the buyer's other delivered parcels whose sender shipped under 30 % of the operator's parcels."""
    return ratio(t.buyer_stranger, t.buyer_parcel)


@signal(
    company,
    unit="share of reviews",
    typology="review_fraud",
    direction=1,
    graph=True,
    zh="买家其他评价有 {value:.0%} 与他人雷同",
    en="{value:.0%} of the buyer's other reviews use a text of eight reviews or more",
    blind="Default texts of the platform.",
)
def buyer_other_script_share(t):
    """Share of the buyer's other reviews whose text eight reviews or more have."""
    return ratio(t.buyer_script, t.buyer_review)


@signal(
    company,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="同店同半小时的其他订单有 {value:.0%} 未发货即退款",
    en="{value:.0%} of the shop's other orders of that half hour were refunded before shipping",
    blind="A wrong price, called back by the shop.",
)
def company_refund_share(t):
    """Share of the other orders at the shop of its half hour for which a refund was asked before shipping."""
    return ratio(t.near_refunded, t.near)


@signal(
    company,
    unit="difference of shares",
    typology="order_fraud",
    direction=-1,
    graph=True,
    zh="同店同半小时订单的签收率比当日高 {value:.0%}",
    en="the share delivered of the shop's other orders of that half hour is {value:.0%} above that of its day",
    blind="One product of several is late.",
)
def company_delivered_gap(t):
    """Share delivered of the other orders of its half hour, less that of all its orders of the day."""
    return ratio(t.near_parcel, t.near) - ratio(t.day_parcel, t.day_n)


@signal(
    company,
    unit="share of parcels",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="同店同半小时的其他包裹有 {value:.0%} 偏轻",
    en="{value:.0%} of the shop's other parcels of that half hour weighed under 60 % of their goods",
    blind="Catalogue weights are often wrong.",
)
def company_light_share(t):
    """Share of the delivered parcels of the other orders of its half hour that weighed under 60 % of their goods."""
    return ratio(t.near_light, t.near_parcel)


@signal(
    company,
    unit="share of parcels",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="同店同半小时的其他包裹有 {value:.0%} 由非惯用寄件人寄出",
    en="{value:.0%} of the shop's other parcels of that half hour came from a sender that ships little for it",
    blind="Second warehouses and drop-shippers.",
)
def company_stranger_share(t):
    """Share of the delivered parcels of the other orders of its half hour whose sender shipped under 30 % of the operator's."""
    return ratio(t.near_stranger, t.near_parcel)


@signal(
    company,
    unit="faults per order",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="同店同半小时的其他买家，每笔其他订单平均有 {value:.2f} 处异常",
    en="the shop's other buyers of that half hour have {value:.2f} faults in each of their other orders",
    blind="Groups of neighbours that buy together and return much.",
)
def company_buyer_fault_mean(t):
    """Mean over the other orders at the shop of its half hour of how faulty their buyers' other orders are.

    A fault is a refund before shipping, a parcel that is overdue, light or by a stranger, or a review from a script; unknown where
    none of these buyers has another order.
    """
    return ratio(t.near_fault, t.near_known)


@signal(
    company,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="该店其他到期订单有 {value:.0%} 未签收",
    en="{value:.0%} of the shop's other orders that should have arrived did not",
    blind="Pre-sale shops; shops whose goods are returned before they are sent.",
)
def shop_overdue_share(t):
    """Share without a delivered parcel of the shop's other orders older than six days; unknown where there are none."""
    return ratio(t.shop_overdue - t.overdue, t.shop_due - t.due)


SIGNALS: tuple[Signal, ...] = (
    buyer_other_refund_share,
    buyer_other_overdue_share,
    buyer_other_light_share,
    buyer_other_stranger_share,
    buyer_other_script_share,
    company_refund_share,
    company_delivered_gap,
    company_light_share,
    company_stranger_share,
    company_buyer_fault_mean,
    shop_overdue_share,
)
