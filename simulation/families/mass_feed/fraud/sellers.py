"""Sellers of fraud: each has one pool of accounts and serves many rooms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.mass_feed.crowd import Crowd
from simulation.families.mass_feed.world import DAY, FIRST_MONDAY

BOT, CROWD, HIJACKED, BRUSHER, EMPLOYEE = 1, 2, 3, 4, 5  # kinds of accounts used for fraud
ACCOUNT_KINDS = ("", "bot", "crowd", "hijacked", "brusher", "employee")
SELLERS = 3  # of each service; one seller serves many rooms


@dataclass
class Sellers:
    """Pools of accounts of each service, made when first asked for."""

    crowd: Crowd

    def __post_init__(self) -> None:
        self.pools: dict[tuple[str, int], np.ndarray] = {}

    def pool(self, service: str, care: float) -> tuple[int, np.ndarray]:
        """Number of a seller of the service, and its accounts."""
        seller = int(self.crowd.rng.integers(0, SELLERS))
        if (service, seller) not in self.pools:
            self.pools[service, seller] = self._make(service, seller, care)
        return seller, self.pools[service, seller]

    def _make(self, service: str, seller: int, care: float) -> np.ndarray:
        rng, people = self.crowd.rng, self.crowd.people
        size = int(np.exp(rng.uniform(np.log(60), np.log(900))))
        if service in ("people", "hijacked", "brushers"):
            kind = {"people": CROWD, "hijacked": HIJACKED, "brushers": BRUSHER}[service]
            pool = np.unique(people.pick(np.full(size * (6 if kind == HIJACKED else 1), -1), rng))
            pool = pool[people.kind[pool] == 0]
            people.kind[pool] = kind
            if kind != HIJACKED:
                recruited = rng.random(len(pool)) < 0.5
                people.referrer[pool[recruited]] = pool[0]
            return pool
        like = rng.integers(0, people.real, size)
        age = np.where(rng.random(size) < care, rng.gamma(1.3, 380, size), rng.uniform(0, 45, size))
        phones = 20_000_000 + 10_000 * (97 * len(self.pools) + seller)
        per_phone = int(rng.choice([1, 1, 3, 8]))
        return people.append(
            size,
            like,
            device=phones + np.arange(size) // per_phone,
            registered=FIRST_MONDAY - age * DAY,
            level=np.where(rng.random(size) < care, people.level[like], rng.integers(0, 4, size)),
            verified=rng.random(size) < 0.3 + 0.4 * care,
            kind=BOT,
        )
