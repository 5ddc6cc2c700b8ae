"""Worked examples of orders: bursts, shared identities, the purchase and its category."""

from __future__ import annotations

import math

from features.signals.orders import (
    bursts,
    category_baseline,
    coordination,
    purchase_context,
    shared_identity,
)
from tests.spec.tables import ORDER, Case, buyers_in_lockstep, cases_on, rows, views

CLOSE_ORDERS = {
    "orders": rows(ORDER, "r1 o a t0", "r2 o b t300", "r3 o c t301", "r4 p a t900", "r5 p a t901")
}
IDENTITIES = {
    "orders": rows(
        ORDER + " payer_id address_id device_id",
        "r1 o a t0 y h d",
        "r2 o b t0 y h d",
        "r3 p b t9 z h e",
        "r4 p c t0 - - -",
        "r5 p c t9 - - -",
    )
}
AMOUNTS = {
    "orders": rows(
        ORDER + " paid_amount list_amount paid_at",
        "r1 o a t0 10.0 20.0 t30",
        "r2 o b t0 30.0 30.0 t60",
        "r3 o c t0 20.0 40.0 -",
    )
}
BUYERS = {
    "orders": rows(ORDER, "r1 o a t0", "r2 o b t0"),
    "accounts": rows("account_id registered_at level", "a t-86400 3", "b t-604800 0").assign(
        real_name_verified=[True, False]
    ),
}
ACTIONS = {
    "orders": rows(ORDER + " session_id", "r1 o a t100 s1", "r2 o b t100 s1"),
    "interactions": rows(
        "session_id account_id kind at count",
        "s1 a like t1 1",
        "s1 a product_click t2 1",
        "s1 a unfollow t3 1",
        "s1 a comment t101 1",
    ),
}
LOCKSTEP = {"orders": buyers_in_lockstep(120, 6)}
POOL = [f"r{s}p{i}" for s in range(6) for i in range(6)]

CASES = [
    Case(
        "orders an hour apart stand together, a second more and they do not",
        bursts.buyer_shop_hour_order_count,
        {"orders": rows(ORDER, "r1 o a t0", "r2 o a t3600", "r3 o b t0", "r4 o b t3601")},
        {"r1": 2, "r2": 2, "r3": 1, "r4": 1},
    ),
    *cases_on(
        CLOSE_ORDERS,
        (
            "orders five minutes apart are counted together, a second more and they are not",
            bursts.shop_minutes_order_count,
            {"r1": 2, "r2": 3, "r3": 2, "r4": 2, "r5": 2},
        ),
        (
            "the share of the shop's orders of that day in these ten minutes",
            bursts.shop_minutes_day_share,
            {"r1": 2 / 3, "r2": 1, "r3": 2 / 3, "r4": 1, "r5": 1},
        ),
        (
            "a buyer's orders a quarter of an hour apart count in whichever shop",
            bursts.buyer_minutes_order_count,
            {"r1": 2, "r2": 1, "r3": 1, "r4": 3, "r5": 2},
        ),
    ),
    Case(
        "buyers who share a card are counted once each",
        shared_identity.payer_buyer_count,
        {
            "orders": rows(
                ORDER + " payer_id", "r1 o a t0 y", "r2 o b t0 y", "r3 o b t9 y", "r4 o c t0 z"
            )
        },
        {"r1": 2, "r2": 2, "r3": 2, "r4": 1},
    ),
    *cases_on(
        IDENTITIES,
        (
            "the payment account's share of all orders of the operator, unknown without one",
            shared_identity.payer_operator_order_share,
            {"r1": 1, "r2": 1, "r3": 1 / 3},
        ),
        (
            "buyers of one address are counted over all operators",
            shared_identity.address_buyer_count,
            {"r1": 2, "r2": 2, "r3": 2},
        ),
        (
            "buyers of one device are counted once each",
            shared_identity.device_buyer_count,
            {"r1": 2, "r2": 2, "r3": 1},
        ),
        (
            "orders of one buyer with one operator",
            shared_identity.buyer_operator_order_count,
            {"r1": 1, "r2": 1, "r3": 1, "r4": 2, "r5": 2},
        ),
        (
            "operators that the buyer ordered from",
            shared_identity.buyer_operator_count,
            {"r1": 1, "r2": 2, "r3": 2, "r4": 1, "r5": 1},
        ),
    ),
    *cases_on(
        AMOUNTS,
        (
            "an amount against the median of the operator's orders",
            purchase_context.amount_to_median_ratio,
            {"r1": 0.5, "r2": 1.5, "r3": 1},
        ),
        (
            "the amount paid against the list price",
            purchase_context.paid_to_list_ratio,
            {"r1": 0.5, "r2": 1, "r3": 0.5},
        ),
        (
            "seconds from placing to paying, unknown where nothing was paid",
            purchase_context.place_to_pay_seconds,
            {"r1": 30, "r2": 60},
        ),
    ),
    *cases_on(
        BUYERS,
        (
            "days from the buyer's registration to the order",
            purchase_context.buyer_age_days,
            {"r1": 1, "r2": 7},
        ),
        ("the level of the buyer's account", purchase_context.buyer_level, {"r1": 3, "r2": 0}),
        (
            "1 for a buyer without a verified name",
            purchase_context.buyer_unverified_share,
            {"r1": 0, "r2": 1},
        ),
    ),
    Case(
        "only what was watched before the order counts",
        purchase_context.watch_before_order_seconds,
        {
            "orders": rows(ORDER + " session_id", "r1 o a t100 s1", "r2 o b t100 s1"),
            "views": views("s1 a t40 t400", "s1 b t101 t400"),
        },
        {"r1": 60.0, "r2": 0.0},
    ),
    *cases_on(
        ACTIONS,
        (
            "actions before the order count, later ones and unfollows do not",
            purchase_context.acts_before_order_count,
            {"r1": 2, "r2": 0},
        ),
        (
            "product clicks before the order",
            purchase_context.clicks_before_order_count,
            {"r1": 1, "r2": 0},
        ),
    ),
    Case(
        "an amount is measured against all orders of its category, of whichever operator",
        category_baseline.amount_category_residual,
        {
            "orders": rows(
                ORDER + " paid_amount",
                "r1 o a t0 10.0",
                "r2 o b t0 20.0",
                "r3 p c t0 40.0",
                "r4 q d t0 900.0",
            ),
            "operators": rows("operator_id category", "o tea", "p tea", "q gold"),
        },
        {"r1": -math.log(2.0), "r2": 0.0, "r3": math.log(2.0), "r4": 0.0},
    ),
    Case(
        "an operator that sells twice what its category did that day stands out",
        category_baseline.day_category_residual,
        {
            "orders": rows(
                ORDER,
                *[f"a{i} o b{i} t{i}" for i in range(4)],
                "a9 o b9 t-86400",
                *[f"c{i} p d{i} t{i}" for i in range(2)],
                "c9 p d9 t-86400",
            ),
            "operators": rows("operator_id category", "o tea", "p tea"),
        },
        {f"a{i}": (4 - 2) / math.sqrt(3) for i in range(4)}
        | {"a9": (1 - 2) / math.sqrt(3)}
        | {f"c{i}": (2 - 4) / math.sqrt(5) for i in range(2)}
        | {"c9": (1 - 0.5) / math.sqrt(1.5)},
    ),
    Case(
        "six buyers who order together at six shops have five partners each",
        coordination.buyer_lockstep_partner_count,
        LOCKSTEP,
        {o: 5 if o in POOL else 0 for o in LOCKSTEP["orders"]["order_id"]},
    ),
]
