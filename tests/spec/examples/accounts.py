"""Worked examples of accounts: how often, where and how regularly they appear."""

from __future__ import annotations

import pandas as pd

from features.signals.accounts import activity, coordination
from tests.spec.tables import (
    ORDER,
    Case,
    buyers_in_lockstep,
    cases_on,
    crowd_of,
    people,
    pool,
    rows,
    views,
)

VIEWS = {
    "views": rows(
        "session_id account_id device_id joined_at left_at",
        "s1 a d t0 t60",
        "s2 a e t1800 t1980",
        "s3 a e t3600 t3700",
        "s1 b d t0 t10",
    )
}
ORDERS = {
    "orders": rows(ORDER + " payer_id", "r1 o a t0 x", "r2 o a t1 y", "r3 p a t2 y", "r4 p b t0 -")
}

CASES = [
    *cases_on(
        VIEWS,
        ("views of the account", activity.account_view_count, {"a": 3, "b": 1}),
        (
            "the middle of the account's stays",
            activity.account_stay_median_seconds,
            {"a": 100, "b": 10},
        ),
        (
            "devices are counted once each",
            activity.account_device_count,
            {"a": 2, "b": 1},
        ),
        (
            "rooms entered in one hour by the clock; the next hour counts anew",
            activity.rooms_in_an_hour_max_count,
            {"a": 2, "b": 1},
        ),
    ),
    Case(
        "the account's age at its first view",
        activity.account_age_days,
        {
            "views": views("s1 a t0 t60", "s2 a t86400 t86460"),
            "accounts": people(a=3.0),
        },
        {"a": 3.0},
    ),
    Case(
        "a gap of just under eleven hours is no half-day gap, one of just over is",
        activity.half_day_gap_share,
        {"views": views("s1 a t0 t9", "s2 a t39599 t39700", "s1 b t0 t9", "s2 b t39601 t39700")},
        {"a": 0.0, "b": 1.0},
    ),
    *cases_on(
        ORDERS,
        ("orders of the account", activity.account_order_count, {"a": 3, "b": 1}),
        (
            "orders over the operators that they went to",
            activity.orders_per_operator_ratio,
            {"a": 1.5, "b": 1},
        ),
        (
            "payment accounts are counted once each; none is known of b",
            activity.account_payer_count,
            {"a": 2, "b": 0},
        ),
    ),
    Case(
        "six accounts that join together in six sessions are in lockstep, in three it may be chance",
        coordination.lockstep_partner_count,
        {
            "views": pd.concat(
                [crowd_of(120, 6), pool("p", 6, 6), pool("q", 6, 3)], ignore_index=True
            )
        },
        {f"p{i}": 5 for i in range(6)},
    ),
    Case(
        "six buyers who order together at six shops have five partners each",
        coordination.lockstep_buyer_partner_count,
        {"orders": buyers_in_lockstep(120, 6)},
        {f"p{i}": 5 for i in range(6)},
    ),
]
