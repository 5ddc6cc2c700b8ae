"""Brusher platforms, which serve rotating shops in the same minutes, and hostile orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.orders_only.market import (
    EMPTY,
    GIFT,
    NO_PARCEL,
    NORMAL,
    RETURNED_GOODS,
    Market,
)
from simulation.families.orders_only.parameters import CODE, DAY
from simulation.families.orders_only.resources import Crew, brushers, fresh_accounts
from simulation.families.orders_only.schemes import draw_job


@dataclass(frozen=True)
class Platform:
    """One brusher platform: its people, hours, caution, price band and ways to ship."""

    crew: Crew
    hours: np.ndarray
    evasion: float
    price: float
    fates: np.ndarray
    sender: int
    gap_seconds: float


def run_platforms(market: Market) -> None:
    """Let each brusher platform work for its shops, night after night.

    A platform has one pool of brushers and a few windows of an evening. Its shops rotate; the
    brushers of a shift visit the shops of the evening one after another.
    """
    r, p = market.r, market.p
    clients = [s for s, schemes in enumerate(market.shops.schemes) if "ring" in schemes]
    member = r.integers(0, p.brusher_platforms, len(clients))
    for number in range(p.brusher_platforms):
        shops = [s for s, m in zip(clients, member, strict=True) if m == number]
        if shops:
            _run_platform(market, shops)


def _run_platform(market: Market, shops: list[int]) -> None:
    r, p = market.r, market.p
    jobs = [draw_job(market, s, "ring") for s in shops]
    evasion = float(np.clip(p.evasion["ring"] + r.normal(0, 0.15), 0, 1))
    people = int(np.clip(sum(j.orders for j in jobs) / r.uniform(2.5, 8), 12, 500))
    platform = Platform(
        crew=brushers(market, people, evasion),
        hours=r.uniform(10, 22, 1 + int(r.integers(3))),
        evasion=evasion,
        price=float(np.exp(r.normal(4.2, 0.5))),
        fates=r.choice([EMPTY, GIFT, RETURNED_GOODS, NORMAL], size=3),
        sender=6_000 + int(r.integers(1000)),
        gap_seconds=float(np.exp(r.normal(np.log(357), 0.5))),
    )
    for job in jobs:
        first = min(int(max(job.first_at - p.start, 0) // DAY), p.days - 1)
        days = np.arange(first, p.days)
        count = min(len(days), 1 + r.poisson(2 + 5 * evasion))
        nights = r.choice(days, count, replace=False)
        parts = r.multinomial(job.orders, r.dirichlet(np.full(count, 3.0)))
        for night, n in zip(nights, parts, strict=True):
            start = p.start + night * DAY + r.choice(platform.hours) * 3600
            _shift(market, job.shop, platform, start + r.uniform(0, 1200), int(n))


def _shift(market: Market, shop: int, platform: Platform, start: float, n: int) -> None:
    """One evening of a platform in one shop."""
    r, crew = market.r, platform.crew
    if n == 0:
        return
    size = len(crew.account)
    turns = np.concatenate([r.permutation(size) for _ in range(-(-n // size))])[:n]
    gaps = r.lognormal(np.log(platform.gap_seconds), 0.8, n)
    parallel = max(1.0, n / r.uniform(2, 12))
    times = start + np.cumsum(gaps) / parallel
    if platform.evasion > 0.6:
        times = start + r.uniform(-4, 4, n) * 3600 * platform.evasion
    rows = np.arange(
        market.catalogue.first[shop], market.catalogue.first[shop] + market.catalogue.count[shop]
    )
    near = rows[np.argsort(np.abs(np.log(market.catalogue.price[rows] / platform.price)))]
    fate = platform.fates[shop % 3]
    market.sell(
        shop,
        crew.account[turns],
        times,
        product=r.choice(near[: 1 + int(3 * platform.evasion)], n),
        quantity=np.ones(n, int),
        discount=np.clip(r.normal(0.1, 0.02 + 0.1 * platform.evasion, n), 0, 0.8),
        paid_gap=np.exp(r.normal(3.0, 0.7, n)),
        rating=np.where(r.random(n) < 0.6, 5, 0),
        fate=fate,
        sender=platform.sender if fate == GIFT else -1,
        lot=r.choice(market.numbers(max(1, n // 2)), n) if fate == EMPTY else -1,
        scheme=CODE["ring"],
        false=True,
        beneficiary=shop,
        **crew.orders_of(turns),
    )


def attack_victims(market: Market) -> None:
    """Rivals order at victims: refunds and low stars, or a flood that looks like brushing."""
    r, p = market.r, market.p
    for rival, victim in enumerate(market.shops.rival_of):
        if victim < 0:
            continue
        job = draw_job(market, int(victim), "hostile_brushing")
        n, evasion = min(job.orders, 300), job.evasion
        maker = (brushers, fresh_accounts)[r.integers(2)]
        crew = maker(market, max(4, int(n * r.uniform(0.3, 1.2))), evasion)
        turns = r.choice(len(crew.account), n)
        drips = r.random() < 0.4
        days = r.uniform(0, p.days, n) if drips else r.uniform(0, 0.3, n) + r.integers(p.days)
        refunds = r.random(n) < r.choice([0.2, 0.9])
        low = r.random(n) < r.choice([0.1, 0.8])
        market.sell(
            int(victim),
            crew.account[turns],
            np.maximum(p.start + days * DAY, market.shops.first_at[rival]),
            quantity=np.ones(n, int),
            paid_gap=np.exp(r.normal(3.0, 1.0, n)),
            refund_after=np.where(refunds, np.exp(r.normal(10.5, 1.2, n)), np.nan),
            rating=np.where(low & ~refunds, 1, np.where(refunds, 0, 5)),
            fate=NO_PARCEL if refunds.mean() > 0.5 else NORMAL,
            scheme=CODE["hostile_brushing"],
            false=True,
            beneficiary=rival,
            **crew.orders_of(turns),
        )
