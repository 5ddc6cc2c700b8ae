"""Accounts and operators of the platform, and honest circumstances that look like fraud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import norm

from simulation.identifiers import DAY, make_ids, take_labels, to_timestamps
from simulation.sizes import Size

REGIONS = [f"R{i:02d}" for i in range(1, 31)]
CATEGORIES = ["apparel", "beauty", "food", "jewellery", "electronics", "home", "books", "gifts"]
REFUND_RATE = np.array([0.55, 0.15, 0.06, 0.30, 0.12, 0.12, 0.05, 0.10])
LOG_PRICE = np.array([4.6, 4.3, 3.6, 5.4, 5.2, 4.3, 3.5, 2.6])
LOG_WEIGHT_GRAMS = np.array(
    [6.0, 5.4, 7.0, 4.2, 6.4, 7.1, 6.3, 3.2]
)  # gifts often weigh under 50 g
ASN_KINDS = ["mobile", "broadband", "campus", "office", "datacentre", "proxy"]
# Share of a farm's aged accounts that live an honest life between jobs.
WARMED_ACCOUNT_SHARE = 0.5
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
    """Arrays over accounts; those from `honest` on are made for fraud.

    Half of the older fraud accounts are warmed up. A warmed account behaves as an honest one
    between its jobs: it watches rooms of its interest, likes, comments, follows and buys.
    `living` holds the accounts that behave so; `by_interest` holds the same by category.
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
    """Arrays over operators; `lookalike[name]` marks operators with that honest circumstance."""

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


def draw_accounts(rng: np.random.Generator, size: Size, start: float) -> Accounts:
    """Honest accounts with households, campuses and pick-up stations, then fraud accounts."""
    n = size.accounts
    bots = max(300, n // 12)
    honest = n - bots
    region = rng.integers(0, len(REGIONS), n)
    age_days = rng.gamma(1.2, 400.0, n) + rng.integers(0, 3, n)
    young = rng.random(bots) < 0.45
    age_days[honest:] = np.where(young, rng.uniform(0, 20, bots), rng.gamma(1.2, 300.0, bots))
    alive = np.arange(n) < honest
    alive[honest:] = ~young & (rng.random(bots) < WARMED_ACCOUNT_SHARE)
    household = np.arange(n) // 2 if n else np.arange(0)
    household = rng.permutation(household)
    address, ip = household.copy(), household.copy() + 10_000_000
    asn = rng.choice([0, 1, 3], size=n, p=[0.45, 0.5, 0.05])
    station = rng.random(n) < 0.12  # neighbours share a pick-up station
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
    # Some households share a card.
    payer = np.where(rng.random(n) < 0.06, household + 90_000_000, np.arange(n))
    interest = rng.integers(0, len(CATEGORIES), n)
    ordered = [rng.permutation(np.flatnonzero((interest == c) & alive)) for c in range(8)]
    level = np.clip(rng.gamma(2.0, 8.0, n) * np.minimum(1, age_days / 200), 0, 100).astype(int)
    # Some families share a tablet.
    device = np.where(rng.random(n) < 0.03, household + 20_000_000, np.arange(n))
    referrer = np.where(rng.random(n) < 0.2, rng.integers(0, honest, n), -1)
    return Accounts(
        region=region,
        registered=start - age_days * DAY,
        device=device,
        ip=ip,
        asn=asn,
        address=address,
        payer=payer,
        interest=interest,
        chattiness=rng.gamma(0.12, 1 / 0.12, n),
        real_name=rng.random(n) < np.where(np.arange(n) < honest, 0.9, 0.55),
        level=level,
        referrer=referrer,
        by_interest=ordered,
        living=np.flatnonzero(alive),
        campus=campus,
        station=station & (np.arange(n) < honest),
        honest=honest,
    )


def draw_operators(rng: np.random.Generator, size: Size, start: float) -> Operators:
    """Operators with a heavy tail of audience size.

    The standard deviation of log viewers between operators is that of real channels.
    """
    m = size.operators
    # One operator a quantile, so that a seed does not set a world's size.
    quantile = (rng.permutation(m) + 0.5) / m
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
    for name in share:  # each occurs in every world
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
        log_viewers=log_viewers,
        category=category,
        region=rng.integers(0, len(REGIONS), m),
        mcn=np.where(rng.random(m) < 0.35, rng.integers(0, max(3, m // 15), m), -1),
        kind=rng.integers(0, 3, m),
        registered=start - age * DAY,
        rate=np.clip(rng.lognormal(np.log(size.start_rate), 0.5, m), 0.05, 1.0),
        hour=np.clip(rng.normal(19.0, 3.0, m), 6, 23),
        conversion=np.clip(rng.lognormal(np.log(0.07), 0.5, m), 0.01, 0.35),
        log_dwell=rng.normal(np.log(44.0), 0.6, m),
        lookalike=lookalike,
    )


def account_rows(accounts: Accounts, received: float) -> pa.Table:
    """Contract rows of accounts; `received` is the first moment of receipt, in seconds."""
    index = np.arange(len(accounts))
    later = np.maximum(received, accounts.registered)
    return pa.table(
        {
            "account_id": make_ids("account", index),
            "registered_at": to_timestamps(accounts.registered),
            "real_name_verified": pa.array(accounts.real_name),
            "level": pa.array(accounts.level),
            "region": take_labels(REGIONS, accounts.region),
            "referrer_id": make_ids("account", accounts.referrer),
            "received_at": to_timestamps(later),
        }
    )


def operator_rows(operators: Operators, received: float) -> pa.Table:
    """Contract rows of operators; `received` is the first moment of receipt, in seconds."""
    index = np.arange(len(operators))
    return pa.table(
        {
            "operator_id": make_ids("operator", index),
            "kind": take_labels(["individual", "company", "mcn_member"], operators.kind),
            "registered_at": to_timestamps(operators.registered),
            "identity_verified_at": to_timestamps(
                np.maximum(operators.registered, received - 5 * DAY)
            ),
            "mcn_id": make_ids("mcn", operators.mcn),
            "region": take_labels(REGIONS, operators.region),
            "category": take_labels(CATEGORIES, operators.category),
            "received_at": to_timestamps(np.maximum(received, operators.registered)),
        }
    )
