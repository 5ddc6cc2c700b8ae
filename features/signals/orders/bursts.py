"""Orders close in time: the orders at one shop, or by one buyer, around each order."""

from __future__ import annotations

import ibis

from features.declaration import ORDER, relation, signal
from features.expressions import ratio
from features.units import Unit

BUYER_AT_SHOP_MINUTES = 60  # before and after an order
SHOP_MINUTES = 5
BUYER_MINUTES = 15
SHOP_DAY_MINUTES = 720


def around(keys: list[str], minutes: int):
    """Window over the rows that share `keys`, from `minutes` before a row to `minutes` after."""
    span = ibis.interval(minutes=minutes)
    return ibis.window(group_by=keys, order_by="placed_at", preceding=span, following=span)


@relation(
    ORDER,
    reads=("orders",),
    grouped=False,
    unit=Unit.ORDERS,
    typology="order_fraud",
    direction=1,
)
def nearby_orders(orders):
    """Orders with the number of orders around them, by shop and by buyer."""
    t = orders.mutate(shop=ibis.coalesce(orders.merchant_id, orders.operator_id))
    return t.mutate(
        buyer_at_shop=t.count().over(around(["shop", "buyer_id"], BUYER_AT_SHOP_MINUTES)),
        at_shop=t.count().over(around(["shop"], SHOP_MINUTES)),
        by_buyer=t.count().over(around(["buyer_id"], BUYER_MINUTES)),
        at_shop_that_day=t.count().over(around(["shop"], SHOP_DAY_MINUTES)),
    )


@signal(
    nearby_orders,
    alarm=3.0,
    evidence_group="many_orders",
    zh="该买家在前后一小时内于同一店铺下了 {value}",
    en="the buyer placed {value} at this shop within one hour of it",
    blind="Buyers of lucky bags come back too. Slow brushing spreads over days.",
)
def buyer_shop_hour_order_count(t):
    """Orders by the same buyer at the shop within an hour before or after, this one included."""
    return t.buyer_at_shop


@signal(
    nearby_orders,
    evidence_group="burst",
    zh="该店铺在前后五分钟内共有 {value}",
    en="the shop received {value} within five minutes of it",
    blind="A lucky bag gathers orders honestly.",
)
def shop_minutes_order_count(t):
    """Orders at the same shop within five minutes before or after, this one included."""
    return t.at_shop


@signal(
    nearby_orders,
    unit=Unit.SHARE_OF_ORDERS,
    evidence_group="burst",
    zh="该店铺当日订单有 {value} 集中在这十分钟内",
    en="{value} of the shop's orders of that day fall within five minutes of it",
    blind="A session that sells one product gathers orders in the same way.",
)
def shop_minutes_day_share(t):
    """Orders at the shop within five minutes over those within twelve hours, on each side."""
    return ratio(t.at_shop, t.at_shop_that_day)


@signal(
    nearby_orders,
    alarm=4.0,
    evidence_group="many_orders",
    zh="该买家在前后一刻钟内于各店铺共下了 {value}",
    en="the buyer placed {value} across all shops within fifteen minutes of it",
    blind="A basket that is split over several shops looks the same.",
)
def buyer_minutes_order_count(t):
    """Orders by the same buyer anywhere within fifteen minutes before or after."""
    return t.by_buyer
