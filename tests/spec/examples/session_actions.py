"""Worked examples of sessions by their likes, comments and follows, and who gives them."""

from __future__ import annotations

import math

import pandas as pd

from features.signals.sessions import viewer_reputation
from features.signals.sessions.engagement import actor_habits, per_account, repetition, sources
from tests.spec.tables import ACTION, T0, Case, cases_on, rows, sessions, views

# a gives 60 likes, b 20; one comment, two clicks, one follow
GIVEN = {
    "interactions": rows(
        ACTION,
        "s1 a like t1 60",
        "s1 b like t2 20",
        "s1 a comment t3 1",
        "s1 a comment t4 3",
        "s1 b product_click t5 1",
        "s1 c follow t6 1",
    )
}
# a follows at six operators and undoes one follow, b follows one
FOLLOWS = {
    "sessions": sessions(*[f"s{i}" for i in range(6)]),
    "interactions": rows(
        ACTION,
        *[f"s{i} a follow t{i} 1" for i in range(6)],
        "s0 a unfollow t90 1",
        "s0 b follow t1 1",
    ),
}
# a likes in two sessions, 100 times in the first
LIKES = {"interactions": rows(ACTION, "s1 a like t1 100", "s2 a like t2 1", "s1 b like t3 99")}
# a follows fifteen seconds after it joined, b sixteen; c was never seen to watch
WAITS = {
    "views": views("s1 a t0 t60", "s1 b t0 t60"),
    "interactions": rows(
        ACTION, "s1 a follow t15 1", "s1 b follow t16 1", "s1 c like t1 1", "s1 a unfollow t20 1"
    ),
}
FOLLOWERS = {
    "interactions": rows(
        ACTION,
        *[f"s1 a{i} follow t1 1" for i in range(2)],
        *[f"s2 b{i} follow t1 1" for i in range(2)],
    ),
    "accounts": pd.DataFrame(
        {
            "account_id": ["a0", "a1", "b0", "b1"],
            "registered_at": [T0 - pd.Timedelta(days=d) for d in (29, 29, 31, 31)],
            "real_name_verified": [False, False, True, True],
            "received_at": T0,
        }
    ),
}
# a was elsewhere and stayed two seconds there, b was nowhere else
ELSEWHERE = {
    "views": views("s1 a t0 t9", "s2 a t0 t2", "s1 b t0 t9"),
    "interactions": rows(
        ACTION,
        *[f"s1 {who} {kind} t1 1" for who in "ab" for kind in ("like", "follow", "comment")],
    ),
}

CASES = [
    *cases_on(
        GIVEN,
        ("likes over accounts that liked", per_account.likes_per_liker_ratio, {"s1": 40}),
        ("likes of the account that liked most", per_account.top_liker_like_share, {"s1": 0.75}),
        (
            "comments over accounts that commented",
            per_account.comments_per_commenter_ratio,
            {"s1": 4},
        ),
        ("likes over comments", per_account.likes_per_comment_ratio, {"s1": 20}),
        (
            "accounts that followed, among accounts by kind of action",
            per_account.follower_actor_share,
            {"s1": 0.2},
        ),
        ("clicks over accounts that liked", per_account.clicks_per_liker_ratio, {"s1": 0.5}),
    ),
    Case(
        "comments that have the commonest text",
        repetition.commonest_text_share,
        {
            "interactions": rows(
                ACTION + " text_hash",
                "s1 a comment t1 1 x",
                "s1 b comment t2 1 x",
                "s1 c comment t3 1 y",
            )
        },
        {"s1": 2 / 3},
    ),
    *cases_on(
        FOLLOWS,
        (
            "follows of a session",
            repetition.follow_count,
            {"s0": 2} | {f"s{i}": 1 for i in range(1, 6)},
        ),
        (
            "an account that follows six operators is prolific",
            sources.prolific_follower_share,
            {"s0": 0.5} | {f"s{i}": 1 for i in range(1, 6)},
        ),
        (
            "operators that the followers follow",
            sources.follower_operator_mean,
            {"s0": 3.5} | {f"s{i}": 6 for i in range(1, 6)},
        ),
        (
            "follows that the followers undid in any room",
            sources.follower_unfollow_share,
            {"s0": 1 / 8} | {f"s{i}": 1 / 7 for i in range(1, 6)},
        ),
    ),
    *cases_on(
        LIKES,
        (
            "sessions that the likers liked in that day",
            sources.liker_session_mean,
            {"s1": 1.5, "s2": 2},
        ),
        (
            "a hundred likes of one account are many, 99 are not",
            sources.heavy_liker_share,
            {"s1": 100 / 199, "s2": 0},
        ),
    ),
    *cases_on(
        WAITS,
        (
            "a follow fifteen seconds after joining is instant, one second more is not",
            sources.instant_follow_share,
            {"s1": 0.5},
        ),
        (
            "accounts that acted and have no view",
            sources.unseen_actor_share,
            {"s1": 1 / 3},
        ),
    ),
    *cases_on(
        FOLLOWERS,
        (
            "two of two follows by unverified accounts, where half of all are",
            actor_habits.unverified_follow_residual,
            {"s1": (2 - 0.5 - 1) / math.sqrt(0.5), "s2": (0 - 0.5 - 1) / math.sqrt(0.5)},
        ),
        (
            "two of two follows by accounts of under thirty days, where half of all are",
            actor_habits.new_follower_residual,
            {"s1": (2 - 0.5 - 1) / math.sqrt(0.5), "s2": (0 - 0.5 - 1) / math.sqrt(0.5)},
        ),
    ),
    *cases_on(
        ELSEWHERE,
        (
            "accounts that liked and have no view in another session",
            viewer_reputation.liker_single_session_share,
            {"s1": 0.5},
        ),
        (
            "traces of accounts that followed, in other rooms",
            viewer_reputation.follower_other_red_flag_mean,
            {"s1": 1},
        ),
        (
            "accounts that followed and have no view in another session",
            viewer_reputation.follower_single_session_share,
            {"s1": 0.5},
        ),
        (
            "traces of accounts that commented, in other rooms",
            viewer_reputation.commenter_other_red_flag_mean,
            {"s1": 1},
        ),
        (
            "accounts that commented and have no view in another session",
            viewer_reputation.commenter_single_session_share,
            {"s1": 0.5},
        ),
    ),
    *cases_on(
        {
            "views": rows(
                "session_id account_id asn_kind entry_source joined_at left_at",
                "s1 a mobile feed t0 t9",
                "s2 a proxy feed t0 t9",
                "s3 a mobile share t0 t9",
            )
        },
        (
            "other views through proxies or data centres",
            viewer_reputation.viewer_other_hidden_share,
            {"s1": 0.5, "s2": 0, "s3": 0.5},
        ),
        (
            "other views by a share link",
            viewer_reputation.viewer_other_link_share,
            {"s1": 0.5, "s2": 0.5, "s3": 0},
        ),
    ),
]
