"""Ordinary demand of every shop: days, hours, live slots, regular and passing customers."""

from __future__ import annotations

import numpy as np

from simulation.families.orders_only.market import COURIER, NORMAL, PRE_SALE, Market
from simulation.families.orders_only.parameters import DAY
from simulation.families.orders_only.population import TRADES

HOUR = 3600.0


def sell_ordinarily(market: Market) -> None:
    """Sell what customers order of their own accord in all shops."""
    for shop in range(len(market.shops)):
        _sell_shop(market, shop)


def _sell_shop(market: Market, shop: int) -> None:
    r, p, s = market.r, market.p, market.shops
    trade = TRADES[s.trade[shop]]
    level = np.zeros(p.days)
    for later in range(1, p.days):
        level[later] = 0.6 * level[later - 1] + r.normal(0, 0.38)
    weekday = 1 + r.normal(0, 0.18, 7)
    trend = np.linspace(-1, 1, p.days) * r.normal(0, 0.25)
    rate = s.orders_per_day[shop] * np.exp(level + trend) * np.tile(weekday, 4)[: p.days]
    closed = r.random(p.days) < r.choice([0.0, 0.0, 0.1])
    sold = r.poisson(np.clip(rate, 0, None) * r.gamma(4.0, 0.25, p.days) * ~closed)
    day = np.repeat(np.arange(p.days), sold)
    n = len(day)
    if n == 0:
        return
    is_live = r.random(n) < s.live_share[shop]
    second = _hours(r, n, s.peak_hour[shop], trade.name == "wholesale") * HOUR
    placed = p.start + day * DAY + second
    slot_times = np.zeros(n)
    for one in np.unique(day[is_live]):
        rows = np.flatnonzero(is_live & (day == one))
        starts = (s.peak_hour[shop] + r.normal(0, 0.6)) * HOUR - 0.5 * HOUR
        length = np.exp(r.normal(np.log(2.6), 0.5)) * HOUR
        slots = np.sort(r.uniform(0, length, 2 + r.poisson(7)))
        weight = r.dirichlet(np.full(len(slots), 0.7))
        slot_times[rows] = starts + slots[r.choice(len(slots), len(rows), p=weight)]
        slot_times[rows] += np.exp(r.normal(4.4, 1.0, len(rows)))
    placed = np.where(is_live, p.start + day * DAY + np.clip(slot_times, 0, DAY - 1), placed)
    named = is_live & (r.random(n) < p.session_named)
    buyer = customers(market, shop, n)
    columns = {"session": np.where(named, shop * 1000 + day, -1), "fate": _fate(market, shop, n)}
    if trade.name == "wholesale":
        columns["quantity"] = 1 + np.floor(np.exp(r.normal(2.2, 1.0, n))).astype(int)
    if trade.name == "pre_sale":
        # the balance falls due at one hour for everybody who put a deposit down
        due = p.start + (np.ceil((day + 1) / 6) * 6) * DAY + 20 * HOUR
        columns["paid_gap"] = np.maximum(due - placed, 60) + r.gamma(1.2, 1500, n)
    market.sell(shop, buyer, placed, **columns)


def _hours(r: np.random.Generator, n: int, peak: float, office: bool) -> np.ndarray:
    """Local hours of day around a peak, noon and a flat rest."""
    kind = r.random(n)
    hour = np.where(kind < 0.5, r.normal(peak, 1.7, n), r.normal(12.5, 2.0, n))
    flat = r.uniform(9, 18, n) if office else r.uniform(0, 24, n) ** 0.8 * 24**0.2
    return np.where(kind > 0.8, flat, hour) % 24


def _fate(market: Market, shop: int, n: int) -> np.ndarray:
    s = market.shops
    by_courier = market.r.random(n) < s.same_city[shop]
    slow = TRADES[s.trade[shop]].name == "pre_sale"
    return np.where(by_courier, COURIER, PRE_SALE if slow else NORMAL)


def customers(market: Market, shop: int, n: int) -> np.ndarray:
    """Buyers of a shop: regulars by a heavy-tailed taste, and passing customers."""
    r, s = market.r, market.shops
    here = int(s.region[shop])

    def passing(k: int) -> np.ndarray:
        local = market.pools.draw(r, k, here)
        return np.where(r.random(k) < s.local[shop], local, market.pools.draw(r, k))

    regulars = passing(max(3, int(0.5 * n * s.repeat[shop]) + r.poisson(4)))
    taste = r.pareto(1.5, len(regulars)) + 0.2
    chosen = regulars[r.choice(len(regulars), n, p=taste / taste.sum())]
    return np.where(r.random(n) < s.repeat[shop], chosen, passing(n))
