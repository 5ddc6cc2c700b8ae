"""Schemes that brush orders; what is faked is overwritten, the rest stays honest."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.population import LOG_WEIGHT_GRAMS
from simulation.records import Orders
from simulation.schemes.brushing import draw_order_times, place_brushed_orders, rave_reviews
from simulation.schemes.registry import Job, SchemeContext

# Numbers of trades: they give each scheme accounts of its own.
PLATFORM_TRADE, INSIDER_TRADE, PARCEL_TRADE, REFUND_TRADE, SLOT_TRADE, HOSTILE_TRADE = range(10, 16)


def _without_refund(orders: Orders) -> Orders:
    absent = np.full(len(orders), np.nan)
    return dataclasses.replace(orders, refund_asked=absent, refund_paid=absent)


def _refunded_unshipped(orders: Orders, asked: np.ndarray, paid: np.ndarray) -> Orders:
    """Orders refunded before shipping: no parcel, no review."""
    n = len(orders)
    absent = np.full(n, np.nan)
    return dataclasses.replace(
        orders,
        refund_asked=asked,
        refund_paid=paid,
        refund_stage=np.zeros(n),
        picked=absent,
        signed=absent,
        review_at=absent,
    )


def _ship_empty(rng: np.random.Generator, o: Orders, evasion: int, sender: int) -> Orders:
    """Bought waybills: an empty parcel, signed for within hours, between any two cities."""
    n = len(o)
    picked = o.paid + rng.uniform(0.5, 5, n) * HOUR
    signed = picked + rng.uniform(3, (11, 20, 50)[evasion], n) * HOUR
    weight = (
        rng.uniform(20, 90, n) if evasion < 2 else o.goods_weight * rng.uniform(0.3, 1.0, n) + 30
    )
    scans = np.full(n, 2) if evasion == 0 else rng.integers(2, 6, n)
    waybills = max(2, int(n / (1.6, 1.1, 1.0)[evasion]) + 1)
    reused = 40_000_000_000 + rng.integers(0, waybills, n) + sender * 100_000
    return dataclasses.replace(
        o,
        picked=picked,
        signed=signed,
        weight=weight,
        scans=scans,
        waybill=reused if evasion == 0 else np.full(n, -1),
        sender=np.full(n, sender),
    )


def brusher_platform(rng: np.random.Generator, context: SchemeContext, job: Job) -> Orders:
    """A brusher platform sends one gang to rotating merchants within the same minutes."""
    s, row, n, evasion = context.day.sessions, job.session, job.size, job.evasion
    operator = int(s.operator[row])
    gang = context.hired_accounts(operator, PLATFORM_TRADE, 45)
    calls = rng.uniform(s.start[row], s.end[row], max(1, n // 25) + (0, 2, 6)[evasion])
    at = rng.choice(calls, n) + rng.uniform(0, (5, 12, 45)[evasion] * MINUTE, n)
    buyer = rng.choice(gang, n)
    orders = place_brushed_orders(
        rng, context, job, "brusher_platform", buyer, at, cheap=evasion < 2
    )
    if evasion < 2:
        weight = rng.uniform(25, 60, n)
    else:
        category = context.day.operators.category[operator]
        weight = LOG_WEIGHT_GRAMS[category] * 20 + rng.uniform(0, 60, n)
    orders = dataclasses.replace(
        _without_refund(orders), weight=weight, sender=np.full(n, 7_000_000 + operator % 5)
    )
    return rave_reviews(rng, orders, 0.6, 30_000 + operator % 5 * 100)


def insider_orders(rng: np.random.Generator, context: SchemeContext, job: Job) -> Orders:
    """The operator's staff order and pay: few buyers, many orders, one payer."""
    s, row, n, evasion = context.day.sessions, job.session, job.size, job.evasion
    operator = int(s.operator[row])
    staff = context.hired_accounts(operator, INSIDER_TRADE + operator, (4, 9, 25)[evasion])
    at = draw_order_times(rng, context, row, n)
    buyer = rng.choice(staff, n)
    orders = place_brushed_orders(rng, context, job, "insider_orders", buyer, at)
    shared = rng.random(n) < (1.0, 0.7, 0.35)[evasion]
    return dataclasses.replace(
        orders,
        payer=np.where(shared, 300_000_000 + operator, orders.payer),
        device=np.where(shared, 900_000_000 + operator, orders.device),
    )


