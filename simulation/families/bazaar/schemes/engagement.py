"""Schemes that falsify likes, comments and follows."""

from __future__ import annotations

import numpy as np

from simulation.families.bazaar.schemes.vendor_tools import (
    draw_arrivals,
    draw_real_people,
    draw_view_count,
    hire,
)
from simulation.families.bazaar.vocabulary import (
    COMMENT,
    DAY,
    DIRECT,
    FOLLOW,
    LIKE,
    LOST_FAN,
    NEW_FAN,
    SEARCH,
    SHARE,
)
from simulation.families.bazaar.world import Case, World


def bought_followers(world: World, case: Case) -> None:
    """Followers delivered in a night, who leave over the two weeks that follow."""
    sold = world.vendor_of(
        "followers",
        lambda: world.add_fraud_accounts(int(world.rng.integers(400, 2500)), case.evasion),
    )
    for s in world.rng.choice(
        case.sessions, min(len(case.sessions), 1 + int(world.rng.integers(0, 4))), replace=False
    ):
        a = hire(world, case, sold, draw_view_count(world, case, s, 25), False)
        _join, leave = world.add_views(
            np.full(len(a), s),
            a,
            draw_arrivals(world, case, s, len(a)),
            world.rng.gamma(2, 4 + 25 * case.evasion, len(a)),
            world.rng.choice([DIRECT, SEARCH, SHARE], len(a)),
            case.code,
        )
        world.add_interactions(s, a, NEW_FAN, leave, fake=case.code)
        gone = a[world.rng.random(len(a)) < world.rng.uniform(0.4, 0.95)]
        world.add_interactions(
            -1,
            gone,
            LOST_FAN,
            world.sessions.end[s] + (world.rng.random(len(gone)) * 14 * DAY).astype(int),
            fake=case.code,
        )


def hire_helpers(
    world: World, case: Case, s: int, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A few who stay on: made accounts, or people paid by the hour."""
    a = hire(
        world,
        case,
        world.vendor_of(
            "helpers",
            lambda: (
                draw_real_people(world, 180)
                if world.rng.random() < 0.5
                else world.add_fraud_accounts(150, case.evasion)
            ),
        ),
        n,
        False,
    )
    whole = world.sessions.end[s] - world.sessions.start[s]
    stay = np.where(
        world.rng.random(len(a)) < case.evasion,
        world.rng.lognormal(7.2, 0.8, len(a)),
        world.rng.uniform(0.3, 1, len(a)) * whole,
    )
    return a, *world.add_views(
        np.full(len(a), s),
        a,
        draw_arrivals(world, case, s, len(a)),
        stay,
        world.rng.choice([FOLLOW, SHARE, DIRECT], len(a)),
        case.code,
    )


def trickled_likes(world: World, case: Case) -> None:
    """A few helpers like on and on, a trickle that lifts the count of the evening."""
    for s in case.sessions:
        a, join, leave = hire_helpers(world, case, s, int(world.rng.integers(3, 15)))
        gap = np.maximum(world.rng.normal(90, 15, len(a)), 30) / min(
            max(case.intensity * 2, 0.5), 3
        )
        i = np.repeat(np.arange(len(a)), np.minimum((leave - join) / gap, 90).astype(int))
        nth = np.arange(len(i)) - np.searchsorted(i, i)
        at = join[i] + nth * gap[i] + world.rng.exponential(1 + 60 * case.evasion, len(i))
        world.add_interactions(
            s,
            a[i],
            LIKE,
            np.minimum(at, leave[i]).astype(int),
            world.rng.poisson(9, len(i)) + 1,
            fake=case.code,
        )


def template_comments(world: World, case: Case) -> None:
    """Helpers paste from a seller's list; careful sellers have longer lists."""
    seller, size = 90_000 + 1_000 * int(world.rng.integers(0, 5)), 15 + int(400 * case.evasion)
    for s in case.sessions:
        a, join, leave = hire_helpers(world, case, s, int(world.rng.integers(8, 60)))
        i = np.repeat(
            np.arange(len(a)), world.rng.poisson(2 + 6 * min(case.intensity, 1.5), len(a))
        )
        world.add_interactions(
            s,
            a[i],
            COMMENT,
            join[i] + (world.rng.random(len(i)) * (leave - join)[i]).astype(int),
            text=seller + world.rng.integers(0, size, len(i)),
            fake=case.code,
        )
