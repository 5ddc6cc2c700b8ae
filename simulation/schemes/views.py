"""Schemes that inflate views. Evasion 0 is careless, 1 hides the network, 2 imitates an audience."""

from __future__ import annotations

import numpy as np

from simulation.behaviour.audience import arrivals, stays
from simulation.identifiers import HOUR, MINUTE
from simulation.records import Views
from simulation.schemes import NUMBER, Stage


def _made(
    rng: np.random.Generator,
    stage: Stage,
    row: int,
    scheme: str,
    account: np.ndarray,
    device: np.ndarray,
    joined: np.ndarray,
    stay: np.ndarray,
    source: int | np.ndarray,
    version: np.ndarray,
    ip: np.ndarray,
    asn: np.ndarray,
) -> Views:
    n = len(joined)
    s = stage.sessions
    joined = np.clip(joined, s.start[row], s.end[row] - 2)
    region = np.where(account >= 0, stage.accounts.region[account], rng.integers(0, 30, n))
    return Views(
        np.full(n, row),
        account,
        device,
        joined,
        np.minimum(joined + stay, s.end[row]),
        np.broadcast_to(source, n).astype(np.int64),
        version,
        ip,
        asn,
        region,
        np.full(n, NUMBER[scheme]),
    )


def _network(
    rng: np.random.Generator, n: int, evasion: int, subnets: int, base: int
) -> tuple[np.ndarray, np.ndarray]:
    """A data centre's few prefixes, or residential proxies that change with every view."""
    if evasion == 0:
        return 300_000_000 + base * 100 + rng.integers(0, subnets, n), np.full(n, 4)
    proxied = 400_000_000 + rng.integers(0, 2_000_000, n)
    return proxied, np.where(
        rng.random(n) < (0.6 if evasion == 1 else 0.15), 5, rng.integers(0, 2, n)
    )


def _versions(rng: np.random.Generator, n: int, evasion: int) -> np.ndarray:
    if evasion == 0:
        return rng.choice([0, 1], size=n, p=[0.7, 0.3])
    return rng.choice(6, size=n, p=[0.02, 0.05, 0.08, 0.2, 0.3, 0.35])


def _imitated(rng: np.random.Generator, stage: Stage, row: int, n: int) -> np.ndarray:
    return arrivals(rng, stage.sessions, np.full(n, row), stage.profiles)


