"""Neighbours of an order: the buyer's other orders, and the shop's other orders of that half hour.

A fresh order has no parcel, refund or review yet, but its buyer's earlier orders have them. A
brusher's earlier orders were refunded before shipping or never delivered. Others came light or by
an unfamiliar sender, or were praised in a text that others use. Aged accounts also place
honest orders, so these signals are shares. Each leaves out the order itself.

References
----------
Aggregates of neighbours as inputs of trees: Tang, Hua, Gao, Zhao and Li, GADBench, NeurIPS 2023.
"""

from __future__ import annotations

import ibis

from features.declaration import ORDER, relation, signal
from features.expressions import ratio
from features.signals.orders.outcomes import OUTCOMES, order_outcomes
from features.units import Unit

# Half hours by the clock: a grouping suffices, where a sliding window of seven sums costs more.
NEIGHBOUR_MINUTES = 30
NEAR = ("refunded", "parcel", "light", "stranger", "fault", "known")


@relation(
    ORDER,
    reads=("orders", "parcels", "refunds", "reviews"),
    grouped=False,
    with_moment=True,
    typology="order_fraud",
    direction=1,
    graph=True,
)
def order_neighbours(orders, parcels, refunds, reviews, moment):
    """Orders with counts over their buyer's other orders, and the shop's others of that half hour.

    `buyer_*` and `near_*` leave out the order itself; `fault` is the mean number of suspicious
    outcomes of the buyer's other orders.
    """
    t = order_outcomes(orders, parcels, refunds, reviews, moment)
    buyers = t.group_by("buyer_id").aggregate(
        n=ibis._.count(), **{f"sum_{c}": t[c].sum() for c in OUTCOMES}
    )
    t = t.left_join(buyers, "buyer_id", rname="{name}_whole")
    t = t.mutate(buyer_others=t.n - 1, **{f"buyer_{c}": t[f"sum_{c}"] - t[c] for c in OUTCOMES})
    faults = t.buyer_refunded + t.buyer_overdue + t.buyer_light + t.buyer_stranger + t.buyer_script
    t = t.mutate(
        fault=ratio(faults, t.buyer_others).fill_null(0.0),
        known=(t.buyer_others > 0).cast("int64"),
    )
    t = t.mutate(
        half_hour=t.placed_at.epoch_seconds() // (60 * NEIGHBOUR_MINUTES), day=t.placed_at.date()
    )
    near = t.group_by("shop", "half_hour").aggregate(
        near_n=ibis._.count(), **{f"sum_{c}": t[c].sum() for c in NEAR}
    )
    days = t.group_by("shop", "day").aggregate(day_n=ibis._.count(), day_parcel=t.parcel.sum())
    shops = t.group_by("shop").aggregate(shop_due=t.due.sum(), shop_overdue=t.overdue.sum())
    t = t.drop(*(f"sum_{c}" for c in OUTCOMES))
    for other, keys in ((near, ["shop", "half_hour"]), (days, ["shop", "day"]), (shops, ["shop"])):
        t = t.left_join(other, keys, rname="{name}_other").drop(*(f"{k}_other" for k in keys))
    return t.mutate(near=t.near_n - 1, **{f"near_{c}": t[f"sum_{c}"] - t[c] for c in NEAR})


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_ORDERS,
    evidence_group="refund",
    zh="该买家的其他订单有 {value} 在发货前申请退款",
    en="{value} of the buyer's other orders were refunded before shipping",
    blind="Buyers who change their minds at once.",
)
def buyer_other_refund_share(t):
    """Share of the buyer's other orders in 28 days with a refund request before shipping."""
    return ratio(t.buyer_refunded, t.buyer_others)


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_ORDERS,
    evidence_group="overdue",
    zh="该买家已到期的其他订单有 {value} 未签收",
    en="{value} of the buyer's other orders that are due were not delivered",
    blind="Pre-sale goods, and refunds that stopped a parcel.",
)
def buyer_other_overdue_share(t):
    """Share without a delivered parcel of the buyer's other orders older than six days.

    Unknown where there are none.
    """
    return ratio(t.buyer_overdue, t.buyer_due)


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_PARCELS,
    evidence_group="light",
    zh="该买家的其他包裹有 {value} 明显轻于商品",
    en="{value} of the buyer's other parcels weigh far less than their goods",
    blind="Catalogue weights are often wrong.",
    formerly=("buyer_other_light_share",),
)
def buyer_other_light_parcel_share(t):
    """Share of the buyer's other delivered parcels that weigh under 60 % of their goods."""
    return ratio(t.buyer_light, t.buyer_parcel)


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_PARCELS,
    evidence_group="sender",
    zh="该买家的其他包裹有 {value} 由运营者很少使用的寄件人寄出",
    en="{value} of the buyer's other parcels came from senders that the operator rarely uses",
    blind="Second warehouses and drop-shippers.",
    formerly=("buyer_other_stranger_share",),
)
def buyer_other_rare_sender_share(t):
    """Share of the buyer's other delivered parcels by senders of under 30 % of the operator's."""
    return ratio(t.buyer_stranger, t.buyer_parcel)


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_REVIEWS,
    typology="review_fraud",
    evidence_group="script",
    zh="该买家的其他评价有 {value} 与多条评价文字相同",
    en="{value} of the buyer's other reviews repeat a text of many reviews",
    blind="Default texts of the platform.",
)
def buyer_other_script_share(t):
    """Share of the buyer's other reviews whose text eight reviews or more have."""
    return ratio(t.buyer_script, t.buyer_review)


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_ORDERS,
    evidence_group="refund",
    zh="同店同半小时的其他订单有 {value} 在发货前申请退款",
    en="{value} of the shop's other orders of that half hour were refunded before shipping",
    blind="A wrong price that the shop called back.",
    formerly=("company_refund_share",),
)
def neighbour_refund_share(t):
    """Share of the shop's other orders of that half hour with a refund request before shipping."""
    return ratio(t.near_refunded, t.near)


