"""Worked examples of single views."""

from __future__ import annotations

import math

import pandas as pd

from features.signals.views import accounts, behaviour, entry_channels
from tests.spec.tables import ACTION, T0, Case, cases_on, rows, sessions

# an hour; both views of 600 seconds join within the same ten seconds
TIMES = {
    "sessions": sessions("s1"),
    "views": rows(
        "session_id account_id joined_at left_at", "s1 a t0 t600", "s1 b t5 t605", "s1 c t900 t3600"
    ),
}
PLACES = {
    "views": rows(
        "session_id account_id device_id app_version ip_prefix joined_at left_at",
        "s1 a d v8.1 p t0 t60",
        "s1 a d v8.0 q t1 t60",
        "s1 - - v8.1 q t2 t60",
        "s2 a e v8.1 p t3 t60",
    )
}
PEOPLE = {
    "views": rows(
        "session_id account_id region joined_at left_at", "s1 a R1 t0 t60", "s1 b R2 t0 t60"
    ),
    "accounts": pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "registered_at": [T0 - pd.Timedelta(days=d) for d in (3, 9)],
            "real_name_verified": [True, False],
            "level": [4, 1],
            "region": "R1",
            "received_at": T0,
        }
    ),
    "interactions": rows(
        ACTION,
        "s1 a like t1 5",
        "s1 a comment t2 1",
        "s1 a product_click t3 1",
        "s1 a unfollow t4 1",
    ),
}
ENTRIES = {
    "views": rows(
        "session_id account_id entry_source asn_kind joined_at left_at",
        "s1 a direct datacentre t0 t60",
        "s1 b boost mobile t1 t60",
        "s1 c feed mobile t2 t60",
    )
}

CASES = [
    *cases_on(
        TIMES,
        (
            "seconds of the view",
            behaviour.view_stay_seconds,
            {"s1#0": 600, "s1#1": 600, "s1#2": 2700},
        ),
        (
            "the stay against what was left of the session",
            behaviour.view_remaining_stay_share,
            {"s1#0": 600 / 3600, "s1#1": 600 / 3595, "s1#2": 1},
        ),
        (
            "when it joined, against the length of the session",
            behaviour.view_join_phase,
            {"s1#0": 0, "s1#1": 5 / 3600, "s1#2": 0.25},
        ),
        (
            "joins of its ten seconds over the mean of the session",
            behaviour.view_join_block_lift,
            {"s1#0": 2 * 360 / 3, "s1#1": 2 * 360 / 3, "s1#2": 360 / 3},
        ),
        (
            "leaves of its ten seconds over the mean of the session",
            behaviour.view_leave_block_lift,
            {"s1#0": 2 * 360 / 3, "s1#1": 2 * 360 / 3, "s1#2": 360 / 3},
        ),
        (
            "views of the session that stayed as long, by steps of five seconds",
            behaviour.view_same_stay_share,
            {"s1#0": 2 / 3, "s1#1": 2 / 3, "s1#2": 1 / 3},
        ),
    ),
    *cases_on(
        PLACES,
        (
            "views of the session on its device, unknown without one",
            behaviour.view_device_views,
            {"s1#0": 2, "s1#1": 2, "s2#0": 1},
        ),
        (
            "views of the session by its account, none without one",
            behaviour.view_account_views,
            {"s1#0": 2, "s1#1": 2, "s1#2": 0, "s2#0": 1},
        ),
        (
            "versions behind the newest of the session, a hundredth for a minor one",
            behaviour.view_app_age,
            {"s1#0": 0, "s1#1": 0.01, "s1#2": 0, "s2#0": 0},
        ),
        (
            "sessions that its account entered that day",
            accounts.view_account_day_sessions,
            {"s1#0": 2, "s1#1": 2, "s2#0": 2},
        ),
        (
            "devices of its account in all rooms",
            accounts.view_account_devices,
            {"s1#0": 2, "s1#1": 2, "s2#0": 2},
        ),
        (
            "accounts of its device in all rooms",
            accounts.view_device_accounts,
            {"s1#0": 1, "s1#1": 1, "s2#0": 1},
        ),
        (
            "network prefixes of its device in all rooms",
            accounts.view_device_prefixes,
            {"s1#0": 2, "s1#1": 2, "s2#0": 1},
        ),
    ),
    *cases_on(
        PEOPLE,
        ("days since its account registered", accounts.view_account_age, {"s1#0": 3, "s1#1": 9}),
        ("level of its account", accounts.view_account_level, {"s1#0": 4, "s1#1": 1}),
        (
            "1 where its region is not the account's",
            accounts.view_region_contradiction,
            {"s1#0": 0, "s1#1": 1},
        ),
        (
            "actions of its account in the session, unfollows left out",
            accounts.view_account_acts,
            {"s1#0": 7, "s1#1": 0},
        ),
        (
            "comments and product clicks of its account",
            accounts.view_account_engaged,
            {"s1#0": 2, "s1#1": 0},
        ),
    ),
    *cases_on(
        ENTRIES,
        (
            "1 for a view that entered directly",
            entry_channels.view_entered_directly,
            {"s1#0": 1, "s1#1": 0, "s1#2": 0},
        ),
        (
            "1 for a view by a boost or a raid",
            entry_channels.view_was_granted,
            {"s1#0": 0, "s1#1": 1, "s1#2": 0},
        ),
        (
            "1 for a view from a data centre or through a proxy",
            entry_channels.view_datacentre_or_proxy,
            {"s1#0": 1, "s1#1": 0, "s1#2": 0},
        ),
    ),
    Case(
        "a way of entry of a quarter of all views that all of a session came by is four times as "
        "common as usual",
        entry_channels.view_entry_lift,
        {
            "views": rows(
                "session_id account_id entry_source joined_at left_at",
                "s1 a share t0 t60",
                "s2 b feed t0 t60",
                "s2 c feed t0 t60",
                "s2 d feed t0 t60",
                "s2 e - t0 t60",
            )
        },
        {"s1#0": 4.0, "s2#0": 1.0, "s2#1": 1.0, "s2#2": 1.0},
    ),
    Case(
        "a prefix that makes as many views of a session as of all has none too many",
        entry_channels.view_prefix_excess,
        {
            "views": rows(
                "session_id account_id ip_prefix joined_at left_at",
                "s1 a p t0 t60",
                "s1 b q t0 t60",
                "s2 c p t0 t60",
                "s2 d p t0 t60",
                "s3 e q t0 t60",
                "s3 f q t0 t60",
            )
        },
        {
            "s1#0": 0.0,
            "s1#1": 0.0,
            "s2#0": 1 / math.sqrt(2),
            "s2#1": 1 / math.sqrt(2),
            "s3#0": 1 / math.sqrt(2),
            "s3#1": 1 / math.sqrt(2),
        },
    ),
]
