"""Worked examples of sessions by the times, networks and accounts of their views."""

from __future__ import annotations

import pandas as pd

from features.signals.sessions import coordination, join_bursts, view_durations, viewers
from tests.spec.tables import (
    ACTION,
    T0,
    Case,
    cases_on,
    crowd_of,
    pool,
    rows,
    sessions,
    views,
)

# s1 has four views: of 10, 20, 30 and 40 seconds, two without an account
NETWORKS = {
    "sessions": sessions("s1", "s2"),
    "views": rows(
        "session_id account_id asn_kind entry_source app_version joined_at left_at",
        "s1 a datacentre share v8.0 t0 t10",
        "s1 a proxy boost v8.1 t0 t20",
        "s1 - mobile raid v7.9 t0 t30",
        "s1 - mobile feed v8.0 t0 t40",
        "s2 b mobile feed v7.0 t0 t60",
    ),
}
ACCOUNTS = {
    "views": rows(
        "session_id account_id region joined_at left_at",
        "s1 a R1 t0 t60",
        "s1 b R2 t0 t60",
        "s1 - R2 t0 t60",
        "s2 b R1 t0 t60",
    ),
    "accounts": pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "registered_at": T0 - pd.Timedelta(days=9),
            "real_name_verified": [True, False],
            "level": [4, 1],
            "region": "R1",
            "received_at": T0,
        }
    ),
}
# in s1 two of three views enter in the same ten seconds
STEPS = {
    "views": views("s1 a t0 t60", "s1 b t9 t130", "s1 c t10 t73", "s2 a t0 t9"),
    "sessions": sessions("s1", "s2"),
}
# a visits four rooms within the hour, b one
ROOMS = {
    "sessions": sessions("s1", "s2", "s3", "s4"),
    "views": views(*[f"s{i} a t{i} t60" for i in range(1, 5)], "s1 b t0 t60"),
}

CASES = [
    *cases_on(
        NETWORKS,
        ("views of the session", view_durations.view_count, {"s1": 4, "s2": 1}),
        (
            "the middle of the stays",
            view_durations.stay_median_seconds,
            {"s1": 25, "s2": 60},
        ),
        (
            "the range of the middle half of stays over their median",
            view_durations.stay_spread_ratio,
            {"s1": (32.5 - 17.5) / 25, "s2": 0},
        ),
        ("views without an account", view_durations.anonymous_view_share, {"s1": 0.5, "s2": 0}),
        (
            "a main version below the newest of the session is outdated",
            view_durations.outdated_app_view_share,
            {"s1": 0.25, "s2": 0},
        ),
        ("views from data centres", view_durations.datacentre_view_share, {"s1": 0.25, "s2": 0}),
        ("views through proxies", view_durations.proxy_view_share, {"s1": 0.25, "s2": 0}),
        (
            "views by a boost or a raid",
            view_durations.granted_view_share,
            {"s1": 0.5, "s2": 0},
        ),
        ("views by a share link", view_durations.share_link_view_share, {"s1": 0.25, "s2": 0}),
        (
            "known views over their accounts",
            view_durations.views_per_account_ratio,
            {"s1": 2, "s2": 1},
        ),
    ),
    *cases_on(
        ACCOUNTS,
        (
            "known views by accounts without a verified name",
            viewers.unverified_view_share,
            {"s1": 0.5, "s2": 1},
        ),
        ("levels by view", viewers.viewer_level_mean, {"s1": 2.5, "s2": 1}),
        (
            "known views from another region than the account's",
            viewers.region_contradiction_share,
            {"s1": 0.5, "s2": 0},
        ),
    ),
    Case(
        "viewers who did anything but an unfollow",
        viewers.acting_viewer_share,
        {
            "views": views("s1 a t0 t9", "s1 b t0 t9", "s2 a t0 t9"),
            "interactions": rows(ACTION, "s1 a like t1 1", "s1 b unfollow t2 1"),
        },
        {"s1": 0.5, "s2": 0},
    ),
    *cases_on(
        STEPS,
        (
            "joins of the fullest ten seconds",
            join_bursts.busiest_step_join_share,
            {"s1": 2 / 3, "s2": 1},
        ),
        (
            "stays of 60 and 63 seconds are one step of five; shorter ones do not count",
            join_bursts.same_stay_view_share,
            {"s1": 2 / 3},
        ),
    ),
    Case(
        "views of a minute or more that join and stay alike, by tenths of the session",
        join_bursts.densest_cell_view_share,
        {
            "sessions": sessions("s1"),
            "views": views("s1 a t0 t100", "s1 b t0 t100", "s1 c t0 t3600", "s1 d t0 t59"),
        },
        {"s1": 2 / 3},
    ),
    Case(
        "six of 126 views of each session are by accounts that join together",
        coordination.lockstep_view_share,
        {"views": pd.concat([crowd_of(120, 6), pool("p", 6, 6)], ignore_index=True)},
        {f"s{i}": 6 / 126 for i in range(6)},
    ),
    *cases_on(
        ROOMS,
        (
            "an account in four rooms within the hour wanders",
            coordination.room_hopping_view_share,
            {"s1": 0.5, "s2": 1, "s3": 1, "s4": 1},
        ),
        (
            "rooms of that hour, by view",
            coordination.rooms_that_hour_mean,
            {"s1": 2.5, "s2": 4, "s3": 4, "s4": 4},
        ),
    ),
]