def protocol_views(rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int) -> Views:
    """Views made by calling the protocol, without an app: nothing follows from them."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    if evasion == 2:
        joined, stay = _imitated(rng, stage, row, n), stays(rng, np.full(n, s.dwell[row]))
    else:
        steps = rng.uniform(s.start[row], s.end[row], max(1, n // 60) + 1)
        joined = rng.choice(steps, n) + rng.exponential(20.0 if evasion == 0 else 240.0, n)
        stay = rng.uniform(5, 90, n)
    ip, asn = _network(rng, n, evasion, 3, operator)
    account = rng.choice(stage.bots(operator, 1, max(40, int(n * 0.7)), stage.moved_on(evasion)), n)
    account = np.where(rng.random(n) < 0.3, -1, account)
    device = 500_000_000 + rng.integers(0, 1 << 40, n)
    return _made(
        rng,
        stage,
        row,
        "protocol_views",
        account,
        device,
        joined,
        stay,
        7,
        _versions(rng, n, evasion),
        ip,
        asn,
    )


def idle_bots(rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int) -> Views:
    """Bots that join in blocks and stay nearly to the end, to hold up the concurrent figure."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    length = s.end[row] - s.start[row]
    n = max(3, int(n * 0.5))  # they stay long, so fewer are bought
    blocks = s.start[row] + length * rng.uniform(
        0.0, 0.25 if evasion < 2 else 0.6, max(1, n // 40) + 1
    )
    spread = (4.0, 60.0, 600.0)[evasion]
    joined = rng.choice(blocks, n) + rng.exponential(spread, n)
    until = s.end[row] - length * (0.03, 0.08, 0.25)[evasion] * rng.random(n)
    ip, asn = _network(rng, n, evasion, 2, operator)
    account = rng.choice(
        stage.bots(operator, 2, max(30, n), stage.moved_on(evasion)), n, replace=True
    )
    device = stage.accounts.device[account]
    return _made(
        rng,
        stage,
        row,
        "idle_bots",
        account,
        device,
        joined,
        np.maximum(until - joined, 60),
        7,
        _versions(rng, n, max(evasion, 1)),
        ip,
        asn,
    )


def flash_views(rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int) -> Views:
    """Stays of seconds: the count of views rises and the concurrent figure does not."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    if evasion == 0:
        at = rng.uniform(s.start[row], s.end[row])
        joined = at + rng.uniform(0, 20 * MINUTE, n)
    else:
        joined = _imitated(rng, stage, row, n)
    stay = rng.uniform(1, 3, n) if evasion < 2 else rng.exponential(9.0, n) + 1
    ip, asn = _network(rng, n, evasion, 4, operator)
    account = rng.choice(stage.bots(operator, 3, max(60, n // 3), stage.moved_on(evasion)), n)
    return _made(
        rng,
        stage,
        row,
        "flash_views",
        account,
        stage.accounts.device[account],
        joined,
        stay,
        0,
        _versions(rng, n, max(1, evasion)),
        ip,
        asn,
    )


def device_farm(rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int) -> Views:
    """A shelf of phones that joins together, again and again, under many accounts."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    phones = 500_000 + (operator * 7) % 40 * 200 + np.arange(max(8, min(80, n // 4)))
    rounds = np.sort(rng.uniform(s.start[row], s.end[row], max(1, n // len(phones)) + 1))
    joined = rng.choice(rounds, n) + rng.uniform(0, (15.0, 90.0, 600.0)[evasion], n)
    stay = rng.normal(14 * MINUTE, (20.0, 90.0, 400.0)[evasion], n).clip(60, None)
    subnet = (operator * 7) % 40
    ip = (
        600_000_000 + subnet
        if evasion == 0
        else 600_000_000 + subnet * 50 + rng.integers(0, (1, 12, 50)[evasion], n)
    )
    account = rng.choice(stage.bots(operator, 4, max(50, n // 2), stage.moved_on(evasion)), n)
    return _made(
        rng,
        stage,
        row,
        "device_farm",
        account,
        700_000_000 + rng.choice(phones, n),
        joined,
        stay,
        0,
        _versions(rng, n, 1),
        np.broadcast_to(ip, n),
        np.where(rng.random(n) < 0.5, 0, 1),
    )


def crowd(rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int) -> Views:
    """Paid people on real devices who make the round of many unrelated rooms in an hour."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    gang = stage.hired(operator, 5, max(60, n // 2))
    account = rng.choice(gang, n)
    call = rng.uniform(s.start[row], s.end[row], max(1, n // 80) + 1)
    joined = rng.choice(call, n) + rng.uniform(0, (6, 15, 40)[evasion] * MINUTE, n)
    stay = rng.normal(5 * MINUTE, 60 + 60 * evasion, n).clip(40, None)
    a = stage.accounts
    return _made(
        rng,
        stage,
        row,
        "crowd",
        account,
        a.device[account],
        joined,
        stay,
        3,
        _versions(rng, n, 2),
        a.ip[account],
        a.asn[account],
    )


def pool_cooldown(rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int) -> Views:
    """A pool of accounts, each of which rests for a fixed time (12 h) between appearances; devices are reshuffled."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    pool = stage.bots(operator, 6, max(80, n), stage.moved_on(evasion))
    phase = (pool * 9973) % int(12 * HOUR)
    first = s.start[row] + (phase - s.start[row]) % (12 * HOUR)
    present = first < s.end[row]
    pool, first = (
        (pool[present], first[present])
        if present.any()
        else (pool, s.start[row] + np.zeros(len(pool)))
    )
    pick = rng.integers(0, len(pool), min(n, len(pool)))
    jitter = rng.normal(0, (20.0, 240.0, 1800.0)[evasion], len(pick))
    account = pool[pick]
    device = 800_000_000 + rng.permutation(len(account)) + operator % 5 * 10_000
    ip, asn = _network(rng, len(account), max(1, evasion), 3, operator)
    return _made(
        rng,
        stage,
        row,
        "pool_cooldown",
        account,
        device,
        first[pick] + jitter,
        rng.lognormal(np.log(9 * MINUTE), 0.4, len(pick)),
        3,
        _versions(rng, len(pick), 1),
        ip,
        asn,
    )


MAKE = {
    f.__name__: f
    for f in (protocol_views, idle_bots, flash_views, device_farm, crowd, pool_cooldown)
}
