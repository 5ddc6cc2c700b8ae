"""Single views: the account and the device behind them, and what these did elsewhere."""

from __future__ import annotations

import ibis

from features.declaration import VIEW, Unit, relation, signal
from features.derived.account_devices import account_devices
from features.expressions import seconds_between


@relation(
    VIEW,
    reads=("views",),
    grouped=False,
    local=True,
    whole=("views",),
    needs=(account_devices,),
    typology="view_fraud",
)
def view_habits(views, all_views, used):
    """Views with what their account and device did in all rooms."""
    t = views.mutate(day=views.joined_at.epoch_seconds() // 86400)
    that_day = all_views.mutate(day=all_views.joined_at.epoch_seconds() // 86400).semi_join(
        t, ["account_id", "day"]
    )
    per_day = that_day.group_by("account_id", "day").aggregate(
        sessions_that_day=that_day.session_id.nunique()
    )
    known = used.semi_join(t.filter(t.account_id.notnull()).select("account_id"), "account_id")
    account = known.group_by("account_id").aggregate(
        account_devices=known.device_id.count(), account_views=known["views"].sum()
    )
    devices = t.filter(t.device_id.notnull()).select("device_id")
    on = (
        used.semi_join(devices, "device_id")
        .group_by("device_id")
        .aggregate(device_accounts=ibis._.account_id.count())
    )
    near = (
        all_views.semi_join(devices, "device_id")
        .group_by("device_id")
        .aggregate(device_prefixes=ibis._.ip_prefix.nunique())
    )
    t = t.left_join(per_day, ["account_id", "day"], rname="{name}_day").left_join(
        account, "account_id", rname="{name}_account"
    )
    return t.left_join(on, "device_id", rname="{name}_device").left_join(
        near, "device_id", rname="{name}_near"
    )


@relation(VIEW, reads=("views", "accounts"), grouped=False, local=True, typology="view_fraud")
def view_people(views, accounts):
    """Views by known accounts with the account."""
    a = accounts.select("account_id", "registered_at", "real_name_verified", "level", home="region")
    return views.join(a, "account_id")


@relation(VIEW, reads=("views", "interactions"), grouped=False, local=True, typology="view_fraud")
def view_acts(views, interactions):
    """Views by known accounts with what the account did in the session."""
    a = interactions.filter(interactions.account_id.notnull() & (interactions.kind != "unfollow"))
    done = a.group_by("session_id", "account_id").aggregate(
        acts=a["count"].sum(),
        talked=(a.kind == "comment").sum(),
        clicked=(a.kind == "product_click").sum(),
    )
    t = views.filter(views.account_id.notnull())
    return t.left_join(done, ["session_id", "account_id"], rname="{name}_done")


@signal(
    view_habits,
    unit=Unit.SESSIONS,
    zh="该账号当日进入 {value}",
    en="its account entered {value} that day",
    blind="People who zap through a feed enter many.",
)
def view_account_day_sessions(t):
    """Sessions that the view's account entered that day."""
    return t.sessions_that_day


@signal(
    view_habits,
    unit=Unit.DEVICES,
    direction=1,
    zh="该账号用过 {value}",
    en="its account used {value}",
    blind="People buy new phones.",
)
def view_account_devices(t):
    """Devices that the view's account was seen on; pools reshuffle accounts and devices."""
    return t.account_devices


@signal(
    view_habits,
    unit=Unit.ACCOUNTS,
    direction=1,
    zh="该设备登录过 {value}",
    en="its device carried {value}",
    blind="Families share a tablet.",
)
def view_device_accounts(t):
    """Accounts that were seen on the view's device; farms run many on one phone."""
    return t.device_accounts


@signal(
    view_habits,
    unit=Unit.PREFIXES,
    direction=1,
    zh="该设备用过 {value}",
    en="its device was seen on {value}",
    blind="Commuters change networks.",
)
def view_device_prefixes(t):
    """Network prefixes that the view's device was seen on; pools rotate networks."""
    return t.device_prefixes


@signal(
    view_people,
    unit=Unit.DAYS,
    direction=-1,
    zh="该账号注册了 {value}",
    en="its account was {value} old",
    blind="Everybody was new once.",
)
def view_account_age(t):
    """Days from the account's registration to the view; unknown without an account.

    Accounts are made for an order of views.
    """
    return seconds_between(t.joined_at, t.registered_at) / 86400.0


@signal(
    view_people,
    unit=Unit.LEVEL,
    direction=-1,
    zh="该账号等级为 {value}",
    en="its account has {value}",
    blind="Everybody was new once.",
)
def view_account_level(t):
    """Level of the view's account; accounts made for views have a low one."""
    return t.level


@signal(
    view_people,
    unit=Unit.FLAG,
    direction=1,
    zh="网络属地与账号属地不符：{value}",
    en="its network is outside the account's region: {value}",
    blind="Travellers are away from home.",
    formerly=("view_away_from_home",),
)
def view_region_contradiction(t):
    """1 when the view's region is not the account's; proxies lie somewhere else."""
    return (t.region != t.home).cast("float64")


@signal(
    view_acts,
    unit=Unit.ACTIONS,
    zh="该账号在本场有 {value}",
    en="its account made {value} in the session",
    blind="Many people only watch.",
)
def view_account_acts(t):
    """Actions of the view's account in the session; unknown without an account."""
    return t.acts.fill_null(0)


@signal(
    view_acts,
    unit=Unit.ACTIONS,
    zh="该账号在本场评论或点击商品共 {value}",
    en="its account made {value} by comments and product clicks",
    blind="Many people only watch.",
)
def view_account_engaged(t):
    """Comments and product clicks of the view's account; unknown without an account."""
    return t.talked.fill_null(0) + t.clicked.fill_null(0)
