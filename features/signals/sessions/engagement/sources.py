"""Accounts that like, comment and follow, by what they do in other rooms."""

from __future__ import annotations

import ibis

from features.declaration import SESSION, Dimension, Unit, relation, signal
from features.expressions import ratio, seconds_between

MIN_PROLIFIC_OPERATORS = 6  # operators followed in 28 days from which following is a habit
MAX_INSTANT_FOLLOW_SECONDS = 15.0  # from joining to following
MIN_HEAVY_LIKES = 100  # likes of one account in a session


@relation(
    SESSION,
    reads=("interactions", "sessions"),
    unit=Unit.SHARE_OF_FOLLOWS,
    typology="engagement_fraud",
    direction=1,
    graph=True,
    dimension=Dimension.FOLLOW,
)
def follower_follows(interactions, sessions):
    """Follows by known accounts with all operators the account followed and its undone follows."""
    t = interactions.filter(
        interactions.account_id.notnull() & interactions.kind.isin(["follow", "unfollow"])
    )
    t = t.join(sessions.select("session_id", "operator_id"), "session_id")
    habits = t.group_by("account_id").aggregate(
        operators=t.operator_id.nunique(where=t.kind == "follow"),
        done=(t.kind == "follow").sum(),
        undone=(t.kind == "unfollow").sum(),
    )
    return (
        t.filter(t.kind == "follow")
        .select("session_id", "account_id", "at")
        .join(habits, "account_id")
    )


@relation(SESSION, reads=("interactions",), typology="engagement_fraud", direction=1)
def liker_days(interactions):
    """Likers of a session with the sessions that the account liked in on the same day."""
    t = interactions.filter(interactions.account_id.notnull() & (interactions.kind == "like"))
    t = t.mutate(day=t.at.epoch_seconds() // 86400)
    t = t.group_by("session_id", "account_id", "day").aggregate(
        given=t["count"].sum(), rows=t.count()
    )
    day = t.group_by("account_id", "day").aggregate(sessions_that_day=t.session_id.nunique())
    return t.join(day, ["account_id", "day"])


@relation(
    SESSION,
    reads=("interactions", "views"),
    local=True,
    unit=Unit.SHARE_OF_FOLLOWS,
    typology="engagement_fraud",
    direction=1,
    dimension=Dimension.FOLLOW,
)
def follow_waits(interactions, views):
    """Follows by known viewers with the seconds since the account joined last before."""
    f = interactions.filter(
        interactions.account_id.notnull() & (interactions.kind == "follow")
    ).select("session_id", "account_id", "at")
    f = f.group_by("session_id", "account_id").aggregate(at=f["at"].min())
    v = views.filter(views.account_id.notnull()).select("session_id", "account_id", "joined_at")
    t = f.join(v, ["session_id", "account_id"])
    t = t.filter(t.joined_at <= t["at"])
    return t.group_by("session_id", "account_id").aggregate(
        wait=seconds_between(t["at"].max(), t.joined_at.max())
    )


@relation(
    SESSION,
    reads=("interactions", "views"),
    local=True,
    unit=Unit.SHARE_OF_ACCOUNTS,
    typology="engagement_fraud",
    direction=1,
)
def actor_views(interactions, views):
    """Accounts that acted in a session, and whether they were seen to watch it."""
    a = interactions.filter(interactions.account_id.notnull() & (interactions.kind != "unfollow"))
    a = a.group_by("session_id", "account_id").aggregate(acts=a["count"].sum())
    v = views.filter(views.account_id.notnull()).select("session_id", "account_id").distinct()
    v = v.mutate(watched=ibis.literal(1))
    return a.left_join(v, ["session_id", "account_id"], rname="{name}_seen")


@signal(
    follower_follows,
    alarm=0.5,
    zh="{value} 的关注来自 28 天内关注过六个以上运营者的账号",
    en="{value} of its follows came from accounts that followed six or more operators in 28 days",
    blind="People who follow easily.",
)
def prolific_follower_share(t):
    """Share of follows by accounts that followed six operators or more in 28 days.

    Accounts of a ring follow every operator that pays.
    """
    return (t.operators >= MIN_PROLIFIC_OPERATORS).mean()


@signal(
    follower_follows,
    unit=Unit.OPERATORS,
    zh="新增关注者 28 天内平均关注 {value}",
    en="its new followers followed {value} on average in 28 days",
    blind="Grows with the history known.",
)
def follower_operator_mean(t):
    """Operators followed in 28 days, mean over the session's follows.

    Accounts of a ring follow every operator that pays.
    """
    return t.operators.mean()


@signal(
    follower_follows,
    alarm=0.35,
    zh="新增关注者已取消其全部关注中的 {value}",
    en="its new followers undid {value} of all their follows",
    blind="Known only days later.",
    formerly=("follower_undone_share",),
)
def follower_unfollow_share(t):
    """Follows undone over follows made anywhere by the accounts that followed.

    Rings follow to be counted, and free their accounts again.
    """
    return ratio(t.undone.sum(), t.undone.sum() + t.done.sum())


@signal(
    liker_days,
    unit=Unit.SESSIONS,
    graph=True,
    zh="点赞账号当日平均点赞过 {value}",
    en="its likers liked in {value} that day on average",
    blind="People who zap through a feed.",
)
def liker_session_mean(t):
    """Sessions in which the session's likers liked that day, mean over likers.

    Bought likers serve many rooms a day.
    """
    return t.sessions_that_day.mean()


@signal(
    liker_days,
    unit=Unit.SHARE_OF_LIKES,
    alarm=0.3,
    zh="{value} 的点赞来自点赞百次以上的账号",
    en="{value} of its likes came from accounts that gave a hundred or more",
    blind="Fans who tap for an hour.",
)
def heavy_liker_share(t):
    """Share of likes by accounts that gave a hundred or more in the session.

    Scripts leave a heavy tail of likes a liker.
    """
    return ratio((t.given >= MIN_HEAVY_LIKES).ifelse(t.given, 0).sum(), t.given.sum())


@signal(
    follow_waits,
    alarm=0.4,
    zh="{value} 的关注发生在进场 15 秒内",
    en="{value} of its follows came within 15 s of joining",
    blind="Fans who come to follow.",
)
def instant_follow_share(t):
    """Share of follows by viewers within 15 seconds of joining.

    Bought followers come to follow, not to watch.
    """
    return (t.wait <= MAX_INSTANT_FOLLOW_SECONDS).mean()


@signal(
    actor_views,
    alarm=0.3,
    zh="{value} 的互动账号没有观看记录",
    en="{value} of the accounts that acted were never seen watching",
    blind="Views that were not delivered.",
    formerly=("unseen_giver_share",),
)
def unseen_actor_share(t):
    """Share of the accounts that acted in the session without a view of it.

    Protocol scripts act without opening the room.
    """
    return t.watched.isnull().mean()
