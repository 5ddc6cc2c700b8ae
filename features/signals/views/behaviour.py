"""Single views: what each one shows of itself, for telling which of a session's views are false.

A view has no identifier of its own; the engine names it `view_id` by its session and its place in it.
"""

from __future__ import annotations

import ibis
from ibis import _

from features.declaration import VIEW, Signal, ratio, relation, seconds_between, signal
from features.derived.account_devices import account_devices
from features.expressions import number

NEAR = 5  # seconds to either side that make a block of joins


@relation(VIEW, reads=("views", "sessions"), grouped=False, local=True)
def view_times(views, sessions):
    """Views with their session's span and how many join and leave beside them."""
    t = views.join(sessions.select("session_id", "started_at", "ended_at"), "session_id")
    t = t.mutate(
        stay=seconds_between(t.left_at, t.joined_at),
        offset=seconds_between(t.joined_at, t.started_at),
        length=seconds_between(t.ended_at, t.started_at),
        joined=t.joined_at.epoch_seconds(),
        left=t.left_at.epoch_seconds(),
    )
    whole = ibis.window(group_by=t.session_id)
    t = t.mutate(
        views_here=t.view_id.count().over(whole),
        join_block=t.view_id.count().over(group_by=[t.session_id, t.joined // (2 * NEAR)]),
        leave_block=t.view_id.count().over(group_by=[t.session_id, t.left // (2 * NEAR)]),
        same_stay=t.view_id.count().over(group_by=[t.session_id, (t.stay / 5).floor()]),
    )
    return t


@relation(VIEW, reads=("views",), grouped=False, local=True)
def view_places(views):
    """Views with how many of their session share their device and account, and the version beside the newest."""
    t = views.mutate(major=number(views.app_version))
    whole = ibis.window(group_by=t.session_id)
    return t.mutate(
        on_device=t.view_id.count().over(group_by=[t.session_id, t.device_id]),
        by_account=t.view_id.count().over(group_by=[t.session_id, t.account_id]),
        newest=t.major.max().over(whole),
    )


@relation(
    VIEW, reads=("views",), grouped=False, local=True, whole=("views",), needs=(account_devices,)
)
def view_habits(views, everywhere, used):
    """Views with what their account and device do elsewhere: sessions that day, accounts and prefixes of the device."""
    t = views.mutate(day=views.joined_at.epoch_seconds() // 86400)
    that_day = everywhere.mutate(day=everywhere.joined_at.epoch_seconds() // 86400).semi_join(
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
        .aggregate(device_accounts=_.account_id.count())
    )
    near = (
        everywhere.semi_join(devices, "device_id")
        .group_by("device_id")
        .aggregate(device_prefixes=_.ip_prefix.nunique())
    )
    t = t.left_join(per_day, ["account_id", "day"], rname="{name}_day").left_join(
        account, "account_id", rname="{name}_account"
    )
    return t.left_join(on, "device_id", rname="{name}_device").left_join(
        near, "device_id", rname="{name}_near"
    )


@relation(VIEW, reads=("views", "accounts"), grouped=False, local=True)
def view_people(views, accounts):
    """Views by known accounts with the account."""
    a = accounts.select("account_id", "registered_at", "real_name_verified", "level", home="region")
    return views.join(a, "account_id")


@relation(VIEW, reads=("views", "interactions"), grouped=False, local=True)
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


def _view(source, unit, zh, en, blind, direction=0):
    return signal(
        source, unit=unit, typology="view_fraud", direction=direction, zh=zh, en=en, blind=blind
    )


@_view(
    view_times,
    "seconds",
    "停留 {value:.0f} 秒",
    "it stayed {value:.0f} seconds",
    "Short and long stays are both honest.",
)
def view_stay_seconds(t):
    """Stay of the view."""
    return t.stay


@_view(
    view_times,
    "share of length",
    "停留至剩余时间的 {value:.0%}",
    "it stayed {value:.0%} of what was left",
    "Devoted fans stay too.",
)
def view_stay_of_rest(t):
    """Stay as a share of what was left of the session when it joined."""
    return ratio(t.stay, t.length - t.offset).clip(0.0, 1.0)


@_view(
    view_times,
    "share of length",
    "在进程 {value:.0%} 处进场",
    "it joined {value:.0%} into the session",
    "Any moment is honest.",
)
def view_join_phase(t):
    """When the view joined, as a share of the session's length."""
    return ratio(t.offset, t.length).clip(0.0, 1.0)


@_view(
    view_times,
    "ratio",
    "同 10 秒进场为均值的 {value:.1f} 倍",
    "joins in its ten seconds were {value:.1f} times the mean",
    "Raids.",
    1,
)
def view_join_block_lift(t):
    """Joins in the view's ten seconds over the session's mean of ten seconds."""
    return ratio(t.join_block * t.length, t.views_here * 2.0 * NEAR)


@_view(
    view_times,
    "ratio",
    "同 10 秒离场为均值的 {value:.1f} 倍",
    "leaves in its ten seconds were {value:.1f} times the mean",
    "The end.",
    1,
)
def view_leave_block_lift(t):
    """Leaves in the view's ten seconds over the session's mean of ten seconds."""
    return ratio(t.leave_block * t.length, t.views_here * 2.0 * NEAR)


@_view(
    view_times,
    "share of views",
    "{value:.0%} 的观看停留相同",
    "{value:.0%} of the session's views stayed as long to five seconds",
    "Flash stays.",
    1,
)
def view_same_stay_share(t):
    """Share of the session's views that stayed as long, in steps of five seconds."""
    return ratio(t.same_stay, t.views_here)


@_view(
    view_places,
    "views",
    "该设备在本场 {value:.0f} 次观看",
    "its device made {value:.0f} of the session's views",
    "Rejoining.",
    1,
)
def view_device_views(t):
    """Views of the session on the view's device; unknown without a device."""
    return t.on_device.nullif(0).cast("float64") * ibis.ifelse(
        t.device_id.isnull(), ibis.null("float64"), 1.0
    )


@_view(
    view_places,
    "views",
    "该账号在本场 {value:.0f} 次观看",
    "its account made {value:.0f} of the session's views",
    "Rejoining.",
)
def view_account_views(t):
    """Views of the session by the view's account, 0 for a view without an account."""
    return ibis.ifelse(t.account_id.isnull(), 0.0, t.by_account.cast("float64"))


@_view(
    view_places,
    "versions",
    "客户端落后 {value:.1f} 版",
    "its app is {value:.1f} versions old",
    "Old phones.",
    1,
)
def view_app_age(t):
    """Versions by which the view's app lags behind the newest in the session."""
    return t.newest - t.major


@_view(
    view_habits,
    "sessions",
    "该账号当日进入 {value:.0f} 场",
    "its account entered {value:.0f} sessions that day",
    "Zappers.",
)
def view_account_day_sessions(t):
    """Sessions that the view's account entered that day."""
    return t.sessions_that_day


@_view(
    view_habits,
    "devices",
    "该账号用过 {value:.0f} 台设备",
    "its account used {value:.0f} devices",
    "New phones.",
    1,
)
def view_account_devices(t):
    """Devices that the view's account was seen on."""
    return t.account_devices


@_view(
    view_habits,
    "accounts",
    "该设备有 {value:.0f} 个账号",
    "its device carried {value:.0f} accounts",
    "Families.",
    1,
)
def view_device_accounts(t):
    """Accounts that were seen on the view's device."""
    return t.device_accounts


@_view(
    view_habits,
    "prefixes",
    "该设备用过 {value:.0f} 个网段",
    "its device was seen on {value:.0f} network prefixes",
    "Commuters.",
    1,
)
def view_device_prefixes(t):
    """Network prefixes that the view's device was seen on."""
    return t.device_prefixes


@_view(
    view_people,
    "days",
    "账号注册 {value:.0f} 天",
    "its account was {value:.0f} days old",
    "New users.",
    -1,
)
def view_account_age(t):
    """Days from the account's registration to the view; unknown without an account."""
    return seconds_between(t.joined_at, t.registered_at) / 86400.0


@_view(
    view_people,
    "level",
    "账号等级 {value:.0f}",
    "its account has level {value:.0f}",
    "New users.",
    -1,
)
def view_account_level(t):
    """Level of the view's account."""
    return t.level


@_view(
    view_people,
    "flag",
    "网络所在地与账号不符：{value:.0f}",
    "its network is not in the account's region: {value:.0f}",
    "Travellers.",
    1,
)
def view_away_from_home(t):
    """1 when the view's region is not the account's."""
    return (t.region != t.home).cast("float64")


@_view(
    view_acts,
    "actions",
    "该账号在本场 {value:.0f} 次互动",
    "its account acted {value:.0f} times in the session",
    "Silent people.",
)
def view_account_acts(t):
    """Actions of the view's account in the session; unknown without an account."""
    return t.acts.fill_null(0)


@_view(
    view_acts,
    "actions",
    "该账号在本场 {value:.0f} 次评论或点商品",
    "its account commented or clicked {value:.0f} times",
    "Silent people.",
)
def view_account_engaged(t):
    """Comments and product clicks of the view's account in the session; unknown without an account."""
    return t.talked.fill_null(0) + t.clicked.fill_null(0)


SIGNALS: tuple[Signal, ...] = (
    view_stay_seconds,
    view_stay_of_rest,
    view_join_phase,
    view_join_block_lift,
    view_leave_block_lift,
    view_same_stay_share,
    view_device_views,
    view_account_views,
    view_app_age,
    view_account_day_sessions,
    view_account_devices,
    view_device_accounts,
    view_device_prefixes,
    view_account_age,
    view_account_level,
    view_away_from_home,
    view_account_acts,
    view_account_engaged,
)
