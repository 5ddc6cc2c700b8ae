"""Worked examples of sessions by their views, viewers and actions."""

from __future__ import annotations

from features.signals.sessions import join_bursts, view_durations, viewers
from features.signals.sessions.engagement import repetition
from tests.spec.tables import Case, people, rows, sessions, views

NINE = [f"s9 a{i} t{i} t60" for i in range(9)]
TEN = [f"s10 a{i} t{i} t60" for i in range(10)]

CASES = [
    Case(
        "a stay of three seconds is a flash, one just longer is not",
        view_durations.flash_view_share,
        {"views": views("s1 a t0 t3", "s2 a t0 t3.001"), "sessions": sessions("s1", "s2")},
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "a view of thirty seconds is not short, one just under is",
        view_durations.short_view_share,
        {"views": views("s1 a t0 t29.9", "s2 a t0 t30"), "sessions": sessions("s1", "s2")},
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "ten joins within the same ten seconds burst, nine do not, and two rooms do not add up",
        join_bursts.burst_join_share,
        {"views": views(*NINE, *TEN), "sessions": sessions("s9", "s10")},
        {"s9": 0.0, "s10": 1.0},
    ),
    Case(
        "a stay of 60 % that leaves in the last tenth counts as the whole session, one that "
        "leaves before does not",
        view_durations.whole_session_stay_share,
        {"views": views("s1 a t1080 t3240", "s2 a t1079 t3239"), "sessions": sessions("s1", "s2")},
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "an account is new until seven days after its registration",
        viewers.new_account_view_share,
        {
            "views": views("s1 young t0 t60", "s2 old t0 t60"),
            "accounts": people(young=6.999, old=7.0),
        },
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "a device with three accounts in a session is shared, one with two is not",
        viewers.shared_device_view_share,
        {
            "views": rows(
                "session_id account_id device_id joined_at left_at",
                "s2 a d t0 t60",
                "s2 b d t0 t60",
                "s3 a d t0 t60",
                "s3 b d t0 t60",
                "s3 c d t0 t60",
            )
        },
        {"s2": 0.0, "s3": 1.0},
    ),
    Case(
        "a prefix that is mostly campus is left out of the largest prefix",
        viewers.largest_prefix_view_share,
        {
            "views": rows(
                "session_id account_id ip_prefix asn_kind joined_at left_at",
                "s1 a p campus t0 t60",
                "s1 b p campus t0 t60",
                "s1 c q mobile t0 t60",
                "s2 a p campus t0 t60",
                "s2 b p mobile t0 t60",
                "s2 c q mobile t0 t60",
            )
        },
        {"s1": 1 / 3, "s2": 2 / 3},
    ),
    Case(
        "a viewer of ten minutes who did nothing is silent, one who clicked is not",
        viewers.silent_long_viewer_share,
        {
            "views": views("s1 a t0 t600", "s2 a t0 t600"),
            "interactions": rows("session_id account_id kind at count", "s2 a product_click t5 1"),
        },
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "a text is copied from the second writer on; one person who repeats herself does not copy",
        repetition.copied_comment_share,
        {
            "interactions": rows(
                "session_id account_id kind at count text_hash",
                "s1 a comment t1 1 x",
                "s1 b comment t2 1 x",
                "s2 a comment t1 1 x",
                "s2 a comment t2 1 x",
            )
        },
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "eleven likes at a constant pace are steady, the same with one long pause are not",
        repetition.steady_like_share,
        {
            "interactions": rows(
                "session_id account_id kind at count",
                *[f"s1 a like t{10 * i} 1" for i in range(11)],
                *[f"s2 a like t{10 * i + (200 if i > 5 else 0)} 1" for i in range(11)],
            )
        },
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "a follow that was undone counts, one that stands does not",
        repetition.unfollow_share,
        {
            "interactions": rows(
                "session_id account_id kind at count",
                "s1 a follow t1 1",
                "s1 a unfollow t90 1",
                "s2 a follow t1 1",
                "s2 b unfollow t90 1",
            )
        },
        {"s1": 1.0, "s2": 0.0},
    ),
]
