"""Orders close in time: how many others stand beside an order at its shop and by its buyer."""

from __future__ import annotations

import ibis

from features.declaration import ORDER, Signal, ratio, relation, signal


def around(t, keys: list[str], minutes: int):
    """Window over the rows that share `keys` and lie within `minutes` before or after."""
    span = ibis.interval(minutes=minutes)
    return ibis.window(group_by=keys, order_by="placed_at", preceding=span, following=span)


@relation(ORDER, reads=("orders",), grouped=False)
def bursts(orders):
    """Orders with how many others stand close to them in time."""
    t = orders.mutate(shop=ibis.coalesce(orders.merchant_id, orders.operator_id))
    return t.mutate(
        pair_hour=t.count().over(around(t, ["shop", "buyer_id"], 60)),
        shop_minutes=t.count().over(around(t, ["shop"], 5)),
        buyer_minutes=t.count().over(around(t, ["buyer_id"], 15)),
        shop_day=t.count().over(around(t, ["shop"], 720)),
    )


@signal(
    bursts,
    unit="orders",
    typology="order_fraud",
    direction=1,
    alarm=3.0,
    zh="同一买家一小时内在同一店铺下了 {value:.0f} 单",
    en="the buyer placed {value:.0f} orders at this shop within an hour of it",
    blind="Lucky-bag buyers come back too; slow brushing spreads over days.",
)
def buyer_shop_hour_order_count(t):
    """Orders by the same buyer at the same shop within an hour before or after, this one included."""
    return t.pair_hour


@signal(
    bursts,
    unit="orders",
    typology="order_fraud",
    direction=1,
    zh="前后五分钟内店铺共有 {value:.0f} 单",
    en="the shop had {value:.0f} orders within five minutes of it",
    blind="A lucky bag gathers orders honestly.",
)
def shop_minutes_order_count(t):
    """Orders at the same shop within five minutes before or after."""
    return t.shop_minutes


@signal(
    bursts,
    unit="share of orders",
    typology="order_fraud",
    direction=1,
    zh="当日订单的 {value:.0%} 集中在这十分钟",
    en="{value:.0%} of the shop's orders of the day fall into its ten minutes",
    blind="A session of one product does so.",
)
def shop_minutes_day_share(t):
    """Orders at the shop within five minutes over those within twelve hours, each side."""
    return ratio(t.shop_minutes, t.shop_day)


@signal(
    bursts,
    unit="orders",
    typology="order_fraud",
    direction=1,
    alarm=4.0,
    zh="买家前后一刻钟内下了 {value:.0f} 单",
    en="the buyer placed {value:.0f} orders anywhere within a quarter of an hour",
    blind="A basket split over several shops looks the same.",
)
def buyer_minutes_order_count(t):
    """Orders by the same buyer anywhere within fifteen minutes before or after."""
    return t.buyer_minutes


SIGNALS: tuple[Signal, ...] = (
    buyer_shop_hour_order_count,
    shop_minutes_order_count,
    shop_minutes_day_share,
    buyer_minutes_order_count,
)
