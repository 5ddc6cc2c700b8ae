"""Viewers with households and networks, hosts with habits, and the community of each host."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.followers_market.parameters import CHEAT_SCHEMES, DAY, Parameters

# name, price CNY, weight g, share returned, sold beside one another by taste
CATEGORIES = (
    ("clothing", 129, 450, 0.58),
    ("jade", 320, 60, 0.48),
    ("food", 39, 1400, 0.03),
    ("tea", 110, 320, 0.05),
    ("beauty", 88, 180, 0.09),
    ("household", 45, 900, 0.07),
    ("crafts", 15, 35, 0.06),
)
BOTS_PER_VENDOR = 500


@dataclass
class People:
    """Accounts by number: people first, then the bots of each vendor."""

    real: int
    region: np.ndarray
    address: np.ndarray
    payer: np.ndarray
    device: np.ndarray
    home_network: np.ndarray
    works_in_office: np.ndarray
    uses_vpn: np.ndarray
    registered: np.ndarray
    verified: np.ndarray
    level: np.ndarray
    referrer: np.ndarray
    activity: np.ndarray
    version: np.ndarray
    hour: np.ndarray
    talk: np.ndarray
    spend: np.ndarray

    def vendor_bots(self, vendor: int) -> np.ndarray:
        """Bot accounts that one vendor rents out."""
        return self.real + vendor * BOTS_PER_VENDOR + np.arange(BOTS_PER_VENDOR)


def draw_people(r: np.random.Generator, p: Parameters) -> People:
    """Draw people in households, then the bots of vendors, who differ in caution."""
    bots = p.vendors * BOTS_PER_VENDOR
    n, every = p.people, p.people + bots
    household = np.repeat(np.arange(n), 1 + r.binomial(4, r.uniform(0.1, 0.35), n))[:n]
    first = np.searchsorted(household, household)
    region = r.choice(p.regions, n, p=r.dirichlet(np.full(p.regions, 0.9)))[household]
    station = r.random(n) < r.uniform(0.02, 0.25)
    stations = p.regions * max(n // 4_000, 2)
    address = np.where(station[household], n + household % stations, household)
    age = r.gamma(1.4, r.uniform(200, 500), n) * DAY
    vendor = np.repeat(np.arange(p.vendors), BOTS_PER_VENDOR)
    care = r.random(p.vendors)[vendor]
    aged = r.random(bots) < care
    bot_age = np.where(
        aged, r.gamma(2.0, 250, bots), r.uniform(1, 30, p.vendors)[vendor] + 2 * r.random(bots)
    )
    farm = (
        n
        + vendor * BOTS_PER_VENDOR
        + np.floor(r.random(bots) * BOTS_PER_VENDOR * (0.1 + 0.9 * care))
    )
    activity = r.pareto(2.0, n) + 0.25
    level = r.poisson(2.5 * np.log1p(activity) + age / DAY / 120)

    def joined(people: np.ndarray, rented: np.ndarray) -> np.ndarray:
        return np.concatenate([people, rented])

    return People(
        real=n,
        region=joined(region, r.integers(0, p.regions, bots)),
        address=joined(address, r.integers(0, n, bots)),
        payer=joined(
            np.where(r.random(n) < p.shared_payer, first, np.arange(n)), np.arange(n, every)
        ),
        device=joined(np.where(r.random(n) < 0.06, first, np.arange(n)), farm.astype(int)),
        home_network=joined(household, np.full(bots, -1)),
        works_in_office=r.random(every) < 0.25,
        uses_vpn=r.random(every) < r.uniform(0.0, 0.03),
        registered=p.start - joined(age, bot_age * DAY),
        verified=joined(r.random(n) < r.uniform(0.5, 0.95), r.random(bots) < 0.1 + 0.7 * care),
        level=np.clip(joined(level, r.poisson(0.5 + 5 * aged)), 0, 100),
        referrer=np.where(r.random(every) < 0.2, r.integers(0, n, every), -1),
        activity=joined(activity, np.zeros(bots)),
        version=r.choice(8, every, p=r.dirichlet(np.arange(1, 9))),
        hour=r.normal(20.3, 3.5, every) % 24,
        talk=np.exp(r.normal(-0.5, 1.3, every)),
        spend=np.exp(r.normal(-0.4, 0.9, every)),
    )


@dataclass
class Hosts:
    """Arrays with one entry a host: habits are random effects on every rate."""

    category: np.ndarray
    region: np.ndarray
    kind: np.ndarray
    registered: np.ndarray
    mcn: np.ndarray
    start_hour: np.ndarray
    sessions_per_day: np.ndarray
    length_hours: np.ndarray
    marathon: np.ndarray
    tests: np.ndarray
    fan_share: np.ndarray
    group_share: np.ndarray
    discovery: np.ndarray
    rejoining: np.ndarray
    chat: np.ndarray
    copying: np.ndarray
    likes: np.ndarray
    flagship: np.ndarray
    conversion: np.ndarray
    boosts: np.ndarray
    return_share: np.ndarray
    review_share: np.ndarray
    low_ratings: np.ndarray
    catalogue_bias: np.ndarray
    ship_hours: np.ndarray
    sender: np.ndarray
    price: np.ndarray
    weight_g: np.ndarray
    rival_of: np.ndarray
    first_at: np.ndarray
    cheating_share: np.ndarray
    vendor: np.ndarray
    schemes: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.category)


def draw_hosts(r: np.random.Generator, p: Parameters) -> Hosts:
    """Draw hosts, their habits, the cheating ones and the rivals of victims."""
    n = p.hosts

    def around(middle: float, sigma: float) -> np.ndarray:
        return middle * np.exp(r.normal(0.0, sigma, n))

    category = r.choice(len(CATEGORIES), n, p=r.dirichlet(np.full(len(CATEGORIES), 2.0)))
    price, weight, returned = (np.array([c[k] for c in CATEGORIES])[category] for k in (1, 2, 3))
    odds = returned / (1 - returned) * around(1.0, 0.4)
    cheats = r.random(n) < p.cheat_share
    schemes = [
        tuple(sorted(r.choice(CHEAT_SCHEMES, size=1 + r.binomial(3, 0.35), replace=False)))
        if c
        else ()
        for c in cheats
    ]
    rival_of = np.full(n, -1)
    quiet = np.flatnonzero(~cheats)
    victims = quiet[r.random(len(quiet)) < p.victim_share]
    others = np.setdiff1d(quiet, victims)
    chosen = r.permutation(others)[: len(victims)]
    rival_of[chosen] = victims[: len(chosen)]
    return Hosts(
        category=category,
        region=r.integers(0, p.regions, n),
        kind=r.choice(3, n, p=[0.6, 0.25, 0.15]),
        registered=p.start - r.gamma(0.9, 400, n) * DAY,
        mcn=np.where(r.random(n) < 0.3, r.integers(0, max(n // 10, 2), n), -1),
        start_hour=np.where(r.random(n) < 0.3, r.uniform(7, 14, n), r.normal(19.2, 1.2, n)),
        sessions_per_day=np.clip(around(0.75, 0.5), 0.15, 2.0),
        length_hours=around(2.6, 0.55),
        marathon=r.random(n) < r.uniform(0, 0.06),
        tests=np.where(r.random(n) < 0.35, r.uniform(0.02, 0.5, n), 0.0),
        fan_share=np.where(r.random(n) < 0.35, r.beta(1.5, 3.0, n), r.beta(1, 20, n)),
        group_share=r.beta(1.3, 1.6, n),
        discovery=around(0.18, 0.9),
        rejoining=around(p.rejoining, 0.5),
        chat=around(1.0, 0.6),
        copying=np.clip(around(p.copying, 0.7), 0, 0.95),
        flagship=1.0 + around(1.0, 0.7),
        likes=np.clip(around(0.22, 0.5), 0, 0.9),
        conversion=around(p.conversion, 0.6),
        boosts=np.where(r.random(n) < 0.3, r.beta(1, 3, n), 0.0),
        return_share=odds / (1 + odds),
        review_share=np.clip(around(0.2, 0.5), 0.01, 0.7),
        low_ratings=np.clip(around(0.06, 0.7), 0.005, 0.4),
        catalogue_bias=np.exp(r.normal(0, 0.12, n) + np.log(0.5) * (r.random(n) < 0.05)),
        ship_hours=around(24, 0.5),
        sender=np.where(r.random(n) < 0.4, r.integers(0, max(n // 8, 2), n), 1_000 + np.arange(n)),
        price=price * around(1.0, 0.4),
        weight_g=weight * around(1.0, 0.35),
        rival_of=rival_of,
        first_at=np.where(
            r.random(n) < 0.3, p.start + r.uniform(0.1, 0.7, n) * p.days * DAY, p.start
        ),
        cheating_share=r.uniform(0.2, 1.0, n),
        vendor=r.integers(0, p.vendors, n),
        schemes=schemes,
    )


@dataclass
class Community:
    """Followers of one host: how loyal they are, who is in which chat group, who is a fan."""

    member: np.ndarray
    loyalty: np.ndarray
    group: np.ndarray
    fan: np.ndarray
    staff: np.ndarray


def draw_communities(
    r: np.random.Generator, p: Parameters, people: People, hosts: Hosts
) -> list[Community]:
    """Draw the community of each host; sizes are heavy-tailed and neighbours flock together."""
    raw = np.exp(r.normal(0.0, 1.15, len(hosts)))
    expected = raw * hosts.sessions_per_day * p.days
    size = np.clip(raw * p.visits / expected.sum() / 0.42, 8, 0.3 * people.real).astype(int)
    communities = []
    for host in range(len(hosts)):
        near = people.region[: people.real] == hosts.region[host]
        weight = people.activity[: people.real] * np.where(near, r.uniform(1, 12), 1.0)
        member = r.choice(people.real, size[host], replace=False, p=weight / weight.sum())
        groups = max(1, size[host] // int(r.integers(20, 150)))
        in_group = r.random(size[host]) < hosts.group_share[host]
        loyalty = np.clip(r.beta(0.8, 2.2, size[host]), 0.01, 0.98)
        fan = r.random(size[host]) < hosts.fan_share[host] * (0.4 + loyalty)
        local = np.flatnonzero(near)
        staff = r.choice(local if len(local) else people.real, 1 + r.binomial(5, 0.3))
        communities.append(
            Community(
                member=member,
                loyalty=np.where(fan, np.sqrt(loyalty), loyalty),
                group=np.where(in_group, r.integers(0, groups, size[host]), -1),
                fan=fan,
                staff=np.unique(staff),
            )
        )
    return communities
