"""Worked examples of accounts: how often, where and how regularly they appear."""

from __future__ import annotations

import pandas as pd

from features.signals.accounts import activity, coordination, neighbours, traces
from tests.spec.tables import (
    ACTION,
    ORDER,
    PARCEL,
    REFUND,
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
        "six accounts that join together in six sessions are in lockstep, in three it may be "
        "chance",
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

NEIGHBOUR_VIEWS = {
    "views": rows(
        "session_id account_id device_id joined_at left_at asn_kind entry_source ip_prefix",
        "s1 a d t0 t3 proxy share n",
        "s1 b d t0 t600 mobile feed n",
        "s1 c e t0 t2 mobile share n",
        "s2 a f t0 t600 mobile feed m",
        "s2 d g t0 t600 datacentre feed m",
        "s3 e - t0 - - - -",
    )
}
NEIGHBOUR_ORDERS = {
    "orders": rows(
        ORDER + " session_id payer_id address_id",
        "r1 o a t0 s1 p x",
        "r2 o b t0 s1 p y",
        "r3 o c t0 s9 q x",
        "r4 u a t0 s9 - x",
    ),
    "refunds": rows(REFUND, "r2 t9 before_shipping", "r4 t9 after_receipt"),
    "parcels": rows(PARCEL, "r1 w 50.0 100.0", "r4 w 90.0 100.0", "r3 w 80.0 80.0"),
}

CASES += [
    *cases_on(
        NEIGHBOUR_VIEWS,
        (
            "a view of three seconds is a flash view, one without an end is not",
            traces.account_flash_view_share,
            {"a": 0.5, "b": 0.0, "c": 1.0, "d": 0.0, "e": 0.0},
        ),
        (
            "proxies and data centres are hidden networks",
            traces.account_hidden_view_share,
            {"a": 0.5, "b": 0.0, "c": 0.0, "d": 1.0, "e": 0.0},
        ),
        (
            "an unknown way of entry is no share link",
            traces.account_link_view_share,
            {"a": 0.5, "b": 0.0, "c": 1.0, "d": 0.0, "e": 0.0},
        ),
        (
            "an account's own views do not count; e was alone",
            neighbours.co_viewer_flash_share,
            {"a": 0.25, "b": 1.0, "c": 0.5, "d": 0.0},
        ),
        (
            "the mean over two sessions, of which one had a hidden network of another's",
            neighbours.co_viewer_hidden_share,
            {"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.0},
        ),
        (
            "others that came by a share link",
            neighbours.co_viewer_link_share,
            {"a": 0.25, "b": 1.0, "c": 0.5, "d": 0.0},
        ),
        (
            "two accounts watched on one device; no device is known of e",
            neighbours.account_device_accounts_max_count,
            {"a": 2, "b": 2, "c": 1, "d": 1},
        ),
        (
            "others of the network in the session, mean over the account's views",
            neighbours.account_network_companions_mean_count,
            {"a": 1.5, "b": 2.0, "c": 2.0, "d": 1.0},
        ),
    ),
    *cases_on(
        NEIGHBOUR_ORDERS,
        (
            "two buyers use one payment account; the fourth order names none",
            neighbours.account_payer_buyers_max_count,
            {"a": 2, "b": 2, "c": 1},
        ),
        (
            "two buyers have one address",
            neighbours.account_address_buyers_max_count,
            {"a": 2, "b": 1, "c": 2},
        ),
        (
            "an account's own orders do not count; nobody else bought at u",
            neighbours.co_buyer_refund_share,
            {"a": 0.5, "b": 0.0, "c": 0.5},
        ),
        (
            "one of two orders was refunded",
            traces.account_refund_share,
            {"a": 0.5, "b": 1.0, "c": 0.0},
        ),
        (
            "the middle of the account's parcels; nothing is known of b",
            traces.account_parcel_weight_ratio_median,
            {"a": 0.7, "c": 1.0},
        ),
    ),
    Case(
        "an order in a session that its account did not watch",
        traces.account_unwatched_order_share,
        NEIGHBOUR_ORDERS | NEIGHBOUR_VIEWS,
        {"a": 0.5, "b": 0.0, "c": 1.0},
    ),
    Case(
        "the session with most actions",
        traces.account_session_actions_max_count,
        {
            "interactions": rows(
                ACTION, "s1 a like t0 30", "s1 a comment t9 1", "s2 a like t0 5", "s1 - like t0 99"
            )
        },
        {"a": 31},
    ),
]
