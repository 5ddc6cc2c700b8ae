"""What a session's viewers, and those who like, follow and comment in it, left in other rooms: traces that this room need not show.

Accounts made for fraud are used again. In one room a few of them are lost in an honest crowd; in the rooms where they came in
hundreds they stayed three seconds, came from a data centre, or all by one link. Who acts in a room and was seen in no other one is
a stranger everywhere. Accounts bought anew for every room leave nothing elsewhere, and honest people who fled a flooded room do not either.

Source: aggregates of neighbours as inputs of trees (Tang, Hua, Gao, Zhao and Li, GADBench, NeurIPS 2023), without the room itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from features.declaration import (
    SESSION,
    Signal,
    relation,
    signal,
)
from features.derived.account_reputation import (
    account_reputation,
    view_traces,
    with_other_views,
)

FAULTS = 0.25  # traces per view elsewhere from which those who act are suspicious: three to four times what people leave


@relation(SESSION, reads=("views",), local=True, needs=(account_reputation,))
def viewers_elsewhere(views, traces):
    """Known viewers of sessions with the traces of their other views."""
    return with_other_views(view_traces(views, "session_id", "account_id"), traces)


@relation(SESSION, reads=("views", "interactions"), local=True, needs=(account_reputation,))
def actors_elsewhere(views, interactions, traces):
    """Known accounts that like, follow or comment in sessions, once a kind, with the traces of their views elsewhere."""
    t = interactions.filter(
        interactions.account_id.notnull() & interactions.kind.isin(["like", "follow", "comment"])
    )
    t = t.select("session_id", "account_id", "kind").distinct()
    seen = viewers_elsewhere.build(views, traces).select(
        "session_id", "account_id", "nowhere", "fault"
    )
    t = t.left_join(seen, ["session_id", "account_id"], rname="{name}_seen")
    return t.mutate(nowhere=t.nowhere.fill_null(True))


def _viewers(zh: str, en: str, blind: str) -> Callable[[Callable[..., Any]], Signal]:
    return signal(
        viewers_elsewhere,
        unit="share of views",
        typology="view_fraud",
        direction=1,
        graph=True,
        zh=zh,
        en=en,
        blind=blind,
    )


@_viewers(
    "观众在其他直播间的观看平均有 {value:.0%} 不超过 3 秒",
    "of its viewers' views in other rooms {value:.0%} stayed three seconds or less",
    "Viewers of a feed swipe everywhere.",
)
def viewer_other_flash_share(t):
    """Mean over known viewers of the share of their views in other sessions of 28 days that lasted three seconds or less."""
    return t.other_flash.mean()


@_viewers(
    "观众在其他直播间的观看平均有 {value:.0%} 来自代理或机房网络",
    "of its viewers' views in other rooms {value:.0%} came through proxies or data centres",
    "Travellers and offices behind proxies.",
)
def viewer_other_hidden_share(t):
    """Mean over known viewers of the share of their views in other sessions of 28 days through proxies or from data centres."""
    return t.other_hidden.mean()


@_viewers(
    "观众在其他直播间的观看平均有 {value:.0%} 经分享链接进入",
    "of its viewers' views in other rooms {value:.0%} entered by a share link",
    "Friends and neighbours that buy together.",
)
def viewer_other_link_share(t):
    """Mean over known viewers of the share of their views in other sessions of 28 days that entered by a share link."""
    return t.other_link.mean()


@_viewers(
    "{value:.0%} 的观众 28 天内未在其他场次出现",
    "{value:.0%} of its viewers were seen in no other session of 28 days",
    "A host who brings people to the platform.",
)
def viewer_nowhere_else_share(t):
    """Share of known viewers without a view in another session of 28 days."""
    return t.nowhere.mean()


def _actors(kind: str, zh: str, en: str) -> tuple[Signal, Signal]:
    """Two signals of those who act in one way: how faulty their views elsewhere are, and how many have none."""
    declare: dict[str, Any] = {"typology": "engagement_fraud", "direction": 1, "graph": True}

    def fault(t):
        return t.fault.mean(where=t.kind == kind)

    def nowhere(t):
        return t.nowhere.mean(where=t.kind == kind)

    fault.__name__, nowhere.__name__ = f"{en}_other_fault_mean", f"{en}_nowhere_else_share"
    fault.__doc__ = f"""Mean over the accounts whose action here was a {kind} of the shares of their views in other sessions that were a flash,
    through a proxy or data centre, and by a share link, added up."""
    nowhere.__doc__ = f"""Share of the accounts whose action here was a {kind} that were seen in no other session of 28 days."""
    return (
        signal(actors_elsewhere, unit="faults per view", alarm=FAULTS, **declare, zh=f"{zh}账号在其他直播间的观看平均有 {{value:.2f}} 处异常", en=f"its {en}s' views in other rooms have {{value:.2f}} faults each", blind="Fans who come by shared links; accounts bought anew for each room leave nothing.")(fault),
        signal(actors_elsewhere, unit="share of accounts", **declare, zh=f"{{value:.0%}} 的{zh}账号未在其他场次出现", en=f"{{value:.0%}} of its {en}s were seen in no other session", blind="A host who brings people to the platform.")(nowhere),
    )  # fmt: skip


liker_other_fault_mean, liker_nowhere_else_share = _actors("like", "点赞", "liker")
follower_other_fault_mean, follower_nowhere_else_share = _actors("follow", "关注", "follower")
commenter_other_fault_mean, commenter_nowhere_else_share = _actors("comment", "评论", "commenter")


SIGNALS: tuple[Signal, ...] = (
    viewer_other_flash_share,
    viewer_other_hidden_share,
    viewer_other_link_share,
    viewer_nowhere_else_share,
    liker_other_fault_mean,
    liker_nowhere_else_share,
    follower_other_fault_mean,
    follower_nowhere_else_share,
    commenter_other_fault_mean,
    commenter_nowhere_else_share,
)
