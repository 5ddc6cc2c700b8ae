"""The fraud plan of a world: cheats, victims, schemes and days."""

from __future__ import annotations

import numpy as np

from simulation.families.bazaar.schemes.registry import (
    ATTACKS,
    ROOM_SCHEMES,
    SCHEMES,
    TRADE_SCHEMES,
    Scheme,
)
from simulation.families.bazaar.schemes.views import boost_bots, pk_bots
from simulation.families.bazaar.world import Case, World


def plan_fraud(world: World) -> None:
    """Draw who cheats, how, how much, how carefully and on which days, and run it."""
    rng, sessions = world.rng, world.sessions
    world.roles, world.plans = np.array(["honest"] * world.operator_count, dtype=object), []
    session_count = np.bincount(sessions.op, minlength=world.operator_count)
    chosen = rng.permutation(np.flatnonzero(session_count > 1))
    n, hit = (
        round(world.parameters["cheat_share"] * world.operator_count),
        round(world.parameters["victims"] * world.operator_count),
    )
    for op in np.concatenate([chosen[:n], chosen[n : n + hit]]):
        mine, victim = np.flatnonzero(sessions.op == op), op not in chosen[:n]
        fit = [
            f
            for f in ROOM_SCHEMES
            if (f is not pk_bots or any(sessions.pk[s] for s in mine))
            and (f is not boost_bots or any(s in sessions.boost for s in mine))
        ]
        both, one = rng.random(), rng.random() < 0.12 and not victim
        plan = (
            [_pick(rng, fit)] * (both < 0.65)
            + [_pick(rng, TRADE_SCHEMES)] * (both > 0.45)
            + [_pick(rng, fit)] * (rng.random() < 0.15)
        )
        plan = [_pick(rng, ATTACKS)] if victim else list(dict.fromkeys(plan))
        world.roles[op] = "victim" if victim else "one_day" if one else "steady"
        share = rng.choice([1.0, rng.uniform(0.25, 0.9)])
        day = rng.choice(sessions.day[mine])
        for f in plan:
            chosen_sessions = (
                mine[rng.random(len(mine)) < share] if not one else mine[sessions.day[mine] == day]
            )
            if f in (pk_bots, boost_bots) and not one:
                chosen_sessions = mine
            chosen_sessions = (
                rng.choice(mine, min(len(mine), int(rng.integers(1, 4))), replace=False)
                if victim
                else chosen_sessions
                if len(chosen_sessions)
                else mine[:1]
            )
            k = float(
                np.clip(
                    0.6
                    * world.parameters["intensity"]
                    * rng.lognormal(0, 0.6)
                    * (1.8 if one or victim else 1),
                    0.05,
                    4,
                )
            )
            ev = float(np.clip(rng.normal(world.parameters["evasion"], 0.25), 0, 1))
            f(world, Case(int(op), chosen_sessions, k, ev, SCHEMES.index(f) + 1))
            world.plans.append(
                (int(op), f.__name__, round(k, 2), round(ev, 2), len(chosen_sessions))
            )


def _pick(rng: np.random.Generator, schemes: list[Scheme]) -> Scheme:
    return schemes[int(rng.choice(len(schemes)))]
