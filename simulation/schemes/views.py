"""Schemes that inflate views.

Evasion 0 is careless, 1 hides the network, 2 imitates an audience.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulation.behaviour.platform_day import draw_arrivals, draw_stays
from simulation.identifiers import HOUR, MINUTE
from simulation.records import Views
from simulation.schemes.registry import SCHEME_NUMBER, Job, SchemeContext

# Numbers of trades: they give each scheme accounts of its own.
PROTOCOL_TRADE, IDLE_TRADE, FLASH_TRADE, FARM_TRADE, CROWD_TRADE, POOL_TRADE = range(1, 7)
COOLDOWN_SECONDS = 12 * HOUR


@dataclass(frozen=True)
class Traffic:
    """False views of a session before they are cut to its length."""

    account: np.ndarray  # negative: unknown
    device: np.ndarray
    joined: np.ndarray
    stay: np.ndarray
    source: int
    version: np.ndarray
    ip: np.ndarray
    asn: np.ndarray


def _views_of_traffic(
    rng: np.random.Generator, context: SchemeContext, job: Job, scheme: str, traffic: Traffic
) -> Views:
    """Views of a scheme, cut to the session; accounts bring their region."""
    s, row, n = context.day.sessions, job.session, len(traffic.joined)
    joined = np.clip(traffic.joined, s.start[row], s.end[row] - 2)
    account = traffic.account
    home = context.day.accounts.region[account]
    return Views(
        session=np.full(n, row),
        account=account,
        device=traffic.device,
        joined=joined,
        left=np.minimum(joined + traffic.stay, s.end[row]),
        source=np.full(n, traffic.source, dtype=np.int64),
        version=traffic.version,
        ip=traffic.ip,
        asn=traffic.asn,
        region=np.where(account >= 0, home, rng.integers(0, 30, n)),
        scheme=np.full(n, SCHEME_NUMBER[scheme]),
    )


def _draw_network(
    rng: np.random.Generator, n: int, evasion: int, subnets: int, base: int
) -> tuple[np.ndarray, np.ndarray]:
    """A data centre's few prefixes, or residential proxies that change with every view."""
    if evasion == 0:
        return 300_000_000 + base * 100 + rng.integers(0, subnets, n), np.full(n, 4)
    proxied = 400_000_000 + rng.integers(0, 2_000_000, n)
    known_proxy = rng.random(n) < (0.6 if evasion == 1 else 0.15)
    return proxied, np.where(known_proxy, 5, rng.integers(0, 2, n))


def _draw_versions(rng: np.random.Generator, n: int, evasion: int) -> np.ndarray:
    if evasion == 0:
        return rng.choice([0, 1], size=n, p=[0.7, 0.3])
    return rng.choice(6, size=n, p=[0.02, 0.05, 0.08, 0.2, 0.3, 0.35])


def _imitated_arrivals(
    rng: np.random.Generator, context: SchemeContext, row: int, n: int
) -> np.ndarray:
    return draw_arrivals(rng, context.day.sessions, np.full(n, row), context.profiles)


