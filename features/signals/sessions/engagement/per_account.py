"""Likes, comments, follows and clicks by the accounts that gave them."""

from __future__ import annotations

from features.declaration import SESSION, Dimension, Unit, relation, signal
from features.expressions import ratio


@relation(SESSION, reads=("interactions",), local=True, typology="engagement_fraud")
def actors(interactions):
    """Accounts of a session with what they gave, by kind."""
    t = interactions.filter(interactions.session_id.notnull())
    return t.group_by("session_id", "account_id", "kind").aggregate(
        rows=t.count(), given=t["count"].sum()
    )


@signal(
    actors,
    unit=Unit.LIKES,
    direction=1,
    alarm=60.0,
    zh="每个点赞账号平均给出 {value}",
    en="each account that liked gave {value} on average",
    blind="Fans tap the screen fast; platforms fold taps.",
)
def likes_per_liker_ratio(t):
    """Likes over accounts that liked; scripts like as fast as they may."""
    like = t.kind == "like"
    return ratio(like.ifelse(t.given, 0).sum(), like.sum())


@signal(
    actors,
    unit=Unit.SHARE_OF_LIKES,
    direction=1,
    alarm=0.5,
    zh="点赞最多的一个账号占全部点赞的 {value}",
    en="one account gave {value} of its likes",
    blind="In a small room one fan can.",
)
def top_liker_like_share(t):
    """Share of likes given by the account that liked most.

    One script can give most of a room's likes.
    """
    likes = (t.kind == "like").ifelse(t.given, 0)
    return ratio(likes.max(), likes.sum())


@signal(
    actors,
    unit=Unit.COMMENTS,
    direction=1,
    alarm=8.0,
    zh="每个评论账号平均写了 {value}",
    en="each account that commented wrote {value} on average",
    blind="Fan leaders and moderators write a lot.",
)
def comments_per_commenter_ratio(t):
    """Comments over accounts that commented; few accounts are paid to fill the chat."""
    said = t.kind == "comment"
    return ratio(said.ifelse(t.given, 0).sum(), said.sum())


@signal(
    actors,
    unit=Unit.RATIO,
    zh="点赞数为评论数的 {value}",
    en="its likes are {value} its comments",
    blind="Differs by category and by what the host asks for.",
)
def likes_per_comment_ratio(t):
    """Likes over comments."""
    return ratio(
        (t.kind == "like").ifelse(t.given, 0).sum(), (t.kind == "comment").ifelse(t.given, 0).sum()
    )


@signal(
    actors,
    unit=Unit.SHARE_OF_ACCOUNTS,
    dimension=Dimension.FOLLOW,
    direction=1,
    zh="按账号和互动种类计数，{value} 为关注",
    en="counted once per account and kind, {value} of its actions were follows",
    blind="A first session of a known person draws follows.",
)
def follower_actor_share(t):
    """Follows over (account, kind) pairs that acted; bought followers do nothing else."""
    return (t.kind == "follow").mean()


@signal(
    actors,
    unit=Unit.RATIO,
    direction=-1,
    zh="商品点击数为点赞账号数的 {value}",
    en="its product clicks are {value} the number of its likers",
    blind="Some sessions show no goods for a while.",
)
def clicks_per_liker_ratio(t):
    """Product clicks over accounts that liked; bought likers take no interest in goods."""
    return ratio((t.kind == "product_click").ifelse(t.given, 0).sum(), (t.kind == "like").sum())
