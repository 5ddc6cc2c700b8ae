"""Schemes of shops that cheat, and of rivals."""

from __future__ import annotations

import numpy as np

from simulation.families.screened_shops.demand import Sequences, add_sequences
from simulation.families.screened_shops.market import CODE, OWN_SCHEMES, Market, day_moments
from simulation.identifiers import DAY, HOUR

MIN_FALSE_ORDERS = 3
CREWS_PER_SHOP = 0.15
HOSTILE_SHARE = 0.03  # of honest shops that a rival attacks


def sell_falsely(m: Market) -> None:
    """Add the false orders of each cheating shop, of crews and of rivals."""
    p, r = m.p, m.r
    crews: list[int] = []
    for shop in np.flatnonzero(m.cheats):
        kinds = r.choice(OWN_SCHEMES, 1 + (r.random() < 0.25), replace=False, p=_weights(m))
        for kind in kinds:
            if kind == CODE["rotating_crew"]:
                crews.append(int(shop))
                continue
            episode = r.random() < p.episode_share
            SELL[int(kind)](m, int(shop), _wanted(m, int(shop), episode))
    _send_crews(m, np.array(crews, dtype=np.int64))
    for shop in np.flatnonzero(~m.cheats & (r.random(p.shops) < HOSTILE_SHARE)):
        _attack(m, int(shop))


def _weights(m: Market) -> np.ndarray:
    """Weights of schemes; none is impossible, so that two can be drawn."""
    weights = np.array(m.p.scheme_weights) + 1e-3
    return weights / weights.sum()


def _wanted(m: Market, shop: int, episode: bool) -> int:
    """False orders that a shop wants: a few once, or a part of its honest ones."""
    if episode:
        return int(MIN_FALSE_ORDERS + m.r.geometric(0.4) - 1)
    share = m.p.intensity * np.exp(m.r.normal(0, 0.7))
    return max(MIN_FALSE_ORDERS, int(share * m.expected_orders[shop]))


