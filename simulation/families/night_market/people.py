"""People of the town: households, districts, devices, networks and tempers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from simulation.families.night_market.vocabulary import (
    BROADBAND,
    CAMPUS,
    DAY,
    DISTRICTS,
    INLAND,
    MOBILE,
    OFFICE,
    PROXY,
)

STATION_ADDRESSES, CAMPUS_ADDRESSES = 2_000_000, 2_100_000
CARRIER_NETWORKS, FERRY_NETWORKS, CAMPUS_NETWORKS, OFFICE_NETWORKS = (
    3_000_000,
    3_100_000,
    3_200_000,
    3_300_000,
)
PREFIXES_PER_CARRIER = 18


def draw_people(rng: np.random.Generator, p: SimpleNamespace) -> SimpleNamespace:
    """Draw accounts: who lives together, where, and how eager and patient each is."""
    size = rng.choice([1, 2, 3, 4, 5], p.people, p=[0.34, 0.28, 0.2, 0.12, 0.06])
    household = np.repeat(np.arange(p.people), size)[: p.people]
    n = len(household)
    head = np.searchsorted(household, household)
    quay = rng.choice(len(DISTRICTS), p.people, p=rng.dirichlet(np.full(len(DISTRICTS), 3.0)))
    district = quay[household]
    student, clerk = rng.random(n) < 0.05, rng.random(n) < 0.06
    collects = rng.random(n) < rng.uniform(0.15, 0.4)  # at a pick-up station
    address = household.copy()
    station = STATION_ADDRESSES + district * 4 + rng.integers(0, 4, n)
    address = np.where(collects, station, address)
    address = np.where(student, CAMPUS_ADDRESSES + rng.integers(0, 5, n), address)
    age = rng.gamma(1.1, 450, n) + 2
    fresh = rng.random(n) < 0.05
    registered = np.where(fresh, rng.uniform(-12, p.days, n), -age) * DAY
    tablet = rng.random(n) < 0.07
    return SimpleNamespace(
        person=np.arange(n),
        household=household,
        district=district,
        address=address,
        payer=np.where(rng.random(n) < 0.3, head, np.arange(n)),
        device=np.where(tablet, head, np.arange(n)),
        student=student,
        clerk=clerk,
        commuter=rng.random(n) < p.ferry_share,
        carrier=rng.integers(0, 3, n),
        shop_floor=rng.integers(0, 60, n),
        registered=registered,
        level=np.clip(rng.gamma(1.4, 9, n) * np.minimum(1, age / 150), 0, 100).astype(int),
        verified=rng.random(n) < 0.8,
        referrer=np.where(rng.random(n) < 0.12, rng.integers(0, n, n), -1),
        version=rng.choice(14, n, p=rng.dirichlet(np.linspace(0.3, 4, 14))),
        eager=np.minimum(rng.gamma(0.8, 1.25, n), 9),
        patience=rng.lognormal(0, 0.5, n),
        loyalty=rng.beta(1.5, 3.5, n),
        claps=np.minimum(rng.pareto(1.3, n), 40),
        talks=np.minimum(rng.pareto(1.2, n), 40),
        purse=rng.lognormal(0, 0.7, n),
    )


def draw_networks(
    rng: np.random.Generator, people: SimpleNamespace, account: np.ndarray
) -> dict[str, np.ndarray]:
    """Network prefix and its kind for one view of each account.

    A carrier puts a district behind a few prefixes. A ferry, a campus hall and a shop floor
    share one prefix each.
    """
    n, u = len(account), rng.random(len(account))
    away = (people.district[account] >= INLAND) | (rng.random(n) < 0.25)
    prefix = (PREFIXES_PER_CARRIER * rng.random(n) ** 2).astype(int)
    cell = (people.district[account] * 3 + people.carrier[account]) * PREFIXES_PER_CARRIER + prefix
    ferry = people.commuter[account] & (u < 0.12)
    hall = people.student[account] & (u > 0.35)
    floor = people.clerk[account] & (u > 0.55)
    private = u > 0.997
    network = np.select(
        [private, ferry, hall, floor, away | (u < 0.5)],
        [
            CARRIER_NETWORKS + 90_000 + (account * 7) % 211,
            FERRY_NETWORKS + rng.integers(0, 6, n),
            CAMPUS_NETWORKS + people.shop_floor[account] % 4,
            OFFICE_NETWORKS + people.shop_floor[account],
            CARRIER_NETWORKS + cell,
        ],
        people.household[account],
    )
    asn = np.select(
        [private, ferry, hall, floor, away | (u < 0.5)],
        [PROXY, OFFICE, CAMPUS, OFFICE, MOBILE],
        BROADBAND,
    )
    return {"network": network, "asn": asn}
