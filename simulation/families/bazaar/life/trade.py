"""Honest interactions and orders, and the counts that size the schemes."""

from __future__ import annotations

import numpy as np

from simulation.families.bazaar.vocabulary import (
    CLICK,
    COMMENT,
    DAY,
    FOLLOW,
    HOUR,
    LIKE,
    LOST_FAN,
    NEW_FAN,
    SHARED_OUT,
)
from simulation.families.bazaar.world import World


def add_honest_interactions(world: World) -> None:
    """Likes, comments, follows, shares and clicks by the stay and the temper of each viewer."""
    rng, operators, sessions, v = world.rng, world.operators, world.sessions, world.views.joined()
    stay = v.leave - v.join
    keen = world.lively[v.a] * (1 - np.exp(-stay / 100))
    quiet = np.exp(rng.normal(0, 0.25, sessions.n))  # nights differ
    for kind in (LIKE, COMMENT, NEW_FAN, SHARED_OUT, CLICK):
        rate = operators.rate[sessions.op[v.s], kind] * keen * quiet[v.s]
        if kind == NEW_FAN:
            rate = np.where(v.src == FOLLOW, 0.0, np.minimum(rate, 0.5))
        else:
            rate = rate * np.minimum(stay / 300, 4) ** 0.5
        i = np.repeat(np.arange(len(rate)), rng.poisson(rate))
        if kind == NEW_FAN:
            i = np.unique(i)
        at = v.join[i] + (rng.random(len(i)) * stay[i]).astype(int)
        count = np.minimum(1 + rng.pareto(1.1, len(i)) * 3, 400).astype(int) if kind == LIKE else 1
        stock = np.where(
            rng.random(len(i)) < 0.6,
            3_000 * rng.random(len(i)) ** 4,
            rng.integers(200_000, 2**40, len(i)),
        )
        world.add_interactions(
            v.s[i], v.a[i], kind, at, count, stock.astype(np.int64) if kind == COMMENT else -1
        )
        if kind == NEW_FAN:
            gone = i[rng.random(len(i)) < 0.08]
            world.add_interactions(
                -1,
                v.a[gone],
                LOST_FAN,
                v.leave[gone] + (rng.exponential(5 * DAY, len(gone))).astype(int),
            )


def add_honest_orders(world: World) -> None:
    """Viewers buy, most when goods are presented.

    Some goods are gone in minutes. Some viewers buy later in the shop.
    """
    rng, operators, sessions, v = world.rng, world.operators, world.sessions, world.views.joined()
    stay, op = v.leave - v.join, sessions.op[v.s]
    i = np.flatnonzero(
        rng.random(len(stay))
        < np.minimum(
            operators.buy[op] * 1.9 * (1 - np.exp(-stay / 240)) * world.lively[v.a] ** 0.3, 0.6
        )
    )
    i = np.repeat(i, np.minimum(rng.geometric(0.85, len(i)), 4))
    at = v.join[i] + (stay[i] * rng.beta(1.6, 1.2, len(i))).astype(int)
    presented = (at // 420) * 420 + (rng.gamma(1.3, 50, len(i))).astype(int)
    at = np.where(
        (rng.random(len(i)) < 0.5) & (presented > v.join[i]) & (presented < v.leave[i]),
        presented,
        at,
    )
    world.add_orders(
        v.s[i],
        v.a[i],
        world.draw_products(op[i]),
        at,
        dev=np.where(rng.random(len(i)) < 0.95, v.dev[i], -1),
    )
    for s in np.flatnonzero(rng.random(sessions.n) < operators.sold_out[sessions.op]):
        drop = int(rng.uniform(sessions.start[s] + 600, sessions.end[s] - 600))
        here = np.flatnonzero((v.s == s) & (v.join < drop) & (v.leave > drop + 60))
        here = here[rng.random(len(here)) < rng.uniform(0.15, 0.5)]
        at = np.minimum(drop + rng.exponential(35, len(here)).astype(int), v.leave[here])
        world.add_orders(
            v.s[here], v.a[here], np.full(len(here), world.draw_products(sessions.op[[s]])[0]), at
        )
    later = rng.choice(len(i), len(i) // 14, replace=False) if len(i) > 14 else np.zeros(0, int)
    j = i[later]
    world.add_orders(
        -1,
        v.a[j],
        world.draw_products(op[j]),
        v.leave[j] + rng.exponential(12 * HOUR, len(j)).astype(int),
        o=op[j],
    )


def add_village_groups(world: World) -> None:
    """A group leader orders for neighbours: one payer, one address, many honest buyers."""
    rng, operators, sessions = world.rng, world.operators, world.sessions
    for op in np.flatnonzero(operators.leaders):
        vills = rng.choice(
            np.flatnonzero(world.village_county == operators.county[op]), operators.leaders[op]
        )
        for vill in vills[[len(world.villagers[x]) > 20 for x in vills]]:
            leader, often = rng.choice(world.villagers[vill]), rng.uniform(0.08, 0.4)
            for s in np.flatnonzero((sessions.op == op) & (rng.random(sessions.n) < often)):
                b = rng.choice(
                    world.villagers[vill],
                    min(int(rng.lognormal(3.0, 0.5)) + 5, len(world.villagers[vill])),
                    replace=False,
                )
                at = rng.uniform(sessions.start[s] + 300, sessions.end[s] - 300) + np.sort(
                    rng.uniform(0, rng.uniform(180, 3000), len(b))
                )
                goods = world.draw_products(np.full(2, op))[(rng.random(len(b)) < 0.2).astype(int)]
                world.lots += 1
                world.add_orders(
                    np.full(len(b), s),
                    b,
                    goods,
                    np.minimum(at, sessions.end[s] + 1800).astype(int),
                    lot=world.lots,
                    payer=world.accounts["payer"][leader],
                    addr=world.accounts["addr"][leader],
                    dev=np.where(
                        rng.random(len(b)) < 0.7,
                        world.accounts["dev"][leader],
                        world.accounts["dev"][b],
                    ),
                )


def count_honest(world: World) -> None:
    """Count the honest rows so far; schemes are sized by them."""
    v, b = world.views.joined(), world.orders.joined()
    order = np.argsort(v.s, kind="stable")
    world.honest_joins, world.honest_stays = v.join[order], (v.leave - v.join)[order]
    world.honest_offsets = np.searchsorted(v.s[order], np.arange(world.sessions.n + 1))
    world.honest_views = np.diff(world.honest_offsets)
    world.honest_orders = np.bincount(b.s[b.s >= 0], minlength=world.sessions.n)
