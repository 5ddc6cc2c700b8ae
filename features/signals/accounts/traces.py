"""Accounts by the traces that their own views, orders and actions leave."""

from __future__ import annotations

from features.declaration import ACCOUNT, Unit, relation, signal
from features.derived.account_reputation import view_traces
from features.expressions import ratio


@relation(
    ACCOUNT,
    reads=("views",),
    local=True,
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
)
def traced_views(views):
    """Views of an account, counted with each trace."""
    return view_traces(views, "account_id")


@relation(ACCOUNT, reads=("orders", "refunds"), typology="order_fraud", direction=1)
def account_refunds(orders, refunds):
    """Orders of an account, with the refund that was asked for."""
    asked = refunds.select("order_id").distinct().mutate(refunded=1)
    t = orders.select("order_id", account_id="buyer_id")
    return t.left_join(asked, "order_id", rname="{name}_asked")


@relation(ACCOUNT, reads=("orders", "parcels"), typology="order_fraud", direction=-1)
def account_parcels(orders, parcels):
    """Parcels of an account's orders."""
    return orders.select("order_id", account_id="buyer_id").join(
        parcels.select("order_id", "weight_g", "goods_weight_g"), "order_id"
    )


@relation(ACCOUNT, reads=("orders", "views"), typology="order_fraud", direction=1)
def watched_purchases(orders, views):
    """Orders that an account placed in a session, and whether it watched that session."""
    t = orders.filter(orders.session_id.notnull()).select("session_id", account_id="buyer_id")
    seen = views.filter(views.account_id.notnull()).select("session_id", "account_id").distinct()
    seen = seen.mutate(watched=1)
    return t.left_join(seen, ["session_id", "account_id"], rname="{name}_seen")


@relation(ACCOUNT, reads=("interactions",), local=True, typology="engagement_fraud", direction=1)
def account_actions(interactions):
    """Actions of an account by session."""
    t = interactions.filter(interactions.account_id.notnull())
    return t.group_by("account_id", "session_id").aggregate(acts=t["count"].sum())


@signal(
    traced_views,
    zh="该账号的观看有 {value} 为秒退",
    en="{value} of the account's views were flash views",
    blind="People who zap through a feed.",
)
def account_flash_view_share(t):
    """Share of the account's views that lasted three seconds at most."""
    return ratio(t.flash.sum(), t["views"].sum())


@signal(
    traced_views,
    alarm=0.8,
    zh="该账号的观看有 {value} 来自代理或机房网络",
    en="{value} of the account's views came through hidden networks",
    blind="People who use a proxy.",
)
def account_hidden_view_share(t):
    """Share of the account's views through a proxy or a data centre."""
    return ratio(t.hidden.sum(), t["views"].sum())


@signal(
    traced_views,
    zh="该账号的观看有 {value} 由分享链接进入",
    en="{value} of the account's views came by a share link",
    blind="Members of honest groups that share rooms.",
)
def account_link_view_share(t):
    """Share of the account's views that came by a share link."""
    return ratio(t.link.sum(), t["views"].sum())


@signal(
    account_refunds,
    unit=Unit.SHARE_OF_ORDERS,
    zh="该账号的订单有 {value} 申请退款",
    en="{value} of the account's orders were refunded",
    blind="Honest people send much back in some categories.",
)
def account_refund_share(t):
    """Share of the account's orders for which a refund was asked in 28 days."""
    return ratio(t.refunded.sum().fill_null(0), t.count())


@signal(
    account_parcels,
    unit=Unit.RATIO,
    alarm=0.6,
    zh="该账号的包裹重量中位数为商品重量的 {value}",
    en="the account's median parcel weighs {value} the weight of its goods",
    blind="Catalogue weights are often wrong. Real goods may be shipped.",
)
def account_parcel_weight_ratio_median(t):
    """Median weight of the account's parcels over the weight of their goods."""
    return ratio(t.weight_g, t.goods_weight_g).median()


@signal(
    watched_purchases,
    unit=Unit.SHARE_OF_ORDERS,
    zh="该账号的直播订单有 {value} 下单前未进入直播间",
    en="for {value} of the account's orders in sessions it did not watch the session",
    blind="Orders from replays and links, and views without an account.",
)
def account_unwatched_order_share(t):
    """Share of the account's orders in sessions of which it has no view."""
    return 1.0 - ratio(t.watched.sum().fill_null(0), t.count())


@signal(
    account_actions,
    unit=Unit.ACTIONS,
    zh="该账号单场最多有 {value}",
    en="the account made {value} in one session",
    blind="Fans who tap the like button without end.",
)
def account_session_actions_max_count(t):
    """Most actions of the account in one session."""
    return t.acts.max()