@signal(
    order_neighbours,
    unit=Unit.DIFFERENCE_OF_SHARES,
    direction=-1,
    evidence_group="refund",
    zh="同店同半小时其他订单的签收率减去当日签收率：{value}",
    en=(
        "the delivery rate of the shop's other orders of that half hour, "
        "less that of the whole day: {value}"
    ),
    blind="One product of several is late.",
    formerly=("company_delivered_gap",),
)
def neighbour_delivery_rate_gap(t):
    """Share delivered of the shop's other orders of that half hour, less that of its whole day."""
    return ratio(t.near_parcel, t.near) - ratio(t.day_parcel, t.day_n)


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_PARCELS,
    evidence_group="light",
    zh="同店同半小时的其他包裹有 {value} 明显轻于商品",
    en="{value} of the shop's other parcels of that half hour weigh far less than their goods",
    blind="Catalogue weights are often wrong.",
    formerly=("company_light_share",),
)
def neighbour_light_parcel_share(t):
    """Share of the shop's other parcels of that half hour that weigh under 60 % of their goods."""
    return ratio(t.near_light, t.near_parcel)


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_PARCELS,
    evidence_group="sender",
    zh="同店同半小时的其他包裹有 {value} 由该店很少使用的寄件人寄出",
    en="{value} of the shop's other parcels of that half hour had rarely used senders",
    blind="Second warehouses and drop-shippers.",
    formerly=("company_stranger_share",),
)
def neighbour_rare_sender_share(t):
    """Share of the shop's other parcels of that half hour by senders of under 30 % of parcels."""
    return ratio(t.near_stranger, t.near_parcel)


@signal(
    order_neighbours,
    unit=Unit.FAULTS_PER_ORDER,
    zh="同店同半小时其他买家的其他订单{value}",
    en="the other orders of the shop's other buyers of that half hour show {value}",
    blind="Groups of neighbours that buy together and return much.",
    formerly=("company_buyer_fault_mean",),
)
def neighbour_buyer_red_flag_mean(t):
    """Mean over the shop's other orders of that half hour of the faults of their buyers.

    The faults of a buyer are counted per other order: a refund before shipping, a parcel that is
    overdue, light or by an unfamiliar sender, a review from a script. Unknown where none of these
    buyers has another order.
    """
    return ratio(t.near_fault, t.near_known)


@signal(
    order_neighbours,
    unit=Unit.SHARE_OF_ORDERS,
    evidence_group="overdue",
    zh="该店已到期的其他订单有 {value} 未签收",
    en="{value} of the shop's other orders that are due were not delivered",
    blind="Pre-sale shops, and shops whose goods are returned before they are sent.",
)
def shop_overdue_share(t):
    """Share without a delivered parcel of the shop's other orders older than six days.

    Unknown where there are none.
    """
    return ratio(t.shop_overdue - t.overdue, t.shop_due - t.due)
