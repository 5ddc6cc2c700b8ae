"""What an operator's orders came to, and those that its customers placed besides: the company of its orders, summed up.

Victims of hostile brushing have such customers too; who gains is told by `benefit.py`, and tiers hold back where nothing tells.
"""

from __future__ import annotations

from features.declaration import OPERATOR, Signal, ratio, relation, signal
from features.signals.orders.neighbours import company


@relation(OPERATOR, reads=("orders", "parcels", "refunds", "reviews"), grouped=False)
def customers(orders, parcels, refunds, reviews):
    """Operators with what became of their orders, and how faulty their buyers' other orders are."""
    t = company.build(orders, parcels, refunds, reviews).join(
        orders.select("order_id", "operator_id"), "order_id"
    )
    t = t.filter(t.operator_id.notnull())
    facts = (
        "refunded",
        "due",
        "overdue",
        "parcel",
        "stranger",
        "review",
        "script",
        "fault",
        "known",
    )
    return t.group_by("operator_id").aggregate(
        orders=t.count(), **{f"sum_{c}": t[c].sum() for c in facts}
    )


@signal(
    customers,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    zh="{value:.0%} 的订单未发货即退款",
    en="{value:.0%} of its orders were refunded before shipping",
    blind="Shops that ship late lose buyers honestly.",
)
def early_refund_order_share(t):
    """Share of the operator's orders in 28 days for which a refund was asked before shipping."""
    return ratio(t.sum_refunded, t.orders)


@signal(
    customers,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    zh="{value:.0%} 的到期订单未签收",
    en="{value:.0%} of its orders that should have arrived did not",
    blind="Pre-sale shops; shops whose goods are returned before they are sent.",
)
def overdue_order_share(t):
    """Share without a delivered parcel of the operator's orders older than six days; unknown where there are none."""
    return ratio(t.sum_overdue, t.sum_due)


@signal(
    customers,
    unit="share of parcels",
    typology="order_fraud",
    direction=1,
    zh="{value:.0%} 的包裹由非惯用寄件人寄出",
    en="{value:.0%} of its parcels came from senders that ship little for it",
    blind="Second warehouses and drop-shippers.",
)
def stranger_parcel_share(t):
    """Share of the operator's delivered parcels by senders of under 30 % of them each."""
    return ratio(t.sum_stranger, t.sum_parcel)


@signal(
    customers,
    unit="share of reviews",
    typology="review_fraud",
    direction=1,
    zh="{value:.0%} 的评价与他人雷同",
    en="{value:.0%} of its reviews use a text of eight reviews or more",
    blind="Default texts of the platform.",
)
def script_review_share(t):
    """Share of the reviews of the operator's orders whose text eight reviews or more have."""
    return ratio(t.sum_script, t.sum_review)


@signal(
    customers,
    unit="faults per order",
    typology="order_fraud",
    direction=1,
    graph=True,
    zh="其买家的其他订单平均每笔有 {value:.2f} 处异常",
    en="its buyers have {value:.2f} faults in each of their other orders",
    blind="Victims of hostile brushing; groups of neighbours that buy together and return much.",
)
def buyer_fault_mean(t):
    """Mean over the operator's orders of how faulty their buyers' other orders are (faults as in `company_buyer_fault_mean`)."""
    return ratio(t.sum_fault, t.sum_known)


SIGNALS: tuple[Signal, ...] = (
    early_refund_order_share,
    overdue_order_share,
    stranger_parcel_share,
    script_review_share,
    buyer_fault_mean,
)
