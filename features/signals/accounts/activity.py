"""Accounts by how often, where and how regularly they appear."""

from __future__ import annotations

import ibis

from features.declaration import ACCOUNT, Unit, relation, signal
from features.expressions import ratio, seconds_between

MIN_LONG_GAP_HOURS = 2.0
HALF_DAY_HOURS = (11.0, 13.0)  # a cool-down of twelve hours, known from pools of accounts


@relation(ACCOUNT, reads=("views",), local=True, typology="view_fraud")
def account_views(views):
    """Views of an account in time order, with the gap since the one before."""
    t = views.filter(views.account_id.notnull())
    before = t.joined_at.lag().over(
        ibis.window(group_by="account_id", order_by=["joined_at", "left_at", "session_id"])
    )
    t = t.mutate(
        stay=seconds_between(t.left_at, t.joined_at), gap=seconds_between(t.joined_at, before)
    )
    hours = t.gap / 3600.0
    low, high = HALF_DAY_HOURS
    return t.mutate(half_day=(hours > low) & (hours < high), long_gap=hours >= MIN_LONG_GAP_HOURS)


@relation(ACCOUNT, reads=("views",), local=True, typology="view_fraud")
def account_hours(views):
    """Clock hours in which an account appeared, with the rooms it visited."""
    t = views.filter(views.account_id.notnull() & views.joined_at.notnull())
    t = t.mutate(hour=t.joined_at.epoch_seconds() // 3600)
    return t.group_by("account_id", "hour").aggregate(rooms=t.session_id.nunique())


@relation(ACCOUNT, reads=("accounts", "views"), local=True, typology="view_fraud")
def account_ages(accounts, views):
    """Views of an account with its age at each."""
    t = views.select("account_id", "joined_at").join(
        accounts.select("account_id", "registered_at", "level"), "account_id"
    )
    return t.mutate(age=seconds_between(t.joined_at, t.registered_at) / 86400.0)


@relation(ACCOUNT, reads=("orders",), typology="order_fraud")
def account_orders(orders):
    """Orders with their buyer as the account."""
    return orders.mutate(account_id=orders.buyer_id)


@signal(
    account_views,
    unit=Unit.VIEWS,
    zh="该账号 28 天内有 {value}",
    en="the account made {value} in 28 days",
    blind="A count alone says nothing.",
)
def account_view_count(t):
    """Views of the account in the last 28 days."""
    return t.count()


@signal(
    account_views,
    unit=Unit.SECONDS,
    zh="该账号的观看时长中位数为 {value}",
    en="the median view of the account lasted {value}",
    blind="Differs by interest.",
)
def account_stay_median_seconds(t):
    """Median stay of the account."""
    return t.stay.median()


@signal(
    account_views,
    unit=Unit.DEVICES,
    direction=1,
    alarm=5.0,
    zh="该账号 28 天内使用过 {value}",
    en="the account watched on {value} in 28 days",
    blind="People with several phones, and devices whose identifier is reset.",
)
def account_device_count(t):
    """Devices on which the account watched in the last 28 days."""
    return t.device_id.nunique()


@signal(
    account_views,
    unit=Unit.SHARE_OF_GAPS,
    direction=1,
    alarm=0.5,
    zh="该账号两次观看的较长间隔中有 {value} 约为半天",
    en="{value} of the account's longer pauses between views last about half a day",
    blind="People who watch morning and evening, and other cool-down times.",
)
def half_day_gap_share(t):
    """Share of the account's gaps of two hours or more that last eleven to thirteen hours."""
    return ratio((t.half_day & t.long_gap).sum(), t.long_gap.sum())


@signal(
    account_hours,
    unit=Unit.ROOMS,
    direction=1,
    alarm=8.0,
    zh="该账号一小时内最多进入 {value}",
    en="the account entered {value} within one hour",
    blind="People who zap through a feed.",
)
def rooms_in_an_hour_max_count(t):
    """Most sessions visited in one clock hour."""
    return t.rooms.max()


@signal(
    account_ages,
    unit=Unit.DAYS,
    direction=-1,
    zh="该账号 28 天内首次观看时已注册 {value}",
    en="the account was {value} old at its first view of 28 days",
    blind="Aged accounts are sold.",
)
def account_age_days(t):
    """Age of the account at its first view in the last 28 days."""
    return t.age.min()


@signal(
    account_orders,
    unit=Unit.ORDERS,
    zh="该账号 28 天内下了 {value}",
    en="the account placed {value} in 28 days",
    blind="A count alone says nothing.",
)
def account_order_count(t):
    """Orders of the account in the last 28 days."""
    return t.count()


@signal(
    account_orders,
    unit=Unit.ORDERS_PER_OPERATOR,
    zh="该账号下单：{value}",
    en="the account placed {value}",
    blind="Loyal customers.",
)
def orders_per_operator_ratio(t):
    """Orders of the account over the operators it ordered from."""
    return ratio(t.count(), t.operator_id.nunique())


@signal(
    account_orders,
    unit=Unit.PAYERS,
    direction=1,
    zh="该账号使用过 {value}",
    en="the account paid with {value}",
    blind="Several cards.",
)
def account_payer_count(t):
    """Payment accounts behind the account's orders."""
    return t.payer_id.nunique()
