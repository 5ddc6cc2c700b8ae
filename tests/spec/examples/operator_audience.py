"""Worked examples of operators by their audience and by their public counters."""

from __future__ import annotations

import math

import pandas as pd

from features.signals.operators import (
    audience,
    audience_purchases,
    audience_reputation,
    own_history,
    public_counters,
)
from tests.spec.tables import (
    ACTION,
    ORDER,
    Case,
    cases_on,
    crowd_of,
    people,
    pool,
    rows,
    sessions,
    views,
)

TWO_OPERATORS = sessions("s1", "s2", "s3").assign(operator_id=["o1", "o1", "o2"])
# s1 has four views, s2 one
VISITS = {
    "sessions": TWO_OPERATORS,
    "views": views(*[f"s1 a{i} t0 t60" for i in range(4)], "s2 a t0 t60", "s3 a t0 t60"),
}
NETWORKS = {
    "sessions": TWO_OPERATORS,
    "views": rows(
        "session_id account_id asn_kind entry_source joined_at left_at",
        "s1 a datacentre share t0 t60",
        "s1 b proxy feed t0 t60",
        "s2 - mobile feed t1080 t3240",
        "s2 - mobile feed t1079 t3239",
        "s3 c mobile feed t0 t60",
    ),
}
ACTIONS = {
    "sessions": TWO_OPERATORS,
    "interactions": rows(
        ACTION, "s1 a like t1 5", "s1 a follow t2 1", "s2 a unfollow t3 1", "s2 b like t4 1"
    ),
}
# b of o1 stayed two seconds at o2, c of o1 was nowhere else
ELSEWHERE = {
    "sessions": TWO_OPERATORS,
    "views": views("s1 a t0 t9", "s2 a t0 t9", "s1 b t0 t9", "s3 b t0 t2", "s1 c t0 t9"),
    "interactions": rows(ACTION, "s1 b like t1 5", "s1 c like t1 1"),
}
HOUR = sessions("s1", "s2", "s3").assign(operator_id="o")
TOTALS = {
    "sessions": HOUR,
    "session_totals": rows(
        "session_id average_viewers peak_viewers views follows watch_minutes",
        "s1 10 20 40 4 80.0",
        "s2 10 30 20 1 60.0",
        "s3 40 40 40 -2 400.0",
    ),
}
LOGS = [math.log(10), math.log(10), math.log(40)]


def deviation(values: list[float]) -> float:
    """Standard deviation of a sample."""
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


