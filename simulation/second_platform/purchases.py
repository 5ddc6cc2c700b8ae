"""Orders of the second platform with their payment, parcel, refund and review."""

from __future__ import annotations

import numpy as np

from simulation.behaviour.purchases import Purchases
from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.records import Orders, Views
from simulation.second_platform.people import GRAMS, PRICES, RETURNS
from simulation.second_platform.platform_day import PlatformDay


def _normal_of_product(product: np.ndarray, salt: int) -> np.ndarray:
    """A standard normal number that is a fixed function of the product."""
    u = ((product * 2_654_435_761 + salt * 7_919) % 1_000_003 + 0.5) / 1_000_003
    v = ((product * 40_503 + salt * 104_729) % 999_983 + 0.5) / 999_983
    return np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)


def _draw_ranks(rng: np.random.Generator, day: PlatformDay, shop: np.ndarray) -> np.ndarray:
    return (day.shops.products[shop] * rng.beta(0.8, 2.5, len(shop))).astype(int)


def orders_of_purchases(rng: np.random.Generator, day: PlatformDay, purchases: Purchases) -> Orders:
    """Orders as honest people place them; order numbers come later."""
    p, s = day.people, day.shops
    session, buyer, placed = purchases.session, purchases.buyer, purchases.placed
    n = len(session)
    shop = day.sessions.shop[session]
    category = s.category[shop]
    rank = purchases.product_rank
    if rank is None:
        rank = _draw_ranks(rng, day, shop)
    product = shop * 64 + rank
    quantity = np.minimum(6, rng.geometric(0.85, n))
    price = (PRICES[category] * np.exp(0.7 * _normal_of_product(product, 1))).round(1)
    listed = price * quantity
    coupon = np.where(rng.random(n) < 0.5, rng.choice([0.95, 0.9, 0.8], n), 1.0)
    paid = np.where(rng.random(n) < 0.96, placed + rng.lognormal(np.log(22.0), 0.9, n), np.nan)
    gift = rng.random(n) < 0.04  # sent to somebody else
    to_region = np.where(gift, rng.integers(0, 30, n), p.province[buyer])
    near = to_region == s.province[shop]
    grams = (GRAMS[category] * np.exp(0.5 * _normal_of_product(product, 2))).round()
    goods = grams * quantity
    packed = goods * rng.normal(1.0, 0.04, n) + rng.gamma(3.0, 30.0, n)
    # Parcels leave in the morning or the evening.
    cutoff = np.ceil(np.nan_to_num(paid) / DAY) * DAY
    picked = (
        cutoff
        + rng.choice([10.0, 18.0], n) * HOUR
        + rng.exponential(0.6, n) * DAY * (rng.random(n) < 0.3)
    )
    signed = picked + np.where(near, rng.gamma(4.0, 6.0, n), rng.gamma(6.0, 11.0, n)) * HOUR
    refunded = (rng.random(n) < RETURNS[category]) & ~np.isnan(paid)
    early = refunded & (rng.random(n) < 0.4)
    asked = np.where(
        early,
        np.minimum(paid + rng.exponential(5.0, n) * HOUR, picked - 60),
        signed + rng.gamma(1.5, 1.5, n) * DAY,
    )
    asked = np.where(refunded, np.maximum(asked, paid + 5), np.nan)
    unshipped = early | np.isnan(paid)
    reviewed = (rng.random(n) < 0.13) & ~refunded & ~unshipped
    nan = np.full(n, np.nan)
    shared_shop = 80_000 + product % 5 + s.mcn[shop] * 10
    return Orders(
        index=np.full(n, -1),
        session=session,
        operator=shop,
        merchant=np.where(s.mcn[shop] % 3 == 0, shared_shop, shop),
        buyer=buyer,
        product=product,
        placed=placed,
        paid=paid,
        list_amount=listed,
        amount=listed * coupon,
        quantity=quantity,
        payer=p.payer[buyer],
        address=np.where(gift, 90_000_000 + rng.integers(0, 9_000_000, n), p.address[buyer]),
        device=p.device[buyer],
        scheme=np.full(n, purchases.scheme),
        beneficiary=shop if purchases.beneficiary is None else purchases.beneficiary,
        goods_weight=goods,
        weight=packed,
        picked=np.where(unshipped, nan, picked),
        signed=np.where(unshipped, nan, signed),
        scans=np.where(near, rng.integers(3, 7, n), rng.integers(5, 13, n)),
        waybill=np.full(n, -1),
        sender=s.warehouse[shop],
        from_region=s.province[shop],
        to_region=to_region,
        refund_asked=asked,
        refund_paid=asked + rng.gamma(2.0, 0.6, n) * DAY,
        refund_stage=np.where(early, 0, 2),
        review_at=np.where(reviewed, signed + rng.gamma(1.2, 2.0, n) * DAY, nan),
        rating=rng.choice([1, 2, 3, 4, 5], n, p=[0.06, 0.03, 0.06, 0.2, 0.65]),
        review_text=np.where(
            rng.random(n) < 0.2,
            rng.integers(0, 60, n),
            30_000_000_000 + rng.integers(0, 1 << 50, n),
        ),
    )


def draw_honest_orders(rng: np.random.Generator, day: PlatformDay, v: Views) -> Orders:
    """Orders of honest views: at any time of a stay, and together when a price is cut."""
    sessions, shops = day.sessions, day.shops
    shop = sessions.shop[v.session]
    taste = day.people.taste[v.account, shops.category[shop]]
    length = v.left - v.joined
    chance = shops.conversion[shop] * day.people.purse[v.account] * (0.4 + 1.4 * taste)
    buys = (length > 25) & (rng.random(len(v)) < chance.clip(0, 0.6))
    index = np.flatnonzero(buys)
    # Some order twice in one visit.
    index = np.concatenate([index, index[rng.random(len(index)) < 0.1]])
    n = len(index)
    at = v.joined[index] + rng.random(n) * length[index]
    sale = sessions.start + rng.uniform(0.2, 0.9, len(sessions)) * (sessions.end - sessions.start)
    during = sale[v.session[index]] + rng.exponential(1.5 * MINUTE, n)
    on_sale = (rng.random(n) < 0.5) & (during > v.joined[index]) & (during < v.left[index])
    rank = np.where(on_sale, 0, _draw_ranks(rng, day, shop[index]))
    placed = np.where(on_sale, during, at)
    purchases = Purchases(v.session[index], v.account[index], placed, product_rank=rank)
    return orders_of_purchases(rng, day, purchases)
