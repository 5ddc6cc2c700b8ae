"""Orders that vendors sell, and the views that lead to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulation.behaviour.interactions import CLICK
from simulation.behaviour.purchases import Purchases
from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.records import Events, Orders
from simulation.schemes import SCHEME_NUMBER
from simulation.second_platform.engagement import make_interactions
from simulation.second_platform.fraud_vendors import Sale, VendorVisits, views_of_sale
from simulation.second_platform.platform_day import DIRECT, PlatformDay
from simulation.second_platform.purchases import orders_of_purchases


def deliver_orders(rng: np.random.Generator, day: PlatformDay, sale: Sale) -> Events:
    """Orders that a vendor places in a session, and the views that lead to them."""
    vendor, evasion, n = sale.vendor, sale.vendor.evasion, sale.size
    start, end = day.sessions.start[sale.session], day.sessions.end[sale.session]
    shop = int(day.sessions.shop[sale.session])
    account = vendor.pick_accounts(rng, n, day.number, shop)
    calls = rng.uniform(start + 30, end - 30, max(1, n // (30, 10, 3)[evasion]))
    at = rng.choice(calls, n) + rng.exponential((2, 6, 25)[evasion] * MINUTE, n)
    at = np.clip(at, start + 20, end - 5)
    ranks = rng.integers(0, (2, 5, 30)[evasion], n)
    hostile = sale.beneficiary != shop
    purchases = Purchases(
        session=np.full(n, sale.session),
        buyer=account,
        placed=at,
        scheme=SCHEME_NUMBER["hostile_brushing" if hostile else vendor.scheme],
        beneficiary=np.full(n, sale.beneficiary),
        product_rank=np.minimum(ranks, day.shops.products[shop] - 1),
    )
    orders = _fake(rng, sale, orders_of_purchases(rng, day, purchases), hostile)
    viewed = np.flatnonzero(rng.random(n) < (0.3, 0.7, 0.95)[evasion])
    joined = np.maximum(at[viewed] - rng.gamma(2.0, 70.0, len(viewed)), start)
    left = np.minimum(at[viewed] + rng.exponential(60.0, len(viewed)), end)
    views = views_of_sale(rng, day, sale, VendorVisits(account[viewed], joined, left, DIRECT))
    click = viewed[rng.random(len(viewed)) < 0.5]
    clicks = make_interactions(
        np.full(len(click), sale.session),
        account[click],
        CLICK,
        np.maximum(at[click] - 10, start),
        scheme=SCHEME_NUMBER[vendor.scheme],
    )
    return Events(replace(views, scheme=orders.scheme[viewed]), clicks, orders)


def _fake(rng: np.random.Generator, sale: Sale, o: Orders, hostile: bool) -> Orders:
    """Orders whose payment, parcel, refund and review are those of the scheme."""
    n, nan = len(o), np.full(len(o), np.nan)
    scheme, evasion = sale.vendor.scheme, sale.vendor.evasion
    praised = rng.random(n) < 0.5
    praised_at = np.where(praised, o.signed + rng.exponential(0.7, n) * DAY, nan)
    text = 2_000_000 + sale.vendor.turn + rng.integers(0, 15, n)
    picked = o.paid + rng.uniform(1, 9, n) * HOUR
    if hostile:
        asked = np.where(rng.random(n) < 0.6, o.paid + rng.exponential(2.0, n) * HOUR, nan)
        return replace(
            o,
            refund_asked=asked,
            refund_paid=asked + 2 * HOUR,
            rating=np.ones(n, dtype=int),
            review_text=text,
        )
    praise = replace(
        o,
        refund_asked=nan,
        refund_paid=nan,
        review_at=praised_at,
        rating=np.full(n, 5),
        review_text=text,
    )
    if scheme == "empty_parcels":
        return replace(
            praise,
            picked=picked,
            signed=picked + rng.uniform(4, (10, 20, 40)[evasion], n) * HOUR,
            weight=rng.uniform(10, 120, n),
            scans=rng.integers(2, 4 + evasion, n),
            sender=np.full(n, 6_000_000 + sale.vendor.turn % 97),
        )
    if scheme == "brusher_platform":
        padding = (evasion == 2) * o.goods_weight * 0.5
        return replace(praise, weight=rng.uniform(30, 70, n) + padding)
    if scheme == "insider_orders":
        shared = rng.random(n) < (0.9, 0.6, 0.3)[evasion]
        staff = 700_000_000 + sale.beneficiary
        return replace(
            o,
            payer=np.where(shared, staff, o.payer),
            address=np.where(shared, staff, o.address),
            device=np.where(shared, staff, o.device),
        )
    if scheme == "instant_refund":
        asked = o.paid + rng.exponential((4, 20, 120)[evasion] * MINUTE, n) + 15
        refunded_at = asked + 900
    else:
        asked = np.where(rng.random(n) < 0.9, o.paid + rng.uniform(3, 8, n) * DAY, nan)
        refunded_at = asked + HOUR
    return replace(
        o,
        refund_asked=asked,
        refund_paid=refunded_at,
        refund_stage=np.zeros(n),
        picked=nan,
        signed=nan,
        review_at=nan,
    )