def _sequences(m: Market, wanted: int, mean: float, least: int = 2) -> np.ndarray:
    """Lengths of sequences that add up to what is wanted."""
    lengths = least + m.r.poisson(max(mean - least, 0.1), max(1, wanted // least))
    many = int(np.searchsorted(np.cumsum(lengths), wanted)) + 1
    return lengths[:many]


def _brush(m: Market, shop: int, wanted: int, scheme: str, gap: float) -> None:
    """Brushers, each of whom comes on some days and places orders one after another."""
    counts = _sequences(m, wanted, m.r.uniform(3, 7), MIN_FALSE_ORDERS)
    hired = m.hire(max(1, int(len(counts) * m.r.uniform(0.3, 1.0))))
    buyer = m.r.choice(hired, len(counts))
    shops = np.full(len(counts), shop)
    shared = m.r.choice([-1, int(hired[0])])
    at = day_moments(m, shops)
    each = gap * np.exp(m.r.normal(0, 0.5, len(counts)))
    code = CODE[scheme]
    add_sequences(
        m, Sequences(shops, buyer, at, count=counts, gap=each, scheme=code, shared=shared)
    )


def _one_buyer(m: Market, shop: int, wanted: int) -> None:
    _brush(m, shop, wanted, "one_buyer", m.p.brush_gap_seconds)


def _careful(m: Market, shop: int, wanted: int) -> None:
    _brush(m, shop, wanted, "careful", m.r.uniform(1.2, 5.0) * HOUR)


def _daily_pool(m: Market, shop: int, wanted: int) -> None:
    """A pool that orders once a day each, at the hour of its task."""
    people = m.hire(max(2, wanted // m.p.days))
    day = np.tile(np.arange(m.p.days), len(people))
    hour = np.repeat(m.r.uniform(9, 22) + m.r.normal(0, 0.7, len(people)), m.p.days)
    come = m.r.random(len(day)) < m.r.uniform(0.4, 1.0)
    at = m.p.start + day * DAY + (hour % 24) * HOUR + m.r.normal(0, 600, len(day))
    one = np.ones(int(come.sum()), dtype=np.int64)
    buyer, code = np.repeat(people, m.p.days)[come], CODE["daily_pool"]
    add_sequences(m, Sequences(shop * one, buyer, at[come], count=one, gap=60.0, scheme=code))


def _many_at_once(m: Market, shop: int, wanted: int) -> None:
    """Bought accounts that order within minutes, once each."""
    waves = _sequences(m, wanted, m.r.uniform(8, 30), 5)
    start = np.repeat(day_moments(m, np.full(len(waves), shop)), waves)
    width = m.r.uniform(60, 1500)
    at = start + width * m.r.random(len(start))
    one = np.ones(len(at), dtype=np.int64)
    people = m.hire(len(at))
    shared = np.where(m.r.random(len(at)) < 0.4, people[0], -1)
    code = CODE["many_at_once"]
    add_sequences(
        m, Sequences(shop * one, people, at, count=one, gap=60.0, scheme=code, shared=shared)
    )


def _staff(m: Market, shop: int, wanted: int) -> None:
    """Accounts of the shop's people, who order whenever there is time."""
    people = m.hire(int(m.r.integers(1, 4)))
    shops = np.full(wanted, shop)
    one = np.ones(wanted, dtype=np.int64)
    at, code = day_moments(m, shops), CODE["staff"]
    add_sequences(
        m,
        Sequences(
            shops,
            m.r.choice(people, wanted),
            at,
            count=one,
            gap=60.0,
            scheme=code,
            shared=int(people[0]),
        ),
    )


def _send_crews(m: Market, shops: np.ndarray) -> None:
    """Crews of brushers go round the shops that hired them, evening after evening."""
    if not len(shops):
        return
    crews = max(1, int(CREWS_PER_SHOP * len(shops)))
    crew_of = m.r.integers(0, crews, len(shops))
    for crew in range(crews):
        mine = shops[crew_of == crew]
        if not len(mine):
            continue
        people = m.hire(int(m.r.integers(3, 16)))
        wanted = int(np.median([_wanted(m, int(s), episode=False) for s in mine]))
        orders = float(m.r.uniform(1.0, 4.0))
        rounds = max(1, int(wanted / (orders * len(people))))
        for _ in range(min(rounds, 3 * m.p.days)):
            evening = m.p.start + m.r.integers(0, m.p.days) * DAY + m.r.uniform(8, 22) * HOUR
            route = m.r.permutation(mine)[: max(1, int(m.r.integers(2, 7)))]
            some = people[m.r.random(len(people)) < 0.8]
            shop, buyer = np.repeat(route, len(some)), np.tile(some, len(route))
            pause = m.r.uniform(300, 3600)
            at = evening + np.repeat(np.arange(len(route)) * pause, len(some))
            at += m.r.exponential(pause / 3, len(at))
            count = 1 + m.r.poisson(orders - 1.0, len(at))
            gap, code = m.p.brush_gap_seconds, CODE["rotating_crew"]
            shared = int(people[0]) if m.r.random() < 0.3 else -1
            add_sequences(
                m, Sequences(shop, buyer, at, count=count, gap=gap, scheme=code, shared=shared)
            )


def _attack(m: Market, shop: int) -> None:
    """A rival's orders, mostly never paid."""
    wanted = max(6, int(m.r.uniform(0.2, 1.0) * m.expected_orders[shop]))
    counts = _sequences(m, wanted, 3.0, 1)
    people = m.hire(max(1, len(counts) // 2))
    shops = np.full(len(counts), shop)
    at = day_moments(m, np.full(1, shop))[0] + m.r.uniform(0, 5 * HOUR, len(counts))
    unpaid = m.r.random(len(counts)) < 0.8
    buyer, code = m.r.choice(people, len(counts)), CODE["hostile"]
    add_sequences(
        m, Sequences(shops, buyer, at, count=counts, gap=100.0, scheme=code, unpaid=unpaid)
    )


SELL = {
    CODE["one_buyer"]: _one_buyer,
    CODE["careful"]: _careful,
    CODE["daily_pool"]: _daily_pool,
    CODE["many_at_once"]: _many_at_once,
    CODE["staff"]: _staff,
}
