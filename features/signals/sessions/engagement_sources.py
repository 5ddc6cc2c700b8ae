"""Who gives likes, comments and follows, by what the same accounts give elsewhere."""

from __future__ import annotations

import ibis

from features.declaration import SESSION, Signal, ratio, relation, seconds_between, signal

PROLIFIC = 6  # operators followed in 28 days beyond which following is a habit
AT_ONCE = 15.0  # seconds from joining to following


@relation(SESSION, reads=("interactions", "sessions"))
def follows_abroad(interactions, sessions):
    """Follows by known accounts with the operators that the account follows and how many of its follows it undid."""
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


@relation(SESSION, reads=("interactions",))
def likes_abroad(interactions):
    """Likers of a session with the sessions that the account liked in on the same day, and what it gave there."""
    t = interactions.filter(interactions.account_id.notnull() & (interactions.kind == "like"))
    t = t.mutate(day=t.at.epoch_seconds() // 86400)
    t = t.group_by("session_id", "account_id", "day").aggregate(
        given=t["count"].sum(), rows=t.count()
    )
    day = t.group_by("account_id", "day").aggregate(sessions_that_day=t.session_id.nunique())
    return t.join(day, ["account_id", "day"])


@relation(SESSION, reads=("interactions", "views"), local=True)
def acts_after_joining(interactions, views):
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


@relation(SESSION, reads=("interactions", "views"), local=True)
def seen_givers(interactions, views):
    """Accounts that acted in a session, and whether they were seen to watch it."""
    a = interactions.filter(interactions.account_id.notnull() & (interactions.kind != "unfollow"))
    a = a.group_by("session_id", "account_id").aggregate(acts=a["count"].sum())
    v = views.filter(views.account_id.notnull()).select("session_id", "account_id").distinct()
    v = v.mutate(watched=ibis.literal(1))
    return a.left_join(v, ["session_id", "account_id"], rname="{name}_seen")


@signal(
    follows_abroad,
    unit="share of follows",
    typology="engagement_fraud",
    direction=1,
    alarm=0.5,
    graph=True,
    zh="{value:.0%} 的关注来自 28 天内关注六个以上运营者的账号",
    en="{value:.0%} of follows are by accounts that followed six operators or more in 28 days",
    blind="People who follow easily.",
)
def prolific_follower_share(t):
    """Share of follows by accounts that followed six operators or more in 28 days."""
    return (t.operators >= PROLIFIC).mean()


@signal(
    follows_abroad,
    unit="operators",
    typology="engagement_fraud",
    direction=1,
    graph=True,
    zh="关注者平均关注 {value:.1f} 个运营者",
    en="its new followers followed {value:.1f} operators on average",
    blind="Grows with the history known.",
)
def follower_operator_mean(t):
    """Operators followed in 28 days, mean over the session's follows."""
    return t.operators.mean()


@signal(
    follows_abroad,
    unit="share of follows",
    typology="engagement_fraud",
    direction=1,
    alarm=0.35,
    graph=True,
    zh="关注者在各处的关注有 {value:.0%} 已取消",
    en="its new followers undid {value:.0%} of all their follows",
    blind="Known only days later.",
)
def follower_undone_share(t):
    """Follows undone over follows made anywhere by the accounts that followed in the session."""
    return ratio(t.undone.sum(), t.undone.sum() + t.done.sum())


@signal(
    likes_abroad,
    unit="sessions",
    typology="engagement_fraud",
    direction=1,
    graph=True,
    zh="点赞者当日平均在 {value:.1f} 场点赞",
    en="its likers liked in {value:.1f} sessions that day on average",
    blind="People who zap through a feed.",
)
def liker_session_mean(t):
    """Sessions in which the session's likers liked that day, mean over likers."""
    return t.sessions_that_day.mean()


@signal(
    likes_abroad,
    unit="share of likes",
    typology="engagement_fraud",
    direction=1,
    alarm=0.3,
    zh="{value:.0%} 的点赞来自点赞百次以上的账号",
    en="{value:.0%} of likes are by accounts that gave a hundred or more",
    blind="Fans who tap for an hour.",
)
def heavy_liker_share(t):
    """Share of likes by accounts that gave a hundred or more in the session: the tail of likes a liker."""
    return ratio((t.given >= 100).ifelse(t.given, 0).sum(), t.given.sum())


@signal(
    acts_after_joining,
    unit="share of follows",
    typology="engagement_fraud",
    direction=1,
    alarm=0.4,
    zh="{value:.0%} 的关注发生在进场 15 秒内",
    en="{value:.0%} of follows came within fifteen seconds of joining",
    blind="Fans who come to follow.",
)
def instant_follow_share(t):
    """Share of follows by viewers within fifteen seconds of joining."""
    return (t.wait <= AT_ONCE).mean()


@signal(
    seen_givers,
    unit="share of accounts",
    typology="engagement_fraud",
    direction=1,
    alarm=0.3,
    zh="{value:.0%} 的互动账号没有观看记录",
    en="{value:.0%} of the accounts that acted were never seen watching",
    blind="Views that were not delivered.",
)
def unseen_giver_share(t):
    """Share of the accounts that acted in the session without a view of it."""
    return t.watched.isnull().mean()


SIGNALS: tuple[Signal, ...] = (
    prolific_follower_share,
    follower_operator_mean,
    follower_undone_share,
    liker_session_mean,
    heavy_liker_share,
    instant_follow_share,
    unseen_giver_share,
)