def empty_parcels(rng: np.random.Generator, context: SchemeContext, job: Job) -> Orders:
    """Orders that are fulfilled with bought waybills."""
    row, n = job.session, job.size
    operator = int(context.day.sessions.operator[row])
    buyer = rng.choice(context.farm_accounts(operator, PARCEL_TRADE, max(20, n // 2)), n)
    at = draw_order_times(rng, context, row, n)
    orders = _without_refund(place_brushed_orders(rng, context, job, "empty_parcels", buyer, at))
    shipped = _ship_empty(rng, orders, job.evasion, 8_000_000 + operator % 4)
    return rave_reviews(rng, shipped, 0.4, 40_000)


def instant_refund(rng: np.random.Generator, context: SchemeContext, job: Job) -> Orders:
    """Paid, counted, and refunded within minutes."""
    row, n = job.session, job.size
    operator = int(context.day.sessions.operator[row])
    buyer = rng.choice(context.farm_accounts(operator, REFUND_TRADE, max(15, n // 3)), n)
    at = draw_order_times(rng, context, row, n)
    orders = place_brushed_orders(rng, context, job, "instant_refund", buyer, at)
    asked = orders.paid + rng.exponential((3, 12, 90)[job.evasion] * MINUTE, n) + 20
    return _refunded_unshipped(orders, asked, asked + rng.uniform(5, 60, n) * MINUTE)


def slot_refund(rng: np.random.Generator, context: SchemeContext, job: Job) -> Orders:
    """Sales promised for a slot fee: they come in the slot and are refunded after settlement."""
    s, row, n = context.day.sessions, job.session, job.size
    operator = int(s.operator[row])
    slot = rng.uniform(s.start[row], s.start[row] + 0.8 * (s.end[row] - s.start[row]))
    buyer = rng.choice(context.farm_accounts(operator, SLOT_TRADE, max(30, n)), n)
    at = slot + rng.uniform(0, (12, 25, 60)[job.evasion] * MINUTE, n)
    orders = place_brushed_orders(rng, context, job, "slot_refund", buyer, at, cheap=True)
    refunded = rng.random(n) < 0.85
    asked = np.where(refunded, orders.paid + rng.uniform(5, 9, n) * DAY, np.nan)
    return _refunded_unshipped(orders, asked, asked + rng.uniform(1, 12, n) * HOUR)


def hostile_brushing(rng: np.random.Generator, context: SchemeContext, job: Job) -> Orders:
    """A rival sends brushers to a victim, so that the platform's rules punish the victim."""
    s, row, n = context.day.sessions, job.session, job.size
    gang = context.hired_accounts(job.rival, HOSTILE_TRADE, 40)
    call = rng.uniform(s.start[row], s.end[row])
    at = call + rng.uniform(0, (6, 15, 60)[job.evasion] * MINUTE, n)
    buyer = rng.choice(gang, n)
    o = place_brushed_orders(rng, context, job, "hostile_brushing", buyer, at, cheap=True)
    refunded = rng.random(n) < 0.7
    asked = np.where(refunded, o.paid + rng.exponential(30.0, n) * MINUTE + 60, np.nan)
    kept = np.isnan(asked)
    reviewed = kept & (rng.random(n) < 0.7)
    return dataclasses.replace(
        o,
        refund_asked=asked,
        refund_paid=asked + HOUR,
        refund_stage=np.zeros(n),
        picked=np.where(kept, o.picked, np.nan),
        signed=np.where(kept, o.signed, np.nan),
        review_at=np.where(reviewed, o.signed + rng.exponential(0.5, n) * DAY, np.nan),
        rating=np.ones(n),
        review_text=50_000 + rng.integers(0, 10, n),
    )


GENERATORS: dict[str, Callable[[np.random.Generator, SchemeContext, Job], Orders]] = {
    "brusher_platform": brusher_platform,
    "insider_orders": insider_orders,
    "empty_parcels": empty_parcels,
    "instant_refund": instant_refund,
    "slot_refund": slot_refund,
    "hostile_brushing": hostile_brushing,
}
