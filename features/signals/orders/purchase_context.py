"""How an order came about: who placed it, when, beside which others, and after what."""

from __future__ import annotations

import ibis
from ibis import _

from features.declaration import ORDER, Signal, ratio, relation, seconds_between, signal


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


@relation(ORDER, reads=("orders",), grouped=False)
def amounts(orders):
    """Orders beside the other orders of their operator."""
    middle = (
        orders.filter(orders.paid_amount > 0)
        .group_by("operator_id")
        .aggregate(middle=_.paid_amount.median())
    )
    return orders.left_join(middle, "operator_id", rname="{name}_other").drop("operator_id_other")


@relation(ORDER, reads=("orders", "accounts"), grouped=False, local=True)
def buyers(orders, accounts):
    """Orders with their buyer's account."""
    a = accounts.select(
        buyer_id="account_id",
        registered_at="registered_at",
        verified="real_name_verified",
        level="level",
    )
    return orders.join(a, "buyer_id")


@relation(ORDER, reads=("orders", "views"), grouped=False)
def watched(orders, views):
    """Orders of known sessions with what their buyer watched there before."""
    o = orders.filter(orders.session_id.notnull()).select(
        "order_id", "session_id", "placed_at", account_id="buyer_id"
    )
    seen = o.join(
        views.select("session_id", "account_id", "joined_at", "left_at"),
        ["session_id", "account_id"],
    )
    seen = seen.filter(seen.joined_at <= seen.placed_at)
    until = ibis.least(seen.left_at, seen.placed_at)
    total = seen.group_by("order_id").aggregate(
        watched=seconds_between(until, seen.joined_at).sum()
    )
    return o.left_join(total, "order_id", rname="{name}_seen").drop("order_id_seen")


@relation(ORDER, reads=("orders", "interactions"), grouped=False, local=True)
def clicked(orders, interactions):
    """Orders of known sessions with what their buyer did there before."""
    o = orders.filter(orders.session_id.notnull()).select(
        "order_id", "session_id", "placed_at", account_id="buyer_id"
    )
    done = o.join(
        interactions.select("session_id", "account_id", "kind", "at"), ["session_id", "account_id"]
    )
    done = done.filter((done.at <= done.placed_at) & (done.kind != "unfollow"))
    total = done.group_by("order_id").aggregate(
        acts=done.count(), clicks=(done.kind == "product_click").sum()
    )
    return o.left_join(total, "order_id", rname="{name}_done").drop("order_id_done")


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


@signal(
    amounts,
    unit="ratio",
    typology="order_fraud",
    zh="金额为该运营者中位数的 {value:.2f} 倍",
    en="the amount is {value:.2f} of the operator's median",
    blind="Depends on the assortment.",
)
def amount_to_median_ratio(t):
    """Amount paid over the median of the operator's orders in the last 28 days."""
    return ratio(t.paid_amount, t.middle)


@signal(
    amounts,
    unit="ratio",
    typology="order_fraud",
    zh="实付为标价的 {value:.0%}",
    en="{value:.0%} of the list price was paid",
    blind="Coupons.",
)
def paid_to_list_ratio(t):
    """Amount paid over the amount at list price."""
    return ratio(t.paid_amount, t.list_amount)


@signal(
    amounts,
    unit="seconds",
    typology="order_fraud",
    zh="下单到支付 {value:.0f} 秒",
    en="paid {value:.0f} seconds after it was placed",
    blind="Pre-sales are paid later.",
)
def place_to_pay_seconds(t):
    """Seconds from placing to paying."""
    return seconds_between(t.paid_at, t.placed_at)


@signal(
    buyers,
    unit="days",
    typology="order_fraud",
    direction=-1,
    alarm=7.0,
    zh="买家账号注册仅 {value:.1f} 天",
    en="the buyer's account was {value:.1f} days old",
    blind="New users are honest too; aged accounts escape.",
)
def buyer_age_days(t):
    """Days from the buyer's registration to the order."""
    return seconds_between(t.placed_at, t.registered_at) / 86400.0


@signal(
    buyers,
    unit="level",
    typology="order_fraud",
    zh="买家账号等级 {value:.0f}",
    en="the buyer's account has level {value:.0f}",
    blind="Levels can be bought.",
)
def buyer_level(t):
    """Platform level of the buyer's account."""
    return t.level.cast("float64")


@signal(
    buyers,
    unit="share",
    typology="order_fraud",
    direction=1,
    zh="买家账号未实名",
    en="the buyer's account has no verified name",
    blind="Verification is not always required.",
)
def buyer_unverified_share(t):
    """1 where the buyer's account has no verified name, 0 where it has."""
    return (~t.verified).cast("float64")


@signal(
    watched,
    unit="seconds",
    typology="order_fraud",
    direction=-1,
    alarm=3.0,
    zh="下单前仅观看 {value:.0f} 秒",
    en="the buyer had watched {value:.0f} seconds before ordering",
    blind="Orders after the session, from a replay or a saved link.",
)
def watch_before_order_seconds(t):
    """Seconds that the buyer had watched of the session before placing; 0 where the buyer was never seen in it."""
    return t.watched.fill_null(0.0)


@signal(
    clicked,
    unit="actions",
    typology="order_fraud",
    direction=-1,
    zh="下单前在场内有 {value:.0f} 次互动",
    en="the buyer had acted {value:.0f} times in the session before",
    blind="Many honest buyers only order.",
)
def acts_before_order_count(t):
    """Likes, comments, follows, shares and clicks of the buyer in the session before placing."""
    return t.acts.fill_null(0)


@signal(
    clicked,
    unit="clicks",
    typology="order_fraud",
    direction=-1,
    zh="下单前点击商品 {value:.0f} 次",
    en="the buyer had clicked products {value:.0f} times before",
    blind="Clicks may be recorded only in part.",
)
def clicks_before_order_count(t):
    """Product clicks of the buyer in the session before placing."""
    return t.clicks.fill_null(0)


SIGNALS: tuple[Signal, ...] = (
    buyer_shop_hour_order_count,
    shop_minutes_order_count,
    shop_minutes_day_share,
    buyer_minutes_order_count,
    payer_buyer_count,
    payer_operator_order_share,
    address_buyer_count,
    device_buyer_count,
    buyer_operator_order_count,
    buyer_operator_count,
    amount_to_median_ratio,
    paid_to_list_ratio,
    place_to_pay_seconds,
    buyer_age_days,
    buyer_level,
    buyer_unverified_share,
    watch_before_order_seconds,
    acts_before_order_count,
    clicks_before_order_count,
)
