"""What follows from orders: payment, parcels, refunds and reviews."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    DAY,
    HOUR,
    INLAND,
    ORDER_SCHEMES,
    SCHEME_NUMBER,
)

BEFORE, UNDERWAY, AFTER, NONE = range(4)
WAYBILL_SENDERS = 600_000
STOCK_TEXTS, PRAISE_TEXTS = 200_000, 300_000


def follow_orders(town: Town) -> SimpleNamespace:
    """Orders by time with what became of each; moments that never came are NaN."""
    b = town.orders.joined()
    order = np.argsort(b.placed, kind="stable")
    b = SimpleNamespace(**{name: values[order] for name, values in vars(b).items()})
    care = town.rng.beta(2, 2, town.parameters.operators)[b.operator]
    b.careless = town.rng.random(len(b.buyer)) > care
    _pay(town, b)
    _refund(town, b)
    _ship(town, b)
    _settle_refunds(town, b)
    _review(town, b)
    return b


def _is(b: SimpleNamespace, *names: str) -> np.ndarray:
    return np.isin(b.scheme, [SCHEME_NUMBER[name] for name in names])


def _pay(town: Town, b: SimpleNamespace) -> None:
    rng, o, n = town.rng, town.operators, len(b.buyer)
    honest = b.scheme == 0
    unpaid = rng.random(n) < np.where(honest & (b.group < 0), o.unpaid[b.operator], 0.004)
    unpaid |= _is(b, "shill_bids") & (rng.random(n) < 0.45)
    wait = rng.exponential(25, n) + 1
    wait = np.where(rng.random(n) < 0.1, rng.exponential(HOUR, n), wait)
    b.paid = np.where(unpaid, np.nan, b.placed + wait)
    spread = ((b.operator * 131 + b.product * 977) % 1_000) / 1_000  # dear and cheap goods
    price = np.round(o.price[b.operator] * np.exp(1.6 * (spread - 0.5)), 1)
    won = rng.lognormal(0, 0.25, n)  # a hammer price is not a list price
    b.list = np.round(np.maximum(price, 1.0) * b.quantity, 2)
    off = np.where(rng.random(n) < 0.4, rng.choice([0.95, 0.9, 0.8], n), 1.0)
    off = np.where(rng.random(n) < 0.3, won, off) * b.discount
    off = np.where(b.presale > 0, rng.uniform(0.05, 0.3, n), off)
    b.cash = np.where(unpaid, 0, np.round(np.minimum(b.list * off, 3 * b.list), 2))


def _refund(town: Town, b: SimpleNamespace) -> None:
    """Stage at which money is asked back, by the goods, the stall and the scheme."""
    rng, o, n = town.rng, town.operators, len(b.buyer)
    rates = np.stack([o.quits[b.operator], o.refused[b.operator], o.returns[b.operator]], axis=1)
    rates[:, 0] *= 1 + 3 * b.presale
    rates *= np.where(b.group >= 0, 0.3, 1.0)[:, None]
    for names, row in (
        (("shill_bids",), (0.9, 0.0, 0.0)),
        (("empty_boxes", "brusher_rounds", "staff_orders"), (0.08, 0.01, 0.02)),
        (("round_trips",), (0.02, 0.05, 0.15)),
        (("drip_orders",), (0.04, 0.01, 0.03)),
        (("hostile_orders",), (0.2, 0.25, 0.45)),
    ):
        rates[_is(b, *names)] = row
    edges = rates.cumsum(axis=1)
    b.stage = (rng.random(n)[:, None] > edges).sum(axis=1)
    b.stage[np.isnan(b.paid)] = NONE


def _ship(town: Town, b: SimpleNamespace) -> None:
    """Boats leave at nine and at four; scooters bring the goods of the same town in hours."""
    rng, o, n = town.rng, town.operators, len(b.buyer)
    box = _is(b, "empty_boxes") & (b.careless | (rng.random(n) < 0.4))
    light = _is(b, "empty_boxes", "brusher_rounds", "drip_orders", "staff_orders") & b.careless
    home = np.zeros(int(max(b.address.max(initial=0), 0)) + 1, np.int64)
    people = town.people
    home[people.address] = people.district
    b.to_district, b.from_district = home[b.address], o.district[b.operator]
    near = (b.to_district < INLAND) & (rng.random(n) < o.scooter[b.operator])
    ready = b.paid + o.speed[b.operator] * rng.gamma(2, 0.5, n)
    ready += b.presale * rng.uniform(3, 12, n) * DAY
    hour = np.mod(ready, DAY)
    wait = np.select([hour < 9 * HOUR, hour < 16 * HOUR], [9 * HOUR - hour, 16 * HOUR - hour])
    wait = np.where(hour >= 16 * HOUR, 33 * HOUR - hour, wait)
    boat = ready + wait + rng.normal(0, 600, n)
    scooter = b.paid + rng.gamma(2, 0.7 * HOUR, n)
    picked = np.select([box, near], [b.paid + rng.uniform(0.3, 5, n) * HOUR, scooter], boat)
    b.picked = np.maximum(picked, b.paid + 60)
    far = b.to_district >= INLAND
    travel = np.select(
        [box, near],
        [rng.uniform(0.5, 8, n) * HOUR, rng.gamma(2, 0.5 * HOUR, n)],
        (rng.gamma(3, 0.35, n) + np.where(far, 1.2, 0.4)) * DAY,
    )
    first = np.unique(np.where(b.group >= 0, b.group, -1), return_index=True)
    for group, lead in zip(*first, strict=True):
        if group >= 0:  # goods of one leader travel together
            rows = np.flatnonzero(b.group == group)
            b.picked[rows], travel[rows] = b.picked[lead], travel[lead]
    b.picked = np.fmax(b.picked, b.paid + 60)
    b.signed = b.picked + np.maximum(travel, 600) + rng.exponential(200, n)
    scans = 2 + rng.poisson(np.where(near, 0.3, 2 + 1.5 * travel / DAY))
    b.scans = np.where(box, rng.integers(1, 4, n), scans)
    unsent = (rng.random(n) < 0.01) | (_is(b, "staff_orders") & (rng.random(n) < 0.3))
    b.sent = ~np.isnan(b.paid) & (b.stage != BEFORE) & ~unsent
    b.stage[~b.sent & (b.stage < NONE)] = BEFORE
    b.goods = np.round(o.weight[b.operator] * (0.6 + (b.product % 9) / 10) * b.quantity, 0)
    full = b.goods * rng.lognormal(0, 0.06, n) + o.packing[b.operator] * rng.uniform(0.6, 1.6, n)
    b.weight = np.round(np.where(light, rng.lognormal(4.3, 0.6, n), full), 0)
    shop = WAYBILL_SENDERS + b.operator % 3
    b.sender = np.where(box, shop, o.depot[b.operator])


def _settle_refunds(town: Town, b: SimpleNamespace) -> None:
    rng, n = town.rng, len(b.buyer)
    ship = np.maximum(b.picked - b.paid, 60)
    early = np.minimum(rng.exponential(np.where(b.presale > 0, 50, 5) * HOUR, n), ship * 0.95)
    b.asked = np.select(
        [b.stage == BEFORE, b.stage == UNDERWAY, b.stage == AFTER],
        [b.paid + early, b.signed, b.signed + rng.exponential(2 * DAY, n)],
        np.nan,
    )
    granted = rng.random(n) > 0.06
    b.back = np.where(granted, b.asked + 30 + rng.exponential(16 * HOUR, n), np.nan)
    part = (b.stage == AFTER) & (rng.random(n) < 0.2)  # spoiled fish, a chipped lamp
    b.refund = np.where(part, np.round(b.cash * rng.uniform(0.1, 0.6, n), 2), b.cash)
    b.signed = np.where(b.stage == UNDERWAY, np.nan, b.signed)


def _review(town: Town, b: SimpleNamespace) -> None:
    rng, o, n = town.rng, town.operators, len(b.buyer)
    false = np.isin(b.scheme, [SCHEME_NUMBER[name] for name in ORDER_SCHEMES])
    hostile = _is(b, "hostile_orders")
    wish = np.select([hostile, false], [0.7, 0.4], o.reviews[b.operator])
    wish = wish * np.where(b.stage == AFTER, 1.7, 1.0)
    said = b.sent & ~np.isnan(b.signed) & (rng.random(n) < wish)
    b.said = np.where(said, b.signed + rng.exponential(1.5 * DAY, n), np.nan)
    low = rng.choice([1, 2, 3, 4], n, p=[0.22, 0.13, 0.25, 0.4])
    stars = np.where(rng.random(n) < o.stars[b.operator], 5, low)
    stars = np.where(b.stage == AFTER, np.minimum(stars, rng.integers(1, 5, n)), stars)
    b.stars = np.select([hostile, false], [rng.choice([1, 1, 2], n), 5], stars)
    stock = STOCK_TEXTS + (3_000 * rng.random(n) ** 3).astype(np.int64)
    praise = PRAISE_TEXTS + 200 * (b.operator % 5) + rng.integers(0, 50, n)
    text = np.where(rng.random(n) < 0.45, stock, rng.integers(2**40, 2**41, n))
    b.text = np.where(false & b.careless, praise, text)
    b.text[rng.random(n) < 0.12] = -1
    hidden = rng.random(n) < np.where(b.stars <= 2, 0.05, 0.008)
    b.removed = np.where(hidden, b.said + rng.exponential(2 * DAY, n), np.nan)
    b.remover = np.where(b.stars <= 2, rng.integers(0, 3, n), rng.choice([0, 2], n))
