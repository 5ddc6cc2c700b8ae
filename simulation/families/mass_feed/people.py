"""Accounts: real people by topic, and those that are made for fraud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulation.families.mass_feed.world import DAY, FIRST_MONDAY, REGIONS, TOPICS, Parameters


@dataclass
class People:
    """Accounts: real people first, sorted by topic; those made for fraud are appended."""

    topic: np.ndarray
    region: np.ndarray
    home: np.ndarray  # household: network and address
    device: np.ndarray
    payer: np.ndarray
    registered: np.ndarray
    level: np.ndarray
    verified: np.ndarray
    referrer: np.ndarray
    version: np.ndarray
    network: np.ndarray  # 0 mobile, 1 broadband, 2 campus, 3 office
    kind: np.ndarray  # 0 real, else index of ACCOUNT_KINDS + 1 once used for fraud
    real: int
    weight: np.ndarray  # cumulated activity of the real
    edges: np.ndarray  # cumulated activity at the bounds of topics

    def pick(self, topic: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A real account for each topic asked, the active more often; -1 is any topic."""
        anywhere = topic < 0
        low = np.where(anywhere, 0.0, self.edges[np.maximum(topic, 0)])
        high = np.where(anywhere, self.edges[-1], self.edges[np.maximum(topic, 0) + 1])
        drawn = low + rng.random(len(topic)) * (high - low)
        return np.minimum(np.searchsorted(self.weight, drawn, "right"), self.real - 1)

    def append(self, count: int, like: np.ndarray, **changed: Any) -> np.ndarray:
        """Add accounts that resemble others except in what is given; returns their indices."""
        first = len(self.topic)
        for name in (
            "topic",
            "region",
            "home",
            "device",
            "payer",
            "registered",
            "level",
            "verified",
            "referrer",
            "version",
            "network",
            "kind",
        ):
            old = getattr(self, name)
            new = np.broadcast_to(changed.get(name, old[like]), count).astype(old.dtype)
            setattr(self, name, np.concatenate([old, new]))
        return np.arange(first, first + count)


def draw_people(world: Parameters, rng: np.random.Generator) -> People:
    """Draw real accounts: topics, households, phones, networks and age."""
    n = world.people
    topic = np.sort(rng.choice(len(TOPICS), n, p=rng.dirichlet(np.full(len(TOPICS), 4.0))))
    region = rng.choice(len(REGIONS), n, p=rng.dirichlet(np.full(len(REGIONS), 1.5)))
    home = rng.integers(0, int(n * 0.6), n)
    index = np.arange(n)
    other = rng.integers(0, n, n)
    shared = rng.random(n) < rng.uniform(0.01, 0.08)
    network = rng.choice(4, n, p=[0.62, 0.30, 0.05, 0.03])
    age = rng.gamma(1.2, 420, n) * DAY
    age = np.where(rng.random(n) < 0.04, rng.uniform(-world.days, 10, n) * DAY, age)
    activity = np.cumsum(rng.pareto(1.8, n) + 0.15)
    bounds = np.searchsorted(topic, np.arange(len(TOPICS) + 1))
    return People(
        topic=topic,
        region=region,
        home=home,
        device=np.where(shared, other, index),
        payer=np.where(rng.random(n) < 0.12, other, index),
        registered=FIRST_MONDAY - age,
        level=np.clip(rng.gamma(1.5, 8, n), 0, 80).astype(np.int64),
        verified=rng.random(n) < 0.75,
        referrer=np.where(rng.random(n) < 0.2, other, -1),
        version=rng.choice(9, n, p=rng.dirichlet(np.arange(1.0, 10.0))),
        network=network,
        kind=np.zeros(n, np.int64),
        real=n,
        weight=activity,
        edges=np.concatenate([[0.0], activity])[bounds],
    )
