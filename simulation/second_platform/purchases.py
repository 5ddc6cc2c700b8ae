"""Orders of the market and what becomes of them."""

from __future__ import annotations

import numpy as np

from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.records import Orders
from simulation.second_platform.browsing import Shows, Stays
from simulation.second_platform.people import GRAMS, PRICES, RETURNS, People, Shops


def _of_product(product: np.ndarray, salt: int) -> np.ndarray:
    """A standard normal number that belongs to a product."""
    u = ((product * 2_654_435_761 + salt * 7_919) % 1_000_003 + 0.5) / 1_000_003
    v = ((product * 40_503 + salt * 104_729) % 999_983 + 0.5) / 999_983
    return np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)


def orders(
    rng: np.random.Generator,
    p: People,
    s: Shops,
    shows: Shows,
    show,
    buyer,
    placed,
    scheme=0,
    gains=None,
    rank=None,
) -> Orders:
    """Orders as honest people place them; `scheme` numbers who plants them, `gains` is the operator that has the benefit.

    `show` is a place in the day's sessions; order numbers come later.
    """
    n = len(show)
    shop = shows.shop[show]
    category = s.category[shop]
    rank = (s.products[shop] * rng.beta(0.8, 2.5, n)).astype(int) if rank is None else rank
    product = shop * 64 + rank
    quantity = np.minimum(6, rng.geometric(0.85, n))
    listed = (PRICES[category] * np.exp(0.7 * _of_product(product, 1))).round(1) * quantity
    coupon = np.where(rng.random(n) < 0.5, rng.choice([0.95, 0.9, 0.8], n), 1.0)
    paid = np.where(rng.random(n) < 0.96, placed + rng.lognormal(np.log(22.0), 0.9, n), np.nan)
    gift = rng.random(n) < 0.04  # sent to somebody else
    to = np.where(gift, rng.integers(0, 30, n), p.province[buyer])
    near = to == s.province[shop]
    goods = (GRAMS[category] * np.exp(0.5 * _of_product(product, 2))).round() * quantity
    packed = goods * rng.normal(1.0, 0.04, n) + rng.gamma(3.0, 30.0, n)
    cutoff = np.ceil(np.nan_to_num(paid) / DAY) * DAY  # parcels leave in the morning or the evening
    picked = (
        cutoff
        + rng.choice([10.0, 18.0], n) * HOUR
        + rng.exponential(0.6, n) * DAY * (rng.random(n) < 0.3)
    )
    signed = picked + np.where(near, rng.gamma(4.0, 6.0, n), rng.gamma(6.0, 11.0, n)) * HOUR
    back = (rng.random(n) < RETURNS[category]) & ~np.isnan(paid)
    early = back & (rng.random(n) < 0.4)
    asked = np.where(
        early,
        np.minimum(paid + rng.exponential(5.0, n) * HOUR, picked - 60),
        signed + rng.gamma(1.5, 1.5, n) * DAY,
    )
    asked = np.where(back, np.maximum(asked, paid + 5), np.nan)
    nothing = early | np.isnan(paid)
    reviewed = (rng.random(n) < 0.13) & ~back & ~nothing
    nan = np.full(n, np.nan)
    return Orders(
        np.full(n, -1), show, shop, np.where(s.mcn[shop] % 3 == 0, 80_000 + product % 5 + s.mcn[shop] * 10, shop), buyer, product, placed, paid,
        listed, listed * coupon, quantity, p.payer[buyer], np.where(gift, 90_000_000 + rng.integers(0, 9_000_000, n), p.address[buyer]),
        p.device[buyer], np.full(n, scheme), shop if gains is None else gains, goods, packed,
        np.where(nothing, nan, picked), np.where(nothing, nan, signed), np.where(near, rng.integers(3, 7, n), rng.integers(5, 13, n)),
        np.full(n, -1), s.warehouse[shop], s.province[shop], to, asked, asked + rng.gamma(2.0, 0.6, n) * DAY, np.where(early, 0, 2),
        np.where(reviewed, signed + rng.gamma(1.2, 2.0, n) * DAY, nan), rng.choice([1, 2, 3, 4, 5], n, p=[0.06, 0.03, 0.06, 0.2, 0.65]),
        np.where(rng.random(n) < 0.2, rng.integers(0, 60, n), 30_000_000_000 + rng.integers(0, 1 << 50, n)),
    )  # fmt: skip


def honest_orders(rng: np.random.Generator, p: People, s: Shops, shows: Shows, v: Stays) -> Orders:
    """Orders out of honest views: at any time while one stays, and in crowds when a price is cut for five minutes."""
    taste = p.taste[v.account, s.category[shows.shop[v.show]]]
    length = v.left - v.joined
    wants = (length > 25) & (
        rng.random(len(v))
        < (s.conversion[shows.shop[v.show]] * p.purse[v.account] * (0.4 + 1.4 * taste)).clip(0, 0.6)
    )
    index = np.flatnonzero(wants)
    index = np.concatenate(
        [index, index[rng.random(len(index)) < 0.1]]
    )  # a second order of the same visit
    at = v.joined[index] + rng.random(len(index)) * length[index]
    sale = shows.start + rng.uniform(0.2, 0.9, len(shows)) * (shows.end - shows.start)
    during = sale[v.show[index]] + rng.exponential(1.5 * MINUTE, len(index))
    on_sale = (rng.random(len(index)) < 0.5) & (during > v.joined[index]) & (during < v.left[index])
    rank = (s.products[shows.shop[v.show[index]]] * rng.beta(0.8, 2.5, len(index))).astype(int)
    return orders(
        rng, p, s, shows, v.show[index], v.account[index], np.where(on_sale, during, at), rank=np.where(on_sale, 0, rank)
    )  # fmt: skip
