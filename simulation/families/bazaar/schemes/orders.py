"""Schemes that falsify orders, and attacks on rivals."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.families.bazaar.schemes.vendor_tools import (
    draw_arrivals,
    draw_real_people,
    draw_view_count,
    hire,
)
from simulation.families.bazaar.vocabulary import (
    DEPOSIT,
    DIRECT,
    DRIP,
    FEED,
    FOLLOW,
    HOSTILE,
    KIN,
    PAID,
    SHARE,
    STATION,
)
from simulation.families.bazaar.world import Case, World


def draw_order_count(world: World, case: Case, s: int) -> int:
    """False orders of one session, a multiple of its honest orders."""
    return int(
        np.clip(case.intensity * world.honest_orders[s] * world.rng.lognormal(0, 0.35), 3, 300)
    )


def brush(
    world: World, case: Case, s: int, b: np.ndarray, fate: int, *, look: float = 0.75, **given: Any
) -> None:
    """False orders of buyers b.

    Some look in first, careful ones for longer. The look-in is not a false view.
    """
    n, sessions, rng = len(b), world.sessions, world.rng
    at = np.where(
        rng.random(n) < case.evasion,
        rng.uniform(sessions.start[s] + 120, sessions.end[s] - 30, n),
        rng.uniform(sessions.start[s] + 300, sessions.end[s] - 600) + rng.gamma(2, 200, n),
    )
    at = np.minimum(at, sessions.end[s] - 5).astype(int)
    i = np.flatnonzero(rng.random(n) < look)
    before = rng.gamma(2, 20 + 90 * case.evasion, len(i))
    world.add_views(
        np.full(len(i), s),
        b[i],
        at[i] - before,
        before + rng.gamma(2, 20 + 60 * case.evasion, len(i)) + 5,
        rng.choice([SHARE, DIRECT, FEED, FOLLOW], len(i)),
    )
    prod = (
        world.draw_products(np.full(n, sessions.op[s]))
        if rng.random() < case.evasion
        else world.product_offsets[sessions.op[s]] + rng.integers(0, 2, n)
    )
    world.add_orders(np.full(n, s), b, prod, at, case.code, fate, **given)


def village_paid(world: World, case: Case) -> None:
    """Neighbours of one village are paid per parcel: real addresses, payers and weights."""
    fit = [v for v, who in enumerate(world.villagers) if len(who) > 40]
    near = [v for v in fit if world.village_county[v] == world.operators.county[case.operator]]
    vill = (
        world.rng.choice(near)
        if near and world.rng.random() < 0.5
        else world.vendor_of("village", lambda: world.rng.choice(fit))
    )
    for s in case.sessions:
        brush(
            world,
            case,
            s,
            world.rng.choice(
                world.villagers[vill], min(draw_order_count(world, case, s), 40), replace=False
            ),
            PAID,
        )


def late_deposits(world: World, case: Case) -> None:
    """Deposits that make the figures of the night and go back days later."""
    pool = world.vendor_of(
        "deposit", lambda: draw_real_people(world, int(world.rng.integers(60, 400)))
    )
    for s in case.sessions:
        brush(world, case, s, hire(world, case, pool, draw_order_count(world, case, s)), DEPOSIT)


def station_scans(world: World, case: Case) -> None:
    """One courier station sells waybills: scans at once, hardly any travel."""
    pool = world.vendor_of(
        "waybill", lambda: draw_real_people(world, int(world.rng.integers(100, 700)))
    )
    for s in case.sessions:
        brush(world, case, s, hire(world, case, pool, draw_order_count(world, case, s)), STATION)


def kin_orders(world: World, case: Case) -> None:
    """Self-orders through relatives: few buyers, many orders, often the host's own payer."""
    kin = (
        world.operators.relatives[case.operator]
        if len(world.operators.relatives[case.operator]) > 2
        else world.villagers[world.operators.vill[case.operator]][:6]
    )
    for s in case.sessions:
        b = world.rng.choice(kin, draw_order_count(world, case, s))
        brush(
            world,
            case,
            s,
            b,
            KIN,
            payer=np.where(
                world.rng.random(len(b)) < 0.7 * (1 - case.evasion),
                world.accounts["payer"][kin[0]],
                world.accounts["payer"][b],
            ),
        )


def drip(world: World, case: Case) -> None:
    """Two to six false orders a session, every session."""
    pool = world.vendor_of(
        "drip", lambda: draw_real_people(world, int(world.rng.integers(80, 400)))
    )
    for s in case.sessions:
        brush(world, case, s, hire(world, case, pool, int(world.rng.integers(2, 7)), False), DRIP)


def hostile_brushing(world: World, case: Case) -> None:
    """A rival orders, sends back and gives one star."""
    pool = world.vendor_of(
        "hostile",
        lambda: np.concatenate(
            [world.add_fraud_accounts(80, case.evasion), draw_real_people(world, 80)]
        ),
    )
    for s in case.sessions:
        brush(
            world,
            case,
            s,
            hire(world, case, pool, min(draw_order_count(world, case, s) + 8, 90)),
            HOSTILE,
            look=0.3,
        )


def hostile_bots(world: World, case: Case) -> None:
    """A rival floods the victim's room with cheap bots."""
    bots = world.vendor_of("cheap", lambda: world.add_fraud_accounts(400, 0.1))
    for s in case.sessions:
        n = draw_view_count(world, case, s, 30)
        world.add_views(
            np.full(n, s),
            world.rng.choice(bots, n),
            draw_arrivals(world, case, s, n),
            world.rng.lognormal(3.5, 1.2, n),
            np.full(n, DIRECT),
            case.code,
            asn=world.rng.choice([0, 4, 5], n, p=[0.4, 0.3, 0.3]),
            net=world.new_networks(40)[world.rng.integers(0, 40, n)],
        )
