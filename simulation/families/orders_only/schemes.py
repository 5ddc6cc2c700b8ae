"""False orders of cheating shops, by scheme, and orders that rivals place at victims."""

from __future__ import annotations

from collections.abc import Callable
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
from simulation.families.orders_only.resources import (
    Crew,
    aged_accounts,
    brushers,
    fresh_accounts,
    staff,
)


@dataclass(frozen=True)
class Job:
    """False orders that one shop wants by one scheme."""

    shop: int
    scheme: str
    orders: int
    evasion: float
    first_at: float


def draw_job(market: Market, shop: int, scheme: str) -> Job:
    """Draw size and caution of a scheme in one shop."""
    r, p = market.r, market.p
    volume = market.shops.orders_per_day[shop] * p.days
    wanted = volume * p.intensity[scheme] * np.exp(r.normal(0, 0.6))
    if scheme == "slow_drip":
        wanted = min(wanted, p.days * r.uniform(0.5, 4.0))
    return Job(
        shop=shop,
        scheme=scheme,
        orders=int(np.clip(wanted, 4, 900)),
        evasion=float(np.clip(p.evasion[scheme] + r.normal(0, 0.2), 0.0, 1.0)),
        first_at=float(market.shops.first_at[shop]),
    )


def spread_times(market: Market, job: Job, n: int) -> np.ndarray:
    """Careful shops follow customers' hours over many days; careless ones fill a few hours."""
    r, p = market.r, market.p
    left = max((p.end - job.first_at) / DAY, 0.5)
    if r.random() < job.evasion:
        peak = market.shops.peak_hour[job.shop]
        hour = np.where(r.random(n) < 0.6, r.normal(peak, 1.8, n), r.uniform(8, 24, n)) % 24
        times = p.end - np.ceil(r.uniform(0, left, n)) * DAY + hour * 3600
        return np.maximum(times, job.first_at)
    blocks = 1 + r.poisson(min(left, n / 12))
    starts = p.end - np.floor(r.uniform(0, left, blocks)) * DAY - r.uniform(1, 14, blocks) * 3600
    chosen = r.choice(starts, n, p=r.dirichlet(np.full(blocks, 2.0)))
    return np.maximum(chosen + r.uniform(0, r.uniform(900, 9000), n), job.first_at)


