"""Who is on the platform: operators, accounts, and the honest circumstances that look like fraud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import norm

from simulation.identifiers import DAY, chosen, moments, named
from simulation.sizes import Size

REGIONS = [f"R{i:02d}" for i in range(1, 31)]
CATEGORIES = ["apparel", "beauty", "food", "jewellery", "electronics", "home", "books", "gifts"]
REFUND_RATE = np.array([0.55, 0.15, 0.06, 0.30, 0.12, 0.12, 0.05, 0.10])
PRICE_LOG = np.array([4.6, 4.3, 3.6, 5.4, 5.2, 4.3, 3.5, 2.6])
WEIGHT_LOG = np.array(
    [6.0, 5.4, 7.0, 4.2, 6.4, 7.1, 6.3, 3.2]
)  # log grams; gifts often weigh under 50 g
ASN = ["mobile", "broadband", "campus", "office", "datacentre", "proxy"]
WARMED = 0.5  # share of a farm's aged accounts that live an honest life between jobs
LOOKALIKES = [
    "raid_target",
    "celebrity_visits",
    "coupon_bursts",
    "ad_spikes",
    "campus_audience",
    "pickup_station_buyers",
    "presale",
    "group_buying",
    "same_city_courier",
    "fan_club_slogans",
    "light_gifts",
    "virtual_host",
    "new_small_operator",
    "high_return_category",
    "private_group",
    "bulk_buyers",
]


@dataclass(frozen=True)
class Accounts:
    """Arrays over accounts. Those from `honest` on are made for fraud; of the older ones half are warmed up.

    A warmed account lives as an honest one between its jobs: it watches rooms it is interested in, likes, chats, follows and buys.
    `living`: who does so; `by_interest`: the same by category.
    """

    region: np.ndarray
    registered: np.ndarray
    device: np.ndarray
    ip: np.ndarray
    asn: np.ndarray
    address: np.ndarray
    payer: np.ndarray
    interest: np.ndarray
    chattiness: np.ndarray
    real_name: np.ndarray
    level: np.ndarray
    referrer: np.ndarray
    by_interest: list[np.ndarray]
    living: np.ndarray
    campus: np.ndarray
    station: np.ndarray
    honest: int

    def __len__(self) -> int:
        return len(self.region)


@dataclass(frozen=True)
class Operators:
    """Arrays over operators; `lookalike[name]` marks those with that honest circumstance."""

    log_viewers: np.ndarray
    category: np.ndarray
    region: np.ndarray
    mcn: np.ndarray
    kind: np.ndarray
    registered: np.ndarray
    rate: np.ndarray
    hour: np.ndarray
    conversion: np.ndarray
    log_dwell: np.ndarray
    lookalike: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.region)


def people(rng: np.random.Generator, size: Size, start: float) -> Accounts:
    """Honest accounts with households, campuses and pick-up stations, then the accounts made for fraud."""
    n = size.accounts
    bots = max(300, n // 12)
    honest = n - bots
    region = rng.integers(0, len(REGIONS), n)
    age_days = rng.gamma(1.2, 400.0, n) + rng.integers(0, 3, n)
    young = rng.random(bots) < 0.45
    age_days[honest:] = np.where(young, rng.uniform(0, 20, bots), rng.gamma(1.2, 300.0, bots))
    alive = np.arange(n) < honest
    alive[honest:] = ~young & (rng.random(bots) < WARMED)
    household = np.arange(n) // 2 if n else np.arange(0)
    household = rng.permutation(household)
    address, ip = household.copy(), household.copy() + 10_000_000
    asn = rng.choice([0, 1, 3], size=n, p=[0.45, 0.5, 0.05])
    station = rng.random(n) < 0.12  # parcels go to a pick-up station that many neighbours share
    address[station] = (
        50_000_000 + region[station] * 1000 + rng.integers(0, max(2, n // 2500), station.sum())
    )
    campus = (rng.random(n) < 0.04) & (np.arange(n) < honest)
    hall = rng.integers(0, max(2, n // 4000), n)
    address[campus] = 60_000_000 + hall[campus]
    ip[campus] = 70_000_000 + hall[campus]
    asn[campus] = 2
    office = asn == 3
    ip[office] = 80_000_000 + rng.integers(0, max(3, n // 800), office.sum())
    payer = np.where(
        rng.random(n) < 0.06, household + 90_000_000, np.arange(n)
    )  # some households share a card
    interest = rng.integers(0, len(CATEGORIES), n)
    ordered = [rng.permutation(np.flatnonzero((interest == c) & alive)) for c in range(8)]
    level = np.clip(rng.gamma(2.0, 8.0, n) * np.minimum(1, age_days / 200), 0, 100).astype(int)
    device = np.where(
        rng.random(n) < 0.03, household + 20_000_000, np.arange(n)
    )  # a tablet that a family shares
    referrer = np.where(rng.random(n) < 0.2, rng.integers(0, honest, n), -1)
    return Accounts(
        region,
        start - age_days * DAY,
        device,
        ip,
        asn,
        address,
        payer,
        interest,
        rng.gamma(0.12, 1 / 0.12, n),
        rng.random(n) < np.where(np.arange(n) < honest, 0.9, 0.55),
        level,
        referrer,
        ordered,
        np.flatnonzero(alive),
        campus,
        station & (np.arange(n) < honest),
        honest,
    )


def sellers(rng: np.random.Generator, size: Size, start: float) -> Operators:
    """Operators with a heavy tail of audience size (log-sd between them as measured on real channels)."""
    m = size.operators
    quantile = (
        rng.permutation(m) + 0.5
    ) / m  # one operator a quantile, so that a seed does not set a world's size
    log_viewers = np.minimum(size.log_viewers + 2.0 * norm.ppf(quantile), np.log(size.largest))
    category = rng.integers(0, len(CATEGORIES), m)
    fresh = rng.random(m) < 0.08
    age = np.where(fresh, rng.uniform(-15, 12, m), rng.gamma(2.0, 250.0, m) + 20)
    log_viewers = np.where(fresh, np.minimum(log_viewers, rng.normal(2.0, 0.8, m)), log_viewers)
    share = {
        "raid_target": 0.08,
        "celebrity_visits": 0.03,
        "coupon_bursts": 0.12,
        "ad_spikes": 0.12,
        "campus_audience": 0.04,
        "pickup_station_buyers": 0.05,
        "presale": 0.06,
        "group_buying": 0.05,
        "same_city_courier": 0.06,
        "fan_club_slogans": 0.07,
        "virtual_host": 0.05,
    }
    lookalike = {name: rng.random(m) < p for name, p in share.items()}
    for name in share:  # each occurs in every world, however small
        if not lookalike[name].any():
            lookalike[name][rng.integers(m)] = True
    loyal = rng.spawn(1)[0]
    for name in ("private_group", "bulk_buyers"):
        lookalike[name] = loyal.random(m) < 0.06
        lookalike[name][loyal.integers(m)] = True
    lookalike["light_gifts"] = category == CATEGORIES.index("gifts")
    lookalike["high_return_category"] = category == CATEGORIES.index("apparel")
    lookalike["new_small_operator"] = fresh
    return Operators(
        log_viewers,
        category,
        rng.integers(0, len(REGIONS), m),
        np.where(rng.random(m) < 0.35, rng.integers(0, max(3, m // 15), m), -1),
        rng.integers(0, 3, m),
        start - age * DAY,
        np.clip(rng.lognormal(np.log(size.start_rate), 0.5, m), 0.05, 1.0),
        np.clip(rng.normal(19.0, 3.0, m), 6, 23),
        np.clip(rng.lognormal(np.log(0.07), 0.5, m), 0.01, 0.35),
        rng.normal(np.log(44.0), 0.6, m),
        lookalike,
    )


def account_rows(accounts: Accounts, received: float) -> pa.Table:
    index = np.arange(len(accounts))
    later = np.maximum(received, accounts.registered)
    return pa.table(
        {
            "account_id": named("account", index),
            "registered_at": moments(accounts.registered),
            "real_name_verified": pa.array(accounts.real_name),
            "level": pa.array(accounts.level),
            "region": chosen(REGIONS, accounts.region),
            "referrer_id": named("account", accounts.referrer),
            "received_at": moments(later),
        }
    )


def operator_rows(operators: Operators, received: float) -> pa.Table:
    index = np.arange(len(operators))
    return pa.table(
        {
            "operator_id": named("operator", index),
            "kind": chosen(["individual", "company", "mcn_member"], operators.kind),
            "registered_at": moments(operators.registered),
            "identity_verified_at": moments(np.maximum(operators.registered, received - 5 * DAY)),
            "mcn_id": named("mcn", operators.mcn),
            "region": chosen(REGIONS, operators.region),
            "category": chosen(CATEGORIES, operators.category),
            "received_at": moments(np.maximum(received, operators.registered)),
        }
    )
