"""Buyers with shared doors, cards and phones, and shops of trades with habits of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.orders_only.parameters import (
    CHEAT_SCHEMES,
    DAY,
    RECRUITER_BASE,
    Parameters,
)


@dataclass
class People:
    """Accounts by number; each array has one entry an account."""

    region: np.ndarray
    address: np.ndarray
    payer: np.ndarray
    device: np.ndarray
    second_device: np.ndarray
    registered: np.ndarray
    verified: np.ndarray
    level: np.ndarray
    referrer: np.ndarray
    activity: np.ndarray
    in_dormitory: np.ndarray
    at_station: np.ndarray
    returns: np.ndarray
    reviews: np.ndarray

    def __len__(self) -> int:
        return len(self.region)


def draw_people(r: np.random.Generator, p: Parameters) -> People:
    """Draw the accounts of a platform.

    A household has 1 to 5 accounts, one door and perhaps one card or phone. A dormitory is one
    address of many households; a pick-up station serves a neighbourhood of its region.
    """
    n = p.people
    size = 1 + r.binomial(4, r.uniform(0.1, 0.3), n)
    household = np.repeat(np.arange(n), size)[:n]
    first = np.searchsorted(household, household)
    region_of = r.choice(p.regions, n, p=r.dirichlet(np.full(p.regions, 0.8)))
    region = region_of[household]
    address = household.copy()

    dormitories = max(int(n * r.uniform(0.0001, 0.0006)), 2)
    dorm_of = np.where(r.random(n) < r.uniform(0.02, 0.12), r.integers(0, dormitories, n), -1)
    in_dorm = dorm_of >= 0
    address[in_dorm] = n + dorm_of[in_dorm]
    region[in_dorm] = (dorm_of[in_dorm] * 7) % p.regions

    stations = max(n // int(r.integers(60, 400)), p.regions)
    at_station = (r.random(n) < p.station_share)[household] & ~in_dorm
    own_station = region + p.regions * r.integers(0, max(stations // p.regions, 1), n)[household]
    address[at_station] = n + dormitories + own_station[at_station]

    shares_payer = r.random(n) < p.shared_payer
    shares_device = r.random(n) < r.uniform(0.01, 0.1)
    age = r.gamma(1.2, r.uniform(250, 700), n) * DAY
    is_new = r.random(n) < r.uniform(0.01, 0.08)
    registered = np.where(is_new, p.start + r.uniform(-10, p.days, n) * DAY, p.start - age)
    activity = r.pareto(r.uniform(1.6, 2.8), n) + 0.15
    referrer = np.where(r.random(n) < r.uniform(0.05, 0.3), r.integers(0, n, n), -1)
    # promoters of the platform itself recruit by code as well
    promoter = np.minimum(r.zipf(1.6, n), 100_000)
    promoted = r.random(n) < r.uniform(0.0, 0.15)
    referrer = np.where(promoted, RECRUITER_BASE + promoter * 9_973 % 1_000_000, referrer)
    level = np.clip(r.poisson(3 * np.log1p(activity) + age / DAY / 150), 0, 100)
    return People(
        region=region,
        address=address,
        payer=np.where(shares_payer, first, np.arange(n)),
        device=np.where(shares_device, first, np.arange(n)),
        second_device=np.where(r.random(n) < 0.12, n + np.arange(n), -1),
        registered=registered,
        verified=r.random(n) < r.uniform(0.5, 0.95),
        level=np.where(is_new, np.minimum(level, 1), level),
        referrer=np.where(referrer == np.arange(n), -1, referrer),
        activity=activity,
        in_dormitory=in_dorm,
        at_station=at_station,
        returns=np.exp(r.normal(0.0, 0.7, n)),
        reviews=np.exp(r.normal(-0.3, 0.8, n)),
    )


class Pools:
    """Draws accounts by activity, everywhere or of one region."""

    def __init__(self, people: People) -> None:
        self._order = np.argsort(people.region, kind="stable")
        self._region = people.region[self._order]
        self._mass = np.concatenate([[0.0], np.cumsum(people.activity[self._order])])

    def draw(self, r: np.random.Generator, n: int, region: int = -1) -> np.ndarray:
        """Accounts with replacement; region -1 is the whole country."""
        low, high = 0, len(self._order)
        if region >= 0:
            low, high = (int(np.searchsorted(self._region, region + k)) for k in (0, 1))
        if high <= low:
            low, high = 0, len(self._order)
        mass = r.uniform(self._mass[low], self._mass[high], n)
        place = np.searchsorted(self._mass, mass, side="right") - 1
        return self._order[np.clip(place, low, high - 1)]


@dataclass(frozen=True)
class Trade:
    """Typical figures of a trade; shops vary around them."""

    name: str
    price: float
    price_sigma: float
    weight_g: float
    return_share: float
    repeat: float
    same_city: float
    volume: float
    ship_hours: float
    peak_hour: float


TRADES = (
    Trade("groceries", 42, 0.6, 1800, 0.02, 0.55, 0.85, 2.2, 1, 17.5),
    Trade("apparel", 118, 0.5, 420, 0.62, 0.15, 0.02, 1.6, 30, 21.0),
    Trade("appliances", 890, 0.7, 5200, 0.07, 0.02, 0.10, 0.4, 26, 20.0),
    Trade("accessories", 19, 0.5, 38, 0.06, 0.08, 0.01, 1.4, 22, 21.5),
    Trade("beauty", 96, 0.7, 210, 0.10, 0.20, 0.02, 1.2, 18, 20.5),
    Trade("snacks", 23, 0.4, 450, 0.03, 0.25, 0.05, 1.8, 20, 20.0),
    Trade("wholesale", 310, 0.9, 7500, 0.05, 0.50, 0.10, 0.5, 36, 10.5),
    Trade("pre_sale", 165, 0.6, 900, 0.14, 0.05, 0.02, 0.8, 90, 20.0),
    Trade("group_buying", 29, 0.4, 2500, 0.03, 0.45, 0.60, 1.6, 9, 19.0),
    Trade("jewellery", 240, 0.9, 46, 0.52, 0.25, 0.01, 0.7, 40, 22.0),
)


@dataclass
class Shops:
    """Arrays with one entry a shop; `schemes` lists what a shop does."""

    trade: np.ndarray
    region: np.ndarray
    kind: np.ndarray
    registered: np.ndarray
    mcn: np.ndarray
    orders_per_day: np.ndarray
    repeat: np.ndarray
    local: np.ndarray
    return_share: np.ndarray
    review_share: np.ndarray
    low_ratings: np.ndarray
    copied_reviews: np.ndarray
    unpaid: np.ndarray
    discount: np.ndarray
    catalogue_bias: np.ndarray
    catalogue_known: np.ndarray
    ship_hours: np.ndarray
    same_city: np.ndarray
    sender: np.ndarray
    merchants: np.ndarray
    products: np.ndarray
    live_share: np.ndarray
    peak_hour: np.ndarray
    rival_of: np.ndarray
    first_at: np.ndarray
    schemes: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.trade)


def draw_shops(r: np.random.Generator, p: Parameters) -> Shops:
    """Draw the shops, their habits, the cheating ones and the rivals of victims."""
    n = p.shops

    def around(sigma: float) -> np.ndarray:
        return np.exp(r.normal(0.0, sigma, n))

    trade = r.choice(len(TRADES), n, p=r.dirichlet(np.full(len(TRADES), 2.0)))
    column = {
        f: np.array([getattr(t, f) for t in TRADES])[trade]
        for f in ("volume", "repeat", "return_share", "ship_hours", "same_city", "peak_hour")
    }
    volume = column["volume"] * around(1.15)
    odds = column["return_share"] / (1 - column["return_share"]) * around(0.45) * p.return_level
    warehouses = max(n // 6, 3)
    cheats = r.random(n) < p.cheat_share
    later = r.random(n) < 0.3
    first_at = np.where(later, p.start + r.uniform(0.1, 0.7, n) * p.days * DAY, p.start)
    schemes = [
        tuple(sorted(r.choice(CHEAT_SCHEMES, size=1 + r.binomial(2, 0.3), replace=False)))
        if c
        else ()
        for c in cheats
    ]
    rival_of = np.full(n, -1)
    victims = np.flatnonzero(~cheats & (r.random(n) < p.victim_share))
    for victim in victims:
        others = np.flatnonzero((rival_of < 0) & (np.arange(n) != victim) & ~cheats)
        others = np.setdiff1d(others, victims)
        if len(others):
            peers = others[trade[others] == trade[victim]]
            rival_of[r.choice(peers if len(peers) else others)] = victim
    return Shops(
        trade=trade,
        region=r.integers(0, p.regions, n),
        kind=r.choice(3, n, p=[0.45, 0.4, 0.15]),
        registered=p.start - r.gamma(0.9, 420, n) * DAY,
        mcn=np.where(r.random(n) < 0.25, r.integers(0, max(n // 12, 2), n), -1),
        orders_per_day=volume / volume.sum() * p.orders / p.days,
        repeat=np.clip(column["repeat"] * around(0.4), 0.0, 0.85),
        local=np.clip(0.15 + 0.8 * column["same_city"] + r.normal(0, 0.1, n), 0.02, 0.97),
        return_share=odds / (1 + odds),
        review_share=np.clip(0.16 * around(0.6), 0.01, 0.7),
        low_ratings=np.clip(0.07 * around(0.7), 0.005, 0.5),
        copied_reviews=np.clip(0.12 * around(0.8), 0.01, 0.8),
        unpaid=np.clip(0.05 * around(0.6), 0.0, 0.4),
        discount=np.clip(0.2 + r.normal(0, 0.15, n), 0.0, 0.7),
        catalogue_bias=np.exp(r.normal(0.0, 0.12, n) + np.log(0.5) * (r.random(n) < 0.06)),
        catalogue_known=np.where(r.random(n) < 0.2, r.uniform(0.0, 0.9, n), 1.0),
        ship_hours=column["ship_hours"] * around(0.5),
        same_city=np.clip(column["same_city"] + r.normal(0, 0.08, n), 0.0, 0.98),
        sender=np.where(r.random(n) < 0.35, r.integers(0, warehouses, n), 1000 + np.arange(n)),
        merchants=1 + r.binomial(3, 0.15, n),
        products=2 + r.geometric(0.08, n),
        live_share=np.clip(r.beta(0.8, 0.9, n), 0.0, 1.0),
        peak_hour=column["peak_hour"] + r.normal(0, 1.8, n),
        rival_of=rival_of,
        first_at=first_at,
        schemes=schemes,
    )
