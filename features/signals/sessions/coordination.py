"""Sessions by viewers who act together again and again, found once a night over all rooms."""

from __future__ import annotations

from features.declaration import SESSION, Unit, relation, signal
from features.derived.co_visitation import partners, watch_pairs

MIN_ROOMS_IN_AN_HOUR = 4  # sessions entered in a clock hour from which an account roams


@relation(SESSION, reads=("views",), needs=(watch_pairs,))
def lockstep_views(views, pairs):
    """Views by known accounts with the lockstep partners of the account."""
    known = views.filter(views.account_id.notnull()).select("session_id", "account_id")
    return known.left_join(partners(pairs), "account_id", rname="{name}_partner")


@relation(
    SESSION,
    reads=("views", "sessions"),
    local=True,
    whole=("views",),
    typology="view_fraud",
    direction=1,
    graph=True,
)
def hourly_rooms(views, _sessions, all_views):
    """Views by known accounts with the sessions that the account entered in the same clock hour."""
    known = views.filter(views.account_id.notnull())
    t = known.mutate(hour=known.joined_at.epoch_seconds() // 3600).select(
        "session_id", "account_id", "hour"
    )
    there = all_views.mutate(hour=all_views.joined_at.epoch_seconds() // 3600).semi_join(
        t, ["account_id", "hour"]
    )
    rooms = there.group_by("account_id", "hour").aggregate(rooms=there.session_id.nunique())
    return t.join(rooms, ["account_id", "hour"])


@signal(
    lockstep_views,
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
    alarm=0.03,
    graph=True,
    zh="{value} 的观看来自反复同步进场的账号",
    en="{value} of its views came from accounts that join in lockstep again and again",
    blind="Small pools that never meet three times.",
)
def lockstep_view_share(t):
    """Share of known viewers' views by members of lockstep groups.

    One operator of accounts moves them together from room to room.
    """
    return t.partners.notnull().mean()


@signal(
    hourly_rooms,
    unit=Unit.SHARE_OF_VIEWS,
    alarm=0.3,
    zh="{value} 的观看来自同一小时内进入四个以上场次的账号",
    en="{value} of its views came from accounts that entered four or more sessions that hour",
    blind="People who zap through a feed.",
    formerly=("wandering_view_share",),
)
def room_hopping_view_share(t):
    """Share of known viewers' views by accounts that entered four or more sessions that clock hour.

    Paid people and pools serve many rooms an hour.
    """
    return (t.rooms >= MIN_ROOMS_IN_AN_HOUR).mean()


@signal(
    hourly_rooms,
    unit=Unit.ROOMS,
    zh="其观众在同一小时内平均进入 {value}",
    en="its viewers entered {value} in the same hour on average",
    blind="People who zap through a feed.",
)
def rooms_that_hour_mean(t):
    """Mean number of sessions that the viewers entered in the same clock hour.

    Paid people and pools serve many rooms an hour.
    """
    return t.rooms.mean()
