"""Schemes that brush orders. What is faked is overwritten; the rest stays as honest orders have it."""

from __future__ import annotations

import dataclasses

import numpy as np

from simulation.behaviour.audience import dressed, stays
from simulation.behaviour.purchases import placed_orders
from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.population import WEIGHT_LOG
from simulation.records import Acts, Orders, Views
from simulation.schemes import NUMBER, Stage


def _brushed(
    rng: np.random.Generator,
    stage: Stage,
    row: int,
    buyer: np.ndarray,
    at: np.ndarray,
    scheme: str,
    beneficiary: int | None = None,
    cheap: bool = False,
) -> Orders:
    n = len(buyer)
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    product = rng.integers(0, 3, n) if cheap else None
    orders = placed_orders(
        rng,
        stage.accounts,
        stage.ops,
        s,
        np.full(n, row),
        buyer,
        np.clip(at, s.start[row], s.end[row]),
        NUMBER[scheme],
        np.full(n, operator if beneficiary is None else beneficiary),
        product,
    )
    paid = orders.placed + rng.exponential(25.0, n) + 2
    return dataclasses.replace(orders, paid=paid)


def watched_first(
    rng: np.random.Generator, stage: Stage, row: int, orders: Orders, evasion: int
) -> tuple[Views, Acts]:
    """Views, and clicks, that brushers leave before they order: few when careless, like anybody's when careful."""
    s = stage.sessions
    share = (0.45, 0.8, 1.0)[evasion]
    shown = np.flatnonzero(rng.random(len(orders)) < share)
    account, placed = orders.buyer[shown].astype(np.int64), orders.placed[shown]
    stay = (
        rng.normal(240.0, 25.0, len(shown))
        if evasion < 2
        else stays(rng, np.full(len(shown), s.dwell[row]))
    )  # a script says how long
    joined = np.maximum(placed - np.clip(stay, 5, None), s.start[row])
    left = np.minimum(placed + rng.exponential(120.0, len(shown)), s.end[row])
    number = orders.scheme[shown]
    views = dressed(
        rng,
        stage.accounts,
        np.full(len(shown), row),
        account,
        joined,
        np.maximum(left, joined + 1),
        np.full(len(shown), 7),
    )
    views = dataclasses.replace(views, scheme=number)
    click = np.flatnonzero(rng.random(len(shown)) < (0.3, 0.6, 0.6)[evasion])
    n = len(click)
    at = joined[click] + rng.random(n) * (placed[click] - joined[click]).clip(0)
    acts = Acts(
        np.full(n, row),
        account[click],
        np.full(n, 5),
        at,
        np.ones(n, dtype=np.int64),
        np.full(n, -1),
        number[click],
    )
    return views, acts


def _no_refund(o: Orders) -> Orders:
    nothing = np.full(len(o), np.nan)
    return dataclasses.replace(o, refund_asked=nothing, refund_paid=nothing)


def _empty(rng: np.random.Generator, o: Orders, evasion: int, sender: int) -> Orders:
    """Bought waybills: a parcel of nothing, signed for within hours, between any two cities."""
    n = len(o)
    picked = o.paid + rng.uniform(0.5, 5, n) * HOUR
    signed = picked + rng.uniform(3, (11, 20, 50)[evasion], n) * HOUR
    weight = (
        rng.uniform(20, 90, n) if evasion < 2 else o.goods_weight * rng.uniform(0.3, 1.0, n) + 30
    )
    scans = np.full(n, 2) if evasion == 0 else rng.integers(2, 6, n)
    reused = (
        40_000_000_000
        + rng.integers(0, max(2, int(n / (1.6, 1.1, 1.0)[evasion]) + 1), n)
        + sender * 100_000
    )
    waybill = reused if evasion == 0 else np.full(n, -1)
    return dataclasses.replace(
        o,
        picked=picked,
        signed=signed,
        weight=weight,
        scans=scans,
        waybill=waybill,
        sender=np.full(n, sender),
    )


def _rave(rng: np.random.Generator, o: Orders, share: float, script: int) -> Orders:
    n = len(o)
    wrote = (rng.random(n) < share) & ~np.isnan(o.signed)
    return dataclasses.replace(
        o,
        review_at=np.where(wrote, o.signed + rng.exponential(0.5, n) * DAY, np.nan),
        rating=np.full(n, 5),
        review_text=script + rng.integers(0, 12, n),
    )


