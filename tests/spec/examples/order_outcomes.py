"""Worked examples of parcels, refunds and reviews, of an order and of its neighbours."""

from __future__ import annotations

from features.signals.orders import fulfilment, neighbours
from tests.spec.tables import (
    NO_REFUNDS,
    NO_REVIEWS,
    ORDER,
    PARCEL,
    REFUND,
    REVIEW,
    Case,
    cases_on,
    rows,
)

PARCELS = {
    "orders": rows(ORDER, "r1 o a t0", "r2 o b t0", "r3 o c t0", "r4 p d t0"),
    "parcels": rows(
        "order_id sender_id weight_g scans picked_up_at signed_at",
        "r1 w 90.0 2 t0 t7200",
        "r2 w 500.0 6 t0 t86400",
        "r3 v 500.0 6 t0 t86400",
        "r4 w 500.0 6 t0 t86400",
    ),
}
REFUNDS = {
    "orders": rows(ORDER, "r1 o a t0", "r2 o b t0", "r3 o c t0"),
    "refunds": rows(REFUND, "r1 t960 before_shipping", "r2 t999 after_receipt"),
}
REVIEWS = {
    "orders": rows(ORDER, "r1 o a t0", "r2 o b t0", "r3 o c t0"),
    "reviews": rows(REVIEW, "r1 a t99 5 x", "r2 b t99 4 x", "r3 c t99 1 -"),
}
# r1 is overdue, the parcel of r2 is light
BUYERS_OTHERS = {
    "orders": rows(ORDER, "r1 o a t-417601", "r2 p a t-417601", "r3 q a t0"),
    "parcels": rows(PARCEL, "r2 w 50.0 100.0", "r3 w 90.0 100.0"),
    "refunds": NO_REFUNDS,
    "reviews": NO_REVIEWS,
}
# the parcel of r1 is light, that of r4 by a sender of one in four
HALF_HOUR = {
    "orders": rows(ORDER, *[f"r{i} o {b} t0" for i, b in enumerate("abcd", 1)], "r5 p d t0"),
    "parcels": rows(
        PARCEL, "r1 w 50.0 100.0", "r2 w 90.0 100.0", "r3 w 90.0 100.0", "r4 v 90.0 100.0"
    ),
    "refunds": NO_REFUNDS,
    "reviews": NO_REVIEWS,
}
ONE_CALLED_BACK = {
    "orders": rows(ORDER, "r1 o a t0", "r2 o b t0", "r3 o c t0"),
    "parcels": rows(PARCEL, "r2 w 90.0 100.0"),
    "refunds": rows(REFUND, "r1 t9 before_shipping"),
    "reviews": NO_REVIEWS,
}

