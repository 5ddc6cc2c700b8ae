"""Accounts and operators of the second platform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.identifiers import DAY, make_ids, take_labels, to_timestamps

PROVINCES = [f"CN-{i}" for i in range(11, 41)]
CATEGORIES = ["womenswear", "snacks", "skincare", "toys", "tea", "phones", "sports"]
RETURNS = np.array([0.48, 0.04, 0.12, 0.09, 0.05, 0.14, 0.25])  # share of orders that are refunded
PRICES = np.array([89.0, 29.0, 119.0, 59.0, 79.0, 699.0, 139.0])
GRAMS = np.array([420.0, 900.0, 260.0, 500.0, 350.0, 480.0, 800.0])
HOME, MOBILE, WORK, CAMPUS = 0, 1, 2, 3


@dataclass(frozen=True)
class People:
    """Arrays over accounts; those from `honest` on belong to fraud vendors."""

    province: np.ndarray
    registered: np.ndarray
    taste: np.ndarray  # (accounts, categories), sums to one
    bouts: np.ndarray  # expected openings of the app a day
    swipe: np.ndarray  # probability of swiping on at once
    talk: np.ndarray
    purse: np.ndarray  # factor of the propensity to buy
    device: np.ndarray
    tablet: np.ndarray
    home: np.ndarray  # network prefix at home, shared by a neighbourhood
    work: np.ndarray
    campus: np.ndarray
    version: np.ndarray
    address: np.ndarray
    payer: np.ndarray
    level: np.ndarray
    verified: np.ndarray
    referrer: np.ndarray
    honest: int

    def __len__(self) -> int:
        return len(self.province)


@dataclass(frozen=True)
class Shops:
    """Arrays over operators."""

    category: np.ndarray
    province: np.ndarray
    pull: np.ndarray  # weight of the session in a swipe
    grip: np.ndarray  # typical stay of those who do not swipe on, seconds
    hour: np.ndarray
    days: np.ndarray  # share of days with a session
    hours: np.ndarray  # length of a session, hours
    conversion: np.ndarray
    products: np.ndarray
    mcn: np.ndarray
    registered: np.ndarray
    warehouse: np.ndarray
    lottery: np.ndarray  # holds a lottery among those who comment a word
    guests: np.ndarray  # has famous guests that no table records

    def __len__(self) -> int:
        return len(self.category)


def draw_people(rng: np.random.Generator, n: int, extra: int, start: float) -> People:
    """`n` honest accounts and `extra` accounts of fraud vendors; `start` in seconds."""
    m = n + extra
    age = rng.weibull(0.8, m) * 500.0
    province = rng.choice(len(PROVINCES), m, p=rng.dirichlet(np.full(len(PROVINCES), 2.0)))
    # One prefix serves about thirty homes.
    homes = province * 100_000 + rng.integers(0, max(4, m // 900), m)
    work = np.where(rng.random(m) < 0.3, 40_000_000 + rng.integers(0, max(4, m // 250), m), -1)
    campus = (rng.random(m) < 0.07) & (np.arange(m) < n)
    tower = 60_000_000 + rng.integers(0, max(3, n // 1500), m)
    family = rng.permutation(m) // 3
    address = np.where(
        campus, tower, np.where(rng.random(m) < 0.25, 70_000_000 + homes % 5_000, family)
    )
    return People(
        province=province,
        registered=start - age * DAY,
        taste=rng.dirichlet(np.full(len(CATEGORIES), 0.45), m),
        bouts=rng.gamma(0.7, 0.5, m),
        swipe=rng.beta(6, 4, m),
        talk=rng.gamma(0.2, 5.0, m),
        purse=rng.gamma(0.8, 1.25, m),
        device=np.where(rng.random(m) < 0.02, 10_000_000 + family, np.arange(m)),
        tablet=np.where(rng.random(m) < 0.15, 20_000_000 + np.arange(m), -1),
        home=homes,
        work=work,
        campus=np.where(campus, tower, -1),
        version=rng.choice(10, m, p=np.array([1, 1, 2, 3, 5, 8, 12, 20, 28, 20]) / 100),
        address=address,
        payer=np.where(rng.random(m) < 0.1, 30_000_000 + family, np.arange(m)),
        level=np.where(
            rng.random(m) < 0.15, -1, np.minimum(60, rng.geometric(0.08, m) + age // 90)
        ).astype(int),
        verified=rng.random(m) < 0.8,
        referrer=np.where(rng.random(m) < 0.06, rng.integers(0, n, m), -1),
        honest=n,
    )


def draw_shops(rng: np.random.Generator, n: int, start: float) -> Shops:
    """`n` operators with a heavy tail of pull; `start` in seconds."""
    return Shops(
        category=rng.integers(0, len(CATEGORIES), n),
        province=rng.integers(0, len(PROVINCES), n),
        pull=rng.pareto(1.1, n) + 0.25,
        grip=np.exp(rng.normal(np.log(240.0), 0.5, n)),
        hour=rng.choice([10.0, 14.0, 19.5, 21.5], n, p=[0.2, 0.2, 0.4, 0.2])
        + rng.normal(0, 0.7, n),
        days=rng.beta(2.0, 2.5, n),
        hours=rng.gamma(4.0, 0.8, n).clip(0.5, 9.0),
        conversion=rng.lognormal(np.log(0.05), 0.6, n).clip(0.005, 0.3),
        products=rng.integers(4, 40, n),
        mcn=np.where(rng.random(n) < 0.4, rng.integers(0, max(3, n // 20), n), -1),
        registered=start - rng.gamma(1.5, 300.0, n) * DAY,
        warehouse=np.where(rng.random(n) < 0.35, rng.integers(0, 6, n) + 90_000, np.arange(n)),
        lottery=rng.random(n) < 0.25,
        guests=rng.random(n) < 0.15,
    )


def account_rows(p: People, received: float) -> pa.Table:
    """Contract rows of accounts; `received` is the first moment of receipt, in seconds."""
    return pa.table(
        {
            "account_id": make_ids("account", np.arange(len(p))),
            "registered_at": to_timestamps(p.registered),
            "real_name_verified": pa.array(p.verified, mask=p.level < 0),
            "level": pa.array(p.level, mask=p.level < 0),
            "region": take_labels(PROVINCES, p.province),
            "referrer_id": make_ids("account", p.referrer),
            "received_at": to_timestamps(np.maximum(received, p.registered)),
        }
    )


def operator_rows(s: Shops, received: float) -> pa.Table:
    """Contract rows of operators; `received` is the first moment of receipt, in seconds."""
    return pa.table(
        {
            "operator_id": make_ids("operator", np.arange(len(s))),
            "kind": take_labels(
                ["individual", "company", "mcn_member"],
                np.where(s.mcn >= 0, 2, np.arange(len(s)) % 2),
            ),
            "registered_at": to_timestamps(s.registered),
            "identity_verified_at": to_timestamps(s.registered + DAY),
            "mcn_id": make_ids("mcn", s.mcn),
            "region": take_labels(PROVINCES, s.province),
            "category": take_labels(CATEGORIES, s.category),
            "received_at": to_timestamps(np.maximum(received, s.registered)),
        }
    )
