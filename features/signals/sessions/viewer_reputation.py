"""Reputation of a session's viewers and actors: traces that they left in other rooms.

Accounts made for fraud are used again. In one room a few of them are lost in an honest crowd. In
the rooms where they came in hundreds they stayed 3 s, came from a data centre, or all by one link.
Blind spots: accounts bought anew for every room leave nothing elsewhere.

Source: aggregates of neighbours as inputs of trees (Tang, Hua, Gao, Zhao and Li, GADBench,
NeurIPS 2023), without the room itself.
"""

from __future__ import annotations

from features.declaration import SESSION, Dimension, Signal, Unit, relation, signal
from features.derived.account_reputation import (
    account_reputation,
    view_traces,
    with_other_views,
)

MIN_ACTOR_TRACES_PER_VIEW = 0.25  # three to four times what people leave


@relation(
    SESSION,
    reads=("views",),
    local=True,
    needs=(account_reputation,),
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
    graph=True,
)
def viewer_reputations(views, reputation):
    """Known viewers of sessions with the traces of their other views."""
    return with_other_views(view_traces(views, "session_id", "account_id"), reputation)


@relation(
    SESSION,
    reads=("views", "interactions"),
    local=True,
    needs=(account_reputation,),
    typology="engagement_fraud",
    direction=1,
    graph=True,
)
def actor_reputations(views, interactions, reputation):
    """Known accounts that like, follow or comment, once a kind, with the traces of other views."""
    t = interactions.filter(
        interactions.account_id.notnull() & interactions.kind.isin(["like", "follow", "comment"])
    )
    t = t.select("session_id", "account_id", "kind").distinct()
    seen = viewer_reputations.build(views, reputation).select(
        "session_id", "account_id", "nowhere", "fault"
    )
    t = t.left_join(seen, ["session_id", "account_id"], rname="{name}_seen")
    return t.mutate(nowhere=t.nowhere.fill_null(True))


@signal(
    viewer_reputations,
    zh="其观众在其他场次的观看平均有 {value} 在 3 秒内离开",
    en="of its viewers' views in other sessions {value} left within 3 s",
    blind="Viewers of a feed swipe everywhere.",
)
def viewer_other_flash_share(t):
    """Mean over known viewers of the share of flash views among their views elsewhere.

    Elsewhere are other sessions of 28 days. Accounts of a pool leave other rooms at once too.
    """
    return t.other_flash.mean()


@signal(
    viewer_reputations,
    zh="其观众在其他场次的观看平均有 {value} 经由代理或机房网络",
    en="of its viewers' views in other sessions {value} came through proxies or data centres",
    blind="Travellers, and offices behind proxies.",
)
def viewer_other_hidden_share(t):
    """Mean over known viewers of the share of hidden networks among their views elsewhere.

    Hidden networks are proxies and data centres. Pools use them in every room.
    """
    return t.other_hidden.mean()


@signal(
    viewer_reputations,
    zh="其观众在其他场次的观看平均有 {value} 经分享链接进入",
    en="of its viewers' views in other sessions {value} entered by a share link",
    blind="Friends and neighbours who buy together.",
)
def viewer_other_link_share(t):
    """Mean over known viewers of the share of share links among their views elsewhere.

    Pools are sent from room to room by links.
    """
    return t.other_link.mean()


@signal(
    viewer_reputations,
    zh="{value} 的观众 28 天内没有出现在其他场次",
    en="{value} of its viewers were seen in no other session in 28 days",
    blind="A host who brings people to the platform.",
    formerly=("viewer_nowhere_else_share",),
)
def viewer_single_session_share(t):
    """Share of known viewers without a view in another session of 28 days.

    Accounts made for one order are seen once.
    """
    return t.nowhere.mean()


def _actor_signals(kind: str, actor: str, zh: str) -> tuple[Signal, Signal]:
    """Two signals of those who act in one way: their traces elsewhere, and who has no elsewhere."""
    dimension = Dimension.FOLLOW if kind == "follow" else Dimension.LIKE

    def red_flag_mean(t):
        return t.fault.mean(where=t.kind == kind)

    def single_session_share(t):
        return t.nowhere.mean(where=t.kind == kind)

    red_flag_mean.__name__ = f"{actor}_other_red_flag_mean"
    single_session_share.__name__ = f"{actor}_single_session_share"
    red_flag_mean.__doc__ = f"""Mean traces per view elsewhere of accounts with a {kind} here.

    Traces are flash views, hidden networks and share links, in other sessions of 28 days.
    """
    single_session_share.__doc__ = f"""Share of accounts with a {kind} here, seen nowhere else.

    Elsewhere are other sessions of 28 days. Accounts made for one order act once.
    """
    traces = signal(
        actor_reputations,
        unit=Unit.FAULTS_PER_VIEW,
        alarm=MIN_ACTOR_TRACES_PER_VIEW,
        dimension=dimension,
        zh=f"其{zh}账号在其他场次的观看{{value}}",
        en=f"views in other sessions by its {actor}s show {{value}}",
        blind="Fans who come by share links; accounts bought anew for each room leave nothing.",
        formerly=(f"{actor}_other_fault_mean",),
    )
    unseen = signal(
        actor_reputations,
        unit=Unit.SHARE_OF_ACCOUNTS,
        dimension=dimension,
        zh=f"{{value}} 的{zh}账号 28 天内没有出现在其他场次",
        en=f"{{value}} of its {actor}s were seen in no other session in 28 days",
        blind="A host who brings people to the platform.",
        formerly=(f"{actor}_nowhere_else_share",),
    )
    return traces(red_flag_mean), unseen(single_session_share)


liker_other_red_flag_mean, liker_single_session_share = _actor_signals("like", "liker", "点赞")
follower_other_red_flag_mean, follower_single_session_share = _actor_signals(
    "follow", "follower", "关注"
)
commenter_other_red_flag_mean, commenter_single_session_share = _actor_signals(
    "comment", "commenter", "评论"
)
