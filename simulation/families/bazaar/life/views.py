"""Honest views: crowds, regulars, battles, lucky bags, boosts and raids."""

from __future__ import annotations

import numpy as np

from simulation.families.bazaar.vocabulary import (
    ACTIVITY,
    BOOST,
    COMMENT,
    DIRECT,
    FEED,
    FOLLOW,
    LIKE,
    MEDIAN_STAY_SECONDS,
    RAID,
    SEARCH,
    SHARE,
)
from simulation.families.bazaar.world import World


def add_crowd(world: World) -> None:
    """Followers, nearby feeds pushed at a few moments, search and shares."""
    rng, operators, sessions = world.rng, world.operators, world.sessions
    s = np.repeat(np.arange(sessions.n), rng.poisson(sessions.mean))
    op, u, n = sessions.op[s], rng.random(len(s)), len(s)
    rest = (u - operators.follow[op]) / (1 - operators.follow[op])
    src = np.select(
        [rest < 0, rest < 0.72, rest < 0.8, rest < 0.9], [FOLLOW, FEED, SEARCH, SHARE], DIRECT
    )
    local = rng.random(n) < operators.near[op]
    a = np.where(
        src == FOLLOW,
        world.draw_fans(op),
        world.draw_people(np.where(local, operators.county[op], -1)),
    )
    span, start = sessions.end[s] - sessions.start[s], sessions.start[s]
    at = rng.beta(1.15, 1.4, n) * span
    at = np.where((src == FOLLOW) & (rng.random(n) < 0.3), rng.exponential(9 * 60, n), at)
    push = rng.random((sessions.n, 4))[s, rng.integers(0, 4, n)] * span + rng.normal(0, 150, n)
    at = np.where((src == FEED) & (rng.random(n) < 0.3), push, at)
    stay = np.exp(
        np.log(MEDIAN_STAY_SECONDS[src] * operators.stick[op])
        + rng.normal(0, 1.15, n)
        + 0.15 * np.log(world.lively[a])
    )
    world.add_views(s, a, start + np.clip(at, 0, span - 5), stay, src)


def add_regulars(world: World) -> None:
    """Relatives watch every day; fan clubs come within minutes and copy the host's slogan."""
    rng, operators, sessions = world.rng, world.operators, world.sessions
    for s in range(sessions.n):
        op = sessions.op[s]
        kin = operators.relatives[op][rng.random(len(operators.relatives[op])) < 0.85]
        if len(kin):
            world.add_views(
                np.full(len(kin), s),
                kin,
                sessions.start[s] + rng.exponential(150, len(kin)),
                rng.uniform(0.3, 1.1, len(kin)) * operators.length[op],
                FOLLOW,
            )
        if operators.fans[op]:
            lo, hi = world.fan_offsets[op], world.fan_offsets[op + 1]
            club = np.unique(
                world.fan_account[lo : lo + max(int((hi - lo) * operators.fans[op]), 12)]
            )
            club = club[rng.random(len(club)) < 0.45]
            join, leave = world.add_views(
                np.full(len(club), s),
                club,
                sessions.start[s] + rng.gamma(2, 55, len(club)),
                rng.lognormal(7.6, 0.7, len(club)),
                FOLLOW,
            )
            say = np.repeat(np.arange(len(club)), rng.poisson(0.8, len(club)))
            at = join[say] + np.minimum(rng.exponential(120, len(say)), leave[say] - join[say])
            world.add_interactions(
                s,
                club[say],
                COMMENT,
                at,
                text=50_000 + 20 * op + (6 * rng.random(len(say)) ** 2).astype(int),
            )