CASES = [
    *cases_on(
        VISITS,
        ("sessions with views", own_history.operator_session_count, {"o1": 2, "o2": 1}),
        ("views of all sessions", own_history.operator_view_count, {"o1": 5, "o2": 1}),
        (
            "log views of four and of one; one session does not vary",
            own_history.views_log_sd,
            {"o1": math.log(4) / math.sqrt(2)},
        ),
        (
            "the largest log views less their mean",
            own_history.views_log_peak,
            {"o1": math.log(4) / 2, "o2": 0},
        ),
    ),
    Case(
        "an operator's flash views are taken over all its sessions",
        audience.operator_flash_view_share,
        {
            "sessions": sessions("s1", "s2").assign(operator_id=["o1", "o1"]),
            "views": views("s1 a t0 t3", "s2 a t0 t4", "s2 b t0 t4", "s2 c t0 t2"),
        },
        {"o1": 0.5},
    ),
    *cases_on(
        NETWORKS,
        (
            "a stay of 60 % that leaves in the last tenth counts, one that leaves before does not",
            audience.operator_whole_session_stay_share,
            {"o1": 0.25, "o2": 0},
        ),
        (
            "views from data centres",
            audience.operator_datacentre_view_share,
            {"o1": 0.25, "o2": 0},
        ),
        ("views through proxies", audience.operator_proxy_view_share, {"o1": 0.25, "o2": 0}),
        ("views without an account", audience.operator_anonymous_view_share, {"o1": 0.5, "o2": 0}),
        ("views by a share link", audience.operator_share_link_view_share, {"o1": 0.25, "o2": 0}),
    ),
    Case(
        "an account is new until seven days after its registration",
        audience.operator_new_account_view_share,
        {
            "sessions": TWO_OPERATORS,
            "views": views("s1 young t0 t60", "s2 old t0 t60", "s3 old t0 t60"),
            "accounts": people(young=6.999, old=7.0),
        },
        {"o1": 0.5, "o2": 0},
    ),
    Case(
        "a view from another region than the account's contradicts it",
        audience.operator_region_contradiction_share,
        {
            "sessions": TWO_OPERATORS,
            "views": rows(
                "session_id account_id region joined_at left_at", "s1 a R1 t0 t9", "s2 a R2 t0 t9"
            ),
            "accounts": people(a=9.0).assign(region="R1"),
        },
        {"o1": 0.5},
    ),
    *cases_on(
        ACTIONS,
        (
            "rows that are likes, however many taps they hold",
            audience.operator_like_row_share,
            {"o1": 0.5},
        ),
        ("rows that undo a follow", audience.operator_unfollow_row_share, {"o1": 0.25}),
    ),
    Case(
        "six of 126 views of each session are by accounts that join together",
        audience.operator_lockstep_view_share,
        {
            "sessions": sessions(*[f"s{i}" for i in range(6)]).assign(operator_id="o"),
            "views": pd.concat([crowd_of(120, 6), pool("p", 6, 6)], ignore_index=True),
        },
        {"o": 6 / 126},
    ),
    Case(
        "an account that bought in any room buys, over all of an operator's rooms",
        audience_purchases.operator_non_buyer_view_share,
        {
            "sessions": TWO_OPERATORS,
            "views": views("s1 paid t0 t60", "s2 nobody t0 t60", "s2 none t0 t60", "s3 - t0 t60"),
            "orders": rows(ORDER + " paid_at", "o1 elsewhere paid t-900 t-800"),
        },
        {"o1": 2 / 3},
    ),
    Case(
        "views of an operator by shared links and directly are counted, others are not",
        audience_purchases.operator_non_buyer_direct_view_share,
        {
            "sessions": TWO_OPERATORS,
            "views": rows(
                "session_id account_id entry_source joined_at left_at",
                "s1 a share t0 t60",
                "s2 b direct t0 t60",
                "s2 a search t0 t60",
                "s3 a search t0 t60",
            ),
            "orders": rows(ORDER + " paid_at", "o1 elsewhere b t-900 t-800"),
        },
        {"o1": 0.5},
    ),
    *cases_on(
        ELSEWHERE,
        (
            "traces of viewers at other operators; the operator's own rooms do not count",
            audience_reputation.operator_viewer_red_flag_mean,
            {"o1": 1, "o2": 0},
        ),
        (
            "traces at other operators of the accounts that act",
            audience_reputation.operator_actor_red_flag_mean,
            {"o1": 1},
        ),
        (
            "viewers seen at no other operator",
            audience_reputation.operator_exclusive_viewer_share,
            {"o1": 2 / 3, "o2": 0},
        ),
        (
            "accounts that act, seen at no other operator",
            audience_reputation.operator_exclusive_actor_share,
            {"o1": 0.5},
        ),
    ),
    *cases_on(
        TOTALS,
        (
            "views per average viewer and hour: 4, 2 and 1",
            public_counters.views_per_viewer_hour_median,
            {"o": 2},
        ),
        ("the largest of them", public_counters.views_per_viewer_hour_max, {"o": 4}),
        ("the smallest of them", public_counters.views_per_viewer_hour_min, {"o": 1}),
        (
            "the largest peak over average viewers",
            public_counters.peak_to_average_max_ratio,
            {"o": 3},
        ),
        ("log average viewers vary", public_counters.viewers_log_sd, {"o": deviation(LOGS)}),
        (
            "the largest log average viewers less their mean",
            public_counters.viewers_log_peak,
            {"o": math.log(40) - sum(LOGS) / 3},
        ),
        (
            "most follows for each thousand views",
            public_counters.follows_per_thousand_views_max,
            {"o": 100},
        ),
        (
            "fewest follows for each thousand views, below zero where they were lost",
            public_counters.follows_per_thousand_views_min,
            {"o": -50},
        ),
        (
            "minutes for each view: 2, 3 and 10",
            public_counters.watch_minutes_per_view_median,
            {"o": 3},
        ),
    ),
]
