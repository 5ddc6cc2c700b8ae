"""Parcels, refunds, reviews and complaints: what follows an order."""

from __future__ import annotations

import numpy as np

from simulation.families.brand_rooms.brands import Brands
from simulation.families.brand_rooms.people import People
from simulation.families.brand_rooms.settings import DAY, HOUR, RETURN_RATE, Settings
from simulation.families.brand_rooms.trade import (
    EMPTY,
    GIFT,
    HOSTILE,
    INTERNAL,
    NORMAL,
    REAL,
    SLOT,
    STACKED,
    Catalogue,
)
from simulation.families.event_delivery.after_orders import (
    AFTER_RECEIPT,
    BEFORE_SHIPPING,
    IN_TRANSIT,
    AfterOrders,
)

GIFT_SENDERS = 900_000  # sender numbers of gift and waybill shops begin here


def fulfil(
    rng: np.random.Generator,
    settings: Settings,
    people: People,
    brands: Brands,
    catalogue: Catalogue,
    orders: dict[str, np.ndarray],
) -> AfterOrders:
    """Ship, refund and review all orders.

    Parameters
    ----------
    rng
        Source of chance.
    settings, people, brands, catalogue
        The platform.
    orders
        Columns of the orders, honest and false.

    Returns
    -------
    AfterOrders
        What became of each order.
    """
    n, operator, fate, paid = (
        len(orders["operator"]),
        orders["operator"],
        orders["fate"],
        orders["paid"],
    )
    requested, stage = _refund_requests(rng, brands, orders)
    shipped = ~np.isnan(paid) & (stage != BEFORE_SHIPPING)
    from_region, sender = _warehouses(rng, settings, brands, people, orders)
    picked, signed = _carry(rng, settings, people, orders, from_region)
    small = np.isin(fate, [GIFT, EMPTY, HOSTILE])
    gift_sender = GIFT_SENDERS + rng.integers(0, 4, len(brands))[operator]
    sender = np.where(small & (rng.random(n) < 0.8), gift_sender, sender)
    goods = catalogue.grams[operator, orders["product"]] * orders["quantity"]
    box = np.where(
        goods < 80, rng.lognormal(np.log(18), 0.5, n), rng.lognormal(np.log(110), 0.5, n)
    )
    weight = goods * np.exp(rng.normal(0, 0.05, n)) + box + 0.02 * goods
    careless = rng.beta(0.4, 12, len(brands))[operator]  # shippers that type a weight
    weight = np.where(rng.random(n) < careless, rng.choice([20.0, 50.0, 100.0, 1_000.0], n), weight)
    weight = np.where(fate == GIFT, rng.normal(38, 9, n).clip(12), weight)
    weight = np.where(np.isin(fate, [EMPTY, HOSTILE]), rng.uniform(8, 25, n), weight)
    scans = 3 + rng.poisson(4.2, n)
    scans = np.where((fate == EMPTY) & (rng.random(n) < 0.7), 2, scans)
    quick = (fate == EMPTY) & (rng.random(n) < 0.5)
    signed = np.where(quick, picked + rng.uniform(3, 12, n) * HOUR, signed)
    after = stage == AFTER_RECEIPT
    delay = rng.gamma(1.5, 1.6 * DAY, n)
    requested = np.where(after, signed + np.where(fate == SLOT, 0.3, 1) * delay, requested)
    in_transit = stage == IN_TRANSIT
    requested = np.where(in_transit, picked + 0.5 * (signed - picked), requested)
    refunded = requested + rng.lognormal(np.log(0.6), 0.9, n) * DAY
    refunded = np.where(rng.random(n) < 0.04, np.nan, refunded)
    reviewed, rating, text, removed = _reviews(rng, brands, fate, signed, operator)
    unhappy = rng.random(n) < np.where(fate == HOSTILE, 0.25, 0.006)
    return AfterOrders(
        picked=np.where(shipped, picked, np.nan),
        signed=np.where(shipped & ~in_transit, signed, np.nan),
        weight=weight,
        goods=goods,
        scans=scans,
        sender=sender,
        from_region=from_region,
        to_region=people.region[orders["buyer"]],
        requested=np.where(np.isnan(paid), np.nan, requested),
        stage=stage,
        refunded=np.where(np.isnan(paid), np.nan, refunded),
        reviewed=np.where(shipped & (stage < 0), reviewed, np.nan),
        rating=rating,
        text=text,
        removed=removed,
        complained=np.where(unhappy & shipped, signed + rng.exponential(2 * DAY, n), np.nan),
    )