def place(market: Market, job: Job, crew: Crew, times: np.ndarray, **columns: object) -> None:
    """Place the false orders of a job; a crew member is re-used as seldom as it can be."""
    r, n = market.r, len(times)
    size = len(crew.account)
    turns = np.concatenate([r.permutation(size) for _ in range(-(-n // size))])[:n]
    narrow = market.catalogue.pick(r, job.shop, 1 + int(4 * job.evasion))
    columns.setdefault("product", r.choice(narrow, n))
    columns.setdefault("quantity", np.ones(n, int))
    praise = np.where(r.random(n) < 0.25 + 0.5 * (1 - job.evasion), 5, 0)
    columns.setdefault("rating", praise)
    columns.setdefault("paid_gap", np.exp(r.normal(2.8, 0.6 + 0.6 * job.evasion, n)))
    market.sell(
        job.shop,
        crew.account[turns],
        times,
        scheme=CODE[job.scheme],
        false=True,
        **{"beneficiary": job.shop, **crew.orders_of(turns), **columns},
    )


def _empty_parcel(market: Market, job: Job) -> None:
    r, n = market.r, job.orders
    crew = (brushers, fresh_accounts)[r.integers(2)](market, max(4, n // 3), job.evasion)
    # bought numbers are sold more than once unless the shop pays for its own
    lots = market.numbers(max(1, int(n * (0.4 + 0.6 * job.evasion))))
    place(market, job, crew, spread_times(market, job, n), fate=EMPTY, lot=r.choice(lots, n))


def _gift_parcel(market: Market, job: Job) -> None:
    n = job.orders
    crew = brushers(market, max(4, n // 2), job.evasion)
    sender = 5_000 + int(market.r.integers(0, 1 + market.p.brusher_platforms))
    place(market, job, crew, spread_times(market, job, n), fate=GIFT, sender=sender)


def _insider(market: Market, job: Job) -> None:
    r = market.r
    crew = staff(market, job.shop, int(r.integers(2, 9)), job.evasion)
    fate = r.choice([NORMAL, NO_PARCEL, RETURNED_GOODS])
    later = np.where(r.random(job.orders) < 0.4 * (fate == NO_PARCEL), 2.0 * DAY, np.nan)
    times = spread_times(market, job, job.orders)
    place(market, job, crew, times, fate=fate, refund_after=later)


def _slot_refund(market: Market, job: Job) -> None:
    r, p, n = market.r, market.p, job.orders
    crew = brushers(market, max(6, n // 2), job.evasion)
    first = int(np.ceil(max(job.first_at - p.start, 0) / DAY))
    day = int(r.integers(min(first, p.days - 1), p.days))
    slot = p.start + day * DAY + market.shops.peak_hour[job.shop] * 3600 % DAY
    times = slot + r.uniform(0, r.uniform(600, 7200), n)
    named = r.random(n) < p.session_named
    settlement = r.uniform(1.5, 7.0) * DAY
    wait = r.gamma(1.0, 0.4 + 2 * job.evasion, n)
    back = r.random(n) < r.uniform(0.4, 0.95)
    place(
        market, job, crew, times,
        session=np.where(named, job.shop * 1000 + day, -1),
        refund_after=np.where(back, settlement + wait * DAY, np.nan),
        fate=r.choice([NO_PARCEL, NORMAL], p=[0.6, 0.4]), rating=0,
    )  # fmt: skip


def _instant_refund(market: Market, job: Job) -> None:
    r, n = market.r, job.orders
    maker: Callable[[Market, int, float], Crew] = (brushers, fresh_accounts)[r.integers(2)]
    crew = maker(market, max(3, n // 4), job.evasion)
    wait = np.exp(r.normal(np.log(240) + 5.5 * job.evasion, 0.5 + job.evasion, n))
    some = r.random(n) < 0.98 - 0.3 * job.evasion
    place(
        market, job, crew, spread_times(market, job, n),
        refund_after=np.where(some, wait, np.nan), fate=NO_PARCEL, rating=0,
    )  # fmt: skip


def _slow_drip(market: Market, job: Job) -> None:
    r, n = market.r, job.orders
    crew = brushers(market, 2 * n, 0.8)
    days = (market.p.end - job.first_at) / DAY
    times = job.first_at + (np.arange(n) + r.uniform(0, 1, n)) / n * days * DAY
    hour = r.normal(market.shops.peak_hour[job.shop], 2.5, n) % 24 * 3600
    times = np.floor((times - market.p.start) / DAY) * DAY + market.p.start + hour
    place(
        market, job, crew, np.maximum(times, job.first_at), fate=r.choice([RETURNED_GOODS, NORMAL])
    )


def _swap_ship(market: Market, job: Job) -> None:
    r, n = market.r, job.orders
    crew = brushers(market, max(5, n // 2), job.evasion)
    back = r.random(n) < 0.5 * (1 - job.evasion)
    place(
        market, job, crew, spread_times(market, job, n),
        fate=RETURNED_GOODS, refund_after=np.where(back, r.uniform(4, 9, n) * DAY, np.nan),
    )  # fmt: skip


def _aged_accounts(market: Market, job: Job) -> None:
    r, n = market.r, job.orders
    crew = aged_accounts(market, max(5, int(n * r.uniform(0.4, 1.0))), job.evasion)
    place(market, job, crew, spread_times(market, job, n), fate=r.choice([EMPTY, GIFT, NORMAL]))


MAKERS: dict[str, Callable[[Market, Job], None]] = {
    "empty_parcel": _empty_parcel,
    "gift_parcel": _gift_parcel,
    "insider": _insider,
    "slot_refund": _slot_refund,
    "instant_refund": _instant_refund,
    "slow_drip": _slow_drip,
    "swap_ship": _swap_ship,
    "aged_accounts": _aged_accounts,
}


def sell_falsely(market: Market) -> None:
    """Place the false orders of all cheating shops but those of brusher platforms."""
    for shop, schemes in enumerate(market.shops.schemes):
        for scheme in schemes:
            if scheme in MAKERS:
                MAKERS[scheme](market, draw_job(market, shop, scheme))
