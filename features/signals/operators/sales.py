"""Operators over the last 28 days: their trade, their counters, and how they compare with their own past."""

from __future__ import annotations

import ibis

from features.declaration import OPERATOR, Signal, ratio, relation, seconds_between, signal
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


@relation(OPERATOR, reads=("sessions", "views"))
def visits(sessions, views):
    """Sessions of an operator with their views."""
    v = views.group_by("session_id").aggregate(
        views=views.count(),
        viewers=views.account_id.nunique(),
        watched=seconds_between(views.left_at, views.joined_at).sum(),
    )
    t = sessions.join(v, "session_id")
    return t.mutate(log_views=t.views.cast("float64").ln())


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
    unit="share of orders",
    typology="order_fraud",
    zh="最忙的一小时占 {value:.0%}",
    en="the busiest hour holds {value:.0%} of orders",
    blind="Sessions are short, so trade gathers.",
)
def busiest_hour_order_share(t):
    """Share of orders in the busiest clock hour."""
    return ratio(t.orders.max(), t.orders.sum())


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


@signal(
    visits,
    unit="sessions",
    typology="view_fraud",
    zh="28 天内 {value:.0f} 场",
    en="{value:.0f} sessions in 28 days",
    blind="A count alone says nothing.",
)
def operator_session_count(t):
    """Sessions of the operator with views."""
    return t.count()


@signal(
    visits,
    unit="log",
    typology="view_fraud",
    direction=1,
    zh="各场观看量波动（对数标准差）{value:.2f}",
    en="views vary between sessions by a log-sd of {value:.2f}",
    blind="Celebrity visits and seasons.",
)
def views_log_sd(t):
    """Standard deviation of log views between the operator's sessions; unknown for one session."""
    return t.log_views.std(how="sample")


@signal(
    visits,
    unit="log",
    typology="view_fraud",
    direction=1,
    zh="最大场次为平均的 e^{value:.2f} 倍",
    en="the largest session lies {value:.2f} log units above the mean",
    blind="One lucky session.",
)
def views_log_peak(t):
    """Largest log views less the mean of log views."""
    return t.log_views.max() - t.log_views.mean()


@signal(
    visits,
    unit="views",
    typology="view_fraud",
    zh="28 天内 {value:.0f} 次观看",
    en="{value:.0f} views in 28 days",
    blind="As counted.",
)
def operator_view_count(t):
    """Views counted in the operator's sessions."""
    return t.views.sum()


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
    operator_refund_share,
    instant_refund_order_share,
    light_parcel_share,
    sender_count,
    complaint_count,
    operator_session_count,
    views_log_sd,
    views_log_peak,
    operator_view_count,
)
