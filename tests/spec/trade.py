"""Worked examples of orders, what became of them, and the accounts and operators behind them."""

from __future__ import annotations

import math

from features.signals.accounts import activity
from features.signals.operators import after_sales, beneficiary, customers, sales
from features.signals.orders import (
    bursts,
    category_baseline,
    fulfilment,
    neighbours,
    purchase_context,
    shared_identity,
)
from tests.spec.written import ORDER, Case, rows, views

CASES = [
    Case(
        "orders an hour apart stand together, a second more and they do not",
        bursts.buyer_shop_hour_order_count,
        {"orders": rows(ORDER, "r1 o a t0", "r2 o a t3600", "r3 o b t0", "r4 o b t3601")},
        {"r1": 2, "r2": 2, "r3": 1, "r4": 1},
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
        "an operator that sells twice what its category did that day stands out, and its rival falls short",
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
        "only what was watched before the order counts",
        purchase_context.watch_before_order_seconds,
        {
            "orders": rows(ORDER + " session_id", "r1 o a t100 s1", "r2 o b t100 s1"),
            "views": views("s1 a t40 t400", "s1 b t101 t400"),
        },
        {"r1": 60.0, "r2": 0.0},
    ),
    Case(
        "a parcel is compared with the weight of its goods",
        fulfilment.parcel_to_goods_weight_ratio,
        {
            "orders": rows(ORDER, "r1 o a t0", "r2 o b t0"),
            "parcels": rows("order_id weight_g goods_weight_g", "r1 59.0 100.0", "r2 60.0 100.0"),
        },
        {"r1": 0.59, "r2": 0.6},
    ),
    Case(
        "a fast parcel within one region is not judged as one between regions",
        fulfilment.cross_region_signature_hours,
        {
            "orders": rows(ORDER, "r1 o a t0", "r2 o b t0"),
            "parcels": rows(
                "order_id picked_up_at signed_at from_region to_region",
                "r1 t0 t18000 R1 R2",
                "r2 t0 t18000 R1 R1",
            ),
        },
        {"r1": 5.0},
    ),
    Case(
        "a waybill used twice is seen on both orders",
        fulfilment.waybill_order_count,
        {
            "orders": rows(ORDER, "r1 o a t0", "r2 o b t0", "r3 o c t0"),
            "parcels": rows("order_id waybill_id", "r1 w", "r2 w", "r3 v"),
        },
        {"r1": 2, "r2": 2, "r3": 1},
    ),
    Case(
        "an order that nobody wants back has no time to its refund",
        fulfilment.pay_to_refund_minutes,
        {
            "orders": rows(ORDER + " paid_at", "r1 o a t0 t60", "r2 o b t0 t60"),
            "refunds": rows("order_id requested_at stage", "r1 t960 before_shipping"),
        },
        {"r1": 15.0},
    ),
    Case(
        "an order is known by what became of its buyer's others, not by its own refund",
        neighbours.buyer_other_refund_share,
        {
            "orders": rows(ORDER, "r1 o a t0", "r2 p a t0", "r3 o a t9", "r4 o b t0"),
            "parcels": rows("order_id sender_id", "r1 w"),
            "refunds": rows(
                "order_id requested_at stage", "r2 t9 before_shipping", "r3 t9 after_receipt"
            ),
            "reviews": rows("order_id account_id at rating text_hash", "r1 a t99 5 -"),
        },
        {"r1": 0.5, "r2": 0.0, "r3": 0.5},
    ),
    Case(
        "six days after an order its parcel is overdue, a second before it is not",
        neighbours.shop_overdue_share,
        {
            "orders": rows(
                ORDER, "r1 o a t-417601", "r2 o b t-417601", "r3 o c t-417600", "r4 p a t-417601"
            ),
            "parcels": rows("order_id sender_id", "r2 w"),
            "refunds": rows("order_id requested_at stage", "r9 t9 before_shipping"),
            "reviews": rows("order_id account_id at rating text_hash", "r9 z t99 5 -"),
        },
        {"r1": 0.0, "r2": 1.0, "r3": 0.5},
    ),
    Case(
        "buyers of one half hour are judged by their other orders, each by the share that went wrong",
        neighbours.company_buyer_fault_mean,
        {
            "orders": rows(
                ORDER,
                "r1 o a t0",
                "r2 o b t1799",
                "r3 o c t1800",
                "r4 p b t9000",
                "r5 q b t9000",
                "r6 p c t9000",
            ),
            "parcels": rows(
                "order_id weight_g goods_weight_g sender_id", "r4 59.0 100.0 w", "r5 60.0 100.0 w"
            ),
            "refunds": rows("order_id requested_at stage", "r6 t9999 before_shipping"),
            "reviews": rows("order_id account_id at rating text_hash", "r9 z t99 5 -"),
        },
        {"r1": 0.5, "r4": 0.0, "r6": 0.0},
    ),
    Case(
        "a sender of three parcels in ten is usual for its operator, one of fewer is a stranger",
        customers.stranger_parcel_share,
        {
            "orders": rows(ORDER, *[f"r{i} {'o' if i < 10 else 'p'} b{i} t0" for i in range(20)]),
            "parcels": rows(
                "order_id sender_id",
                *[f"r{i} {'w' if i % 10 > 2 - i // 10 else 'v'}" for i in range(20)],
            ),
            "refunds": rows("order_id requested_at stage", "r9 t9 before_shipping"),
            "reviews": rows("order_id account_id at rating text_hash", "r9 z t99 5 -"),
        },
        {"o": 0.0, "p": 0.2},
    ),
    Case(
        "a gap of just under eleven hours is no half-day gap, one of just over is",
        activity.half_day_gap_share,
        {"views": views("s1 a t0 t9", "s2 a t39599 t39700", "s1 b t0 t9", "s2 b t39601 t39700")},
        {"a": 0.0, "b": 1.0},
    ),
    Case(
        "three orders of one buyer within the hour are a burst, two are not",
        sales.burst_order_share,
        {
            "orders": rows(
                ORDER,
                "r1 o2 a t0",
                "r2 o2 a t9",
                "r3 o3 a t0",
                "r4 o3 a t9",
                "r5 o3 a t3600",
                "r6 o3 b t0",
            )
        },
        {"o2": 0.0, "o3": 0.75},
    ),
    Case(
        "another buyer in the midst lowers the ratio; one who comes after the hour leaves it",
        sales.sliding_hour_orders_per_buyer_max_ratio,
        {
            "orders": rows(
                ORDER,
                "r1 o1 a t0",
                "r2 o1 a t1",
                "r3 o1 a t2",
                "r4 o1 a t3",
                "r5 o1 b t1.5",
                "r6 o2 a t0",
                "r7 o2 a t1",
                "r8 o2 a t2",
                "r9 o2 a t3",
                "r10 o2 b t3604",
            )
        },
        {"o1": 2.5, "o2": 4.0},
    ),
    Case(
        "a refund asked for fifteen minutes after payment is instant, one a second later is not",
        after_sales.instant_refund_order_share,
        {
            "orders": rows(ORDER + " paid_at", "r1 o1 a t0 t0", "r2 o2 a t0 t0"),
            "refunds": rows("order_id requested_at", "r1 t900", "r2 t901"),
        },
        {"o1": 1.0, "o2": 0.0},
    ),
    Case(
        "three cancellations within six hours are a rush where they are a third of their hour, two, later ones or fewer of an hour are not",
        beneficiary.cancelled_rush_low_rating_share,
        {
            "orders": rows(
                ORDER,
                *[
                    f"{o}{i} {o} {o}b{i} t{i}"
                    for o, n in (("o", 9), ("p", 9), ("q", 10), ("w", 9))
                    for i in range(n)
                ],
            ),
            "refunds": rows(
                "order_id requested_at stage",
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
        },
        {"o": 0.8},
    ),
]
