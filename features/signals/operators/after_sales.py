"""Operators by the refunds, parcels and complaints after their sales of 28 days."""

from __future__ import annotations

from features.declaration import OPERATOR, Unit, relation, signal
from features.expressions import seconds_between

INSTANT_REFUND_MINUTES = 15.0
MAX_LIGHT_WEIGHT_RATIO = 0.6  # of a parcel to its goods, below which it is light


@relation(OPERATOR, reads=("orders", "refunds"), unit=Unit.SHARE_OF_ORDERS, typology="order_fraud")
def paid_orders(orders, refunds):
    """Paid orders with their refund, if any was requested so far."""
    r = refunds.select("order_id", "requested_at")
    t = orders.filter(orders.paid_at.notnull()).select("order_id", "operator_id", "paid_at")
    t = t.left_join(r, "order_id", rname="{name}_asked")
    return t.mutate(minutes=seconds_between(t.requested_at, t.paid_at) / 60.0)


@relation(OPERATOR, reads=("orders", "parcels"), typology="order_fraud")
def operator_parcels(orders, parcels):
    """Parcels of an operator's orders."""
    p = parcels.select("order_id", "weight_g", "goods_weight_g", "sender_id", "scans")
    return orders.select("order_id", "operator_id").join(p, "order_id")


@relation(OPERATOR, reads=("complaints",), typology="order_fraud")
def operator_complaints(complaints):
    """Complaints about an operator."""
    return complaints


@signal(
    paid_orders,
    zh="已付订单中有 {value} 申请退款",
    en="refunds were requested for {value} of its paid orders",
    blind="Differs by category: compare with peers.",
)
def operator_refund_share(t):
    """Share of paid orders for which a refund was requested so far."""
    return t.requested_at.notnull().mean()


@signal(
    paid_orders,
    direction=1,
    alarm=0.1,
    zh="已付订单中有 {value} 在支付后 15 分钟内申请退款",
    en="refunds were requested within fifteen minutes for {value} of its paid orders",
    blind="Wrong clicks.",
)
def instant_refund_order_share(t):
    """Share of paid orders with a refund request within fifteen minutes."""
    return (t.minutes <= INSTANT_REFUND_MINUTES).fill_null(False).mean()


@signal(
    operator_parcels,
    unit=Unit.SHARE_OF_PARCELS,
    direction=1,
    zh="{value} 的包裹明显轻于商品",
    en="{value} of its parcels weigh far less than their goods",
    blind="Wrong catalogue weights.",
)
def light_parcel_share(t):
    """Share of parcels that weigh less than 0.6 of their goods."""
    return (t.weight_g < MAX_LIGHT_WEIGHT_RATIO * t.goods_weight_g).mean()


@signal(
    operator_parcels,
    unit=Unit.SENDERS,
    zh="其包裹由 {value}寄出",
    en="its parcels were sent by {value}",
    blind="Several warehouses.",
)
def sender_count(t):
    """Senders of the operator's parcels."""
    return t.sender_id.nunique()


@signal(
    operator_complaints,
    unit=Unit.COMPLAINTS,
    direction=1,
    without_rows=0.0,
    zh="28 天内收到 {value}",
    en="it received {value} in 28 days",
    blind="Grows with trade. Rivals complain too.",
)
def complaint_count(t):
    """Complaints about the operator; 0 where complaints are delivered and none names it."""
    return t.count()
