"""Accounts by their neighbours: what their sessions, devices, networks and shops show of others.

Only facts count, no score of a session or an order: an account's probability may update theirs.
"""

from __future__ import annotations

import ibis

from features.declaration import ACCOUNT, Unit, relation, signal
from features.derived.account_devices import account_devices
from features.derived.account_reputation import TRACES, view_traces


@relation(
    ACCOUNT,
    reads=("views",),
    local=True,
    whole=("views",),
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
    evidence_group="co_viewers",
)
def co_viewed_sessions(views, all_views):
    """Sessions of an account, with the share of others' views there that show each trace."""
    t = view_traces(views, "account_id", "session_id")
    rooms = view_traces(all_views.semi_join(t, "session_id"), "session_id")
    t = t.join(rooms.rename(**{f"all_{c}": c for c in (*TRACES, "views")}), "session_id")
    n = (t.all_views - t["views"]).cast("float64").nullif(0.0)
    return t.mutate(**{f"other_{c}": (t[f"all_{c}"] - t[c]) / n for c in TRACES})


@relation(
    ACCOUNT,
    reads=("views",),
    local=True,
    needs=(account_devices,),
    unit=Unit.ACCOUNTS,
    typology="view_fraud",
    direction=1,
)
def shared_devices(views, used):
    """Devices of an account, with the accounts that watched on each."""
    known = used.filter(used.account_id.notnull() & used.device_id.notnull())
    t = known.semi_join(views, "account_id")
    devices = known.semi_join(t, "device_id").group_by("device_id")
    return t.join(devices.aggregate(device_accounts=ibis._.count()), "device_id")


@relation(
    ACCOUNT,
    reads=("views",),
    local=True,
    whole=("views",),
    unit=Unit.ACCOUNTS,
    typology="view_fraud",
    direction=1,
)
def shared_networks(views, all_views):
    """Views of an account, with the other accounts of its network in the session."""
    keys = ["session_id", "ip_prefix"]
    t = views.filter(views.account_id.notnull() & views.ip_prefix.notnull())
    near = all_views.semi_join(t, keys)
    near = near.group_by(*keys).aggregate(near=near.account_id.nunique())
    return t.join(near, keys).mutate(others=lambda t: t.near - 1)


@relation(ACCOUNT, reads=("orders",), unit=Unit.BUYERS, typology="order_fraud", direction=1)
def shared_purchases(orders):
    """Orders of an account, with the buyers of their payment account and of their address."""
    t = orders.filter(orders.buyer_id.notnull()).mutate(account_id=orders.buyer_id)
    for name in ("payer", "address"):
        key = f"{name}_id"
        known = t.filter(t[key].notnull())
        buyers = known.group_by(key).aggregate(**{f"{name}_buyers": known.account_id.nunique()})
        t = t.left_join(buyers, key, rname="{name}_other").drop(f"{key}_other")
    return t


@relation(
    ACCOUNT,
    reads=("orders", "refunds"),
    unit=Unit.SHARE_OF_ORDERS,
    typology="order_fraud",
    direction=1,
)
def refunded_purchases(orders, refunds):
    """Orders of an account, with the share of others' orders at the operator that are refunded."""
    asked = refunds.select("order_id").distinct().mutate(refunded=1)
    t = orders.filter(orders.buyer_id.notnull()).select(
        "order_id", "operator_id", account_id="buyer_id"
    )
    t = t.left_join(asked, "order_id", rname="{name}_asked")
    t = t.select("operator_id", "account_id", refunded=t.refunded.fill_null(0))
    keys = ["operator_id", "account_id"]
    mine = t.group_by(keys).aggregate(placed=t.count(), asked=t.refunded.sum())
    shop = t.group_by("operator_id").aggregate(all_placed=t.count(), all_asked=t.refunded.sum())
    t = mine.join(shop, "operator_id")
    others = (t.all_placed - t.placed).cast("float64").nullif(0.0)
    return t.mutate(others_refunded=(t.all_asked - t.asked) / others)


@signal(
    co_viewed_sessions,
    zh="该账号所在场次中，其他账号的观看有 {value} 为秒退",
    en="of the other views in the account's sessions {value} were flash views",
    blind="Honest people join inflated rooms too, and feeds bring flash views.",
)
def co_viewer_flash_share(t):
    """Share of flash views among the others' views, mean over the account's sessions."""
    return t.other_flash.mean()


@signal(
    co_viewed_sessions,
    zh="该账号所在场次中，其他账号的观看有 {value} 来自代理或机房网络",
    en="of the other views in the account's sessions {value} came through hidden networks",
    blind="Honest people join inflated rooms too.",
)
def co_viewer_hidden_share(t):
    """Share of hidden networks among the others' views, mean over the account's sessions."""
    return t.other_hidden.mean()


@signal(
    co_viewed_sessions,
    zh="该账号所在场次中，其他账号的观看有 {value} 由分享链接进入",
    en="of the other views in the account's sessions {value} came by a share link",
    blind="Rooms that are shared in honest groups.",
)
def co_viewer_link_share(t):
    """Share of entries by a share link among the others' views, mean over the sessions."""
    return t.other_link.mean()


@signal(
    shared_devices,
    alarm=5.0,
    zh="该账号用过的一台设备上有 {value}观看",
    en="{value} watched on one device of the account",
    blind="Families share a tablet, and device identifiers are reset.",
)
def account_device_accounts_max_count(t):
    """Most accounts that watched on one of the account's devices in 28 days."""
    return t.device_accounts.max()


@signal(
    shared_networks,
    zh="同场同网段平均另有 {value}",
    en="on average {value} more watched the same session from the account's network",
    blind="Campuses, offices and carriers put many people behind one network.",
)
def account_network_companions_mean_count(t):
    """Other accounts of the same network in the same session, mean over the account's views."""
    return t.others.mean()


@signal(
    shared_purchases,
    alarm=4.0,
    evidence_group="account_shared",
    zh="该账号的支付账户有 {value}使用",
    en="{value} used one payment account of the account's orders",
    blind="Families share a card.",
)
def account_payer_buyers_max_count(t):
    """Most buyers of one payment account behind the account's orders in 28 days."""
    return t.payer_buyers.max()


@signal(
    shared_purchases,
    evidence_group="account_shared",
    zh="该账号的收货地址有 {value}使用",
    en="{value} used one address of the account's orders",
    blind="Dormitories, offices and pick-up stations.",
)
def account_address_buyers_max_count(t):
    """Most buyers of one address of the account's orders in 28 days."""
    return t.address_buyers.max()


@signal(
    refunded_purchases,
    zh="该账号光顾的店铺中，其他买家的订单有 {value} 申请退款",
    en="of other buyers' orders at the account's shops {value} were refunded",
    blind="Categories with many returns.",
)
def co_buyer_refund_share(t):
    """Share of refunds among other buyers' orders, mean over the account's operators."""
    return t.others_refunded.mean()