def brusher_platform(
    rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int
) -> Orders:
    """A brusher platform sends the same gang to rotating merchants within the same minutes."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    gang = stage.hired(operator, 10, 45)
    calls = rng.uniform(s.start[row], s.end[row], max(1, n // 25) + (0, 2, 6)[evasion])
    at = rng.choice(calls, n) + rng.uniform(0, (5, 12, 45)[evasion] * MINUTE, n)
    o = _no_refund(
        _brushed(rng, stage, row, rng.choice(gang, n), at, "brusher_platform", cheap=evasion < 2)
    )
    tiny = (
        rng.uniform(25, 60, n)
        if evasion < 2
        else WEIGHT_LOG[stage.ops.category[operator]] * 20 + rng.uniform(0, 60, n)
    )
    o = dataclasses.replace(o, weight=tiny, sender=np.full(n, 7_000_000 + operator % 5))
    return _rave(rng, o, 0.6, 30_000 + operator % 5 * 100)


def insider_orders(
    rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int
) -> Orders:
    """The operator's own people order and pay: few buyers, many orders, one purse."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    few = stage.hired(operator, 11 + operator, (4, 9, 25)[evasion])
    at = s.start[row] + rng.random(n) * (s.end[row] - s.start[row])
    o = _brushed(rng, stage, row, rng.choice(few, n), at, "insider_orders")
    shared = rng.random(n) < (1.0, 0.7, 0.35)[evasion]
    return dataclasses.replace(
        o,
        payer=np.where(shared, 300_000_000 + operator, o.payer),
        device=np.where(shared, 900_000_000 + operator, o.device),
    )


def empty_parcels(rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int) -> Orders:
    """Orders that are fulfilled with bought waybills."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    buyer = rng.choice(stage.bots(operator, 12, max(20, n // 2)), n)
    at = s.start[row] + rng.random(n) * (s.end[row] - s.start[row])
    o = _no_refund(_brushed(rng, stage, row, buyer, at, "empty_parcels"))
    return _rave(rng, _empty(rng, o, evasion, 8_000_000 + operator % 4), 0.4, 40_000)


def instant_refund(
    rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int
) -> Orders:
    """Paid, counted, and refunded within minutes."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    buyer = rng.choice(stage.bots(operator, 13, max(15, n // 3)), n)
    at = s.start[row] + rng.random(n) * (s.end[row] - s.start[row])
    o = _brushed(rng, stage, row, buyer, at, "instant_refund")
    asked = o.paid + rng.exponential((3, 12, 90)[evasion] * MINUTE, n) + 20
    nothing = np.full(n, np.nan)
    return dataclasses.replace(
        o,
        refund_asked=asked,
        refund_paid=asked + rng.uniform(5, 60, n) * MINUTE,
        refund_stage=np.zeros(n),
        picked=nothing,
        signed=nothing,
        review_at=nothing,
    )


def slot_refund(rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int) -> Orders:
    """A slot fee was paid for sales: they come in the slot and go back after settlement."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    slot = rng.uniform(s.start[row], s.start[row] + 0.8 * (s.end[row] - s.start[row]))
    buyer = rng.choice(stage.bots(operator, 14, max(30, n)), n)
    o = _brushed(
        rng,
        stage,
        row,
        buyer,
        slot + rng.uniform(0, (12, 25, 60)[evasion] * MINUTE, n),
        "slot_refund",
        cheap=True,
    )
    asked = np.where(rng.random(n) < 0.85, o.paid + rng.uniform(5, 9, n) * DAY, np.nan)
    nothing = np.full(n, np.nan)
    return dataclasses.replace(
        o,
        refund_asked=asked,
        refund_paid=asked + rng.uniform(1, 12, n) * HOUR,
        refund_stage=np.zeros(n),
        picked=nothing,
        signed=nothing,
        review_at=nothing,
    )


def hostile_brushing(
    rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int, rival: int = -1
) -> Orders:
    """A rival sends brushers to a victim, so that the platform's rules punish the victim."""
    s = stage.sessions
    gang = stage.hired(rival, 15, 40)
    call = rng.uniform(s.start[row], s.end[row])
    at = call + rng.uniform(0, (6, 15, 60)[evasion] * MINUTE, n)
    o = _brushed(rng, stage, row, rng.choice(gang, n), at, "hostile_brushing", rival, cheap=True)
    asked = np.where(rng.random(n) < 0.7, o.paid + rng.exponential(30.0, n) * MINUTE + 60, np.nan)
    kept = np.isnan(asked)
    review = np.where(
        kept & (rng.random(n) < 0.7), o.signed + rng.exponential(0.5, n) * DAY, np.nan
    )
    return dataclasses.replace(
        o,
        refund_asked=asked,
        refund_paid=asked + HOUR,
        refund_stage=np.zeros(n),
        picked=np.where(kept, o.picked, np.nan),
        signed=np.where(kept, o.signed, np.nan),
        review_at=review,
        rating=np.ones(n),
        review_text=50_000 + rng.integers(0, 10, n),
    )


MAKE = {
    f.__name__: f
    for f in (brusher_platform, insider_orders, empty_parcels, instant_refund, slot_refund)
}
