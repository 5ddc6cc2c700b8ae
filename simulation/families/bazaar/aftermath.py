"""What becomes of orders: payment, parcels, refunds and reviews."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from simulation.families.bazaar.vocabulary import (
    DAY,
    DEPOSIT,
    DRIP,
    HOSTILE,
    HOUR,
    KIN,
    NORMAL,
    PAID,
    STATION,
)
from simulation.families.bazaar.world import World


def follow_orders(world: World) -> SimpleNamespace:
    """Orders with payment, parcel, refund and review by their fate; seconds, -1 is never."""
    rng, operators, parameters = world.rng, world.operators, world.parameters
    b = world.orders.joined()
    b = SimpleNamespace(**{k: v[np.argsort(b.placed, kind="stable")] for k, v in vars(b).items()})
    n, op, f, ok = len(b.placed), b.o, b.fate, b.fate == NORMAL
    u = lambda lo=0.0, hi=1.0: rng.uniform(lo, hi, n)  # noqa: E731
    light = (
        u() < (1 - rng.beta(2, 2, world.operator_count))[op]
    )  # how careless the operator's helpers are
    b.paid = np.where(
        (u() < np.where(ok, 0.04, 0.005)) & (b.lot < 0), -1, b.placed + 2 + rng.exponential(35, n)
    ).astype(int)
    b.list = np.round(world.price[b.prod] * b.qty, 2)
    pre = (
        ok & operators.presale[op] & (b.prod % 4 == 0) & (b.lot < 0)
    )  # honest deposits on goods not yet ripe
    off = np.where(u() < 0.35, rng.choice([0.95, 0.9, 0.85, 0.8], n), 1)
    b.cash = np.where(
        b.paid < 0, 0, np.round(b.list * np.where((f == DEPOSIT) | pre, u(0.1, 0.4), off), 2)
    )
    # refunds: which stage, if any
    table = np.array(
        [
            [0, 0, 0],
            [0.01, 0.01, 0.01],
            [0.93, 0, 0],
            [0.02, 0, 0.01],
            [0.12, 0, 0.02],
            [0.03, 0.01, 0.02],
            [0.25, 0.15, 0.5],
        ]
    )
    rate = np.where(
        ok[:, None],
        np.stack(
            [operators.regret[op] * (1 + 3 * pre), operators.refuse[op], operators.after[op]], 1
        )
        * parameters["returns"],
        table[f],
    ).cumsum(1)
    b.stage = np.where(
        b.paid < 0, 3, (u()[:, None] > rate).sum(1)
    )  # 0 before, 1 on the way, 2 after, 3 none
    # parcels: collected at ten and at five, villages together
    speed = rng.gamma(4, 4, world.operator_count)[op] * HOUR
    speed = speed + pre * u(2, 8) * DAY
    ready = b.paid + speed * rng.gamma(2, 0.5, n)
    slot = (
        np.ceil((ready - world.first_moment - 10 * HOUR) / (7 * HOUR)).astype(int) * 7 + 10
    ) * HOUR + world.first_moment
    station = (f == STATION) & (light | (u() < 0.5))
    b.picked = np.where(station, b.paid + u(0.4, 4) * HOUR, slot + rng.normal(0, 900, n))
    home = np.zeros(world.household_count, int)
    home[world.accounts["house"][: world.real_people]] = world.accounts["county"][
        : world.real_people
    ]
    b.to, b.frm = home[b.addr], operators.county[op]
    near = b.to == b.frm
    travel = np.where(
        station,
        u(0.7, 7) * HOUR,
        np.where(near, rng.gamma(3, 5, n) * HOUR, (rng.gamma(4, 0.55, n) + 0.7) * DAY),
    )
    b.scans = np.where(
        station, rng.integers(1, 4, n), 2 + rng.poisson(np.where(near, 1.0, 2 + 1.6 * travel / DAY))
    )
    b.signed = b.picked + travel
    lot = b.lot > 0
    first = np.zeros(world.lots + 1, int)
    first[b.lot[lot][::-1]] = np.flatnonzero(lot)[::-1]
    lead = first[b.lot[lot]]
    b.picked[lot] = b.picked[lead]
    b.signed[lot] = b.signed[lead] + u(0, 1200)[lot]
    b.picked, b.signed = np.maximum(b.picked, b.paid + 60).astype(int), b.signed.astype(int)
    b.signed = np.maximum(b.signed, b.picked + 600)
    unsent = (f == DEPOSIT) | ((f == KIN) & (u() < 0.3)) | (u() < 0.01)
    b.sent = (b.paid >= 0) & (b.stage != 0) & ~unsent
    b.stage[(b.stage == 2) & ~b.sent] = 0
    b.asked = np.select(
        [(f == DEPOSIT) & (b.stage == 0), b.stage == 0, b.stage == 1, b.stage == 2],
        [
            b.paid + u(4, 11) * DAY,
            b.paid + np.minimum(rng.exponential(np.where(pre, 60, 3) * HOUR, n), speed),
            b.signed,
            b.signed + rng.exponential(2.2 * DAY, n),
        ],
        -1,
    ).astype(int)
    b.back = np.where(
        (b.stage < 3) & (u() > 0.05), b.asked + 60 + rng.exponential(14 * HOUR, n), -1
    ).astype(int)
    b.part = np.where(
        (b.stage == 2) & ok & (u() < 0.45), np.round(b.cash * u(0.1, 0.6), 2), b.cash
    )  # bruised fruit
    b.signed = np.where(b.stage == 1, -1, b.signed)  # refused at the door
    b.sender = np.where(
        f == STATION,
        parameters["counties"] + world.operator_count + op % 3,
        np.where(operators.station[op], b.frm, parameters["counties"] + op),
    )
    b.goods = np.round(world.kilograms[b.prod] * b.qty * 1000)
    true = b.goods * rng.lognormal(0, 0.05, n) + u(60, 450)
    gift = ((f == STATION) | (f == DRIP) | (f == KIN)) & light & (u() < 0.8)
    b.weight = np.round(np.where(gift, u(90, 700), np.where(f == PAID, true * u(0.6, 1.08), true)))
    # reviews
    paid_praise = (f > NORMAL) & (f < HOSTILE)
    wants = np.where(ok, operators.review[op], np.where(f == HOSTILE, 0.7, 0.45)) * np.where(
        b.stage == 2, 1.8, 1
    )
    b.said = np.where(
        (b.signed >= 0) & b.sent & (u() < wants), b.signed + rng.exponential(1.6 * DAY, n), -1
    ).astype(int)
    good = np.where(
        u() < operators.stars[op], 5, rng.choice([1, 2, 3, 4], n, p=[0.2, 0.13, 0.25, 0.42])
    )
    good = np.where(b.stage == 2, np.minimum(good, rng.integers(1, 5, n)), good)
    b.stars = np.where(
        f == HOSTILE,
        rng.choice([1, 1, 1, 2], n),
        np.where(paid_praise, rng.choice([5, 5, 5, 5, 4], n), good),
    )
    common = (400_000 + 2_500 * rng.random(n) ** 3).astype(np.int64)
    b.words = np.select(
        [u() < 0.15, (f > NORMAL) & light, u() < 0.5],
        [-1, 500_000 + 100 * (op % 6) + rng.integers(0, 60, n), common],
        rng.integers(2**41, 2**42, n),
    )
    low = b.stars <= 2
    b.gone = np.where(
        (b.said >= 0) & (u() < np.where(low, 0.04, 0.01)), b.said + rng.exponential(2 * DAY, n), -1
    ).astype(int)
    b.by = np.where(low, rng.integers(0, 3, n), rng.choice([0, 2], n))
    return b
