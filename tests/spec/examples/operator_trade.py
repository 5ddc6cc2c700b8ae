"""Worked examples of operators by their orders, and by the outcomes of these."""

from __future__ import annotations

from features.signals.operators import after_sales, audience, beneficiary, customers, sales
from tests.spec.tables import (
    NO_REFUNDS,
    NO_REVIEWS,
    ORDER,
    PARCEL,
    REFUND,
    REVIEW,
    Case,
    buyers_in_lockstep,
    cases_on,
    rows,
)

# three orders of one buyer within the hour at o3, two at o2
BURSTS = {
    "orders": rows(
        ORDER,
        "r1 o2 a t0",
        "r2 o2 a t9",
        "r3 o3 a t0",
        "r4 o3 a t9",
        "r5 o3 a t3600",
        "r6 o3 b t0",
    )
}
PAID = {
    "orders": rows(ORDER + " paid_at", "r1 o1 a t0 t0", "r2 o2 a t0 t0", "r3 o2 b t0 -"),
    "refunds": rows("order_id requested_at", "r1 t900", "r2 t901"),
}
PARCELS = {
    "orders": rows(ORDER, "r1 o a t0", "r2 o b t0", "r3 o c t0", "r4 p a t0"),
    "parcels": rows(
        PARCEL, "r1 w 59.0 100.0", "r2 v 60.0 100.0", "r3 v 90.0 100.0", "r4 w 90.0 100.0"
    ),
}
# of o: r1 refunded early, r2 overdue, r3 delivered; a and b also ordered from p
OUTCOMES = {
    "orders": rows(
        ORDER,
        "r1 o a t0",
        "r2 o b t-417601",
        "r3 o c t-417601",
        "r4 p a t0",
        "r5 p b t0",
    ),
    "parcels": rows(PARCEL, "r3 w 90.0 100.0"),
    "refunds": rows(REFUND, "r1 t9 before_shipping"),
    "reviews": NO_REVIEWS,
}
# five orders by one buyer within the hour, two refunded, rated from one star to five
SUSPICIOUS = {
    "orders": rows(ORDER, *[f"r{i} o a t{i}" for i in range(5)], "r9 o b t0", "r10 p b t0"),
    "refunds": rows(REFUND, "r0 t9 before_shipping", "r1 t9 before_shipping"),
    "reviews": rows(REVIEW, *[f"r{i} a t99 {i + 1} -" for i in range(5)]),
}
IN_RUSH = {
    "orders": rows(
        ORDER,
        *[
            f"{o}{i} {o} {o}b{i} t{i}"
            for o, n in (("o", 9), ("p", 9), ("q", 10), ("w", 9))
            for i in range(n)
        ],
    ),
    "refunds": rows(
        REFUND,
        *[
            f"{o}{i} t{i + 21600 + (o == 'p' and i == 2)} before_shipping"
            for o in "opqw"
            for i in range(3)
        ],
    ),
    "reviews": rows(
        "order_id account_id at rating",
        *[
            f"{o}{i} {o}b{i} t90000 {3 if i == 8 else 2}"
            for o in "opqw"
            for i in range(4, 9)
            if (o, i) != ("w", 4)
        ],
    ),
}

