"""Likes, comments and follows: who gives them and how evenly."""

from __future__ import annotations

import ibis
from ibis import _

from features.declaration import SESSION, Signal, ratio, relation, seconds_between, signal


@relation(SESSION, reads=("interactions",), local=True)
def actors(interactions):
    """Accounts of a session with what they gave, by kind."""
    t = interactions.filter(interactions.session_id.notnull())
    return t.group_by("session_id", "account_id", "kind").aggregate(
        rows=t.count(), given=t["count"].sum()
    )


@relation(SESSION, reads=("interactions",), local=True)
def texts(interactions):
    """Comment texts of a session with how often and by how many accounts they were written."""
    t = interactions.filter((interactions.kind == "comment") & interactions.text_hash.notnull())
    return t.group_by("session_id", "text_hash").aggregate(
        rows=t.count(), writers=t.account_id.nunique()
    )


@relation(SESSION, reads=("interactions",), local=True)
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
    return t.mutate(steady=((t.gaps >= 10) & (t.sd_gap < 0.35 * t.mean_gap)).fill_null(False))


@relation(SESSION, reads=("interactions",), local=True)
def follows(interactions):
    """Follows of a session and whether the same account unfollowed it later."""
    one = interactions.filter(interactions.session_id.notnull() & interactions.account_id.notnull())
    kept = one.filter(one.kind == "follow").select("session_id", "account_id", followed="at")
    gone = (
        one.filter(one.kind == "unfollow")
        .group_by("session_id", "account_id")
        .aggregate(unfollowed=_.at.max())
    )
    return kept.left_join(gone, ["session_id", "account_id"], rname="{name}_gone")


@relation(SESSION, reads=("interactions",))
def scripts(interactions):
    """Comments of a session with how many rooms and accounts used the same text."""
    t = interactions.filter((interactions.kind == "comment") & interactions.text_hash.notnull())
    wide = t.group_by("text_hash").aggregate(
        rooms=t.session_id.nunique(), writers=t.account_id.nunique()
    )
    return t.join(wide, "text_hash")


@signal(
    actors,
    unit="likes",
    typology="engagement_fraud",
    direction=1,
    alarm=60.0,
    zh="每个点赞者平均点赞 {value:.1f} 次",
    en="{value:.1f} likes a liker",
    blind="Fans tap the screen fast; platforms fold taps.",
)
def likes_per_liker_ratio(t):
    """Likes over accounts that liked."""
    like = t.kind == "like"
    return ratio(like.ifelse(t.given, 0).sum(), like.sum())


@signal(
    actors,
    unit="share of likes",
    typology="engagement_fraud",
    direction=1,
    alarm=0.5,
    zh="最多的一个账号占点赞的 {value:.0%}",
    en="one account gave {value:.0%} of likes",
    blind="In a small room one fan can.",
)
def top_liker_like_share(t):
    """Share of likes given by the account that liked most."""
    likes = (t.kind == "like").ifelse(t.given, 0)
    return ratio(likes.max(), likes.sum())


@signal(
    actors,
    unit="comments",
    typology="engagement_fraud",
    direction=1,
    alarm=8.0,
    zh="每个评论者平均评论 {value:.1f} 条",
    en="{value:.1f} comments a commenter",
    blind="Fan leaders and moderators write a lot.",
)
def comments_per_commenter_ratio(t):
    """Comments over accounts that commented."""
    said = t.kind == "comment"
    return ratio(said.ifelse(t.given, 0).sum(), said.sum())


@signal(
    actors,
    unit="ratio",
    typology="engagement_fraud",
    zh="点赞与评论之比 {value:.1f}",
    en="{value:.1f} likes for each comment",
    blind="Differs by category and by what the host asks for.",
)
def likes_per_comment_ratio(t):
    """Likes over comments."""
    return ratio(
        (t.kind == "like").ifelse(t.given, 0).sum(), (t.kind == "comment").ifelse(t.given, 0).sum()
    )


