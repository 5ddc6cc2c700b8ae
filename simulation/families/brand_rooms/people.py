"""Accounts of the platform with their devices, networks and homes; vendors add theirs later."""

from __future__ import annotations

import numpy as np

from simulation.families.brand_rooms.settings import (
    BROADBAND,
    DAY,
    MOBILE,
    OFFICE,
    Settings,
)

APP_VERSIONS = 12
FIRST_SPARE_NET = 10_000_000  # networks of offices and vendors are numbered from here


class People:
    """Accounts as growing columns; an account is an index into them.

    Attributes
    ----------
    device, home_net, region, payer, address
        Indices of what the account uses.
    guest
        Probability that a view of the account carries no account.
    asn
        Kind of the home network.
    mobile
        Share of views over a carrier's network.
    """

    COLUMNS = (
        "device",
        "home_net",
        "asn",
        "region",
        "payer",
        "address",
        "version",
        "level",
        "registered",
        "verified",
        "referrer",
        "guest",
        "mobile",
        "liveliness",
        "shopper",
    )

    def __init__(self, rng: np.random.Generator, settings: Settings) -> None:
        self.rng, self.settings = rng, settings
        self.carriers_per_region = int(rng.integers(3, 30))
        self.next_net = FIRST_SPARE_NET
        n = settings.people
        house = np.cumsum(rng.random(n) < 0.62)
        first = np.searchsorted(house, house)  # first account of each household
        own = np.arange(n)
        region_of_house = rng.choice(
            settings.regions, n + 1, p=rng.dirichlet(np.full(settings.regions, 2.0))
        )
        version = rng.choice(APP_VERSIONS, n, p=rng.dirichlet(np.linspace(0.3, 4, APP_VERSIONS)))
        guest = settings.guests
        self.device = np.where(rng.random(n) < 0.05, first, own)
        self.home_net = house
        self.asn = np.where(rng.random(n) < 0.07, OFFICE, BROADBAND)
        self.region = region_of_house[house]
        self.payer = np.where(rng.random(n) < 0.28, first, own)  # families pay together
        self.address = first.copy()
        moved = rng.random(n) < 0.06  # work places and pick-up stations
        self.address[moved] = n + rng.integers(0, max(n // 250, 4), moved.sum())
        self.version = version
        self.level = np.clip(rng.gamma(1.8, 9, n), 0, 90).astype(int)
        self.registered = settings.start - rng.gamma(1.4, 520, n) * DAY
        fresh = rng.random(n) < 0.02
        self.registered[fresh] = settings.start + rng.uniform(-5, settings.days, fresh.sum()) * DAY
        self.verified = rng.random(n) < 0.8
        self.referrer = np.where(rng.random(n) < 0.06, rng.integers(0, n, n), -1)
        self.guest = np.clip(rng.beta(5 * guest, 5 * (1 - guest), n), 0.02, 0.995)
        self.mobile = rng.beta(2.2, 1.8, n)
        self.liveliness = rng.pareto(1.9, n) + 0.2
        self.shopper = rng.lognormal(0, 0.9, n)
        self.honest = n

    def __len__(self) -> int:
        return len(self.device)

    def new_nets(self, count: int) -> np.ndarray:
        """Networks that nobody has used so far."""
        self.next_net += count
        return np.arange(self.next_net - count, self.next_net)

    def add(self, count: int, age_days: float, **columns: np.ndarray | float) -> np.ndarray:
        """Register accounts that differ from people in the columns named.

        Parameters
        ----------
        count
            Number of accounts.
        age_days
            Median age at the start of the lake.
        columns
            Values that replace those of a person drawn at random.

        Returns
        -------
        ndarray of int
            The new accounts.
        """
        rng, begin = self.rng, len(self)
        new = np.arange(begin, begin + count)
        like = rng.integers(0, self.honest, count)
        age = rng.lognormal(np.log(age_days), 0.8, count) * DAY
        copied = {name: getattr(self, name)[like] for name in self.COLUMNS}
        copied |= {"device": new, "payer": new, "address": self.settings.people * 2 + new}
        copied |= {
            "registered": self.settings.start + 2 * DAY - age,
            "referrer": np.full(count, -1),
        }
        copied |= {"home_net": self.new_nets(count)}
        copied |= columns
        for name in self.COLUMNS:
            old = getattr(self, name)
            values = np.broadcast_to(np.asarray(copied[name]), count).astype(old.dtype)
            setattr(self, name, np.concatenate([old, values]))
        return new

    def networks(self, accounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Network and its kind for one view of each account: a carrier's NAT or the home."""
        on_air = self.rng.random(len(accounts)) < self.mobile[accounts]
        carrier = self.region[accounts] * self.carriers_per_region
        carrier = (
            5_000_000 + carrier + self.rng.integers(0, self.carriers_per_region, len(accounts))
        )
        net = np.where(on_air, carrier, self.home_net[accounts])
        return net, np.where(on_air, MOBILE, self.asn[accounts])

    def pick_lively(self, count: int) -> np.ndarray:
        """People drawn by how often they open the app."""
        edges = np.cumsum(self.liveliness[: self.honest])
        place = np.searchsorted(edges, self.rng.random(count) * edges[-1])
        return np.minimum(place, self.honest - 1)
