"""People, operators and sessions of the county markets."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np

from simulation.families.bazaar.vocabulary import DAY, GOODS, HOUR
from simulation.families.bazaar.world import World


def draw_accounts(world: World, n: int) -> None:
    """Draw accounts in households, villages and counties; phones and payers are shared."""
    rng, c = world.rng, world.parameters["counties"]
    world.village_count = n // 95 + c
    world.village_county = np.sort(
        rng.choice(c, world.village_count, p=rng.dirichlet(np.full(c, 3.0)))
    )
    vill = np.sort(
        rng.choice(world.village_count, n, p=rng.dirichlet(np.full(world.village_count, 2.0)))
    )
    new_house = (rng.random(n) < 0.6) | (np.diff(vill, prepend=-1) != 0)
    house = np.cumsum(new_house) - 1
    world.household_count = int(house[-1]) + 1
    own = np.arange(n)
    first = np.flatnonzero(new_house)[house]
    dev = np.where(rng.random(n) < world.parameters["shared_phone"], first, own)
    age = rng.gamma(1.3, 420, n) * DAY
    world.accounts = {
        "county": world.village_county[vill],
        "vill": vill,
        "house": house,
        "addr": house.copy(),
        "payer": np.where(rng.random(n) < 0.35, first, own),
        "dev": dev,
        "born": np.where(
            rng.random(n) < 0.03,
            world.first_moment + rng.uniform(-6, world.days, n) * DAY,
            world.first_moment - age,
        ).astype(int),
        "verified": rng.random(n) < 0.72,
        "level": np.clip(rng.gamma(1.6, 7, n), 0, 70).astype(int),
        "ref": np.where(rng.random(n) < 0.15, rng.integers(0, n, n), -1),
        "version": rng.choice(9, n, p=rng.dirichlet(np.arange(1, 10))),
    }
    world.accounts["ref"][world.accounts["ref"] == own] = -1
    world.real_people = n
    world.lively = np.exp(rng.normal(-0.3, 0.8, n))
    world.cumulative_appetite = np.concatenate(
        [[0], np.cumsum(rng.pareto(2.2, n) + 0.3)]
    )  # accounts are sorted by county
    world.county_edges = world.cumulative_appetite[
        np.searchsorted(world.accounts["county"], np.arange(c + 1))
    ]
    world.next_device, world.next_network = n, c * 40 + world.household_count + 2_200


def draw_operators(world: World) -> None:
    """Draw operators; each has its own size, hours and rates."""
    rng, n, z = (
        world.rng,
        world.operator_count,
        lambda sd: np.exp(world.rng.normal(0, sd, world.operator_count)),
    )
    yes = lambda share: rng.random(n) < share  # noqa: E731
    operators = world.operators = SimpleNamespace()
    operators.vill = rng.integers(0, world.village_count, n)
    operators.county = world.village_county[operators.vill]
    operators.goods = rng.choice(len(GOODS), n, p=rng.dirichlet(np.full(len(GOODS), 4.0)))
    operators.mcn = np.where(yes(0.3), rng.integers(0, 5 + n // 25, n), -1)
    operators.small_new = yes(0.12)
    operators.born = world.first_moment - (rng.gamma(1.5, 300, n) * DAY + 20 * DAY).astype(int)
    operators.born[operators.small_new] = (
        world.first_moment - (rng.uniform(1, 20, n) * DAY).astype(int)[operators.small_new]
    )
    operators.size = np.minimum((1 + rng.pareto(1.15, n)), 70) * np.where(
        operators.small_new, 0.4, 1
    )
    operators.habit, operators.start = (
        rng.beta(5, 2, n),
        np.where(yes(0.12), rng.normal(7, 1, n), rng.normal(19.2, 1.1, n)) * HOUR,
    )
    operators.length = np.clip(rng.lognormal(np.log(3.1), 0.25, n), 1.6, 5.2) * HOUR
    operators.follow, operators.near, operators.stick = (
        rng.beta(6, 4, n),
        rng.beta(5, 2.5, n),
        z(0.35),
    )
    operators.rate = np.stack(
        [
            0.20 * world.parameters["likes"] * z(0.6),
            0.10 * z(0.6),
            0.035 * z(0.6),
            0 * z(0),
            0.01 * z(0.7),
            0.15 * z(0.5),
        ],
        1,
    )
    operators.buy, operators.refuse, operators.regret, operators.after = (
        0.085 * z(0.6),
        0.03 * z(0.7),
        0.03 * z(0.6),
        0.035 * z(0.7),
    )
    operators.review, operators.stars = 0.12 * z(0.5), rng.beta(8, 2, n)
    operators.pk, operators.raid = (
        np.where(yes(0.4), rng.uniform(0.2, 0.9, n), 0),
        np.where(yes(0.3), rng.uniform(0.1, 0.5, n), 0),
    )
    operators.bag = np.where(yes(0.35), rng.uniform(0.3, 1, n), 0)
    operators.boost = np.where(yes(0.5), rng.uniform(0.05, 0.5, n), 0)
    operators.sold_out = np.where(yes(0.25), rng.uniform(0.1, 0.6, n), 0)
    operators.leaders = np.where(yes(0.35), rng.integers(1, 5, n), 0)
    operators.fans = np.where(yes(0.3), rng.uniform(0.02, 0.09, n), 0)
    operators.kin = rng.integers(0, 9, n)
    operators.station = yes(0.6)
    operators.virtual, operators.presale = yes(0.02), yes(0.15)
    operators.refusals = operators.refuse > 0.055
    scale = world.view_target * 0.8 / (operators.size.sum() * world.days * operators.habit.mean())
    operators.size *= scale
    county = np.repeat(
        operators.county,
        sizes := np.clip(operators.size * rng.uniform(4, 9, n), 60, world.real_people // 3).astype(
            int
        ),
    )
    county[rng.random(len(county)) > np.repeat(operators.near, sizes)] = -1
    world.fan_account, world.fan_offsets = (
        world.draw_people(county),
        np.concatenate([[0], np.cumsum(sizes)]),
    )
    by_vill = np.searchsorted(world.accounts["vill"], np.arange(world.village_count + 1))
    world.villagers = [np.arange(a, b) for a, b in itertools.pairwise(by_vill)]
    operators.relatives = [
        rng.choice(world.villagers[v], min(int(k), len(world.villagers[v])), replace=False)
        for v, k in zip(operators.vill, operators.kin, strict=True)
    ]
    world.product_counts = rng.integers(4, 26, n)
    world.product_offsets = np.concatenate([[0], np.cumsum(world.product_counts)])
    price, kilo = np.array(list(GOODS.values()))[np.repeat(operators.goods, world.product_counts)].T
    total = int(world.product_counts.sum())
    world.price = np.round(
        price * np.repeat(z(0.3), world.product_counts) * rng.lognormal(0, 0.45, total)
    ) - rng.choice([0.1, 0.2, 0.5, 0], total)
    world.price = np.maximum(world.price, 2.9)
    world.kilograms = np.clip(kilo * rng.lognormal(0, 0.5, total), 0.3, 20)


def draw_sessions(world: World) -> None:
    """Draw sessions by the habits of operators and the weekday."""
    rng, operators, n, d = world.rng, world.operators, world.operator_count, world.days
    week = np.tile([0.92, 0.9, 0.95, 1.0, 1.08, 1.25, 1.2], d // 7 + 1)[:d]
    op, day = np.nonzero(rng.random((n, d)) < operators.habit[:, None] * np.minimum(week, 1.05))
    start = world.first_moment + day * DAY + operators.start[op] + rng.normal(0, 11 * 60, len(op))
    length = np.clip(operators.length[op] * rng.lognormal(0, 0.15, len(op)), 0.7 * HOUR, 5.8 * HOUR)
    keep = start > operators.born[op]
    op, day, start, length = op[keep], day[keep], start[keep].astype(int), length[keep].astype(int)
    world.sessions = SimpleNamespace(
        op=op, day=day, start=start, end=start + length, n=len(op), pk=[[] for _ in op], boost={}
    )
    world.sessions.mean = (
        operators.size[op]
        * week[day]
        * np.sqrt(length / (3 * HOUR))
        * rng.lognormal(0, 0.3, len(op))
    )
