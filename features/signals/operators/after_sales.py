"""Operators by what became of their orders: refunds, parcels and complaints of 28 days."""

from __future__ import annotations

from features.declaration import OPERATOR, Signal, relation, seconds_between, signal


@relation(OPERATOR, reads=("orders", "refunds"))
def returns(orders, refunds):
    """Paid orders with their refund, if any was asked for so far."""
    r = refunds.select("order_id", "requested_at")
    t = orders.filter(orders.paid_at.notnull()).select("order_id", "operator_id", "paid_at")
    t = t.left_join(r, "order_id", rname="{name}_asked")
    return t.mutate(minutes=seconds_between(t.requested_at, t.paid_at) / 60.0)


@relation(OPERATOR, reads=("orders", "parcels"))
def deliveries(orders, parcels):
    """Parcels of an operator's orders."""
    p = parcels.select("order_id", "weight_g", "goods_weight_g", "sender_id", "scans")
    return orders.select("order_id", "operator_id").join(p, "order_id")


@relation(OPERATOR, reads=("complaints",))
def grievances(complaints):
    """Complaints about an operator."""
    return complaints


@signal(
    returns,
    unit="share of orders",
    typology="order_fraud",
    zh="{value:.0%} 的已付订单申请退款",
    en="a refund was asked for {value:.0%} of paid orders",
    blind="Differs by category: compare with peers.",
)
def operator_refund_share(t):
    """Share of paid orders for which a refund was asked for so far."""
    return t.requested_at.notnull().mean()


@signal(
    returns,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    alarm=0.1,
    zh="{value:.0%} 的订单在支付后 15 分钟内申请退款",
    en="{value:.0%} of paid orders asked for a refund within fifteen minutes",
    blind="Wrong clicks.",
)
def instant_refund_order_share(t):
    """Share of paid orders with a refund request within fifteen minutes."""
    return (t.minutes <= 15.0).fill_null(False).mean()


@signal(
    deliveries,
    unit="share of parcels",
    typology="order_fraud",
    direction=1,
    alarm=0.1,
    zh="{value:.0%} 的包裹远轻于商品",
    en="{value:.0%} of parcels weigh far less than their goods",
    blind="Wrong catalogue weights.",
)
def light_parcel_share(t):
    """Share of parcels that weigh less than 0.6 of their goods."""
    return (t.weight_g < 0.6 * t.goods_weight_g).mean()


@signal(
    deliveries,
    unit="senders",
    typology="order_fraud",
    zh="{value:.0f} 个寄件人",
    en="{value:.0f} senders",
    blind="Several warehouses.",
)
def sender_count(t):
    """Senders of the operator's parcels."""
    return t.sender_id.nunique()


@signal(
    grievances,
    unit="complaints",
    typology="order_fraud",
    direction=1,
    zh="28 天内 {value:.0f} 起投诉",
    en="{value:.0f} complaints in 28 days",
    blind="Grows with trade; rivals complain too.",
)
def complaint_count(t):
    """Complaints about the operator."""
    return t.count()


SIGNALS: tuple[Signal, ...] = (
    operator_refund_share,
    instant_refund_order_share,
    light_parcel_share,
    sender_count,
    complaint_count,
)
