"""A job of fraud, the honest figures that it is sized by, and the vendors of accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import LIKE

VENDORS_PER_SERVICE = 3


@dataclass(frozen=True)
class Job:
    """One scheme of one operator; `intensity` is a multiple of the honest figures.

    `evasion` is 0 to 1, `code` the number of the scheme, and `rival` the operator that pays
    for an attack (-1 for none).
    """

    operator: int
    sessions: np.ndarray
    intensity: float
    evasion: float
    code: int
    rival: int = -1


@dataclass
class Market:
    """Honest figures by session, and the vendors' accounts by service."""

    town: Town
    views: np.ndarray
    orders: np.ndarray
    likes: np.ndarray
    joined: np.ndarray
    stay: np.ndarray
    offsets: np.ndarray
    pools: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, town: Town) -> Market:
        """Count the honest rows of the town."""
        v, b = town.views.joined(), town.orders.joined()
        n = len(town.sessions.start)
        acts = town.interactions.joined()
        liked = (acts.kind == LIKE) & (acts.session >= 0)
        order = np.argsort(v.session, kind="stable")
        return cls(
            town=town,
            views=np.bincount(v.session, minlength=n),
            orders=np.bincount(b.session[b.session >= 0], minlength=n),
            likes=np.bincount(acts.session[liked], acts.count[liked], minlength=n),
            joined=v.joined[order],
            stay=(v.left - v.joined)[order],
            offsets=np.searchsorted(v.session[order], np.arange(n + 1)),
        )

    def view_count(self, job: Job, session: int, minimum: int = 8) -> int:
        """False views of a session."""
        size = job.intensity * self.views[session] * self.town.rng.lognormal(0, 0.4)
        return int(np.clip(size, minimum, 4_000))

    def order_count(self, job: Job, session: int, minimum: int = 3) -> int:
        """False orders of a session."""
        size = job.intensity * self.orders[session] * self.town.rng.lognormal(0, 0.4)
        return int(np.clip(size, minimum, 250))

    def pool(self, service: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """Accounts of one of the few vendors of a service; a vendor serves many operators."""
        key = (service, int(self.town.rng.integers(0, VENDORS_PER_SERVICE)))
        if key not in self.pools:
            self.pools[key] = make()
        return self.pools[key]

    def bots(self, service: str, low: int, high: int, aged: float) -> np.ndarray:
        """Accounts made for fraud."""
        rng = self.town.rng
        return self.pool(
            service, lambda: self.town.add_accounts(int(rng.integers(low, high)), aged)
        )

    def people(self, service: str, kind: str, low: int, high: int) -> np.ndarray:
        """Real accounts whose owners are paid, or that were taken from them."""
        rng, town = self.town.rng, self.town

        def make() -> np.ndarray:
            who = np.unique(rng.integers(0, town.honest_accounts, int(rng.integers(low, high))))
            for one in who.tolist():
                town.account_kind.setdefault(one, kind)
            return who

        return self.pool(service, make)

    def arrivals(self, job: Job, session: int, n: int) -> np.ndarray:
        """Arrivals near those of honest viewers where evasive, else in a few waves."""
        rng, s = self.town.rng, self.town.sessions
        start, length = s.start[session], s.length[session]
        waves = start + length * rng.random(int(rng.integers(1, 5))) * 0.8
        wave = rng.choice(waves, n) + rng.gamma(1.5, rng.uniform(20, 200), n)
        low, high = self.offsets[session], self.offsets[session + 1]
        if high > low:
            model = self.joined[rng.integers(low, high, n)] + rng.normal(0, 60, n)
        else:
            model = start + rng.random(n) * length
        return np.where(rng.random(n) < job.evasion, model, wave)

    def honest_stays(self, session: int, n: int) -> np.ndarray:
        """Stays drawn from those of the session's honest viewers."""
        low, high = self.offsets[session], self.offsets[session + 1]
        if high <= low:
            return self.town.rng.lognormal(4.3, 1.0, n)
        return self.stay[self.town.rng.integers(low, high, n)]
