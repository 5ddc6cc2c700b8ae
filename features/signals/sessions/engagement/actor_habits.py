"""Habits of a session's followers and commenters over all rooms.

Rings follow the same operator again after they left it, and copy one another's words from room to
room. Blind spot: paid people mostly act like honest people.
"""

from __future__ import annotations

from typing import Any

from features.declaration import SESSION, Dimension, Unit, relation, signal
from features.expressions import seconds_between

MAX_YOUNG_ACCOUNT_DAYS = 30
MIN_SCRIPT_WRITERS = 3  # writers of a text from which it may be a script
MAX_SCRIPT_COMMENTER_SHARE = 0.01  # of all commenters; a text of more is a greeting
MIN_COPIER_COMMENTS = 3
MIN_RESIDUAL = 4.0  # standard deviations
HABITS: dict[str, Any] = {  # what the relations below have in common
    "unit": Unit.STANDARD_DEVIATIONS,
    "typology": "engagement_fraud",
    "direction": 1,
    "graph": True,
}


def _follows(interactions):
    """Follows by known accounts."""
    return interactions.filter(interactions.account_id.notnull() & (interactions.kind == "follow"))


@relation(
    SESSION,
    reads=("interactions", "sessions"),
    **HABITS,
    dimension=Dimension.FOLLOW,
)
def repeated_follows(interactions, sessions):
    """Follows by known accounts with how often the account followed the same operator."""
    t = _follows(interactions).select("session_id", "account_id")
    t = t.join(sessions.select("session_id", "operator_id"), "session_id")
    often = t.group_by("account_id", "operator_id").aggregate(times=t.count())
    t = t.join(often, ["account_id", "operator_id"])
    return t.cross_join(t.aggregate(platform_share=(t.times >= 2).cast("float64").mean()))


@relation(
    SESSION,
    reads=("interactions", "accounts"),
    **HABITS,
    dimension=Dimension.FOLLOW,
)
def followers(interactions, accounts):
    """Follows by known accounts: unverified, young, and the shares of all follows that are."""
    t = _follows(interactions).select("session_id", "account_id", "at")
    t = t.join(accounts.select("account_id", "registered_at", "real_name_verified"), "account_id")
    t = t.mutate(
        unverified=~t.real_name_verified,
        young=seconds_between(t["at"], t.registered_at) < MAX_YOUNG_ACCOUNT_DAYS * 86400.0,
    )
    shares = t.aggregate(
        platform_unverified=t.unverified.cast("float64").mean(),
        platform_young=t.young.cast("float64").mean(),
    )
    return t.cross_join(shares)


@relation(
    SESSION,
    reads=("interactions", "sessions"),
    **HABITS,
)
def phrases(interactions, sessions):
    """Comments: whether the text is copied, the writer mostly copies, and the shares that are."""
    t = interactions.filter(
        (interactions.kind == "comment")
        & interactions.text_hash.notnull()
        & interactions.account_id.notnull()
    )
    t = t.select("session_id", "account_id", "text_hash").join(
        sessions.select("session_id", "operator_id"), "session_id"
    )
    wide = t.group_by("text_hash").aggregate(
        operators=t.operator_id.nunique(), writers=t.account_id.nunique()
    )
    everyone = t.aggregate(commenters=t.account_id.nunique())
    t = t.join(wide, "text_hash").cross_join(everyone)
    t = t.mutate(
        copied=(t.operators >= 2)
        & (t.writers >= MIN_SCRIPT_WRITERS)
        & (t.writers <= MAX_SCRIPT_COMMENTER_SHARE * t.commenters)
    )
    mine = t.group_by("account_id").aggregate(
        written=t.count(), copies=t.copied.cast("int64").sum()
    )
    t = t.join(mine, "account_id")
    t = t.mutate(copier=(t.written >= MIN_COPIER_COMMENTS) & (2 * t.copies > t.written))
    return t.cross_join(
        t.aggregate(
            platform_copied=t.copied.cast("float64").mean(),
            platform_copier=t.copier.cast("float64").mean(),
        )
    )


def _residual(flag, platform_share):
    """Pearson residual of a count of flags against the platform's share, continuity corrected.

    A high share of three follows says little, and the residual says how little.
    """
    rate = platform_share.max().clip(1e-3, 0.999)
    n = flag.count().cast("float64")
    return (flag.cast("int64").sum() - 0.5 - n * rate) / (n * rate * (1.0 - rate)).sqrt()


@signal(
    repeated_follows,
    alarm=MIN_RESIDUAL,
    zh="反复关注同一运营者的账号所作的关注多于平台平均水平，超出部分为{value}",
    en=(
        "follows by accounts that followed one operator twice or more "
        "exceed the platform's average by {value}"
    ),
    blind="People who unfollow and come back.",
)
def repeated_follow_residual(t):
    """Follows by accounts that followed an operator twice or more in 28 days.

    Pearson residual against their share of all follows. Rings undo follows and sell them again.
    """
    return _residual(t.times >= 2, t.platform_share)


@signal(
    followers,
    alarm=MIN_RESIDUAL,
    zh="未实名账号所作的关注多于平台平均水平，超出部分为{value}",
    en="follows by accounts without a verified name exceed the platform's average by {value}",
    blind="Verification is not required to follow.",
)
def unverified_follow_residual(t):
    """Follows by accounts without real-name verification.

    Pearson residual against their share of all follows. Accounts made in bulk are unverified.
    """
    return _residual(t.unverified, t.platform_unverified)


@signal(
    followers,
    alarm=MIN_RESIDUAL,
    zh="注册不足 30 天的账号所作的关注多于平台平均水平，超出部分为{value}",
    en="follows by accounts under 30 days old exceed the platform's average by {value}",
    blind="A campaign for new users; aged accounts escape.",
)
def new_follower_residual(t):
    """Follows by accounts registered less than 30 days before.

    Pearson residual against their share of all follows. Accounts are made for an order of follows.
    """
    return _residual(t.young, t.platform_young)


@signal(
    phrases,
    alarm=MIN_RESIDUAL,
    zh="跨运营者直播间共用文本的评论多于平台平均水平，超出部分为{value}",
    en="comments with a text of other operators' rooms exceed the platform's average by {value}",
    blind="Jokes that go round for a week.",
)
def shared_script_residual(t):
    """Comments whose text three accounts or more wrote at two operators or more.

    Pearson residual against their share of all comments. Texts that one commenter in a hundred
    writes are left out: everybody greets.
    """
    return _residual(t.copied, t.platform_copied)


@signal(
    phrases,
    alarm=MIN_RESIDUAL,
    zh="多数发言为跨房间文本的账号所作的评论多于平台平均水平，超出部分为{value}",
    en="comments by accounts that mostly copy texts exceed the platform's average by {value}",
    blind="Fan clubs that cheer for several hosts.",
)
def copying_commenter_residual(t):
    """Comments by accounts most of whose comments are shared between operators' rooms.

    They wrote three or more in 28 days. Pearson residual against their share of all comments.
    """
    return _residual(t.copier, t.platform_copier)
