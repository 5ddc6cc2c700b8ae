"""Forty operators, their sessions, and the weddings and festivals that they stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.small_region.county import County
from simulation.families.small_region.settings import (
    DAY,
    DAYS,
    HOUR,
    OPERATORS,
    SLOT_SECONDS,
    TRADES,
    Settings,
)

OPERA, STUDIO = TRADES.index("opera"), TRADES.index("studio")
MARKET_EVERY_DAYS = 5


@dataclass
class Operators:
    """Operators with their habits; one element an operator."""

    trade: np.ndarray
    township: np.ndarray
    charm: np.ndarray
    stick: np.ndarray
    buying: np.ndarray
    price: np.ndarray
    refusal: np.ndarray
    tapping: np.ndarray
    greeting: np.ndarray  # share of comments that copy the day's greeting
    mcn: np.ndarray
    registered: np.ndarray
    host: np.ndarray  # account of the host
    leader_groups: np.ndarray  # village group leaders who order from it
    raids: np.ndarray
    boosts: np.ndarray


@dataclass
class Sessions:
    """Sessions; times in seconds since the epoch."""

    operator: np.ndarray
    started: np.ndarray
    ended: np.ndarray
    pull: np.ndarray  # attraction at that time
    guests_of: np.ndarray  # township that attends in person, -1 is none
    tag: np.ndarray  # 0 ordinary, 1 test, 2 wedding, 3 festival, 4 market morning

    def __len__(self) -> int:
        return len(self.operator)

    def of(self, operator: int) -> np.ndarray:
        """Sessions of an operator that are no tests."""
        return np.flatnonzero((self.operator == operator) & (self.tag != 1))


def found_operators(rng: np.random.Generator, settings: Settings, county: County) -> Operators:
    """Draw the operators; a host is a person of the county who also watches others."""
    n = OPERATORS
    around = lambda sd: np.exp(rng.normal(0, sd, n))  # noqa: E731
    mcn = np.where(rng.random(n) < 0.12, 1, -1)
    mcn[rng.choice(n, int(rng.integers(4, 9)), replace=False)] = 0
    township = rng.integers(0, settings.townships, n)
    county.tie(township)
    fresh = rng.random(n) < 0.15
    registered = settings.start - rng.gamma(1.4, 260, n) * DAY - 15 * DAY
    return Operators(
        trade=rng.choice(len(TRADES), n, p=rng.dirichlet([6, 4, 4, 2, 3, 1, 1.5])),
        township=township,
        charm=rng.pareto(2.2, n) + 0.6,
        stick=around(0.45),
        buying=0.03 * around(0.7),
        price=around(0.35),
        refusal=rng.beta(1.6, 9, n),
        tapping=around(0.8),
        greeting=rng.beta(2, 3, n),
        mcn=mcn,
        registered=np.where(fresh, settings.start - rng.uniform(1, 12, n) * DAY, registered),
        host=rng.choice(county.honest, n, replace=False),
        leader_groups=np.where(rng.random(n) < 0.4, rng.integers(1, 4, n), 0),
        raids=np.where(rng.random(n) < 0.4, rng.uniform(0.1, 0.6, n), 0),
        boosts=np.where(rng.random(n) < 0.25, rng.uniform(0.05, 0.4, n), 0),
    )


def open_rooms(rng: np.random.Generator, settings: Settings, operators: Operators) -> Sessions:
    """Draw all sessions of the three weeks."""
    rows: list[tuple[float, ...]] = []
    luck = np.exp(rng.normal(0, 0.25, (OPERATORS, DAYS)))
    for i in range(OPERATORS):
        habit, hour = rng.beta(4, 2), rng.choice([12.3, 18.5, 19.3, 20.2]) + rng.normal(0, 0.4)
        length = rng.lognormal(np.log(2.4), 0.4)
        for day in range(DAYS):
            midnight = settings.start + day * DAY
            pull = operators.charm[i] * luck[i, day]
            if rng.random() < habit:
                begin = midnight + (hour + rng.normal(0, 0.25)) * HOUR
                hours = np.clip(length * rng.lognormal(0, 0.3), 0.3, 7)
                rows.append((i, begin, begin + hours * HOUR, pull, -1, 0))
                if rng.random() < 0.03:
                    rows.append((i, begin - 1_200, begin - 1_200 + rng.uniform(5, 80), 0, -1, 1))
            if operators.trade[i] in (0, 2, 4) and (day + i) % MARKET_EVERY_DAYS == 0:
                begin = midnight + rng.normal(6.6, 0.3) * HOUR
                rows.append((i, begin, begin + rng.uniform(1.5, 4) * HOUR, pull, -1, 4))
            if operators.trade[i] == STUDIO and rng.random() < 0.3:
                begin = midnight + rng.normal(9.2, 0.5) * HOUR
                ends = begin + rng.uniform(4, 8) * HOUR
                rows.append((i, begin, ends, 5 * pull, int(rng.integers(0, settings.townships)), 2))
    for _ in range(settings.festivals):
        day, host = int(rng.integers(0, DAYS - 1)), int(rng.integers(0, OPERATORS))
        begin = settings.start + day * DAY + 7 * HOUR
        where = int(rng.integers(0, settings.townships))
        rows.append(
            (host, begin, begin + rng.uniform(9, 26) * HOUR, 8 * operators.charm.mean(), where, 3)
        )
    table = np.array(rows)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    ended = np.minimum(table[:, 2], settings.last - rng.uniform(20, 900, len(table)))
    whole = table[:, [0, 4, 5]].astype(int)
    return Sessions(whole[:, 0], table[:, 1], ended, table[:, 3], whole[:, 1], whole[:, 2])


def open_by_slot(settings: Settings, sessions: Sessions) -> list[np.ndarray]:
    """Sessions that are open throughout each slot of ten minutes."""
    slots = int(DAYS * DAY / SLOT_SECONDS)
    first = np.ceil((sessions.started - settings.start) / SLOT_SECONDS).astype(int)
    last = np.floor((sessions.ended - settings.start) / SLOT_SECONDS).astype(int)
    found: list[list[int]] = [[] for _ in range(slots)]
    for session in range(len(sessions)):
        for slot in range(max(first[session], 0), min(last[session], slots)):
            found[slot].append(session)
    return [np.array(f, dtype=int) for f in found]
