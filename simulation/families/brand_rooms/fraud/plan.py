"""Who cheats, how, from when and how much; vendors that serve several operators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.brand_rooms.brands import DISTRIBUTOR, Brands, Sessions
from simulation.families.brand_rooms.people import APP_VERSIONS, People
from simulation.families.brand_rooms.settings import (
    BROADBAND,
    DATACENTRE,
    DAY,
    MOBILE,
    PROXY,
    Settings,
)

SCHEMES = (
    "honest",
    "padding_pool",
    "night_padding",
    "hijacked_background",
    "reservation_wave",
    "flash_views",
    "scripted_likes",
    "gift_brushing",
    "internal_orders",
    "slot_refund",
    "hostile_brushing",
    "hostile_complaints",
)
CODE = {name: code for code, name in enumerate(SCHEMES)}
VIEW_SCHEMES = SCHEMES[1:6]
ENGAGEMENT_SCHEMES = ("reservation_wave", "scripted_likes")
ORDER_SCHEMES = SCHEMES[7:10]


@dataclass(frozen=True)
class Vendor:
    """A seller of views: its accounts and how it runs them."""

    accounts: np.ndarray
    stay_seconds: float
    cooldown_hours: float
    reshuffles: bool  # accounts move between its phones


@dataclass(frozen=True)
class Contract:
    """What one operator buys: a scheme, its ratio to the honest figures and its days."""

    operator: int
    scheme: str
    ratio: float
    from_day: int
    to_day: int
    habit: float  # share of its sessions that are inflated


class FraudPlan:
    """Contracts of all cheating operators, attacks by rivals, and the vendors."""

    def __init__(
        self, rng: np.random.Generator, settings: Settings, people: People, brands: Brands
    ) -> None:
        self.rng, self.settings, self.people = rng, settings, people
        self.kinds: dict[int, str] = {}  # fraud accounts by kind
        n = len(brands)
        order = rng.permutation(n)
        cheats = order[: round(settings.cheats * n)]
        rivals = order[len(cheats) :][: round(settings.rivals * n)]
        victims = order[len(cheats) + len(rivals) :][: len(rivals)]
        self.role = np.full(n, "honest", dtype="<U6")
        self.role[cheats], self.role[rivals], self.role[victims] = "cheat", "rival", "victim"
        self.contracts = [c for i in cheats for c in self._buy(int(i), brands.size_class[i])]
        self.attacks = [
            (int(r), int(v), str(rng.choice(["hostile_brushing", "hostile_complaints"])))
            for r, v in zip(rivals, victims, strict=True)
        ]
        self.vendors = [self._open_vendor() for _ in range(int(rng.integers(2, 5)))]
        infected = people.pick_lively(int(rng.integers(400, 2_500)))
        self.infected = np.unique(infected)
        self.vendor_of = rng.integers(0, len(self.vendors), n)

    def _buy(self, operator: int, size_class: int) -> list[Contract]:
        """Contracts of one operator: large brands pad their level, distributors brush."""
        rng, days = self.rng, self.settings.days
        names = [*VIEW_SCHEMES, "scripted_likes", *ORDER_SCHEMES]
        weight = np.array([5, 3, 4, 3, 1.5, 1.5, 1, 1.5, 1.5])
        if size_class == DISTRIBUTOR:
            weight = np.array([2, 0.5, 2, 2, 2, 2, 6, 2, 3])
        number = int(rng.choice([1, 2, 3], p=[0.5, 0.35, 0.15]))
        bought = rng.choice(names, number, replace=False, p=weight / weight.sum())
        begins = int(rng.integers(0, days)) if rng.random() < 0.35 else 0
        lasts = int(rng.integers(1, 5)) if rng.random() < 0.25 else days
        return [
            Contract(
                operator=operator,
                scheme=str(name),
                ratio=float(self.settings.intensity * rng.lognormal(-0.5, 0.8)),
                from_day=begins,
                to_day=min(days, begins + lasts),
                habit=float(rng.beta(3, 1.2)),
            )
            for name in bought
        ]

    def _open_vendor(self) -> Vendor:
        """A pool of accounts on farms, cloud phones or residential proxies."""
        rng, care = self.rng, self.settings.camouflage
        count = int(rng.integers(150, 900))
        style = rng.choice(["farm", "cloud", "residential"])
        nets = self.people.new_nets({"farm": 6, "cloud": 14, "residential": count}[style])
        kind = {"farm": BROADBAND, "cloud": DATACENTRE, "residential": PROXY}[style]
        if rng.random() < care and kind != BROADBAND:
            kind = rng.choice([MOBILE, BROADBAND])
        columns: dict[str, np.ndarray | float] = {
            "home_net": rng.choice(nets, count),
            "asn": np.full(count, kind),
            "mobile": 0.0 if style != "residential" else 0.3,
            "guest": self.settings.guests if rng.random() < 0.6 else 0.97,
        }
        if style == "farm":
            columns["region"] = np.full(count, rng.integers(0, self.settings.regions))
        if rng.random() > care:
            columns["version"] = np.full(count, rng.integers(0, APP_VERSIONS))
            columns["level"] = rng.integers(0, 4, count)
        aged = rng.random() < care
        accounts = self.hire("bot", count, 500 if aged else 25, columns)
        return Vendor(
            accounts,
            float(np.exp(rng.uniform(np.log(90), np.log(2_400)))),
            float(rng.choice([3, 6, 12, 24])),
            bool(rng.random() < 0.5),
        )

    def hire(
        self, kind: str, count: int, age_days: float, columns: dict[str, np.ndarray | float]
    ) -> np.ndarray:
        """Add accounts that serve fraud and remember their kind."""
        accounts = self.people.add(count, age_days, **columns)
        self.kinds |= dict.fromkeys(accounts.tolist(), kind)
        return accounts

    def sessions_of(self, contract: Contract, sessions: Sessions) -> np.ndarray:
        """Sessions that a contract inflates."""
        of = sessions.of(contract.operator)
        day = (sessions.started[of] - self.settings.start) // DAY
        active = (day >= contract.from_day) & (day < contract.to_day)
        return of[active & (self.rng.random(len(of)) < contract.habit)]
