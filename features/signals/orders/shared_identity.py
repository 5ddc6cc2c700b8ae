"""Payment accounts, addresses and devices that several buyers share, and loyal buyers."""

from __future__ import annotations

import ibis

from features.declaration import ORDER, relation, signal
from features.expressions import ratio
from features.units import Unit


@relation(
    ORDER,
    reads=("orders",),
    grouped=False,
    unit=Unit.BUYERS,
    typology="order_fraud",
    direction=1,
)
def shared_identities(orders):
    """Orders with the buyers of their payment account, address and device, and the buyer's own."""
    t = orders
    payer = (
        t.filter(t.payer_id.notnull())
        .group_by("payer_id")
        .aggregate(payer_buyers=ibis._.buyer_id.nunique(), payer_orders=ibis._.count())
    )
    address = (
        t.filter(t.address_id.notnull())
        .group_by("address_id")
        .aggregate(address_buyers=ibis._.buyer_id.nunique())
    )
    device = (
        t.filter(t.device_id.notnull())
        .group_by("device_id")
        .aggregate(device_buyers=ibis._.buyer_id.nunique())
    )
    buyer_at_operator = t.group_by("operator_id", "buyer_id").aggregate(pair_orders=t.count())
    payer_at_operator = (
        t.filter(t.payer_id.notnull())
        .group_by("operator_id", "payer_id")
        .aggregate(payer_operator_orders=ibis._.count())
    )
    operator = t.group_by("operator_id").aggregate(operator_orders=t.count())
    buyer = t.group_by("buyer_id").aggregate(
        buyer_orders=t.count(), buyer_operators=t.operator_id.nunique()
    )
    for other, key in (
        (payer, "payer_id"),
        (address, "address_id"),
        (device, "device_id"),
        (buyer, "buyer_id"),
        (operator, "operator_id"),
    ):
        t = t.left_join(other, key, rname="{name}_other").drop(f"{key}_other")
    t = t.left_join(buyer_at_operator, ["operator_id", "buyer_id"], rname="{name}_other").drop(
        "operator_id_other", "buyer_id_other"
    )
    return t.left_join(payer_at_operator, ["operator_id", "payer_id"], rname="{name}_other").drop(
        "operator_id_other", "payer_id_other"
    )


@signal(
    shared_identities,
    alarm=4.0,
    evidence_group="shared",
    zh="28 天内同一支付账户有 {value}使用",
    en="{value} used the same payment account in 28 days",
    blind="Families share a card.",
)
def payer_buyer_count(t):
    """Buyers who used the order's payment account in the last 28 days."""
    return t.payer_buyers


@signal(
    shared_identities,
    unit=Unit.SHARE_OF_ORDERS,
    alarm=0.2,
    evidence_group="many_orders",
    zh="同一支付账户支付了该运营者 {value} 的订单",
    en="one payment account paid for {value} of the operator's orders",
    blind="High by chance for operators with few orders.",
)
def payer_operator_order_share(t):
    """Share of the operator's orders in the last 28 days paid from the order's payment account."""
    return ratio(t.payer_operator_orders, t.operator_orders)


@signal(
    shared_identities,
    evidence_group="shared",
    zh="28 天内同一收货地址有 {value}使用",
    en="{value} used the same delivery address in 28 days",
    blind=(
        "Pick-up stations, dormitories and group buying gather many honest buyers, "
        "so it raises no alarm alone."
    ),
)
def address_buyer_count(t):
    """Buyers who used the order's address in the last 28 days."""
    return t.address_buyers


@signal(
    shared_identities,
    alarm=4.0,
    evidence_group="shared",
    zh="28 天内同一设备有 {value}下单",
    en="{value} ordered from the same device in 28 days",
    blind="Shops order for customers.",
)
def device_buyer_count(t):
    """Buyers who ordered from the order's device in the last 28 days."""
    return t.device_buyers


@signal(
    shared_identities,
    unit=Unit.ORDERS,
    alarm=5.0,
    evidence_group="many_orders",
    zh="该买家 28 天内在该运营者处下了 {value}",
    en="the buyer placed {value} with this operator in 28 days",
    blind="Loyal customers of cheap goods.",
)
def buyer_operator_order_count(t):
    """Orders of the buyer with the operator in the last 28 days."""
    return t.pair_orders


@signal(
    shared_identities,
    unit=Unit.OPERATORS,
    zh="该买家 28 天内向 {value}下单",
    en="the buyer ordered from {value} in 28 days",
    blind="Keen shoppers do.",
)
def buyer_operator_count(t):
    """Operators from which the buyer ordered in the last 28 days."""
    return t.buyer_operators
