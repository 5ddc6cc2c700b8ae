"""Schemes that falsify views."""

from __future__ import annotations

import numpy as np

from simulation.families.bazaar.schemes.vendor_tools import (
    draw_arrivals,
    draw_real_people,
    draw_view_count,
    hire,
)
from simulation.families.bazaar.vocabulary import (
    ACTIVITY,
    BOOST,
    DAY,
    DIRECT,
    FEED,
    FOLLOW,
    LIKE,
    LOST_FAN,
    NEW_FAN,
    SEARCH,
    SHARE,
)
from simulation.families.bazaar.world import Case, World


def exchange_pods(world: World, case: Case) -> None:
    """Hosts' helpers visit each other's rooms, like, follow and go: real phones, real people."""
    pod = world.vendor_of("pod", lambda: draw_real_people(world, int(world.rng.integers(80, 500))))
    for s in case.sessions:
        a = hire(world, case, pod, draw_view_count(world, case, s), False)
        join, leave = world.add_views(
            np.full(len(a), s),
            a,
            draw_arrivals(world, case, s, len(a)),
            world.rng.lognormal(4.6, 0.3 + case.evasion, len(a)),
            world.rng.choice([SHARE, DIRECT, FOLLOW], len(a)),
            case.code,
        )
        world.add_interactions(
            s,
            a,
            LIKE,
            join + (leave - join) // 2,
            world.rng.poisson(30, len(a)) + 1,
            fake=case.code,
        )
        f = world.rng.random(len(a)) < 0.6
        world.add_interactions(s, a[f], NEW_FAN, leave[f], fake=case.code)
        g = f & (world.rng.random(len(a)) < 0.5)
        world.add_interactions(
            -1,
            a[g],
            LOST_FAN,
            leave[g] + world.rng.exponential(3 * DAY, int(g.sum())).astype(int),
            fake=case.code,
        )


def hangup(world: World, case: Case) -> None:
    """Users run an app that hangs in many rooms in the background for pennies and never act."""
    pool = world.vendor_of(
        "hangup", lambda: draw_real_people(world, int(world.rng.integers(120, 800)))
    )
    for s in case.sessions:
        a = hire(world, case, pool, draw_view_count(world, case, s), False)
        whole = world.sessions.end[s] - world.sessions.start[s]
        stay = np.where(
            world.rng.random(len(a)) < case.evasion,
            world.rng.lognormal(6.8, 0.8, len(a)),
            whole * world.rng.uniform(0.5, 1, len(a)),
        )
        world.add_views(
            np.full(len(a), s),
            a,
            draw_arrivals(world, case, s, len(a)),
            stay,
            world.rng.choice([FEED, DIRECT, SEARCH], len(a), p=[0.5, 0.3, 0.2]),
            case.code,
        )


def phone_farm(world: World, case: Case) -> None:
    """Racks of phones behind rotating addresses; stays are those of honest viewers."""
    farm = world.vendor_of(
        "farm", lambda: world.add_fraud_accounts(int(world.rng.integers(200, 1500)), case.evasion)
    )
    for s in case.sessions:
        n = draw_view_count(world, case, s)
        a = hire(world, case, farm, n)
        stay = (
            world.honest_stays[
                world.honest_offsets[s] + world.rng.integers(0, world.honest_views[s], n)
            ]
            if world.honest_views[s]
            else world.rng.lognormal(4.5, 1, n)
        )
        reset, home, tame = world.rng.random((3, n)) < np.array(
            [[case.evasion], [case.evasion], [0.5 * case.evasion]]
        )
        county = np.where(
            home,
            world.accounts["county"][a],
            world.rng.integers(0, world.parameters["counties"], n),
        )
        net = np.where(
            tame,
            county * 40 + world.rng.integers(0, world.parameters["nat"], n),
            world.new_networks(n),
        )
        join, leave = world.add_views(
            np.full(n, s),
            a,
            draw_arrivals(world, case, s, n),
            stay,
            world.rng.choice([FEED, FOLLOW, SEARCH], n, p=[0.6, 0.2, 0.2]),
            case.code,
            net=net,
            reg=county,
            asn=np.where(tame, 0, world.rng.choice([0, 1, 5], n, p=[0.5, 0.3, 0.2])),
            dev=np.where(
                reset,
                world.new_devices(n),
                world.accounts["dev"][farm[0]] + a % (20 + len(farm) // 3),
            ),
        )
        i = np.flatnonzero(world.rng.random(n) < 0.25 * case.evasion)
        world.add_interactions(
            s,
            a[i],
            LIKE,
            join[i] + (world.rng.random(len(i)) * (leave - join)[i]).astype(int),
            world.rng.geometric(0.2, len(i)),
            fake=case.code,
        )


def pk_bots(world: World, case: Case) -> None:
    """Bots that come only for the five minutes of a battle."""
    bots = world.vendor_of(
        "bots", lambda: world.add_fraud_accounts(int(world.rng.integers(200, 1200)), case.evasion)
    )
    for s in case.sessions:
        for at in world.sessions.pk[s]:
            a = hire(world, case, bots, n := max(draw_view_count(world, case, s) // 3, 5))
            join, leave = world.add_views(
                np.full(n, s),
                a,
                at + world.rng.gamma(1 + case.evasion, 30, n),
                300
                - world.rng.uniform(0, 90, n)
                + world.rng.exponential(20 + 80 * case.evasion, n),
                world.rng.choice([FOLLOW, ACTIVITY], n),
                case.code,
            )
            i = np.flatnonzero(world.rng.random(n) < 0.6)
            world.add_interactions(
                s,
                a[i],
                LIKE,
                join[i] + (world.rng.random(len(i)) * (leave - join)[i]).astype(int),
                world.rng.poisson(20, len(i)) + 1,
                fake=case.code,
            )


def boost_bots(world: World, case: Case) -> None:
    """Bots hidden under a boost that the platform did grant."""
    bots = world.vendor_of(
        "bots", lambda: world.add_fraud_accounts(int(world.rng.integers(200, 1200)), case.evasion)
    )
    for s in case.sessions:
        if s in world.sessions.boost:
            (at, to), n = world.sessions.boost[s], draw_view_count(world, case, s)
            world.add_views(
                np.full(n, s),
                hire(world, case, bots, n),
                at + world.rng.random(n) * (to - at),
                world.rng.lognormal(3.2, 0.4 + 0.7 * case.evasion, n),
                np.where(world.rng.random(n) < 0.3 + 0.6 * case.evasion, BOOST, FEED),
                case.code,
                asn=np.where(
                    world.rng.random(n) < 0.25 * (1 - case.evasion), 4, world.rng.integers(0, 2, n)
                ),
            )
