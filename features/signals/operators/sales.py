"""Operators by their orders of the last 28 days: bursts, repeat buyers, crowded hours."""

from __future__ import annotations

import ibis

from features.declaration import OPERATOR, Unit, relation, signal
from features.derived.order_bursts import hour_ratios
from features.expressions import ratio

BURST_WINDOW_MINUTES = 60  # before and after an order
MIN_ORDERS_IN_BURST = 3  # by one buyer
MIN_ORDERS_OF_REPEAT_BUYER = 3


@relation(
    OPERATOR,
    reads=("orders",),
    unit=Unit.ORDERS,
    typology="order_fraud",
    evidence_group="few_buyers",
)
def buyer_bursts(orders):
    """Orders with the buyer's orders at the operator within an hour."""
    window = ibis.window(
        group_by=["operator_id", "buyer_id"],
        order_by="placed_at",
        preceding=ibis.interval(minutes=BURST_WINDOW_MINUTES),
        following=ibis.interval(minutes=BURST_WINDOW_MINUTES),
    )
    t = orders.mutate(in_hour=orders.count().over(window))
    return t.mutate(in_burst=t.in_hour >= MIN_ORDERS_IN_BURST)


@relation(
    OPERATOR,
    reads=("orders",),
    unit=Unit.SHARE_OF_ORDERS,
    typology="order_fraud",
    direction=1,
    evidence_group="few_buyers",
)
def buyer_totals(orders):
    """Pairs of operator and buyer with their orders."""
    return orders.group_by("operator_id", "buyer_id").aggregate(orders=orders.count())


@relation(OPERATOR, reads=("orders",), typology="order_fraud", evidence_group="few_buyers")
def clock_hours(orders):
    """Clock hours of an operator with their orders and distinct buyers."""
    t = orders.mutate(hour=orders.placed_at.epoch_seconds() // 3600)
    return t.group_by("operator_id", "hour").aggregate(
        orders=t.count(), buyers=t.buyer_id.nunique()
    )


@relation(
    OPERATOR,
    reads=("orders",),
    needs=(hour_ratios,),
    unit=Unit.ORDERS_PER_BUYER,
    typology="order_fraud",
    direction=1,
    evidence_group="few_buyers",
)
def sliding_hours(orders, hours):
    """Orders with the operator's orders per buyer in the hour that starts, or ends, with them.

    Only orders in a burst of one buyer open an hour. The others count as 1, for they cannot raise
    the ratio to three.
    """
    t = buyer_bursts.build(orders).left_join(hours, "order_id", rname="{name}_other")
    return t.mutate(ratio=t.in_burst.ifelse(t.hour_ratio.fill_null(1.0), 1.0))


@signal(
    buyer_bursts,
    zh="28 天内共有 {value}",
    en="it received {value} in 28 days",
    blind="A count alone says nothing about real buyers.",
)
def operator_order_count(t):
    """Orders of the operator."""
    return t.count()


@signal(
    buyer_bursts,
    direction=1,
    alarm=3.0,
    zh="同一买家一小时内最多下了 {value}",
    en="one buyer placed {value} within an hour",
    blind="A lucky-bag night, and wholesale buyers.",
)
def buyer_hour_order_max_count(t):
    """Most orders by one buyer with the operator within an hour before or after one of them."""
    return t.in_hour.max()


@signal(
    buyer_bursts,
    unit=Unit.SHARE_OF_ORDERS,
    direction=1,
    alarm=0.05,
    zh="{value} 的订单属于同一买家一小时内的连续下单",
    en="{value} of its orders belong to a burst of orders by one buyer",
    blind="Small shops with one keen buyer.",
)
def burst_order_share(t):
    """Share of orders within an hour of two or more others by the same buyer."""
    return t.in_burst.mean()


@signal(
    buyer_bursts,
    direction=1,
    alarm=6.0,
    zh="同一买家一小时内的连续下单共 {value}",
    en="bursts of orders by one buyer make up {value}",
    blind="Grows with the size of the shop.",
)
def burst_order_count(t):
    """Orders within an hour of two or more others by the same buyer."""
    return t.in_burst.sum()


@signal(
    buyer_totals,
    alarm=0.3,
    zh="{value} 的订单来自下单三次以上的买家",
    en="{value} of its orders come from buyers who ordered three times or more",
    blind="Consumables are bought again and again.",
)
def repeat_buyer_order_share(t):
    """Share of orders by buyers with three or more orders."""
    return ratio((t.orders >= MIN_ORDERS_OF_REPEAT_BUYER).ifelse(t.orders, 0).sum(), t.orders.sum())


@signal(
    buyer_totals,
    alarm=0.2,
    zh="下单最多的买家占其订单的 {value}",
    en="one buyer placed {value} of its orders",
    blind="High by chance for few orders.",
)
def top_buyer_order_share(t):
    """Share of orders by the buyer with most."""
    return ratio(t.orders.max(), t.orders.sum())


@signal(
    sliding_hours,
    alarm=3.0,
    zh="订单最集中的一小时内，{value}",
    en="in its most concentrated hour it received {value}",
    blind="Brushing spread over days, and crowds of one-time brushers.",
)
def sliding_hour_orders_per_buyer_max_ratio(t):
    """Highest ratio of orders to distinct buyers in an hour that starts or ends with an order.

    The concentration of the Shopee Code League 2020; its published rule calls three and more
    brushing.
    """
    return t.ratio.max()


@signal(
    clock_hours,
    unit=Unit.ORDERS_PER_BUYER,
    direction=1,
    alarm=2.0,
    zh="订单最集中的一个整点小时内，{value}",
    en="in its most concentrated hour by the clock it received {value}",
    blind="Hours with one or two buyers.",
)
def orders_per_buyer_hour_max_ratio(t):
    """Highest ratio of orders to buyers in a clock hour."""
    return ratio(t.orders, t.buyers).max()


@signal(
    clock_hours,
    unit=Unit.SHARE_OF_ORDERS,
    zh="最忙的一小时占其订单的 {value}",
    en="its busiest hour holds {value} of its orders",
    blind="Sessions are short, so trade gathers.",
)
def busiest_hour_order_share(t):
    """Share of orders in the busiest clock hour."""
    return ratio(t.orders.max(), t.orders.sum())
