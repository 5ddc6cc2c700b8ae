"""Accounts: how often they appear, where, with what, and how regularly."""

from __future__ import annotations

import ibis

from features.declaration import ACCOUNT, Signal, ratio, relation, seconds_between, signal


@relation(ACCOUNT, reads=("views",), local=True)
def appearances(views):
    """Views of an account in time order, with the gap since the one before."""
    t = views.filter(views.account_id.notnull())
    before = t.joined_at.lag().over(
        ibis.window(group_by="account_id", order_by=["joined_at", "left_at", "session_id"])
    )
    t = t.mutate(
        stay=seconds_between(t.left_at, t.joined_at), gap=seconds_between(t.joined_at, before)
    )
    hours = t.gap / 3600.0
    return t.mutate(half_day=(hours > 11.0) & (hours < 13.0), long_gap=hours >= 2.0)


@relation(ACCOUNT, reads=("views",), local=True)
def hours(views):
    """Hours in which an account appeared, with the rooms it visited."""
    t = views.filter(views.account_id.notnull())
    t = t.mutate(hour=t.joined_at.epoch_seconds() // 3600)
    return t.group_by("account_id", "hour").aggregate(rooms=t.session_id.nunique())


@relation(ACCOUNT, reads=("accounts", "views"), local=True)
def ages(accounts, views):
    """Views of an account with its age at each."""
    t = views.select("account_id", "joined_at").join(
        accounts.select("account_id", "registered_at", "level"), "account_id"
    )
    return t.mutate(age=seconds_between(t.joined_at, t.registered_at) / 86400.0)


@relation(ACCOUNT, reads=("orders",), local=False)
def purchases(orders):
    """Orders by buyer, under the name that accounts have."""
    return orders.mutate(account_id=orders.buyer_id)


@signal(
    appearances,
    unit="views",
    typology="view_fraud",
    zh="28 天内观看 {value:.0f} 次",
    en="{value:.0f} views in 28 days",
    blind="A count alone says nothing.",
)
def account_view_count(t):
    """Views of the account in the last 28 days."""
    return t.count()


@signal(
    appearances,
    unit="seconds",
    typology="view_fraud",
    zh="停留中位数 {value:.0f} 秒",
    en="its median stay is {value:.0f} seconds",
    blind="Differs by interest.",
)
def account_stay_median_seconds(t):
    """Median stay of the account."""
    return t.stay.median()


@signal(
    appearances,
    unit="devices",
    typology="view_fraud",
    direction=1,
    alarm=5.0,
    zh="使用过 {value:.0f} 台设备",
    en="it used {value:.0f} devices",
    blind="People with several phones; devices whose identifier is reset.",
)
def account_device_count(t):
    """Devices on which the account watched in the last 28 days."""
    return t.device_id.nunique()


@signal(
    appearances,
    unit="share of gaps",
    typology="view_fraud",
    direction=1,
    alarm=0.5,
    zh="{value:.0%} 的间隔约为 12 小时",
    en="{value:.0%} of its longer gaps are about twelve hours",
    blind="People who watch morning and evening; other cool-down times.",
)
def half_day_gap_share(t):
    """Share of the account's gaps of two hours or more that last eleven to thirteen hours."""
    return ratio((t.half_day & t.long_gap).sum(), t.long_gap.sum())


@signal(
    hours,
    unit="rooms",
    typology="view_fraud",
    direction=1,
    alarm=8.0,
    zh="一小时内最多进入 {value:.0f} 个直播间",
    en="it visited {value:.0f} rooms in one hour",
    blind="People who zap through a feed.",
)
def rooms_in_an_hour_max_count(t):
    """Most sessions visited in one clock hour."""
    return t.rooms.max()


@signal(
    ages,
    unit="days",
    typology="view_fraud",
    direction=-1,
    zh="首次出现时账号注册 {value:.0f} 天",
    en="it was {value:.0f} days old when first seen",
    blind="Aged accounts are sold.",
)
def account_age_days(t):
    """Age of the account at its first view in the last 28 days."""
    return t.age.min()


@signal(
    purchases,
    unit="orders",
    typology="order_fraud",
    zh="28 天内 {value:.0f} 单",
    en="{value:.0f} orders in 28 days",
    blind="A count alone says nothing.",
)
def account_order_count(t):
    """Orders of the account in the last 28 days."""
    return t.count()


@signal(
    purchases,
    unit="ratio",
    typology="order_fraud",
    zh="每个运营者平均 {value:.1f} 单",
    en="{value:.1f} orders an operator",
    blind="Loyal customers.",
)
def orders_per_operator_ratio(t):
    """Orders of the account over the operators it ordered from."""
    return ratio(t.count(), t.operator_id.nunique())


@signal(
    purchases,
    unit="payers",
    typology="order_fraud",
    direction=1,
    zh="使用过 {value:.0f} 个支付账户",
    en="{value:.0f} instruments paid for it",
    blind="Several cards.",
)
def account_payer_count(t):
    """Payment instruments behind the account's orders."""
    return t.payer_id.nunique()


SIGNALS: tuple[Signal, ...] = (
    account_view_count,
    account_stay_median_seconds,
    account_device_count,
    half_day_gap_share,
    rooms_in_an_hour_max_count,
    account_age_days,
    account_order_count,
    orders_per_operator_ratio,
    account_payer_count,
)
