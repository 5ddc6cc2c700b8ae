"""Operators by their trade over the last 28 days."""

from __future__ import annotations

import ibis

from features.declaration import OPERATOR, Signal, ratio, relation, signal
from features.derived.order_bursts import hour_ratios


@relation(OPERATOR, reads=("orders",))
def trade(orders):
    """Orders with how many the same buyer placed with the operator, and within an hour."""
    near = ibis.window(
        group_by=["operator_id", "buyer_id"],
        order_by="placed_at",
        preceding=ibis.interval(minutes=60),
        following=ibis.interval(minutes=60),
    )
    t = orders.mutate(pair_hour=orders.count().over(near))
    return t.mutate(in_burst=t.pair_hour >= 3)


@relation(OPERATOR, reads=("orders",))
def pairs(orders):
    """Pairs of operator and buyer with their orders."""
    return orders.group_by("operator_id", "buyer_id").aggregate(orders=orders.count())


@relation(OPERATOR, reads=("orders",))
def trade_hours(orders):
    """Hours of an operator's trade with orders and distinct buyers."""
    t = orders.mutate(hour=orders.placed_at.epoch_seconds() // 3600)
    return t.group_by("operator_id", "hour").aggregate(
        orders=t.count(), buyers=t.buyer_id.nunique()
    )


@relation(OPERATOR, reads=("orders",), needs=(hour_ratios,))
def sliding_hours(orders, hours):
    """Orders with the orders over distinct buyers of the operator in the hour that starts, or ends, with them.

    Only orders in a burst of one buyer open an hour, the others cannot raise the ratio to three; they count as 1.
    """
    t = trade.build(orders).left_join(hours, "order_id", rname="{name}_other")
    return t.mutate(ratio=t.in_burst.ifelse(t.hour_ratio.fill_null(1.0), 1.0))


def _on_trade(unit: str, **more):
    return signal(trade, unit=unit, typology="order_fraud", **more)


@_on_trade(
    "orders",
    zh="28 天内 {value:.0f} 单",
    en="{value:.0f} orders in 28 days",
    blind="A count alone says nothing about what is real.",
)
def operator_order_count(t):
    """Orders of the operator."""
    return t.count()


@_on_trade(
    "orders",
    direction=1,
    alarm=3.0,
    zh="同一买家一小时内最多下了 {value:.0f} 单",
    en="one buyer placed {value:.0f} orders within an hour",
    blind="A lucky-bag night; wholesale buyers.",
)
def buyer_hour_order_max_count(t):
    """Most orders by one buyer with the operator within an hour before or after one of them."""
    return t.pair_hour.max()


@_on_trade(
    "share of orders",
    direction=1,
    alarm=0.05,
    zh="{value:.0%} 的订单属于同一买家一小时三单以上的批次",
    en="{value:.0%} of orders belong to bursts of three or more by one buyer within an hour",
    blind="Small shops with one keen buyer.",
)
def burst_order_share(t):
    """Share of orders that stand within an hour of two or more others by the same buyer."""
    return t.in_burst.mean()


@_on_trade(
    "orders",
    direction=1,
    alarm=6.0,
    zh="{value:.0f} 单属于同一买家的密集批次",
    en="{value:.0f} orders belong to bursts of one buyer",
    blind="Grows with the size of the shop.",
)
def burst_order_count(t):
    """Orders that stand within an hour of two or more others by the same buyer."""
    return t.in_burst.sum()


@signal(
    pairs,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    alarm=0.3,
    zh="{value:.0%} 的订单来自下单三次以上的买家",
    en="{value:.0%} of orders come from buyers with three or more",
    blind="Consumables are bought again and again.",
)
def repeat_buyer_order_share(t):
    """Share of orders by buyers with three or more orders."""
    return ratio((t.orders >= 3).ifelse(t.orders, 0).sum(), t.orders.sum())


@signal(
    pairs,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    alarm=0.2,
    zh="下单最多的买家占 {value:.0%}",
    en="one buyer placed {value:.0%} of all orders",
    blind="High by chance for few orders.",
)
def top_buyer_order_share(t):
    """Share of orders by the buyer with most."""
    return ratio(t.orders.max(), t.orders.sum())


@signal(
    sliding_hours,
    unit="ratio",
    typology="order_fraud",
    direction=1,
    alarm=3.0,
    zh="任一小时内每位买家最多 {value:.1f} 单",
    en="within some hour buyers placed {value:.1f} orders each",
    blind="Brushing spread over days; crowds of one-time brushers.",
)
def sliding_hour_orders_per_buyer_max_ratio(t):
    """Highest ratio of orders to distinct buyers in an hour that starts or ends with an order.

    The concentration of the Shopee Code League 2020; its published rule calls three and more brushing.
    """
    return t.ratio.max()


@signal(
    trade_hours,
    unit="ratio",
    typology="order_fraud",
    direction=1,
    alarm=2.0,
    zh="某一小时内每位买家平均 {value:.1f} 单",
    en="in one hour buyers placed {value:.1f} orders each",
    blind="Hours with one or two buyers.",
)
def orders_per_buyer_hour_max_ratio(t):
    """Highest ratio of orders to buyers in a clock hour."""
    return ratio(t.orders, t.buyers).max()


@signal(
    trade_hours,
    unit="share of orders",
    typology="order_fraud",
    zh="最忙的一小时占 {value:.0%}",
    en="the busiest hour holds {value:.0%} of orders",
    blind="Sessions are short, so trade gathers.",
)
def busiest_hour_order_share(t):
    """Share of orders in the busiest clock hour."""
    return ratio(t.orders.max(), t.orders.sum())


SIGNALS: tuple[Signal, ...] = (
    operator_order_count,
    buyer_hour_order_max_count,
    burst_order_share,
    burst_order_count,
    repeat_buyer_order_share,
    top_buyer_order_share,
    sliding_hour_orders_per_buyer_max_ratio,
    orders_per_buyer_hour_max_ratio,
    busiest_hour_order_share,
)
