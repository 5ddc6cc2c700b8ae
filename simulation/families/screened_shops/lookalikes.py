"""Honest life that resembles brushing: each shop may have some of it, whether it cheats or not."""

from __future__ import annotations

import numpy as np

from simulation.families.screened_shops.demand import (
    STRANGERS,
    STRANGERS_BASE,
    Sequences,
    add_baskets,
    add_sequences,
    buyers_of,
)
from simulation.families.screened_shops.market import Market, day_moments
from simulation.identifiers import DAY, HOUR

MAX_SHARE = 0.12  # of shops that have one kind of look-alike, in the fullest seed


def sell_to_lookalikes(m: Market) -> None:
    """Add the orders of look-alikes; shares of shops that have them are drawn by seed."""
    for name, sell in LOOKALIKES.items():
        share = MAX_SHARE * m.r.random() ** 2
        for shop in np.flatnonzero(m.r.random(m.p.shops) < share):
            sell(m, int(shop))
            m.tags.append((int(shop), name))


def _one(m: Market, shop: int, many: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shop, strangers and moments of so many baskets of a shop."""
    shops = np.full(many, shop)
    return shops, STRANGERS_BASE + m.r.integers(0, STRANGERS, many), day_moments(m, shops)


def _voucher_split(m: Market, shop: int) -> None:
    many = 1 + int(m.r.poisson(0.06 * m.expected_orders[shop]))
    shops, _, at = _one(m, shop, many)
    count = 2 + np.minimum(m.r.geometric(0.6, many) - 1, 4)
    add_sequences(
        m, Sequences(shops, buyers_of(m, shops), at, count=count, gap=m.p.split_gap_seconds)
    )


def _payment_retry(m: Market, shop: int) -> None:
    many = 1 + int(m.r.poisson(0.03 * m.expected_orders[shop]))
    shops, buyer, at = _one(m, shop, many)
    add_sequences(
        m, Sequences(shops, buyer, at, count=m.r.integers(2, 4, many), gap=35.0, unpaid=True)
    )


def _reseller(m: Market, shop: int) -> None:
    """A buyer who stocks up on some days, with pauses to look for more."""
    many = int(m.r.integers(1, m.p.days + 1))
    shops, buyer, at = _one(m, shop, many)
    gap = float(np.exp(m.r.uniform(np.log(120), np.log(5400))))
    add_sequences(
        m, Sequences(shops, np.full(many, buyer[0]), at, count=m.r.integers(1, 6, many), gap=gap)
    )


def _group_leader(m: Market, shop: int) -> None:
    """Orders for neighbours through an evening, each to its own door."""
    many = int(m.r.integers(1, 4))
    shops, buyer, _ = _one(m, shop, many)
    at = m.p.start + m.r.integers(0, m.p.days, many) * DAY + m.r.uniform(18, 21, many) * HOUR
    count = m.r.integers(3, 16, many)
    add_sequences(m, Sequences(shops, buyer, at, count=count, gap=480.0, addresses=True))


def _limited_drop(m: Market, shop: int) -> None:
    """One piece an order: fans order again and again within minutes."""
    fans = int(m.r.integers(8, 60))
    shops, buyer, _ = _one(m, shop, fans)
    at = m.p.start + m.r.integers(0, m.p.days) * DAY + m.r.uniform(10, 22) * HOUR
    count = np.minimum(m.r.geometric(0.62, fans), 5)
    add_sequences(
        m, Sequences(shops, buyer, at + m.r.exponential(240, fans), count=count, gap=90.0)
    )


def _gift_sender(m: Market, shop: int) -> None:
    many = int(m.r.integers(1, 5))
    shops, buyer, at = _one(m, shop, many)
    count = m.r.integers(2, 8, many)
    add_sequences(m, Sequences(shops, buyer, at, count=count, gap=200.0, addresses=True))


def _flash_hour(m: Market, shop: int) -> None:
    """An hour of a voucher with many times the usual buyers."""
    many = int(m.r.uniform(3, 15) * max(m.daily[shop] / 6.0, 2.0))
    start = m.p.start + m.r.integers(0, m.p.days) * DAY + m.r.uniform(9, 22) * HOUR
    shops, buyer, _ = _one(m, shop, many)
    add_baskets(m, shops, buyer, start + HOUR * m.r.random(many) ** 1.5)


def _daily_habit(m: Market, shop: int) -> None:
    """Regulars who order once a day at nearly the same time."""
    people = int(m.r.integers(1, 7))
    _, buyer, at = _one(m, shop, people)
    day = np.tile(np.arange(m.p.days), people)
    moment = np.repeat((at - m.p.start) % DAY, m.p.days) + m.r.normal(0, 1500, len(day))
    come = m.r.random(len(day)) < 0.8
    placed = m.p.start + day * DAY + np.clip(moment, 0, DAY - 1)
    add_baskets(m, np.full(come.sum(), shop), np.repeat(buyer, m.p.days)[come], placed[come])


LOOKALIKES = {
    "voucher_split": _voucher_split,
    "payment_retry": _payment_retry,
    "reseller": _reseller,
    "group_leader": _group_leader,
    "limited_drop": _limited_drop,
    "gift_sender": _gift_sender,
    "flash_hour": _flash_hour,
    "daily_habit": _daily_habit,
}