def add_battles(world: World) -> None:
    """Battles of two rooms: five minutes, both audiences jump and like as fast as they can."""
    rng, operators, sessions = world.rng, world.operators, world.sessions
    for day in range(world.days):
        for _ in range(2):
            ready = np.flatnonzero(
                (sessions.day == day) & (rng.random(sessions.n) < operators.pk[sessions.op])
            )
            ready = rng.permutation(ready)
            for a, b in zip(ready[::2], ready[1::2], strict=False):
                lo, hi = (
                    max(sessions.start[a], sessions.start[b]) + 900,
                    min(sessions.end[a], sessions.end[b]) - 900,
                )
                if hi <= lo:
                    continue
                at = int(rng.uniform(lo, hi))
                if any(
                    abs(at - x) < 600 for x in sessions.pk[a] + sessions.pk[b]
                ):  # one battle at a time
                    continue
                heat = rng.uniform(0.06, 0.3) * (sessions.mean[a] + sessions.mean[b]) / 2
                for s, other in ((a, b), (b, a)):
                    n = rng.poisson(min(heat, 1.5 * sessions.mean[s]))
                    cross = rng.random(n) < 0.4
                    who = world.draw_fans(np.where(cross, sessions.op[other], sessions.op[s]))
                    stay = np.where(
                        rng.random(n) < 0.7,
                        300 - rng.uniform(0, 120, n) + rng.exponential(40, n),
                        rng.lognormal(5.5, 1, n),
                    )
                    join, leave = world.add_views(
                        np.full(n, s),
                        who,
                        at + rng.gamma(1.5, 40, n),
                        stay,
                        np.where(cross, ACTIVITY, FOLLOW),
                    )
                    tap = np.repeat(np.flatnonzero(rng.random(n) < 0.5), rng.integers(1, 5))
                    world.add_interactions(
                        s,
                        who[tap],
                        LIKE,
                        join[tap] + rng.random(len(tap)) * (leave[tap] - join[tap]),
                        count=rng.geometric(0.05, len(tap)),
                    )
                    sessions.pk[s].append(at)
                    world.links.add(1, s=s, to=other, kind=1, at=at, n=int(n))


def add_bags_and_boosts(world: World) -> None:
    """Lucky bags gather people for the draw; granted boosts bring strangers who leave soon."""
    rng, operators, sessions = world.rng, world.operators, world.sessions
    for s in range(sessions.n):
        op, span = sessions.op[s], sessions.end[s] - sessions.start[s]
        if rng.random() < operators.bag[op]:
            for draw in (
                np.arange(rng.uniform(900, 2400), span - 60, rng.uniform(1500, 3600))
                + sessions.start[s]
            ):
                n = rng.poisson(sessions.mean[s] * rng.uniform(0.01, 0.06))
                who = np.where(
                    rng.random(n) < 0.5,
                    world.draw_fans(np.full(n, op)),
                    world.draw_people(np.full(n, operators.county[op])),
                )
                join = draw - rng.uniform(20, 480, n)
                join, leave = world.add_views(
                    np.full(n, s), who, join, draw - join + rng.exponential(25, n), ACTIVITY
                )
                say = rng.random(n) < 0.7
                world.add_interactions(
                    s,
                    who[say],
                    COMMENT,
                    (join + rng.random(n) * (leave - join))[say],
                    text=70_000 + s,
                )
        if rng.random() < operators.boost[op]:
            at, n = (
                int(sessions.start[s] + rng.uniform(0, 0.6) * span),
                int(sessions.mean[s] * rng.uniform(0.15, 0.9)) + 5,
            )
            to = min(at + int(rng.choice([1800, 3600, 7200])), sessions.end[s])
            sessions.boost[s] = (at, to)
            world.boosts.add(1, s=s, at=at, to=to, n=n)
            got = rng.poisson(n * rng.uniform(0.8, 1.05))
            world.add_views(
                np.full(got, s),
                world.draw_people(np.full(got, -1)),
                at + rng.beta(1, 1.3, got) * (to - at),
                rng.lognormal(np.log(MEDIAN_STAY_SECONDS[BOOST] * operators.stick[op]), 1.2, got),
                BOOST,
            )


def add_raids(world: World) -> None:
    """A host who stops sends those still in the room to another."""
    rng, operators, sessions, v = world.rng, world.operators, world.sessions, world.views.joined()
    for s in np.flatnonzero(rng.random(sessions.n) < operators.raid[sessions.op]):
        live = np.flatnonzero(
            (sessions.start < sessions.end[s] - 600) & (sessions.end > sessions.end[s] + 900)
        )
        left = v.a[(v.s == s) & (v.leave > sessions.end[s] - 900)]
        left = left[rng.random(len(left)) < rng.uniform(0.3, 0.8)]
        if len(live) and len(left) > 3:
            to = int(rng.choice(live))
            world.links.add(1, s=s, to=to, kind=0, at=sessions.end[s], n=len(left))
            world.add_views(
                np.full(len(left), to),
                left,
                sessions.end[s] + rng.gamma(2, 12, len(left)),
                rng.lognormal(5.0, 1.2, len(left)),
                RAID,
            )
