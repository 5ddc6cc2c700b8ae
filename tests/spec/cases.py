"""Worked examples: small tables, a signal, and the value of each entity, one just below the threshold and one at it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from features import (
    accounts,
    arrivals,
    audience,
    benefit,
    categories,
    company,
    coordination,
    customers,
    elsewhere,
    engagement,
    fulfilment,
    habits,
    operators,
    orders,
    rooms,
    shopping,
    viewers,
)
from features.declare import Signal

T0 = pd.Timestamp("2026-01-10 20:00")
LATE = pd.Timestamp("2026-01-11")


@dataclass(frozen=True)
class Case:
    """A claim: these rows give these values. NaN-free; an entity that is absent is unknown."""

    claim: str
    signal: Signal
    tables: dict[str, pd.DataFrame]
    expected: dict[str, float]


def at(seconds: float) -> pd.Timestamp:
    return T0 + pd.Timedelta(seconds=seconds)


def rows(columns: str, *lines: str, **fixed: object) -> pd.DataFrame:
    """A table from text: `-` is null, `t12.5` is so many seconds after 20:00."""

    def cell(text: str):
        if text == "-":
            return None
        if text[0] == "t" and text[1:].replace(".", "").replace("-", "").isdigit():
            return at(float(text[1:]))
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text

    frame = pd.DataFrame([[cell(x) for x in line.split()] for line in lines], columns=columns.split())
    return frame.assign(**fixed, **({} if "received_at" in frame else {"received_at": LATE}))


def sessions(*ids: str, hours: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame(
        {"session_id": ids, "operator_id": [f"o-{i}" for i in ids], "started_at": T0, "ended_at": at(3600 * hours), "received_at": LATE}
    )


def views(*lines: str) -> pd.DataFrame:
    return rows("session_id account_id joined_at left_at", *lines)


def crowd_of(size: int, sessions: int) -> pd.DataFrame:
    """Viewers of their own in each session, a minute apart, so that nobody meets anybody twice."""
    return views(*[f"s{s} v{s}x{i} t{30 * i} t3600" for s in range(sessions) for i in range(size)])


def pool(name: str, size: int, sessions: int) -> pd.DataFrame:
    """The same accounts in each session, seconds apart, at another minute each time."""
    return views(*[f"s{s} {name}{i} t{300 * s + 900 + i + 200 * (name == 'q')} t3600" for s in range(sessions) for i in range(size)])


def people(**ages_in_days: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": list(ages_in_days),
            "registered_at": [T0 - pd.Timedelta(days=d) for d in ages_in_days.values()],
            "received_at": T0 - pd.Timedelta(days=1),
        }
    )


ORDER = "order_id operator_id buyer_id placed_at"
NINE = [f"s9 a{i} t{i} t60" for i in range(9)]
TEN = [f"s10 a{i} t{i} t60" for i in range(10)]

CASES = [
    Case(
        "a stay of three seconds is a flash, one just longer is not",
        audience.flash_view_share,
        {"views": views("s1 a t0 t3", "s2 a t0 t3.001"), "sessions": sessions("s1", "s2")},
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "a view of thirty seconds is not short, one just under is",
        audience.short_view_share,
        {"views": views("s1 a t0 t29.9", "s2 a t0 t30"), "sessions": sessions("s1", "s2")},
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "ten joins within the same ten seconds burst, nine do not, and two rooms do not add up",
        audience.burst_join_share,
        {"views": views(*NINE, *TEN)},
        {"s9": 0.0, "s10": 1.0},
    ),
    Case(
        "a stay of 60 % that leaves in the last tenth counts as the whole session, one that leaves before does not",
        audience.whole_session_stay_share,
        {"views": views("s1 a t1080 t3240", "s2 a t1079 t3239"), "sessions": sessions("s1", "s2")},
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "an account is new until seven days after its registration",
        viewers.new_account_view_share,
        {"views": views("s1 young t0 t60", "s2 old t0 t60"), "accounts": people(young=6.999, old=7.0)},
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "who paid an order in any room buys, who placed one and never paid does not",
        shopping.unbuying_view_share,
        {
            "views": views("s1 paid t0 t60", "s1 nobody t0 t60", "s2 unpaid t0 t60", "s2 - t0 t60"),
            "orders": rows(ORDER + " paid_at", "o1 elsewhere paid t-900 t-800", "o2 elsewhere unpaid t-900 -"),
        },
        {"s1": 0.5, "s2": 1.0},
    ),
    Case(
        "a stay of ten minutes is long, one just under is not and leaves nothing to say",
        shopping.unbuying_long_view_share,
        {"views": views("s1 a t0 t600", "s2 a t0 t599.9"), "orders": rows(ORDER + " paid_at", "o1 x b t0 t1")},
        {"s1": 1.0},
    ),
    Case(
        "views by shared links and directly are counted, others are not",
        shopping.unbuying_direct_view_share,
        {
            "views": rows(
                "session_id account_id entry_source joined_at left_at",
                "s1 a share t0 t60",
                "s1 b direct t0 t60",
                "s1 a search t0 t60",
                "s2 a search t0 t60",
            ),
            "orders": rows(ORDER + " paid_at", "o1 x b t0 t1"),
        },
        {"s1": 0.5},
    ),
    Case(
        "all of an operator's rooms count together, and who bought in whichever room buys",
        shopping.operator_unbuying_view_share,
        {
            "sessions": sessions("s1", "s2", "s3").assign(operator_id=["o1", "o1", "o2"]),
            "views": views("s1 paid t0 t60", "s2 nobody t0 t60", "s2 none t0 t60", "s3 - t0 t60"),
            "orders": rows(ORDER + " paid_at", "o1 elsewhere paid t-900 t-800"),
        },
        {"o1": 2 / 3},
    ),
    Case(
        "views of an operator by shared links and directly are counted, others are not",
        shopping.operator_unbuying_direct_view_share,
        {
            "sessions": sessions("s1", "s2", "s3").assign(operator_id=["o1", "o1", "o2"]),
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
    Case(
        "a way of entry of a quarter of all views that all of a session came by is four times as common as usual",
        arrivals.view_entry_lift,
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
        arrivals.view_prefix_excess,
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
        {"s1#0": 0.0, "s1#1": 0.0, "s2#0": 1 / math.sqrt(2), "s2#1": 1 / math.sqrt(2), "s3#0": 1 / math.sqrt(2), "s3#1": 1 / math.sqrt(2)},
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
        engagement.copied_comment_share,
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
        engagement.steady_like_share,
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
        "ten views without an act anywhere are a silent habit, nine are none, and one act in another room ends it",
        habits.silent_habit_view_share,
        {
            "views": views(
                *[f"s{1 + (i > 0)} a t{i} t{i + 1}" for i in range(10)],
                *[f"s{3 + (i > 0)} b t{i} t{i + 1}" for i in range(9)],
                *[f"s{5 + (i > 0)} c t{i} t{i + 1}" for i in range(10)],
            ),
            "interactions": rows("session_id account_id kind at count", "s6 c like t1 1"),
        },
        {"s1": 1.0, "s2": 1.0, "s3": 0.0, "s4": 0.0, "s5": 0.0, "s6": 0.0},
    ),
    Case(
        "an account on three devices hops, on two it does not",
        habits.hopping_view_share,
        {
            "views": rows(
                "session_id account_id device_id joined_at left_at",
                *[f"s1 a d{i} t{i} t9" for i in range(3)],
                *[f"s2 b e{i} t{i} t9" for i in range(2)],
            ),
            "interactions": rows("session_id account_id kind at count", "s1 a like t1 1"),
        },
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "a device that carried four accounts in all rooms is crowded, with three it is not",
        habits.crowded_device_view_share,
        {
            "views": rows(
                "session_id account_id device_id joined_at left_at",
                *[f"s{1 + (i > 0)} a{i} d t{i} t9" for i in range(4)],
                *[f"s3 b{i} e t{i} t9" for i in range(3)],
            )
        },
        {"s1": 1.0, "s2": 1.0, "s3": 0.0},
    ),
    Case(
        "a follow of the same operator again counts, of another it does not; one such follow says less than two",
        habits.repeated_follow_residual,
        {
            "interactions": rows(
                "session_id account_id kind at count",
                "s1 a follow t1 1",
                "s2 a follow t1 1",
                "s3 b follow t1 1",
                "s4 b follow t1 1",
            ),
            "sessions": sessions("s1", "s2", "s3", "s4").assign(operator_id=["o", "o", "p", "q"]),
        },
        {
            "s1": 0.0,
            "s2": 0.0,
            "s3": -2.0,
            "s4": -2.0,
        },  # one of one, and none of one, where half of all do: (1 or 0, less a half, less a half) / a half
    ),
    Case(
        "a text of three writers at two operators is shared, of two writers it is not",
        habits.shared_script_residual,
        {
            "interactions": rows(
                "session_id account_id kind at count text_hash",
                *[f"s{1 + (i > 1)} a{i} comment t{i} 1 x" for i in range(3)],
                *[f"s{1 + i} b{i} comment t{9 + i} 1 y" for i in range(2)],
                *[f"s3 c{i} comment t{i} 1 z{i}" for i in range(400)],
            ),
            "sessions": sessions("s1", "s2", "s3").assign(operator_id=["o", "p", "q"]),
        },
        {
            "s1": (2 - 0.5 - 3 * 3 / 405) / math.sqrt(3 * 3 / 405 * 402 / 405),
            "s2": (1 - 0.5 - 2 * 3 / 405) / math.sqrt(2 * 3 / 405 * 402 / 405),
            "s3": (-0.5 - 400 * 3 / 405) / math.sqrt(400 * 3 / 405 * 402 / 405),
        },
    ),
    Case(
        "a follow that was undone counts, one that stands does not",
        engagement.unfollow_share,
        {
            "interactions": rows(
                "session_id account_id kind at count", "s1 a follow t1 1", "s1 a unfollow t90 1", "s2 a follow t1 1", "s2 b unfollow t90 1"
            )
        },
        {"s1": 1.0, "s2": 0.0},
    ),
    Case(
        "orders an hour apart stand together, a second more and they do not",
        orders.buyer_shop_hour_order_count,
        {"orders": rows(ORDER, "r1 o a t0", "r2 o a t3600", "r3 o b t0", "r4 o b t3601")},
        {"r1": 2, "r2": 2, "r3": 1, "r4": 1},
    ),
    Case(
        "buyers who share a card are counted once each",
        orders.payer_buyer_count,
        {"orders": rows(ORDER + " payer_id", "r1 o a t0 y", "r2 o b t0 y", "r3 o b t9 y", "r4 o c t0 z")},
        {"r1": 2, "r2": 2, "r3": 2, "r4": 1},
    ),
    Case(
        "an amount is measured against all orders of its category, of whichever operator",
        categories.amount_category_residual,
        {
            "orders": rows(ORDER + " paid_amount", "r1 o a t0 10.0", "r2 o b t0 20.0", "r3 p c t0 40.0", "r4 q d t0 900.0"),
            "operators": rows("operator_id category", "o tea", "p tea", "q gold"),
        },
        {"r1": -math.log(2.0), "r2": 0.0, "r3": math.log(2.0), "r4": 0.0},
    ),
    Case(
        "an operator that sells twice what its category did that day stands out, and its rival falls short",
        categories.day_category_residual,
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
        orders.watch_before_order_seconds,
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
            "parcels": rows("order_id picked_up_at signed_at from_region to_region", "r1 t0 t18000 R1 R2", "r2 t0 t18000 R1 R1"),
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
        company.buyer_other_refund_share,
        {
            "orders": rows(ORDER, "r1 o a t0", "r2 p a t0", "r3 o a t9", "r4 o b t0"),
            "parcels": rows("order_id sender_id", "r1 w"),
            "refunds": rows("order_id requested_at stage", "r2 t9 before_shipping", "r3 t9 after_receipt"),
            "reviews": rows("order_id account_id at rating text_hash", "r1 a t99 5 -"),
        },
        {"r1": 0.5, "r2": 0.0, "r3": 0.5},
    ),
    Case(
        "six days after an order its parcel is overdue, a second before it is not",
        company.shop_overdue_share,
        {
            "orders": rows(ORDER, "r1 o a t-504001", "r2 o b t-504001", "r3 o c t-504000", "r4 p a t-504001"),
            "parcels": rows("order_id sender_id", "r2 w"),
            "refunds": rows("order_id requested_at stage", "r9 t9 before_shipping"),
            "reviews": rows("order_id account_id at rating text_hash", "r9 z t99 5 -"),
        },
        {"r1": 0.0, "r2": 1.0, "r3": 0.5},
    ),
    Case(
        "buyers of one half hour are judged by their other orders, each by the share that went wrong",
        company.company_buyer_fault_mean,
        {
            "orders": rows(ORDER, "r1 o a t0", "r2 o b t1799", "r3 o c t1800", "r4 p b t9000", "r5 q b t9000", "r6 p c t9000"),
            "parcels": rows("order_id weight_g goods_weight_g sender_id", "r4 59.0 100.0 w", "r5 60.0 100.0 w"),
            "refunds": rows("order_id requested_at stage", "r6 t9999 before_shipping"),
            "reviews": rows("order_id account_id at rating text_hash", "r9 z t99 5 -"),
        },
        {"r1": 0.5, "r4": 0.0, "r6": 0.0},
    ),
    Case(
        "a stay of three seconds in another room counts against a viewer, the same stay in this room does not",
        elsewhere.viewer_other_flash_share,
        {"views": views("s1 a t0 t3", "s1 b t0 t3", "s2 a t0 t3", "s3 a t0 t4", "s2 b t0 t4")},
        {"s1": 0.25, "s2": 0.75, "s3": 1.0},
    ),
    Case(
        "who was seen twice in one room was seen in no other",
        elsewhere.viewer_nowhere_else_share,
        {"views": views("s1 a t0 t9", "s1 a t20 t29", "s1 b t0 t9", "s2 b t0 t9")},
        {"s1": 0.5, "s2": 0.0},
    ),
    Case(
        "those who like are judged apart from those who comment, each account once",
        elsewhere.liker_other_fault_mean,
        {
            "views": views("s1 a t0 t9", "s2 a t0 t2", "s1 b t0 t9", "s2 b t0 t9", "s1 c t0 t9", "s2 c t0 t2"),
            "interactions": rows(
                "session_id account_id kind at count", "s1 a like t1 5", "s1 a like t2 5", "s1 b like t1 1", "s1 c comment t1 1"
            ),
        },
        {"s1": 0.5},
    ),
    Case(
        "an operator's other rooms are not elsewhere",
        elsewhere.operator_viewer_nowhere_else_share,
        {
            "sessions": sessions("s1", "s2", "s3").assign(operator_id=["o1", "o1", "o2"]),
            "views": views("s1 a t0 t9", "s2 a t0 t9", "s1 b t0 t9", "s3 b t0 t9"),
            "interactions": rows("session_id account_id kind at count", "s1 a like t1 5"),
        },
        {"o1": 0.5, "o2": 0.0},
    ),
    Case(
        "a sender of three parcels in ten is usual for its operator, one of fewer is a stranger",
        customers.stranger_parcel_share,
        {
            "orders": rows(ORDER, *[f"r{i} {'o' if i < 10 else 'p'} b{i} t0" for i in range(20)]),
            "parcels": rows("order_id sender_id", *[f"r{i} {'w' if i % 10 > 2 - i // 10 else 'v'}" for i in range(20)]),
            "refunds": rows("order_id requested_at stage", "r9 t9 before_shipping"),
            "reviews": rows("order_id account_id at rating text_hash", "r9 z t99 5 -"),
        },
        {"o": 0.0, "p": 0.2},
    ),
    Case(
        "a gap of just under eleven hours is no half-day gap, one of just over is",
        accounts.half_day_gap_share,
        {"views": views("s1 a t0 t9", "s2 a t39599 t39700", "s1 b t0 t9", "s2 b t39601 t39700")},
        {"a": 0.0, "b": 1.0},
    ),
    Case(
        "three orders of one buyer within the hour are a burst, two are not",
        operators.burst_order_share,
        {"orders": rows(ORDER, "r1 o2 a t0", "r2 o2 a t9", "r3 o3 a t0", "r4 o3 a t9", "r5 o3 a t3600", "r6 o3 b t0")},
        {"o2": 0.0, "o3": 0.75},
    ),
    Case(
        "another buyer in the midst lowers the ratio; one who comes after the hour leaves it",
        operators.sliding_hour_orders_per_buyer_max_ratio,
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
        operators.instant_refund_order_share,
        {
            "orders": rows(ORDER + " paid_at", "r1 o1 a t0 t0", "r2 o2 a t0 t0"),
            "refunds": rows("order_id requested_at", "r1 t900", "r2 t901"),
        },
        {"o1": 1.0, "o2": 0.0},
    ),
    Case(
        "six accounts that join within a minute of each other in six sessions are in lockstep, in three it may be chance",
        coordination.lockstep_partner_count,
        {"views": pd.concat([crowd_of(120, 6), pool("p", 6, 6), pool("q", 6, 3)], ignore_index=True)},
        {f"p{i}": 5 for i in range(6)},
    ),
    Case(
        "an operator's flash views are taken over all its sessions",
        rooms.operator_flash_view_share,
        {
            "sessions": sessions("s1", "s2").assign(operator_id=["o1", "o1"]),
            "views": views("s1 a t0 t3", "s2 a t0 t4", "s2 b t0 t4", "s2 c t0 t2"),
        },
        {"o1": 0.5},
    ),
    Case(
        "three cancellations within six hours are a rush where they are a third of their hour, two, later ones or fewer of an hour are not",
        benefit.cancelled_rush_low_rating_share,
        {
            "orders": rows(ORDER, *[f"{o}{i} {o} {o}b{i} t{i}" for o, n in (("o", 9), ("p", 9), ("q", 10), ("w", 9)) for i in range(n)]),
            "refunds": rows(
                "order_id requested_at stage",
                *[f"{o}{i} t{i + 21600 + (o == 'p' and i == 2)} before_shipping" for o in "opqw" for i in range(3)],
            ),
            "reviews": rows(
                "order_id account_id at rating",
                *[f"{o}{i} {o}b{i} t90000 {3 if i == 8 else 2}" for o in "opqw" for i in range(4, 9) if (o, i) != ("w", 4)],
            ),
        },
        {"o": 0.8},
    ),
]