@signal(
    actors,
    unit="share of accounts",
    typology="engagement_fraud",
    direction=1,
    zh="有互动的账号中 {value:.0%} 点了关注",
    en="{value:.0%} of accounts that acted followed",
    blind="A first session of a known person draws follows.",
)
def follower_actor_share(t):
    """Follows over (account, kind) pairs that acted."""
    return (t.kind == "follow").mean()


@signal(
    actors,
    unit="ratio",
    typology="engagement_fraud",
    direction=-1,
    zh="每个点赞对应 {value:.2f} 次商品点击",
    en="{value:.2f} product clicks for each liker",
    blind="Some sessions show no goods for a while.",
)
def clicks_per_liker_ratio(t):
    """Product clicks over accounts that liked."""
    return ratio((t.kind == "product_click").ifelse(t.given, 0).sum(), (t.kind == "like").sum())


@signal(
    texts,
    unit="share of comments",
    typology="engagement_fraud",
    direction=1,
    alarm=0.6,
    zh="{value:.0%} 的评论重复了他人的文字",
    en="{value:.0%} of comments repeat a text that another account wrote",
    blind="10 to 43 % of honest chat repeats a text; fan clubs copy slogans.",
)
def copied_comment_share(t):
    """Share of comments whose text two or more accounts of the session wrote."""
    return ratio((t.writers >= 2).ifelse(t.rows, 0).sum(), t.rows.sum())


@signal(
    texts,
    unit="share of comments",
    typology="engagement_fraud",
    direction=1,
    zh="出现最多的一句占评论的 {value:.0%}",
    en="the commonest text makes {value:.0%} of comments",
    blind="A host may ask for a word to be typed.",
)
def commonest_text_share(t):
    """Share of comments that are the session's commonest text."""
    return ratio(t.rows.max(), t.rows.sum())


@signal(
    scripts,
    unit="share of comments",
    typology="engagement_fraud",
    direction=1,
    alarm=0.4,
    zh="{value:.0%} 的评论文字出现在五个以上场次",
    en="{value:.0%} of comments use a text seen in five or more sessions",
    blind="Greetings are common everywhere; an operator's own slogans recur in its sessions.",
)
def scripted_comment_share(t):
    """Share of comments whose text was written in five or more sessions of the last 28 days by three or more accounts."""
    return ((t.rooms >= 5) & (t.writers >= 3)).mean()


@signal(
    like_gaps,
    unit="share of likes",
    typology="engagement_fraud",
    direction=1,
    alarm=0.2,
    zh="{value:.0%} 的点赞来自节奏均匀的账号",
    en="{value:.0%} of likes are by accounts that like at a constant pace",
    blind="Only likers with ten gaps or more; folded taps hide the pace.",
)
def steady_like_share(t):
    """Share of likes by likers with ten gaps or more whose gaps vary by less than 0.35 of their mean."""
    return ratio(t.steady.ifelse(t.given, 0).sum(), t.given.sum())


@signal(
    follows,
    unit="share of follows",
    typology="engagement_fraud",
    direction=1,
    alarm=0.3,
    zh="{value:.0%} 的新关注已经取关",
    en="{value:.0%} of the session's follows were undone",
    blind="Known only days later; a lucky bag that asks for a follow loses many honestly.",
)
def unfollow_share(t):
    """Share of the session's follows that the same account has undone so far."""
    return t.unfollowed.notnull().mean()


@signal(
    follows,
    unit="follows",
    typology="engagement_fraud",
    zh="新增关注 {value:.0f} 个",
    en="{value:.0f} follows",
    blind="A count alone says nothing about what is real.",
)
def follow_count(t):
    """Follows in the session."""
    return t.count()


SIGNALS: tuple[Signal, ...] = (
    likes_per_liker_ratio,
    top_liker_like_share,
    comments_per_commenter_ratio,
    likes_per_comment_ratio,
    follower_actor_share,
    clicks_per_liker_ratio,
    copied_comment_share,
    commonest_text_share,
    scripted_comment_share,
    steady_like_share,
    unfollow_share,
    follow_count,
)