def protocol_views(rng: np.random.Generator, context: SchemeContext, job: Job) -> Views:
    """Views made by calling the protocol, without an app: nothing follows from them."""
    s, row, n, evasion = context.day.sessions, job.session, job.size, job.evasion
    operator = int(s.operator[row])
    if evasion == 2:
        joined = _imitated_arrivals(rng, context, row, n)
        stay = draw_stays(rng, np.full(n, s.dwell[row]))
    else:
        steps = rng.uniform(s.start[row], s.end[row], max(1, n // 60) + 1)
        joined = rng.choice(steps, n) + rng.exponential(20.0 if evasion == 0 else 240.0, n)
        stay = rng.uniform(5, 90, n)
    ip, asn = _draw_network(rng, n, evasion, 3, operator)
    size, shift = max(40, int(n * 0.7)), context.daily_shift(evasion)
    account = rng.choice(context.farm_accounts(operator, PROTOCOL_TRADE, size, shift), n)
    account = np.where(rng.random(n) < 0.3, -1, account)
    device = 500_000_000 + rng.integers(0, 1 << 40, n)
    version = _draw_versions(rng, n, evasion)
    traffic = Traffic(account, device, joined, stay, 7, version, ip, asn)
    return _views_of_traffic(rng, context, job, "protocol_views", traffic)


def idle_bots(rng: np.random.Generator, context: SchemeContext, job: Job) -> Views:
    """Bots that join in blocks and stay nearly to the end, to raise concurrent viewers."""
    s, row, evasion = context.day.sessions, job.session, job.evasion
    operator = int(s.operator[row])
    length = s.end[row] - s.start[row]
    n = max(3, int(job.size * 0.5))  # they stay long, so fewer are bought
    latest = 0.25 if evasion < 2 else 0.6
    blocks = s.start[row] + length * rng.uniform(0.0, latest, max(1, n // 40) + 1)
    joined = rng.choice(blocks, n) + rng.exponential((4.0, 60.0, 600.0)[evasion], n)
    until = s.end[row] - length * (0.03, 0.08, 0.25)[evasion] * rng.random(n)
    ip, asn = _draw_network(rng, n, evasion, 2, operator)
    size, shift = max(30, n), context.daily_shift(evasion)
    account = rng.choice(context.farm_accounts(operator, IDLE_TRADE, size, shift), n)
    device, stay = context.day.accounts.device[account], np.maximum(until - joined, 60)
    version = _draw_versions(rng, n, max(evasion, 1))
    traffic = Traffic(account, device, joined, stay, 7, version, ip, asn)
    return _views_of_traffic(rng, context, job, "idle_bots", traffic)


def flash_views(rng: np.random.Generator, context: SchemeContext, job: Job) -> Views:
    """Stays of seconds: the count of views rises and concurrent viewers do not."""
    s, row, n, evasion = context.day.sessions, job.session, job.size, job.evasion
    operator = int(s.operator[row])
    if evasion == 0:
        at = rng.uniform(s.start[row], s.end[row])
        joined = at + rng.uniform(0, 20 * MINUTE, n)
    else:
        joined = _imitated_arrivals(rng, context, row, n)
    stay = rng.uniform(1, 3, n) if evasion < 2 else rng.exponential(9.0, n) + 1
    ip, asn = _draw_network(rng, n, evasion, 4, operator)
    size, shift = max(60, n // 3), context.daily_shift(evasion)
    account = rng.choice(context.farm_accounts(operator, FLASH_TRADE, size, shift), n)
    device = context.day.accounts.device[account]
    version = _draw_versions(rng, n, max(1, evasion))
    traffic = Traffic(account, device, joined, stay, 0, version, ip, asn)
    return _views_of_traffic(rng, context, job, "flash_views", traffic)


def device_farm(rng: np.random.Generator, context: SchemeContext, job: Job) -> Views:
    """A shelf of phones that joins together, again and again, under many accounts."""
    s, row, n, evasion = context.day.sessions, job.session, job.size, job.evasion
    operator = int(s.operator[row])
    subnet = (operator * 7) % 40
    phones = 500_000 + subnet * 200 + np.arange(max(8, min(80, n // 4)))
    rounds = np.sort(rng.uniform(s.start[row], s.end[row], max(1, n // len(phones)) + 1))
    joined = rng.choice(rounds, n) + rng.uniform(0, (15.0, 90.0, 600.0)[evasion], n)
    stay = rng.normal(14 * MINUTE, (20.0, 90.0, 400.0)[evasion], n).clip(60, None)
    if evasion == 0:
        ip = np.full(n, 600_000_000 + subnet)
    else:
        ip = 600_000_000 + subnet * 50 + rng.integers(0, (1, 12, 50)[evasion], n)
    size, shift = max(50, n // 2), context.daily_shift(evasion)
    account = rng.choice(context.farm_accounts(operator, FARM_TRADE, size, shift), n)
    device = 700_000_000 + rng.choice(phones, n)
    version = _draw_versions(rng, n, 1)
    asn = np.where(rng.random(n) < 0.5, 0, 1)
    traffic = Traffic(account, device, joined, stay, 0, version, ip, asn)
    return _views_of_traffic(rng, context, job, "device_farm", traffic)


def crowd(rng: np.random.Generator, context: SchemeContext, job: Job) -> Views:
    """Paid people on real devices who visit many unrelated rooms in an hour."""
    s, row, n, evasion = context.day.sessions, job.session, job.size, job.evasion
    gang = context.hired_accounts(int(s.operator[row]), CROWD_TRADE, max(60, n // 2))
    account = rng.choice(gang, n)
    calls = rng.uniform(s.start[row], s.end[row], max(1, n // 80) + 1)
    joined = rng.choice(calls, n) + rng.uniform(0, (6, 15, 40)[evasion] * MINUTE, n)
    stay = rng.normal(5 * MINUTE, 60 + 60 * evasion, n).clip(40, None)
    a, version = context.day.accounts, _draw_versions(rng, n, 2)
    traffic = Traffic(
        account, a.device[account], joined, stay, 3, version, a.ip[account], a.asn[account]
    )
    return _views_of_traffic(rng, context, job, "crowd", traffic)


def pool_cooldown(rng: np.random.Generator, context: SchemeContext, job: Job) -> Views:
    """A pool whose accounts rest for a fixed time between appearances, on reshuffled devices."""
    s, row, evasion = context.day.sessions, job.session, job.evasion
    operator = int(s.operator[row])
    size, shift = max(80, job.size), context.daily_shift(evasion)
    pool = context.farm_accounts(operator, POOL_TRADE, size, shift)
    phase = (pool * 9973) % int(COOLDOWN_SECONDS)
    first = s.start[row] + (phase - s.start[row]) % COOLDOWN_SECONDS
    present = first < s.end[row]
    if present.any():
        pool, first = pool[present], first[present]
    else:
        first = s.start[row] + np.zeros(len(pool))
    pick = rng.integers(0, len(pool), min(job.size, len(pool)))
    n = len(pick)
    jitter = rng.normal(0, (20.0, 240.0, 1800.0)[evasion], n)
    account = pool[pick]
    device = 800_000_000 + rng.permutation(n) + operator % 5 * 10_000
    ip, asn = _draw_network(rng, n, max(1, evasion), 3, operator)
    joined, stay = first[pick] + jitter, rng.lognormal(np.log(9 * MINUTE), 0.4, n)
    version = _draw_versions(rng, n, 1)
    traffic = Traffic(account, device, joined, stay, 3, version, ip, asn)
    return _views_of_traffic(rng, context, job, "pool_cooldown", traffic)


GENERATORS: dict[str, Callable[[np.random.Generator, SchemeContext, Job], Views]] = {
    "protocol_views": protocol_views,
    "idle_bots": idle_bots,
    "flash_views": flash_views,
    "device_farm": device_farm,
    "crowd": crowd,
    "pool_cooldown": pool_cooldown,
}