CASES = [
    Case(
        "a parcel is compared with the weight of its goods",
        fulfilment.parcel_to_goods_weight_ratio,
        {
            "orders": rows(ORDER, "r1 o a t0", "r2 o b t0"),
            "parcels": rows(PARCEL, "r1 w 59.0 100.0", "r2 w 60.0 100.0"),
        },
        {"r1": 0.59, "r2": 0.6},
    ),
    *cases_on(
        PARCELS,
        (
            "weight on the carrier's scale",
            fulfilment.parcel_weight_grams,
            {"r1": 90, "r2": 500, "r3": 500, "r4": 500},
        ),
        (
            "hours from pick-up to signature",
            fulfilment.pickup_to_signature_hours,
            {"r1": 2, "r2": 24, "r3": 24, "r4": 24},
        ),
        ("carrier scans", fulfilment.parcel_scan_count, {"r1": 2, "r2": 6, "r3": 6, "r4": 6}),
        (
            "a sender's operators are counted once each",
            fulfilment.sender_operator_count,
            {"r1": 2, "r2": 2, "r3": 1, "r4": 2},
        ),
        (
            "the sender's share of the operator's parcels, not of all",
            fulfilment.sender_parcel_share,
            {"r1": 2 / 3, "r2": 2 / 3, "r3": 1 / 3, "r4": 1},
        ),
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
        "an order without a refund has no time to it",
        fulfilment.pay_to_refund_minutes,
        {
            "orders": rows(ORDER + " paid_at", "r1 o a t0 t60", "r2 o b t0 t60"),
            "refunds": rows(REFUND, "r1 t960 before_shipping"),
        },
        {"r1": 15.0},
    ),
    *cases_on(
        REFUNDS,
        (
            "1 where a refund was requested",
            fulfilment.refund_asked_share,
            {"r1": 1, "r2": 1, "r3": 0},
        ),
        (
            "1 where a refund was requested before shipping",
            fulfilment.refund_before_shipping_share,
            {"r1": 1, "r2": 0, "r3": 0},
        ),
    ),
    *cases_on(
        REVIEWS,
        (
            "reviews with the same text, unknown without a text",
            fulfilment.review_text_copy_count,
            {"r1": 2, "r2": 2},
        ),
        ("stars of the review", fulfilment.review_rating, {"r1": 5, "r2": 4, "r3": 1}),
    ),
    Case(
        "an order is known by its buyer's other refunds, not by its own",
        neighbours.buyer_other_refund_share,
        {
            "orders": rows(ORDER, "r1 o a t0", "r2 p a t0", "r3 o a t9", "r4 o b t0"),
            "parcels": rows("order_id sender_id", "r1 w"),
            "refunds": rows(REFUND, "r2 t9 before_shipping", "r3 t9 after_receipt"),
            "reviews": NO_REVIEWS,
        },
        {"r1": 0.5, "r2": 0.0, "r3": 0.5},
    ),
    *cases_on(
        BUYERS_OTHERS,
        (
            "the buyer's other orders that are due and not delivered",
            neighbours.buyer_other_overdue_share,
            {"r1": 0, "r2": 1, "r3": 0.5},
        ),
        (
            "the buyer's other parcels under 60 % of their goods",
            neighbours.buyer_other_light_parcel_share,
            {"r1": 0.5, "r2": 0, "r3": 1},
        ),
    ),
    *cases_on(
        HALF_HOUR,
        (
            "the buyer's other parcel came from a sender of a quarter of the operator's",
            neighbours.buyer_other_rare_sender_share,
            {"r5": 1},
        ),
        (
            "the shop's other parcels of the half hour by rarely used senders",
            neighbours.neighbour_rare_sender_share,
            {"r1": 1 / 3, "r2": 1 / 3, "r3": 1 / 3, "r4": 0},
        ),
        (
            "the shop's other parcels of the half hour that are light",
            neighbours.neighbour_light_parcel_share,
            {"r1": 0, "r2": 1 / 3, "r3": 1 / 3, "r4": 1 / 3},
        ),
    ),
    Case(
        "a text of eight reviews is a script, and counts against the buyer's other order",
        neighbours.buyer_other_script_share,
        {
            "orders": rows(ORDER, *[f"r{i} o b{i} t0" for i in range(8)], "r9 o b0 t0"),
            "parcels": rows("order_id sender_id", "r1 w"),
            "refunds": NO_REFUNDS,
            "reviews": rows(REVIEW, *[f"r{i} b{i} t99 5 x" for i in range(8)], "r9 b0 t99 5 y"),
        },
        {"r0": 0, "r9": 1},
    ),
    *cases_on(
        ONE_CALLED_BACK,
        (
            "the shop's other orders of the half hour that were refunded before shipping",
            neighbours.neighbour_refund_share,
            {"r1": 0, "r2": 0.5, "r3": 0.5},
        ),
        (
            "delivered among the shop's other orders of the half hour, less that of its day",
            neighbours.neighbour_delivery_rate_gap,
            {"r1": 1 / 2 - 1 / 3, "r2": -1 / 3, "r3": 1 / 2 - 1 / 3},
        ),
    ),
    Case(
        "six days after an order its parcel is overdue, a second before it is not",
        neighbours.shop_overdue_share,
        {
            "orders": rows(
                ORDER, "r1 o a t-417601", "r2 o b t-417601", "r3 o c t-417600", "r4 p a t-417601"
            ),
            "parcels": rows("order_id sender_id", "r2 w"),
            "refunds": NO_REFUNDS,
            "reviews": NO_REVIEWS,
        },
        {"r1": 0.0, "r2": 1.0, "r3": 0.5},
    ),
    Case(
        "buyers of one half hour are judged by the faults of their other orders",
        neighbours.neighbour_buyer_red_flag_mean,
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
            "parcels": rows(PARCEL, "r4 w 59.0 100.0", "r5 w 60.0 100.0"),
            "refunds": rows(REFUND, "r6 t9999 before_shipping"),
            "reviews": NO_REVIEWS,
        },
        {"r1": 0.5, "r4": 0.0, "r6": 0.0},
    ),
]
