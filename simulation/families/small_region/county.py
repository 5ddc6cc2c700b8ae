"""The people of one county: households, townships, shared phones and a common carrier."""

from __future__ import annotations

import numpy as np

from simulation.families.small_region.settings import (
    BROADBAND,
    CAMPUS,
    DAY,
    MOBILE,
    OPERATORS,
    Settings,
)

EMIGRANTS = 0  # region code of the cities where the young ones work
MAX_TIES = 3  # rooms of kin and neighbours that a person follows


class County:
    """Accounts as columns; an account is an index into them.

    Attributes
    ----------
    township, device, house_net, payer, address
        Indices of where the account lives and what it uses.
    chronotype
        0 early riser, 1 noon rest, 2 evening.
    ties
        Operators that the account knows in person, -1 is none; shape (accounts, 3).
    """

    COLUMNS = (
        "township",
        "device",
        "house_net",
        "payer",
        "address",
        "chronotype",
        "leisure",
        "thumb",
        "talk",
        "purse",
        "mobile",
        "away",
        "version",
        "level",
        "registered",
        "verified",
        "referrer",
        "ties",
    )

    def __init__(self, rng: np.random.Generator, settings: Settings) -> None:
        self.rng, self.settings = rng, settings
        n = settings.people
        self.honest = n
        house = np.cumsum(rng.random(n) < 0.45) - 1
        eldest = np.searchsorted(house, house)
        share = rng.dirichlet(np.full(settings.townships, 1.6))
        township_of_house = rng.choice(settings.townships, n, p=share)
        own = np.arange(n)
        self.township = township_of_house[house]
        self.device = np.where(rng.random(n) < settings.shared_phones, eldest, own)
        self.house_net = 1_000 + house // int(rng.integers(8, 90))  # a village behind one box
        self.payer = np.where(rng.random(n) < 0.4, eldest, own)
        self.address = np.where(rng.random(n) < 0.7, 500_000 + self.township, eldest)
        self.chronotype = rng.choice(3, n, p=rng.dirichlet([3, 2, 7]))
        self.leisure = rng.gamma(1.7, 0.6, n)
        self.thumb = rng.lognormal(0, 1.4, n)  # elders tap thousands of likes
        self.talk = rng.lognormal(-0.5, 1.1, n)
        self.purse = rng.lognormal(0, 0.8, n)
        self.mobile = rng.beta(2, 2, n)
        self.away = rng.random(n) < 0.15
        self.version = rng.choice(7, n, p=rng.dirichlet([1, 1, 2, 2, 4, 8, 3]))
        self.level = np.clip(rng.gamma(1.5, 6, n), 0, 60).astype(int)
        self.registered = settings.start - rng.gamma(1.2, 300, n) * DAY
        fresh = rng.random(n) < 0.05  # grandmothers who got a phone
        self.registered[fresh] = settings.start + rng.uniform(-10, 18, fresh.sum()) * DAY
        self.verified = rng.random(n) < 0.6
        self.referrer = np.where(rng.random(n) < 0.3, rng.integers(0, n, n), -1)
        self.ties = np.full((n, MAX_TIES), -1)

    def __len__(self) -> int:
        return len(self.device)

    def tie(self, operator_township: np.ndarray) -> None:
        """Everybody knows one to three operators, mostly of the own township."""
        rng, n = self.rng, len(self)
        fame = rng.pareto(1.4, OPERATORS) + 0.4
        for place in range(MAX_TIES):
            near = operator_township[None, :] == self.township[:, None]
            weight = fame * np.where(near, 12.0, 1.0)
            edges = np.cumsum(weight, 1)
            drawn = (edges < rng.random((n, 1)) * edges[:, -1:]).sum(1)
            self.ties[:, place] = np.where(rng.random(n) < [1, 0.7, 0.4][place], drawn, -1)

    def add(self, count: int, township: int, **columns: np.ndarray | float) -> np.ndarray:
        """Add accounts that resemble people of a township but for the columns named."""
        rng, begin = self.rng, len(self)
        new = np.arange(begin, begin + count)
        like = rng.integers(0, self.honest, count)
        copied = {name: getattr(self, name)[like] for name in self.COLUMNS}
        copied |= {"device": new, "payer": new, "address": 600_000 + new}
        copied |= {"township": np.full(count, township), "referrer": np.full(count, -1)}
        copied |= {"away": np.zeros(count, bool), "ties": np.full((count, MAX_TIES), -1)}
        copied |= columns
        for name in self.COLUMNS:
            old = getattr(self, name)
            shape = (count, *old.shape[1:])
            values = np.broadcast_to(np.asarray(copied[name]), shape).astype(old.dtype)
            setattr(self, name, np.concatenate([old, values]))
        return new

    def networks(self, account: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Network and kind of each view: a relay of the carrier, the village's box, a city."""
        rng, n = self.rng, len(account)
        on_air = rng.random(n) < self.mobile[account]
        relay = (account + (at // (3 * DAY)).astype(int)) % self.settings.relays
        net = np.where(on_air, relay, self.house_net[account])
        kind = np.where(on_air, MOBILE, BROADBAND)
        student = self.away[account] & (account % 4 == 0)
        net = np.where(self.away[account], 100_000 + account % 900, net)
        return np.where(student, 90_000, net), np.where(student, CAMPUS, kind)

    def regions(self, account: np.ndarray) -> np.ndarray:
        """Region code of each account: its township, or the cities."""
        return np.where(self.away[account], EMIGRANTS, 1 + self.township[account])
