"""Viewers of sessions: their accounts, devices, networks and actions."""

from __future__ import annotations

import ibis

from features.declaration import SESSION, Unit, relation, signal
from features.definitions import LONG_VIEW_SECONDS
from features.expressions import ratio, seconds_between

MAX_NEW_ACCOUNT_DAYS = 7  # age below which an account is new
MIN_SHARED_DEVICE_ACCOUNTS = 3


@relation(
    SESSION,
    reads=("views", "accounts"),
    local=True,
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
)
def visitors(views, accounts):
    """One row a view by a known account, with the account."""
    a = accounts.select("account_id", "registered_at", "real_name_verified", "level", home="region")
    return views.join(a, "account_id")


@relation(SESSION, reads=("views",), local=True, unit=Unit.SHARE_OF_VIEWS, typology="view_fraud")
def devices(views):
    """Devices of a session with the accounts and views on them."""
    t = views.filter(views.device_id.notnull() & views.account_id.notnull())
    return t.group_by("session_id", "device_id").aggregate(
        views=t.count(), accounts=t.account_id.nunique()
    )


@relation(SESSION, reads=("views",), local=True, unit=Unit.SHARE_OF_VIEWS, typology="view_fraud")
def prefixes(views):
    """Network prefixes of a session with the views behind them."""
    t = views.filter(views.ip_prefix.notnull())
    return t.group_by("session_id", "ip_prefix").aggregate(
        views=t.count(), campus=(t.asn_kind == "campus").sum()
    )


@relation(
    SESSION,
    reads=("views", "interactions"),
    local=True,
    unit=Unit.SHARE_OF_VIEWERS,
    typology="view_fraud",
)
def silent_viewers(views, interactions):
    """One row a viewer of a session: time spent there and whether the account did anything."""
    v = views.filter(views.account_id.notnull())
    v = v.group_by("session_id", "account_id").aggregate(
        stay=seconds_between(v.left_at, v.joined_at).sum(), views=v.count()
    )
    acted = (
        interactions.filter(interactions.kind != "unfollow")
        .select("session_id", "account_id")
        .distinct()
    )
    acted = acted.mutate(acted=ibis.literal(1))
    return v.left_join(acted, ["session_id", "account_id"], rname="{name}_acting")


@signal(
    visitors,
    direction=1,
    alarm=0.20,
    zh="{value} 的观看来自注册不足 7 天的账号",
    en="{value} of its views came from accounts under 7 days old",
    blind="A campaign for new users brings the same; aged accounts escape.",
)
def new_account_view_share(t):
    """Share of known viewers' views by accounts registered less than 7 days before.

    Accounts are made for the order of views.
    """
    age = seconds_between(t.joined_at, t.registered_at)
    return (age < MAX_NEW_ACCOUNT_DAYS * 86400).mean()


@signal(
    visitors,
    direction=1,
    alarm=0.30,
    zh="{value} 的观看来自未实名账号",
    en="{value} of its views came from accounts without a verified name",
    blind="Verification is not required to watch.",
)
def unverified_view_share(t):
    """Share of known viewers' views by accounts without real-name verification.

    Accounts made in bulk have no person's name.
    """
    return (~t.real_name_verified).mean()


@signal(
    visitors,
    unit=Unit.LEVEL,
    zh="观众账号的平均等级为 {value}",
    en="its viewers' accounts are of {value} on average",
    blind="Levels can be bought.",
)
def viewer_level_mean(t):
    """Mean platform level of the viewers' accounts, by view."""
    return t.level.cast("float64").mean()


@signal(
    visitors,
    direction=1,
    alarm=0.25,
    zh="{value} 的观看网络属地与账号属地不符",
    en="{value} of its views came from a region other than the account's",
    blind="People travel; holidays move everyone.",
)
def region_contradiction_share(t):
    """Share of known viewers' views whose network region differs from the account's home.

    Residential proxies give an account a network somewhere else.
    """
    return (t.region != t.home).mean()


@signal(
    devices,
    direction=1,
    alarm=0.10,
    zh="{value} 的观看来自本场登录过 3 个以上账号的设备",
    en="{value} of its views came from devices that used three or more accounts",
    blind="A tablet in a shop is shared by its staff.",
)
def shared_device_view_share(t):
    """Share of views on devices that used three or more accounts in the session.

    Farms run many accounts on few phones.
    """
    shared = t.accounts >= MIN_SHARED_DEVICE_ACCOUNTS
    return ratio(shared.ifelse(t.views, 0).sum(), t.views.sum())


@signal(
    prefixes,
    direction=1,
    alarm=0.15,
    zh="单一网段占观看的 {value}",
    en="one network prefix made {value} of its views",
    blind="An office is one prefix with many people; prefixes known as campus are left out.",
)
def largest_prefix_view_share(t):
    """Share of views behind the largest prefix that is not mostly campus.

    A farm sits in one place.
    """
    return ratio((t.campus * 2 > t.views).ifelse(0, t.views).max(), t.views.sum())


@signal(
    silent_viewers,
    direction=1,
    alarm=0.97,
    zh="停留十分钟以上的观众中 {value} 没有任何互动",
    en="{value} of its viewers who stayed ten minutes did nothing at all",
    blind="Many honest viewers only watch.",
)
def silent_long_viewer_share(t):
    """Share of viewers with ten minutes or more who did nothing.

    They neither liked, wrote, followed, shared nor clicked. Idle bots only watch.
    """
    stayed = t.stay >= LONG_VIEW_SECONDS
    return ratio((stayed & t.acted.isnull()).sum(), stayed.sum())


@signal(
    silent_viewers,
    direction=-1,
    zh="{value} 的观众有过互动",
    en="{value} of its viewers liked, wrote, followed, shared or clicked",
    blind="Differs by category.",
)
def acting_viewer_share(t):
    """Share of viewers with an account who did anything in the session.

    Bought views add viewers and no actions.
    """
    return t.acted.notnull().mean()
