"""Who cheats how, from when and how much: the plan, and what is bought in the feed's rounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.mass_feed.feed import Purchases
from simulation.families.mass_feed.world import Parameters, Sessions

VIEWS, ENGAGEMENT, ORDERS, HOSTILE = "views", "engagement", "orders", "hostile"


@dataclass(frozen=True)
class Scheme:
    """A scheme: the sides it cheats on, how often it is chosen, and a false view's reaction."""

    name: str
    sides: tuple[str, ...]
    odds: float
    reaction: float = 0.0


SCHEMES = (
    Scheme("none", (), 0.0),
    Scheme("seeded_reactions", (VIEWS, ENGAGEMENT), 1.6, 2.0),
    Scheme("emulator_farm", (VIEWS,), 1.1, 1.4),
    Scheme("hijacked_apps", (VIEWS,), 1.0, 0.9),
    Scheme("swipe_padding", (VIEWS,), 0.8, 0.1),
    Scheme("dwell_bots", (VIEWS,), 1.0, 3.0),
    Scheme("rejoining_pool", (VIEWS,), 0.9, 1.2),
    Scheme("like_script", (ENGAGEMENT,), 0.9),
    Scheme("follow_packs", (ENGAGEMENT,), 0.9),
    Scheme("comment_templates", (ENGAGEMENT,), 0.4),
    Scheme("conversion_seeding", (ORDERS,), 1.1),
    Scheme("slow_drip", (ORDERS,), 0.8),
    Scheme("employee_orders", (ORDERS,), 0.7),
    Scheme("slot_refunds", (ORDERS,), 0.8),
    Scheme("hostile_swipes", (HOSTILE,), 0.0, 0.0),
    Scheme("hostile_orders", (HOSTILE,), 0.0),
    Scheme("camouflage", (), 0.0),
)
NUMBER = {scheme.name: number for number, scheme in enumerate(SCHEMES)}
FEED_SCHEMES = (*(s.name for s in SCHEMES if s.reaction > 0), "hostile_swipes")


@dataclass(frozen=True)
class Job:
    """One scheme in one session: amount relative to honest figures, and care from 0 to 1."""

    session: int
    scheme: str
    amount: float
    care: float


@dataclass(frozen=True)
class Plan:
    """Role of each operator, rival of each victim, and all jobs."""

    role: np.ndarray
    rival_of: dict[int, int]
    jobs: tuple[Job, ...]


def plan_fraud(world: Parameters, sessions: Sessions, rng: np.random.Generator) -> Plan:
    """Draw cheats, victims, and what is bought for which session."""
    n = world.operators
    role = np.full(n, "honest", dtype=object)
    order = rng.permutation(n)
    cheats = round(world.cheat_share * n)
    pairs = min(round(world.victim_share * n), (n - cheats) // 2)
    victims, rivals = order[cheats : cheats + pairs], order[cheats + pairs : cheats + 2 * pairs]
    role[order[:cheats]], role[victims], role[rivals] = "cheat", "victim", "rival"
    rival_of = dict(zip(victims.tolist(), rivals.tolist(), strict=True))
    choice = [s for s in SCHEMES if s.odds > 0]
    odds = np.array([s.odds for s in choice]) * rng.gamma(2.0, 0.5, len(choice))
    jobs: list[Job] = []
    for o in [*order[:cheats].tolist(), *victims.tolist()]:
        attacked = role[o] == "victim"
        count = int(rng.choice([1, 1, 2, 3]))
        picked = rng.choice(len(choice), count, replace=False, p=odds / odds.sum())
        names = [choice[int(index)].name for index in picked]
        if attacked:
            names = [("hostile_swipes", "hostile_orders")[int(rng.integers(0, 2))]]
        typical = world.intensity * np.exp(rng.normal(0, 0.6))
        care = float(rng.beta(1 + 4 * world.evasion, 1 + 4 * (1 - world.evasion)))
        often = rng.uniform(0.1, 0.4) if attacked else rng.uniform(0.2, 1.0)
        begins = int(rng.integers(0, world.days)) if rng.random() < 0.3 else 0
        mine = np.flatnonzero((sessions.operator == o) & ~sessions.test & (sessions.day >= begins))
        for s in mine[rng.random(len(mine)) < often]:
            for name in names:
                amount = float(np.clip(typical * np.exp(rng.normal(0, 0.5)), 0.05, 4.0))
                jobs.append(Job(int(s), name, amount, care))
    return Plan(role, rival_of, tuple(jobs))


def purchases(plan: Plan, sessions: Sessions, rng: np.random.Generator) -> Purchases:
    """What is bought of the feed's rounds, summed over the jobs of each session."""
    n = sessions.count
    rate, reaction = np.zeros(n), np.zeros(n)
    fixed, until = rng.random(n) < 0.4, np.ones(n)
    for job in plan.jobs:
        if job.scheme in FEED_SCHEMES:
            worth = SCHEMES[NUMBER[job.scheme]].reaction * job.amount
            reaction[job.session] += worth
            rate[job.session] += job.amount
            until[job.session] = rng.choice([0.15, 0.35, 1.0])
    return Purchases(rate, fixed, until, reaction / np.maximum(rate, 1e-9))