CASES = [
    *cases_on(
        BURSTS,
        ("orders of the operator", sales.operator_order_count, {"o2": 2, "o3": 4}),
        (
            "most orders of one buyer within an hour",
            sales.buyer_hour_order_max_count,
            {"o2": 2, "o3": 3},
        ),
        (
            "three orders of one buyer within the hour are a burst, two are not",
            sales.burst_order_share,
            {"o2": 0.0, "o3": 0.75},
        ),
        ("orders in bursts", sales.burst_order_count, {"o2": 0, "o3": 3}),
        (
            "orders by buyers with three orders or more",
            sales.repeat_buyer_order_share,
            {"o2": 0, "o3": 0.75},
        ),
        ("orders by the buyer with most", sales.top_buyer_order_share, {"o2": 1, "o3": 0.75}),
        (
            "orders over buyers of an hour by the clock: r5 is of the next one",
            sales.orders_per_buyer_hour_max_ratio,
            {"o2": 2, "o3": 1.5},
        ),
        (
            "orders of the busiest hour by the clock",
            sales.busiest_hour_order_share,
            {"o2": 1, "o3": 0.75},
        ),
    ),
    Case(
        "another buyer in between lowers the ratio, one who comes after the hour does not",
        sales.sliding_hour_orders_per_buyer_max_ratio,
        {
            "orders": rows(
                ORDER,
                *[f"r{i} o1 a t{i}" for i in range(4)],
                "r5 o1 b t1.5",
                *[f"r{i} o2 a t{i - 6}" for i in range(6, 10)],
                "r10 o2 b t3604",
            )
        },
        {"o1": 2.5, "o2": 4.0},
    ),
    *cases_on(
        PAID,
        ("paid orders with a refund", after_sales.operator_refund_share, {"o1": 1, "o2": 1}),
        (
            "a refund fifteen minutes after payment is instant, one a second later is not",
            after_sales.instant_refund_order_share,
            {"o1": 1.0, "o2": 0.0},
        ),
    ),
    *cases_on(
        PARCELS,
        (
            "a parcel below 60 % of its goods is light, one at 60 % is not",
            after_sales.light_parcel_share,
            {"o": 1 / 3, "p": 0},
        ),
        ("senders are counted once each", after_sales.sender_count, {"o": 2, "p": 1}),
    ),
    Case(
        "complaints about the operator",
        after_sales.complaint_count,
        {
            "complaints": rows(
                "complaint_id operator_id kind opened_at",
                "c1 o late t0",
                "c2 o late t0",
                "c3 p late t0",
            )
        },
        {"o": 2, "p": 1},
    ),
    *cases_on(
        OUTCOMES,
        (
            "orders with a refund request before shipping",
            customers.early_refund_order_share,
            {"o": 1 / 3, "p": 0},
        ),
        ("orders that are due and not delivered", customers.overdue_order_share, {"o": 0.5}),
        (
            "faults of the buyers' other orders: those of p know two of o that went wrong",
            customers.buyer_red_flag_mean,
            {"o": 0, "p": 1},
        ),
    ),
    Case(
        "a sender of three parcels in ten is familiar, one of fewer is a stranger",
        customers.rare_sender_parcel_share,
        {
            "orders": rows(ORDER, *[f"r{i} {'o' if i < 10 else 'p'} b{i} t0" for i in range(20)]),
            "parcels": rows(
                "order_id sender_id",
                *[f"r{i} {'w' if i % 10 > 2 - i // 10 else 'v'}" for i in range(20)],
            ),
            "refunds": NO_REFUNDS,
            "reviews": NO_REVIEWS,
        },
        {"o": 0.0, "p": 0.2},
    ),
    Case(
        "a text of eight reviews is a script, one of seven is not",
        customers.script_review_share,
        {
            "orders": rows(
                ORDER,
                *[f"r{i} o b{i} t0" for i in range(8)],
                *[f"q{i} p c{i} t0" for i in range(7)],
            ),
            "parcels": rows("order_id sender_id", "r1 w"),
            "refunds": NO_REFUNDS,
            "reviews": rows(
                REVIEW,
                *[f"r{i} b{i} t99 5 x" for i in range(8)],
                *[f"q{i} c{i} t99 5 y" for i in range(7)],
            ),
        },
        {"o": 1, "p": 0},
    ),
    *cases_on(
        SUSPICIOUS,
        (
            "suspicious orders with a refund; one order of p says nothing",
            beneficiary.suspicious_refund_share,
            {"o": 0.4},
        ),
        (
            "suspicious orders with one or two stars",
            beneficiary.suspicious_low_rating_share,
            {"o": 0.4},
        ),
        (
            "suspicious orders with four or five stars",
            beneficiary.suspicious_high_rating_share,
            {"o": 0.4},
        ),
    ),
    Case(
        "three cancellations within six hours are a rush if they are a third of their hour",
        beneficiary.cancelled_rush_low_rating_share,
        IN_RUSH,
        {"o": 0.8},
    ),
    Case(
        "six of 126 orders of each shop are by buyers who order together",
        audience.operator_lockstep_order_share,
        {"orders": buyers_in_lockstep(120, 6)},
        {f"o{s}": 6 / 126 for s in range(6)},
    ),
]
