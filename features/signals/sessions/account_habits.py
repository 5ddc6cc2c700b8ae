"""Habits of a session's viewers over all rooms.

Accounts made for fraud watch and never act, and change devices. Blind spot: paid people
mostly act like honest people.
"""

from __future__ import annotations

import ibis

from features.declaration import SESSION, Unit, relation, signal
from features.derived.account_devices import account_devices

MIN_SILENT_VIEWS = 10  # views in 28 days from which silence is a habit
MIN_HOPPING_DEVICES = 3  # devices of one account in 28 days
MIN_CROWDED_DEVICE_ACCOUNTS = 4  # accounts on one device in 28 days


@relation(
    SESSION,
    reads=("views", "interactions"),
    local=True,
    whole=("interactions",),
    needs=(account_devices,),
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
    graph=True,
)
def viewer_habits(views, _interactions, all_interactions, used):
    """Views by known accounts with the views, devices and actions of the account in all rooms."""
    known = views.filter(views.account_id.notnull()).select("session_id", "account_id")
    wanted = known.select("account_id").distinct()
    seen = used.semi_join(wanted, "account_id")
    seen = seen.group_by("account_id").aggregate(
        seen=seen["views"].sum(), devices=seen.device_id.count()
    )
    acted = (
        all_interactions.filter(all_interactions.kind != "unfollow")
        .semi_join(wanted, "account_id")
        .select("account_id")
        .distinct()
    )
    acted = acted.mutate(acts=ibis.literal(1))
    return known.join(seen, "account_id").left_join(acted, "account_id", rname="{name}_acting")


@relation(
    SESSION,
    reads=("views",),
    local=True,
    needs=(account_devices,),
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
    graph=True,
)
def device_habits(views, used):
    """Views with a device, and the accounts that were seen on it in all rooms."""
    known = views.filter(views.device_id.notnull()).select("session_id", "device_id")
    on = used.filter(used.account_id.notnull()).semi_join(known, "device_id")
    return known.join(on.group_by("device_id").aggregate(accounts=on.count()), "device_id")


@signal(
    viewer_habits,
    alarm=0.5,
    zh="{value} 的观看来自 28 天内看过十次以上却从未互动的账号",
    en="{value} of its views came from accounts with ten or more views in 28 days that never acted",
    blind="Most people only watch; compare with peers.",
    formerly=("silent_habit_view_share",),
)
def passive_account_view_share(t):
    """Share of known viewers' views by accounts that watch often and never act.

    They have ten views or more in 28 days and acted in no room. Idle bots only watch.
    """
    return ((t.seen >= MIN_SILENT_VIEWS) & t.acts.isnull()).mean()


@signal(
    viewer_habits,
    alarm=0.15,
    zh="{value} 的观看来自 28 天内用过三台以上设备的账号",
    en="{value} of its views came from accounts seen on three or more devices in 28 days",
    blind="People who reset their device's identifier.",
    formerly=("hopping_view_share",),
)
def multi_device_view_share(t):
    """Share of known viewers' views by accounts seen on three devices or more in 28 days.

    Pools reshuffle accounts and devices.
    """
    return (t.devices >= MIN_HOPPING_DEVICES).mean()


@signal(
    device_habits,
    alarm=0.15,
    zh="{value} 的观看来自 28 天内登录过四个以上账号的设备",
    en="{value} of its views came from devices that carried four or more accounts in 28 days",
    blind="Tablets in shops; devices sold on.",
    formerly=("crowded_device_view_share",),
)
def multi_account_device_view_share(t):
    """Share of views on devices that carried four accounts or more in 28 days, in any room.

    Farms run many accounts on few phones.
    """
    return (t.accounts >= MIN_CROWDED_DEVICE_ACCOUNTS).mean()
