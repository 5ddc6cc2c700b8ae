"""Worked examples of sessions by what their viewers and commenters do in other rooms."""

from __future__ import annotations

import math

from features.signals.sessions import account_habits, purchase_propensity, viewer_reputation
from features.signals.sessions.engagement import actor_habits
from tests.spec.tables import ORDER, Case, rows, sessions, views

CASES = [
    Case(
        "who paid an order in any room buys, who placed one and never paid does not",
        purchase_propensity.non_buyer_view_share,
        {
            "views": views("s1 paid t0 t60", "s1 nobody t0 t60", "s2 unpaid t0 t60", "s2 - t0 t60"),
            "orders": rows(
                ORDER + " paid_at", "o1 elsewhere paid t-900 t-800", "o2 elsewhere unpaid t-900 -"
            ),
        },
        {"s1": 0.5, "s2": 1.0},
    ),
    Case(
        "a stay of ten minutes is long, one just under is not and leaves nothing to say",
        purchase_propensity.non_buyer_long_view_share,
        {
            "views": views("s1 a t0 t600", "s2 a t0 t599.9"),
            "orders": rows(ORDER + " paid_at", "o1 x b t0 t1"),
        },
        {"s1": 1.0},
    ),
    Case(
        "views by shared links and directly are counted, others are not",
        purchase_propensity.non_buyer_direct_view_share,
        {
            "views": rows(
                "session_id account_id entry_source joined_at left_at",
                "s1 a share t0 t60",
                "s1 b direct t0 t60",
                "s1 a search t0 t60",
                "s2 a search t0 t60",
            ),
            "orders": rows(ORDER + " paid_at", "o1 x b t0 t1"),
        },
        {"s1": 0.5},
    ),
    Case(
        "ten views without an act anywhere are a silent habit, nine are none, and one act in "
        "another room ends it",
        account_habits.passive_account_view_share,
        {
            "views": views(
                *[f"s{1 + (i > 0)} a t{i} t{i + 1}" for i in range(10)],
                *[f"s{3 + (i > 0)} b t{i} t{i + 1}" for i in range(9)],
                *[f"s{5 + (i > 0)} c t{i} t{i + 1}" for i in range(10)],
            ),
            "interactions": rows("session_id account_id kind at count", "s6 c like t1 1"),
        },
        {"s1": 1.0, "s2": 1.0, "s3": 0.0, "s4": 0.0, "s5": 0.0, "s6": 0.0},
    ),
    Case(
        "an account on three devices hops, on two it does not",
        account_habits.multi_device_view_share,
        {
            "views": rows(
                "session_id account_id device_id joined_at left_at",
                *[f"s1 a d{i} t{i} t9" for i in range(3)],
                *[f"s2 b e{i} t{i} t9" for i in range(2)],
            ),
            "interactions": rows("session_id account_id kind at count", "s1 a like t1 1"),
        },
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "a device that carried four accounts in all rooms is crowded, with three it is not",
        account_habits.multi_account_device_view_share,
        {
            "views": rows(
                "session_id account_id device_id joined_at left_at",
                *[f"s{1 + (i > 0)} a{i} d t{i} t9" for i in range(4)],
                *[f"s3 b{i} e t{i} t9" for i in range(3)],
            )
        },
        {"s1": 1.0, "s2": 1.0, "s3": 0.0},
    ),
    Case(
        "a follow of the same operator again counts, of another it does not; one such follow says "
        "less than two",
        actor_habits.repeated_follow_residual,
        {
            "interactions": rows(
                "session_id account_id kind at count",
                "s1 a follow t1 1",
                "s2 a follow t1 1",
                "s3 b follow t1 1",
                "s4 b follow t1 1",
            ),
            "sessions": sessions("s1", "s2", "s3", "s4").assign(operator_id=["o", "o", "p", "q"]),
        },
        {
            "s1": 0.0,
            "s2": 0.0,
            "s3": -2.0,
            "s4": -2.0,
        },  # one of one, none of one, where half do: (1 or 0, less a half twice) / a half
    ),
    Case(
        "a text of three writers at two operators is shared, of two writers it is not",
        actor_habits.shared_script_residual,
        {
            "interactions": rows(
                "session_id account_id kind at count text_hash",
                *[f"s{1 + (i > 1)} a{i} comment t{i} 1 x" for i in range(3)],
                *[f"s{1 + i} b{i} comment t{9 + i} 1 y" for i in range(2)],
                *[f"s3 c{i} comment t{i} 1 z{i}" for i in range(400)],
            ),
            "sessions": sessions("s1", "s2", "s3").assign(operator_id=["o", "p", "q"]),
        },
        {
            "s1": (2 - 0.5 - 3 * 3 / 405) / math.sqrt(3 * 3 / 405 * 402 / 405),
            "s2": (1 - 0.5 - 2 * 3 / 405) / math.sqrt(2 * 3 / 405 * 402 / 405),
            "s3": (-0.5 - 400 * 3 / 405) / math.sqrt(400 * 3 / 405 * 402 / 405),
        },
    ),
    Case(
        "a stay of three seconds in another room counts against a viewer, the same stay in this "
        "room does not",
        viewer_reputation.viewer_other_flash_share,
        {"views": views("s1 a t0 t3", "s1 b t0 t3", "s2 a t0 t3", "s3 a t0 t4", "s2 b t0 t4")},
        {"s1": 0.25, "s2": 0.75, "s3": 1.0},
    ),
    Case(
        "who was seen twice in one room was seen in no other",
        viewer_reputation.viewer_single_session_share,
        {"views": views("s1 a t0 t9", "s1 a t20 t29", "s1 b t0 t9", "s2 b t0 t9")},
        {"s1": 0.5, "s2": 0.0},
    ),
    Case(
        "those who like are judged apart from those who comment, each account once",
        viewer_reputation.liker_other_red_flag_mean,
        {
            "views": views(
                "s1 a t0 t9", "s2 a t0 t2", "s1 b t0 t9", "s2 b t0 t9", "s1 c t0 t9", "s2 c t0 t2"
            ),
            "interactions": rows(
                "session_id account_id kind at count",
                "s1 a like t1 5",
                "s1 a like t2 5",
                "s1 b like t1 1",
                "s1 c comment t1 1",
            ),
        },
        {"s1": 0.5},
    ),
]