def _refund_requests(
    rng: np.random.Generator, brands: Brands, orders: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """When and at what stage money is asked back; stage -1 is never."""
    fate, operator, paid = orders["fate"], orders["operator"], orders["paid"]
    n = len(fate)
    rate = np.minimum(RETURN_RATE[brands.category] * brands.returns, 0.75)[operator]
    draw = rng.random(n)
    stage = np.full(n, -1)
    honest = np.isin(fate, [NORMAL, STACKED])
    regret = rng.beta(1.2, 30, len(brands))[operator]
    stage[honest & (draw < regret)] = BEFORE_SHIPPING
    stage[honest & (draw >= regret) & (draw < regret + rate)] = AFTER_RECEIPT
    stage[honest & (draw > 0.985)] = IN_TRANSIT
    stage[(fate == STACKED) & (rng.random(n) < 0.6)] = BEFORE_SHIPPING
    early = rng.random(len(brands))[operator]  # how early a seller's false sales are undone
    undone = np.isin(fate, [SLOT, INTERNAL]) & (draw < 0.88)
    stage[undone & (rng.random(n) < early)] = BEFORE_SHIPPING
    stage[undone & (stage < 0)] = AFTER_RECEIPT
    stage[(fate == HOSTILE) & (draw < 0.5)] = AFTER_RECEIPT
    wait = rng.lognormal(np.log(3_600), 1.4, n)
    wait = np.where(fate == STACKED, rng.uniform(120, 2_400, n), wait)
    settled_days = rng.uniform(0.2, 4, len(brands))[operator]
    wait = np.where(
        np.isin(fate, [SLOT, INTERNAL]), settled_days * DAY * rng.lognormal(0, 0.3, n), wait
    )
    return np.where(stage == BEFORE_SHIPPING, paid + wait, np.nan), stage


def _warehouses(
    rng: np.random.Generator,
    settings: Settings,
    brands: Brands,
    people: People,
    orders: dict[str, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Region and sender: a group's official warehouses serve its brands and many distributors."""
    operator = orders["operator"]
    companies = int(brands.group.max()) + 1 if brands.group.max() >= 0 else 1
    official = np.where(brands.group >= 0, brands.group, rng.integers(0, companies, len(brands)))
    places = rng.integers(0, settings.regions, (companies, 3))
    home = people.region[orders["buyer"]]
    gap = np.abs(places[official[operator]] - home[:, None])
    nearest = np.where(rng.random(len(home)) < 0.75, gap.argmin(1), rng.integers(0, 3, len(home)))
    own = ~(brands.group >= 0)[operator] & brands.own_stock[operator]
    region = np.where(own, brands.region[operator], places[official[operator], nearest])
    sender = np.where(own, 10_000 + operator, official[operator] * 3 + nearest)
    return region, sender


def _carry(
    rng: np.random.Generator,
    settings: Settings,
    people: People,
    orders: dict[str, np.ndarray],
    from_region: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Pick-up in the warehouse's evening waves, and signature by distance."""
    n = len(from_region)
    slow = rng.lognormal(np.log(0.7), 0.5, int(orders["operator"].max()) + 1)[orders["operator"]]
    ready = orders["paid"] + slow * DAY * rng.lognormal(0, 0.4, n)
    wave = rng.choice([11.0, 16.5, 21.0], n)
    picked = settings.start + ((ready - settings.start) // DAY) * DAY + wave * HOUR
    picked += rng.exponential(1_500, n)
    picked = np.where(
        picked < orders["paid"] + 600, orders["paid"] + rng.uniform(1, 9, n) * HOUR, picked
    )
    distance = np.abs(from_region - people.region[orders["buyer"]])
    days = np.where(distance == 0, 0.8, 1.3 + 2.2 * distance / settings.regions)
    return picked, picked + days * DAY * rng.lognormal(0, 0.3, n)


def _reviews(
    rng: np.random.Generator,
    brands: Brands,
    fate: np.ndarray,
    signed: np.ndarray,
    operator: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """When, how many stars, which text, and when a review was removed."""
    n = len(fate)
    brushed = np.isin(fate, [GIFT, EMPTY, REAL])
    share = np.where(brushed, 0.6, 0.09 * np.exp(rng.normal(0, 0.5, len(brands)))[operator])
    at = np.where(rng.random(n) < share, signed + rng.gamma(1.3, 1.5 * DAY, n), np.nan)
    stars = 1 + (rng.random((n, 1)) > np.array([0.04, 0.07, 0.12, 0.27])).sum(1)
    stars = np.where(brushed, 5, np.where(fate == HOSTILE, 1, stars))
    template = rng.random(n) < np.where(brushed, 0.5, 0.12)
    text = np.where(template, 900_000 + rng.integers(0, 40, n), 2_000_000_000 + np.arange(n))
    strict = rng.beta(0.5, 6, len(brands))[operator]
    gone = (stars <= 2) & (rng.random(n) < strict)
    return at, stars, text, np.where(gone, at + rng.exponential(DAY, n), np.nan)
