"""Hired people, sizes and arrivals that schemes share."""

from __future__ import annotations

import numpy as np

from simulation.families.bazaar.world import Case, World


def draw_view_count(world: World, case: Case, s: int, minimum: int = 6) -> int:
    """False views of one session, a multiple of its honest views."""
    return int(
        np.clip(
            case.intensity * world.honest_views[s] * world.rng.lognormal(0, 0.35), minimum, 5_000
        )
    )


def draw_real_people(world: World, n: int) -> np.ndarray:
    """Distinct real accounts of anywhere, at most n."""
    return np.unique(world.draw_people(np.full(n, -1)))


def hire(world: World, case: Case, pool: np.ndarray, n: int, replace: bool = True) -> np.ndarray:
    """Members of a pool; careful sellers prefer those of the operator's county."""
    odds = 1 + 15 * case.evasion * (
        world.accounts["county"][pool] == world.operators.county[case.operator]
    )
    return world.rng.choice(
        pool, n if replace else min(n, len(pool)), replace=replace, p=odds / odds.sum()
    )


def draw_arrivals(world: World, case: Case, s: int, n: int) -> np.ndarray:
    """Arrivals in blocks where careless, like the honest ones of the session where careful."""
    span, start = world.sessions.end[s] - world.sessions.start[s], world.sessions.start[s]
    honest = (
        world.honest_joins[
            world.honest_offsets[s] + world.rng.integers(0, max(world.honest_views[s], 1), n)
        ]
        if world.honest_views[s]
        else start + world.rng.random(n) * span
    )
    block = (
        start + span * world.rng.choice(world.rng.random(3) * 0.8, n) + world.rng.gamma(2, 60, n)
    )
    return np.where(world.rng.random(n) < case.evasion, honest + world.rng.normal(0, 40, n), block)
