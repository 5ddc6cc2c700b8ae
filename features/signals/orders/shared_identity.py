"""Payers, addresses and devices that several buyers share, and how concentrated a buyer is."""

from __future__ import annotations

from ibis import _

from features.declaration import ORDER, Signal, ratio, relation, signal


@relation(ORDER, reads=("orders",), grouped=False)
def sharing(orders):
    """Orders with how many buyers share their payer, address and device, and how concentrated the buyer is."""
    t = orders
    payer = (
        t.filter(t.payer_id.notnull())
        .group_by("payer_id")
        .aggregate(payer_buyers=_.buyer_id.nunique(), payer_orders=_.count())
    )
    address = (
        t.filter(t.address_id.notnull())
        .group_by("address_id")
        .aggregate(address_buyers=_.buyer_id.nunique())
    )
    device = (
        t.filter(t.device_id.notnull())
        .group_by("device_id")
        .aggregate(device_buyers=_.buyer_id.nunique())
    )
    pair = t.group_by("operator_id", "buyer_id").aggregate(pair_orders=t.count())
    at_operator = (
        t.filter(t.payer_id.notnull())
        .group_by("operator_id", "payer_id")
        .aggregate(payer_operator_orders=_.count())
    )
    whole = t.group_by("operator_id").aggregate(operator_orders=t.count())
    buyer = t.group_by("buyer_id").aggregate(
        buyer_orders=t.count(), buyer_operators=t.operator_id.nunique()
    )
    for other, key in (
        (payer, "payer_id"),
        (address, "address_id"),
        (device, "device_id"),
        (buyer, "buyer_id"),
        (whole, "operator_id"),
    ):
        t = t.left_join(other, key, rname="{name}_other").drop(f"{key}_other")
    t = t.left_join(pair, ["operator_id", "buyer_id"], rname="{name}_other").drop(
        "operator_id_other", "buyer_id_other"
    )
    return t.left_join(at_operator, ["operator_id", "payer_id"], rname="{name}_other").drop(
        "operator_id_other", "payer_id_other"
    )


@signal(
    sharing,
    unit="buyers",
    typology="order_fraud",
    direction=1,
    alarm=4.0,
    zh="{value:.0f} 个买家使用同一支付账户",
    en="{value:.0f} buyers pay with the same instrument",
    blind="Families share a card.",
)
def payer_buyer_count(t):
    """Buyers who used the order's payment instrument in the last 28 days."""
    return t.payer_buyers


@signal(
    sharing,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    alarm=0.2,
    zh="同一支付账户支付了该运营者 {value:.0%} 的订单",
    en="one payment instrument paid {value:.0%} of the operator's orders",
    blind="High by chance for operators with few orders.",
)
def payer_operator_order_share(t):
    """Share of the operator's orders in the last 28 days paid with the order's instrument."""
    return ratio(t.payer_operator_orders, t.operator_orders)


@signal(
    sharing,
    unit="buyers",
    typology="order_fraud",
    direction=1,
    zh="{value:.0f} 个买家使用同一收货地址",
    en="{value:.0f} buyers have the same delivery address",
    blind="Pick-up stations, dormitories and group buying gather many honest buyers, so it raises no alarm alone.",
)
def address_buyer_count(t):
    """Buyers who used the order's address in the last 28 days."""
    return t.address_buyers


@signal(
    sharing,
    unit="buyers",
    typology="order_fraud",
    direction=1,
    alarm=4.0,
    zh="{value:.0f} 个买家用同一设备下单",
    en="{value:.0f} buyers ordered from the same device",
    blind="Shops order for customers.",
)
def device_buyer_count(t):
    """Buyers who ordered from the order's device in the last 28 days."""
    return t.device_buyers


@signal(
    sharing,
    unit="orders",
    typology="order_fraud",
    direction=1,
    alarm=5.0,
    zh="该买家在该运营者处共 {value:.0f} 单",
    en="the buyer has {value:.0f} orders with the operator",
    blind="Loyal customers of cheap goods.",
)
def buyer_operator_order_count(t):
    """Orders of the buyer with the operator in the last 28 days."""
    return t.pair_orders


@signal(
    sharing,
    unit="operators",
    typology="order_fraud",
    direction=1,
    zh="该买家 28 天内在 {value:.0f} 个运营者处下单",
    en="the buyer ordered from {value:.0f} operators in 28 days",
    blind="Keen shoppers do.",
)
def buyer_operator_count(t):
    """Operators from which the buyer ordered in the last 28 days."""
    return t.buyer_operators


SIGNALS: tuple[Signal, ...] = (
    payer_buyer_count,
    payer_operator_order_share,
    address_buyer_count,
    device_buyer_count,
    buyer_operator_order_count,
    buyer_operator_count,
)
