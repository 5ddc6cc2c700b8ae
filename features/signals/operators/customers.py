"""Operators by the outcomes of their orders, and of their buyers' other orders.

Victims of hostile brushing have suspicious buyers too. `beneficiary.py` tells who gains, and tiers
hold back where nothing does.
"""

from __future__ import annotations

from features.declaration import OPERATOR, Unit, relation, signal
from features.expressions import ratio
from features.signals.orders.neighbours import order_neighbours

SUMMED = (
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


@relation(
    OPERATOR,
    reads=("orders", "parcels", "refunds", "reviews"),
    grouped=False,
    with_moment=True,
    typology="order_fraud",
    direction=1,
)
def operator_outcomes(orders, parcels, refunds, reviews, moment):
    """Operators with sums over the outcomes of their orders and the faults of their buyers."""
    t = order_neighbours.build(orders, parcels, refunds, reviews, moment).join(
        orders.select("order_id", "operator_id"), "order_id"
    )
    t = t.filter(t.operator_id.notnull())
    return t.group_by("operator_id").aggregate(
        orders=t.count(), **{f"sum_{c}": t[c].sum() for c in SUMMED}
    )


@signal(
    operator_outcomes,
    unit=Unit.SHARE_OF_ORDERS,
    zh="{value} 的订单在发货前申请退款",
    en="refunds were requested before shipping for {value} of its orders",
    blind="Shops that ship late lose buyers honestly.",
)
def early_refund_order_share(t):
    """Share of the operator's orders in 28 days with a refund request before shipping."""
    return ratio(t.sum_refunded, t.orders)


@signal(
    operator_outcomes,
    unit=Unit.SHARE_OF_ORDERS,
    zh="已到期的订单有 {value} 未签收",
    en="{value} of its orders that are due were not delivered",
    blind="Pre-sale shops, and shops whose goods are returned before they are sent.",
)
def overdue_order_share(t):
    """Share without a delivered parcel of orders older than six days; unknown without any."""
    return ratio(t.sum_overdue, t.sum_due)


@signal(
    operator_outcomes,
    unit=Unit.SHARE_OF_PARCELS,
    zh="{value} 的包裹由其很少使用的寄件人寄出",
    en="{value} of its parcels came from senders that it rarely uses",
    blind="Second warehouses and drop-shippers.",
    formerly=("stranger_parcel_share",),
)
def rare_sender_parcel_share(t):
    """Share of the operator's delivered parcels by senders of under 30 % of them each."""
    return ratio(t.sum_stranger, t.sum_parcel)


@signal(
    operator_outcomes,
    unit=Unit.SHARE_OF_REVIEWS,
    typology="review_fraud",
    zh="{value} 的评价与多条评价文字相同",
    en="{value} of its reviews repeat a text of many reviews",
    blind="Default texts of the platform.",
)
def script_review_share(t):
    """Share of the reviews of the operator's orders whose text eight reviews or more have."""
    return ratio(t.sum_script, t.sum_review)


@signal(
    operator_outcomes,
    unit=Unit.FAULTS_PER_ORDER,
    graph=True,
    zh="其买家的其他订单{value}",
    en="the other orders of its buyers show {value}",
    blind=(
        "Victims of hostile brushing, and groups of neighbours that buy together and return much."
    ),
    formerly=("buyer_fault_mean",),
)
def buyer_red_flag_mean(t):
    """Mean over the operator's orders of the faults of their buyers' other orders.

    Faults are those of `neighbour_buyer_red_flag_mean`.
    """
    return ratio(t.sum_fault, t.sum_known)
