"""Engagement that repeats: copied comments, likes at a constant pace, follows undone."""

from __future__ import annotations

import ibis

from features.declaration import SESSION, Dimension, Unit, relation, signal
from features.expressions import ratio, seconds_between

MIN_STEADY_GAPS = 10
MAX_STEADY_VARIATION = 0.35  # standard deviation of gaps over their mean
MIN_SCRIPT_SESSIONS, MIN_SCRIPT_WRITERS = 5, 3


@relation(
    SESSION,
    reads=("interactions",),
    local=True,
    unit=Unit.SHARE_OF_COMMENTS,
    typology="engagement_fraud",
    direction=1,
)
def texts(interactions):
    """Comment texts of a session with how often and by how many accounts they were written."""
    t = interactions.filter((interactions.kind == "comment") & interactions.text_hash.notnull())
    return t.group_by("session_id", "text_hash").aggregate(
        rows=t.count(), writers=t.account_id.nunique()
    )


@relation(SESSION, reads=("interactions",), typology="engagement_fraud")
def scripts(interactions):
    """Comments of a session with how many rooms and accounts used the same text."""
    t = interactions.filter((interactions.kind == "comment") & interactions.text_hash.notnull())
    wide = t.group_by("text_hash").aggregate(
        rooms=t.session_id.nunique(), writers=t.account_id.nunique()
    )
    return t.join(wide, "text_hash")


@relation(SESSION, reads=("interactions",), local=True, typology="engagement_fraud")
def like_gaps(interactions):
    """Likers of a session with the likes they gave and the gaps between them."""
    t = interactions.filter((interactions.kind == "like") & interactions.account_id.notnull())
    before = t.at.lag().over(
        ibis.window(group_by=["session_id", "account_id"], order_by=["at", "count"])
    )
    t = t.mutate(gap=seconds_between(t.at, before))
    t = t.group_by("session_id", "account_id").aggregate(
        given=t["count"].sum(),
        gaps=t.gap.count(),
        mean_gap=t.gap.mean(),
        sd_gap=t.gap.std(how="pop"),
    )
    return t.mutate(
        steady=(
            (t.gaps >= MIN_STEADY_GAPS) & (t.sd_gap < MAX_STEADY_VARIATION * t.mean_gap)
        ).fill_null(False)
    )


@relation(
    SESSION,
    reads=("interactions",),
    local=True,
    typology="engagement_fraud",
    dimension=Dimension.FOLLOW,
)
def follows(interactions):
    """Follows of a session and whether the same account unfollowed it later."""
    one = interactions.filter(interactions.session_id.notnull() & interactions.account_id.notnull())
    kept = one.filter(one.kind == "follow").select("session_id", "account_id", followed="at")
    gone = (
        one.filter(one.kind == "unfollow")
        .group_by("session_id", "account_id")
        .aggregate(unfollowed=ibis._.at.max())
    )
    return kept.left_join(gone, ["session_id", "account_id"], rname="{name}_gone")


@signal(
    texts,
    alarm=0.6,
    zh="{value} 的评论与他人文字相同",
    en="{value} of its comments repeat a text that another account wrote",
    blind="Honest chat repeats a text often; fan clubs copy slogans.",
)
def copied_comment_share(t):
    """Share of comments whose text two or more accounts of the session wrote.

    Paid commenters share a script.
    """
    return ratio((t.writers >= 2).ifelse(t.rows, 0).sum(), t.rows.sum())


@signal(
    texts,
    zh="出现最多的一句话占评论的 {value}",
    en="its commonest text makes {value} of its comments",
    blind="A host may ask for a word to be typed.",
)
def commonest_text_share(t):
    """Share of comments that are the session's commonest text; paid commenters share a script."""
    return ratio(t.rows.max(), t.rows.sum())


@signal(
    scripts,
    unit=Unit.SHARE_OF_COMMENTS,
    direction=1,
    alarm=0.4,
    zh="{value} 的评论文字在五个以上场次出现过",
    en="{value} of its comments use a text seen in five or more sessions",
    blind="Greetings are common everywhere; an operator's own slogans recur in its sessions.",
)
def scripted_comment_share(t):
    """Share of comments with a text of five or more sessions of 28 days.

    Three or more accounts wrote it. Scripts are used again from room to room.
    """
    return ((t.rooms >= MIN_SCRIPT_SESSIONS) & (t.writers >= MIN_SCRIPT_WRITERS)).mean()


@signal(
    like_gaps,
    unit=Unit.SHARE_OF_LIKES,
    direction=1,
    alarm=0.2,
    zh="{value} 的点赞来自点赞节奏均匀的账号",
    en="{value} of its likes came from accounts that like at a constant pace",
    blind="Only likers with ten gaps or more; folded taps hide the pace.",
)
def steady_like_share(t):
    """Share of likes by likers whose pace is constant.

    They have ten gaps or more, which vary by less than 0.35 of their mean. People tire; scripts do
    not.
    """
    return ratio(t.steady.ifelse(t.given, 0).sum(), t.given.sum())


@signal(
    follows,
    unit=Unit.SHARE_OF_FOLLOWS,
    direction=1,
    alarm=0.3,
    zh="{value} 的新增关注随后被取消",
    en="{value} of its follows were undone",
    blind="Known only days later; a lucky bag that asks for a follow loses many honestly.",
)
def unfollow_share(t):
    """Share of the session's follows that the same account has undone so far.

    Rings follow to be counted, and free their accounts again.
    """
    return t.unfollowed.notnull().mean()


@signal(
    follows,
    unit=Unit.FOLLOWS,
    zh="新增 {value}",
    en="it gained {value}",
    blind="A count alone says nothing about what is real.",
)
def follow_count(t):
    """Follows in the session."""
    return t.count()
