"""Single views: when they come and go, and what else of their session they resemble.

A view has no identifier of its own. The engine names it `view_id` by its session and its place in
it.
"""

from __future__ import annotations

import ibis

from features.declaration import VIEW, Unit, relation, signal
from features.expressions import number, ratio, seconds_between

BLOCK_SECONDS = 10  # joins, or leaves, within them are one block


@relation(VIEW, reads=("views", "sessions"), grouped=False, local=True, typology="view_fraud")
def view_times(views, sessions):
    """Views with their session's span, and the joins and leaves of the same ten seconds."""
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
        join_block=t.joined.count().over(group_by=[t.session_id, t.joined // (BLOCK_SECONDS)]),
        leave_block=t.left.count().over(group_by=[t.session_id, t.left // (BLOCK_SECONDS)]),
        same_stay=t.stay.count().over(group_by=[t.session_id, (t.stay / 5).floor()]),
    )
    # none of its kind is counted where its own moment is unknown
    return t.mutate(**{c: t[c].nullif(0) for c in ("join_block", "leave_block", "same_stay")})


@relation(VIEW, reads=("views",), grouped=False, local=True, typology="view_fraud")
def view_places(views):
    """Views with those of their session on the same device or account, and the newest version."""
    t = views.mutate(major=number(views.app_version))
    whole = ibis.window(group_by=t.session_id)
    return t.mutate(
        on_device=t.view_id.count().over(group_by=[t.session_id, t.device_id]),
        by_account=t.view_id.count().over(group_by=[t.session_id, t.account_id]),
        newest=t.major.max().over(whole),
    )


@signal(
    view_times,
    unit=Unit.SECONDS,
    zh="停留 {value}",
    en="it stayed {value}",
    blind="Short and long stays are both honest.",
)
def view_stay_seconds(t):
    """Stay of the view, in seconds."""
    return t.stay


@signal(
    view_times,
    unit=Unit.SHARE_OF_LENGTH,
    zh="停留了场次剩余时间的 {value}",
    en="it stayed {value} of the time that was left",
    blind="Devoted fans stay to the end too.",
    formerly=("view_stay_of_rest",),
)
def view_remaining_stay_share(t):
    """Stay as a share of what was left of the session when it joined."""
    return ratio(t.stay, t.length - t.offset).clip(0.0, 1.0)


@signal(
    view_times,
    unit=Unit.SHARE_OF_LENGTH,
    zh="在场次进行到 {value} 时进场",
    en="it joined {value} into the session",
    blind="Any moment is honest.",
)
def view_join_phase(t):
    """When the view joined, as a share of the session's length."""
    return ratio(t.offset, t.length).clip(0.0, 1.0)


@signal(
    view_times,
    unit=Unit.RATIO,
    direction=1,
    zh="同一 10 秒内的进场数为本场平均的 {value}",
    en="joins in its ten seconds were {value} the session's mean",
    blind="Raids bring many people at once.",
)
def view_join_block_lift(t):
    """Joins in the view's ten seconds over the session's mean; bots enter in batches."""
    return ratio(t.join_block * t.length, t.views_here * float(BLOCK_SECONDS))


@signal(
    view_times,
    unit=Unit.RATIO,
    direction=1,
    zh="同一 10 秒内的离场数为本场平均的 {value}",
    en="leaves in its ten seconds were {value} the session's mean",
    blind="Everybody leaves at the end.",
)
def view_leave_block_lift(t):
    """Leaves in the view's ten seconds over the session's mean; bots leave in batches."""
    return ratio(t.leave_block * t.length, t.views_here * float(BLOCK_SECONDS))


@signal(
    view_times,
    unit=Unit.SHARE_OF_VIEWS,
    direction=1,
    zh="本场 {value} 的观看停留时长与其相同（精确到 5 秒）",
    en="{value} of the session's views stayed as long, to 5 s",
    blind="Flash views of people who swipe agree too.",
)
def view_same_stay_share(t):
    """Share of the session's views that stayed as long, in steps of five seconds.

    Scripts stay for a set time.
    """
    return ratio(t.same_stay, t.views_here)


@signal(
    view_places,
    unit=Unit.VIEWS,
    direction=1,
    zh="该设备在本场有 {value}",
    en="its device made {value} in the session",
    blind="People rejoin after a phone call.",
)
def view_device_views(t):
    """Views of the session on the view's device; unknown without a device.

    Farms send one phone again and again.
    """
    return t.on_device.nullif(0).cast("float64") * ibis.ifelse(
        t.device_id.isnull(), ibis.null("float64"), 1.0
    )


@signal(
    view_places,
    unit=Unit.VIEWS,
    zh="该账号在本场有 {value}",
    en="its account made {value} in the session",
    blind="People rejoin after a phone call.",
)
def view_account_views(t):
    """Views of the session by the view's account, 0 for a view without an account."""
    return ibis.ifelse(t.account_id.isnull(), 0.0, t.by_account.cast("float64"))


@signal(
    view_places,
    unit=Unit.VERSIONS,
    direction=1,
    zh="客户端落后最新版 {value}",
    en="its app is {value} behind the newest",
    blind="Old phones cannot update.",
)
def view_app_age(t):
    """Versions by which the view's app lags behind the newest in the session.

    Protocol views imitate an app that was taken apart once.
    """
    return t.newest - t.major
