"""People of the market: who watches, and who sells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.identifiers import DAY, chosen, moments, named

PROVINCES = [f"CN-{i}" for i in range(11, 41)]
CATEGORIES = ["womenswear", "snacks", "skincare", "toys", "tea", "phones", "sports"]
RETURNS = np.array([0.48, 0.04, 0.12, 0.09, 0.05, 0.14, 0.25])  # share of orders that are sent back
PRICES = np.array([89.0, 29.0, 119.0, 59.0, 79.0, 699.0, 139.0])
GRAMS = np.array([420.0, 900.0, 260.0, 500.0, 350.0, 480.0, 800.0])
HOME, MOBILE, WORK, CAMPUS = 0, 1, 2, 3


@dataclass(frozen=True)
class People:
    """Arrays over accounts; those from `own` on belong to vendors of fraud and are named in the truth."""

    province: np.ndarray
    registered: np.ndarray
    taste: np.ndarray  # (accounts, categories), sums to one
    bouts: np.ndarray  # expected openings of the app a day
    swipe: np.ndarray  # how likely one is to swipe on at once
    talk: np.ndarray
    purse: np.ndarray  # how readily one buys
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
    own: int

    def __len__(self) -> int:
        return len(self.province)


@dataclass(frozen=True)
class Shops:
    """Arrays over operators."""

    category: np.ndarray
    province: np.ndarray
    pull: np.ndarray  # how often a swipe lands here
    grip: np.ndarray  # seconds that one who stays stays, typically
    hour: np.ndarray
    days: np.ndarray  # share of days with a session
    hours: np.ndarray  # length of a session
    conversion: np.ndarray
    products: np.ndarray
    mcn: np.ndarray
    registered: np.ndarray
    warehouse: np.ndarray
    lottery: np.ndarray  # draws a lot among those who comment a word
    guests: np.ndarray  # is raided, or has famous guests, of which no table tells

    def __len__(self) -> int:
        return len(self.category)


def people(rng: np.random.Generator, n: int, extra: int, start: float) -> People:
    """`n` honest accounts and `extra` that vendors registered."""
    m = n + extra
    age = rng.weibull(0.8, m) * 500.0
    province = rng.choice(len(PROVINCES), m, p=rng.dirichlet(np.full(len(PROVINCES), 2.0)))
    homes = province * 100_000 + rng.integers(
        0, max(4, m // 900), m
    )  # one prefix for about thirty homes
    work = np.where(rng.random(m) < 0.3, 40_000_000 + rng.integers(0, max(4, m // 250), m), -1)
    campus = (rng.random(m) < 0.07) & (np.arange(m) < n)
    tower = 60_000_000 + rng.integers(0, max(3, n // 1500), m)
    family = rng.permutation(m) // 3
    address = np.where(
        campus, tower, np.where(rng.random(m) < 0.25, 70_000_000 + homes % 5_000, family)
    )
    return People(
        province,
        start - age * DAY,
        rng.dirichlet(np.full(len(CATEGORIES), 0.45), m),
        rng.gamma(0.7, 0.5, m),
        rng.beta(6, 4, m),
        rng.gamma(0.2, 5.0, m),
        rng.gamma(0.8, 1.25, m),
        np.where(rng.random(m) < 0.02, 10_000_000 + family, np.arange(m)),
        np.where(rng.random(m) < 0.15, 20_000_000 + np.arange(m), -1),
        homes,
        work,
        np.where(campus, tower, -1),
        rng.choice(10, m, p=np.array([1, 1, 2, 3, 5, 8, 12, 20, 28, 20]) / 100),
        address,
        np.where(rng.random(m) < 0.1, 30_000_000 + family, np.arange(m)),
        np.where(
            rng.random(m) < 0.15, -1, np.minimum(60, rng.geometric(0.08, m) + age // 90)
        ).astype(int),
        rng.random(m) < 0.8,
        np.where(rng.random(m) < 0.06, rng.integers(0, n, m), -1),
        n,
    )


def shops(rng: np.random.Generator, n: int, start: float) -> Shops:
    """Operators with a heavy tail of pull."""
    return Shops(
        rng.integers(0, len(CATEGORIES), n),
        rng.integers(0, len(PROVINCES), n),
        rng.pareto(1.1, n) + 0.25,
        np.exp(rng.normal(np.log(240.0), 0.5, n)),
        rng.choice([10.0, 14.0, 19.5, 21.5], n, p=[0.2, 0.2, 0.4, 0.2]) + rng.normal(0, 0.7, n),
        rng.beta(2.0, 2.5, n),
        rng.gamma(4.0, 0.8, n).clip(0.5, 9.0),
        rng.lognormal(np.log(0.05), 0.6, n).clip(0.005, 0.3),
        rng.integers(4, 40, n),
        np.where(rng.random(n) < 0.4, rng.integers(0, max(3, n // 20), n), -1),
        start - rng.gamma(1.5, 300.0, n) * DAY,
        np.where(rng.random(n) < 0.35, rng.integers(0, 6, n) + 90_000, np.arange(n)),
        rng.random(n) < 0.25,
        rng.random(n) < 0.15,
    )


def account_rows(p: People, received: float) -> pa.Table:
    return pa.table(
        {
            "account_id": named("account", np.arange(len(p))),
            "registered_at": moments(p.registered),
            "real_name_verified": pa.array(p.verified, mask=p.level < 0),
            "level": pa.array(p.level, mask=p.level < 0),
            "region": chosen(PROVINCES, p.province),
            "referrer_id": named("account", p.referrer),
            "received_at": moments(np.maximum(received, p.registered)),
        }
    )


def operator_rows(s: Shops, received: float) -> pa.Table:
    return pa.table(
        {
            "operator_id": named("operator", np.arange(len(s))),
            "kind": chosen(
                ["individual", "company", "mcn_member"],
                np.where(s.mcn >= 0, 2, np.arange(len(s)) % 2),
            ),
            "registered_at": moments(s.registered),
            "identity_verified_at": moments(s.registered + DAY),
            "mcn_id": named("mcn", s.mcn),
            "region": chosen(PROVINCES, s.province),
            "category": chosen(CATEGORIES, s.category),
            "received_at": moments(np.maximum(received, s.registered)),
        }
    )
