"""Signals from graphs: who acts together, again and again, and how much of a room or a trade they make.

The groups and blocks are found once a night by `meetings.py`; here they are counted by account, view, order and operator.
"""

from __future__ import annotations

from features.declaration import SESSION, Signal, relation, signal
from features.derived.co_visitation import partners, watch_pairs


@relation(SESSION, reads=("views",), needs=(watch_pairs,))
def lockstep_views(views, pairs):
    """Views by known accounts with the lockstep partners of the account."""
    known = views.filter(views.account_id.notnull()).select("session_id", "account_id")
    return known.left_join(partners(pairs), "account_id", rname="{name}_partner")


@relation(SESSION, reads=("views", "sessions"), local=True, whole=("views",))
def wanderers(views, sessions, everywhere):
    """Views by known accounts with the sessions that the account entered in the same clock hour."""
    known = views.filter(views.account_id.notnull())
    t = known.mutate(hour=known.joined_at.epoch_seconds() // 3600).select(
        "session_id", "account_id", "hour"
    )
    there = everywhere.mutate(hour=everywhere.joined_at.epoch_seconds() // 3600).semi_join(
        t, ["account_id", "hour"]
    )
    rooms = there.group_by("account_id", "hour").aggregate(rooms=there.session_id.nunique())
    return t.join(rooms, ["account_id", "hour"])


@signal(
    lockstep_views,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.03,
    graph=True,
    zh="{value:.0%} 的观看来自反复同步进场的账号",
    en="{value:.0%} of views are by accounts that join in lockstep, session after session",
    blind="Small pools that never meet three times.",
)
def lockstep_view_share(t):
    """Share of known viewers' views by members of lockstep groups."""
    return t.partners.notnull().mean()


@signal(
    wanderers,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.3,
    graph=True,
    zh="{value:.0%} 的观看者同一小时内进入四个以上直播间",
    en="{value:.0%} of views are by accounts in four or more rooms that hour",
    blind="People who zap through a feed.",
)
def wandering_view_share(t):
    """Share of known viewers' views by accounts that entered four or more sessions in the same clock hour."""
    return (t.rooms >= 4).mean()


@signal(
    wanderers,
    unit="rooms",
    typology="view_fraud",
    direction=1,
    graph=True,
    zh="观看者该小时平均进入 {value:.1f} 个直播间",
    en="viewers entered {value:.1f} rooms that hour on average",
    blind="People who zap through a feed.",
)
def rooms_that_hour_mean(t):
    """Mean number of sessions that the viewers entered in the same clock hour."""
    return t.rooms.mean()


SIGNALS: tuple[Signal, ...] = (
    lockstep_view_share,
    wandering_view_share,
    rooms_that_hour_mean,
)
