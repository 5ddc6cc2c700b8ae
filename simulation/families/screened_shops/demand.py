"""Honest demand: baskets by the hour, split into orders, with payments that fail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.screened_shops.market import Market, day_moments

REGULARS_BASE = 1_000  # numbers of the regulars of a shop begin at shop times this
STRANGERS_BASE = 1_000_000
STRANGERS = 6_000_000
MAX_SPLIT = 6  # orders of one basket
RETRIES = 3


def sell_honestly(m: Market) -> None:
    """Add all honest baskets."""
    baskets = m.r.poisson(m.daily * m.p.days)
    shop = np.repeat(np.arange(m.p.shops), baskets)
    add_baskets(m, shop, buyers_of(m, shop), day_moments(m, shop))


def buyers_of(m: Market, shop: np.ndarray) -> np.ndarray:
    """Buyers of baskets: regulars of the shop, some of whom come often, or strangers."""
    n = len(shop)
    place = np.minimum(m.r.zipf(1.6, n), REGULARS_BASE - 1)
    regular = m.r.random(n) < m.regular_share[shop]
    stranger = STRANGERS_BASE + m.r.integers(0, STRANGERS, n)
    return np.where(regular, shop * REGULARS_BASE + place, stranger)


def add_baskets(m: Market, shop: np.ndarray, buyer: np.ndarray, at: np.ndarray) -> None:
    """Add baskets as orders: most are one, some are split, some payments are repeated."""
    n = len(shop)
    split = m.r.random(n) < m.split_share[shop]
    count = 1 + split * np.minimum(m.r.geometric(0.55, n), MAX_SPLIT - 1)
    add_sequences(m, Sequences(shop, buyer, at, count=count, gap=m.p.split_gap_seconds))
    fails = np.flatnonzero(m.r.random(n) < m.retry_share[shop])
    again = np.minimum(m.r.geometric(0.7, len(fails)), RETRIES)
    start = at[fails] - np.exp(m.r.normal(4.0, 0.8, len(fails))) * again
    add_sequences(
        m, Sequences(shop[fails], buyer[fails], start, count=again, gap=40.0, unpaid=True)
    )


@dataclass(frozen=True)
class Sequences:
    """Orders of one buyer at one shop that follow one another.

    Attributes
    ----------
    shop, buyer, at
        Shop, buyer and first moment of each sequence, shape (n,).
    count
        Orders of each sequence, int of shape (n,).
    gap
        Median gap in seconds, of all or of each.
    scheme, unpaid
        Scheme of the orders, and whether they are never paid.
    addresses
        Whether each order goes to an address of its own.
    shared
        Number of the payer and device that are shared, -1 for the buyer's own.
    """

    shop: np.ndarray
    buyer: np.ndarray
    at: np.ndarray
    count: np.ndarray
    gap: float | np.ndarray
    scheme: int | np.ndarray = 0
    unpaid: bool | np.ndarray = False
    addresses: bool = False
    shared: int | np.ndarray = -1


def add_sequences(m: Market, s: Sequences) -> None:
    """Add sequences of orders to a market."""
    n = len(s.shop)
    of = np.repeat(np.arange(n), s.count)
    if not len(of):
        return
    step = np.broadcast_to(s.gap, n)[of] * np.exp(m.r.normal(0.0, 0.8, len(of)))
    first = np.flatnonzero(np.diff(of, prepend=-1))
    step[first] = 0.0
    total = np.cumsum(step)
    moments = s.at[of] + total - np.repeat(total[first], s.count[s.count > 0])
    m.orders.add(
        len(of),
        shop=s.shop[of],
        buyer=s.buyer[of],
        placed=moments,
        unpaid=np.broadcast_to(s.unpaid, n)[of],
        scheme=np.broadcast_to(s.scheme, n)[of],
        other_address=np.arange(1, len(of) + 1) * s.addresses,
        shared=np.broadcast_to(s.shared, n)[of],
    )
