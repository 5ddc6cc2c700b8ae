"""Honest orders and what becomes of them: payment, parcel, refund, review."""

from __future__ import annotations

import numpy as np

from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.population import PRICE_LOG, REFUND_RATE, WEIGHT_LOG, Accounts, Operators
from simulation.records import Orders, Sessions, Views

PRODUCTS = 24  # products an operator


def price_of(product: np.ndarray, category: np.ndarray) -> np.ndarray:
    """List price in CNY of a product, the same whenever it is asked for."""
    spread = ((product * 2654435761) % 10_007) / 10_007
    return np.exp(PRICE_LOG[category] + (spread - 0.5) * 2.4).round(1)


def weight_of(product: np.ndarray, category: np.ndarray) -> np.ndarray:
    """Catalogue weight in grams of a product."""
    spread = ((product * 40503 + 77) % 9_973) / 9_973
    return np.exp(WEIGHT_LOG[category] + (spread - 0.5) * 1.6).round(0)


def placed_orders(
    rng: np.random.Generator,
    a: Accounts,
    ops: Operators,
    s: Sessions,
    row: np.ndarray,
    buyer: np.ndarray,
    placed: np.ndarray,
    scheme: int = 0,
    beneficiary: np.ndarray | None = None,
    product_rank: np.ndarray | None = None,
) -> Orders:
    """Orders with honest payment, shipping, refunds and reviews; schemes then overwrite what they fake.

    `row` indexes the day's sessions. Orders carry index -1 until the day numbers them.
    """
    n = len(row)
    operator = s.operator[row]
    category = ops.category[operator]
    rank = (
        (rng.random(n) ** 2.2 * PRODUCTS).astype(np.int64) if product_rank is None else product_rank
    )
    product = operator * 100 + rank
    quantity = 1 + (rng.random(n) < 0.12) + (rng.random(n) < 0.03) * rng.integers(1, 5, n)
    listed = price_of(product, category) * quantity
    amount = listed * np.where(rng.random(n) < 0.6, 1.0, rng.uniform(0.7, 1.0, n))
    presale = ops.lookalike["presale"][operator]
    wait = np.where(presale, rng.uniform(1, 20, n) * HOUR, rng.exponential(40.0, n) + 2)
    paid = np.where(rng.random(n) < 0.955, placed + wait, np.nan)

    other_address = rng.random(n) < 0.06
    address = np.where(other_address, 30_000_000 + rng.integers(0, 5_000_000, n), a.address[buyer])
    to_region = np.where(other_address, rng.integers(0, 30, n), a.region[buyer])
    from_region = ops.region[operator]
    local = (from_region == to_region) | ops.lookalike["same_city_courier"][operator]
    to_region = np.where(ops.lookalike["same_city_courier"][operator], from_region, to_region)
    goods = weight_of(product, category) * quantity
    weight = goods * rng.normal(1.04, 0.03, n).clip(0.9, 1.3) + rng.uniform(15, 90, n)
    picked = paid + np.where(
        presale, rng.uniform(4, 10, n) * DAY, rng.lognormal(np.log(16), 0.6, n) * HOUR
    )
    picked = np.where(
        local & (rng.random(n) < 0.4), paid + rng.lognormal(np.log(2.0), 0.6, n) * HOUR, picked
    )
    transit = (
        np.where(local, rng.lognormal(np.log(9), 0.5, n), rng.lognormal(np.log(52), 0.4, n)) * HOUR
    )
    signed = picked + transit
    scans = np.where(local, rng.integers(2, 5, n), rng.integers(4, 10, n))
    warehouse = np.where(
        ops.mcn[operator] % 4 == 0, 5_000_000 + ops.mcn[operator], operator
    )  # shared drop-shippers

    rate = REFUND_RATE[category]
    refunds = (rng.random(n) < rate) & ~np.isnan(paid)
    early = refunds & (rng.random(n) < 0.3)
    asked = np.where(
        early,
        paid + rng.lognormal(np.log(1.2), 1.4, n) * HOUR,
        signed + rng.exponential(2.0, n) * DAY,
    )
    stage = np.where(early, np.where(asked < picked, 0, 1), 2)
    asked = np.where(refunds, asked, np.nan)
    returned = asked + np.where(
        stage == 0, rng.uniform(0.1, 10, n) * HOUR, rng.uniform(1, 5, n) * DAY
    )
    never_shipped = refunds & (stage == 0)
    signed = np.where(never_shipped, np.nan, signed)
    picked = np.where(never_shipped, np.nan, picked)

    reviews = (rng.random(n) < 0.2) & ~np.isnan(signed) & ~refunds
    text = np.where(
        rng.random(n) < 0.11, product % 13, 20_000_000_000 + rng.integers(0, 1 << 50, n)
    )
    return Orders(
        np.full(n, -1),
        row,
        operator,
        operator,
        buyer,
        product,
        placed,
        paid,
        listed,
        amount,
        quantity,
        a.payer[buyer],
        address,
        np.where(rng.random(n) < 0.9, a.device[buyer], a.device[buyer] + 200_000_000),
        np.full(n, scheme),
        operator if beneficiary is None else beneficiary,
        goods,
        weight,
        picked,
        signed,
        scans,
        np.full(n, -1),
        warehouse,
        from_region,
        to_region,
        asked,
        returned,
        stage,
        np.where(reviews, signed + rng.exponential(1.5, n) * DAY, np.nan),
        rng.choice([1, 2, 3, 4, 5], size=n, p=[0.03, 0.03, 0.06, 0.14, 0.74]),
        text,
    )


def honest_orders(
    rng: np.random.Generator, a: Accounts, ops: Operators, s: Sessions, v: Views, bag: np.ndarray
) -> Orders:
    """Orders out of honest views; a lucky bag, group buying or a pick-up station gathers them honestly."""
    return Orders.stacked(
        [orders_of_views(rng, a, ops, s, v, bag), *shared_deliveries(rng, a, ops, s)]
    )


def orders_of_views(
    rng: np.random.Generator, a: Accounts, ops: Operators, s: Sessions, v: Views, bag: np.ndarray
) -> Orders:
    """Who watched buys, by how long; some come back to the basket."""
    row = v.session
    operator = s.operator[row]
    stay = v.left - v.joined
    chance = ops.conversion[operator] * np.where(stay < 30, 0.15, np.where(stay < 300, 0.9, 1.9))
    index = np.flatnonzero(rng.random(len(v)) < np.minimum(chance, 0.8))
    placed = v.joined[index] + rng.random(len(index)) * stay[index]
    drawn = ~np.isnan(bag[row[index]]) & (rng.random(len(index)) < 0.45)
    placed = np.where(
        drawn,
        np.clip(bag[row[index]] + rng.exponential(100, len(index)), v.joined[index], v.left[index]),
        placed,
    )
    buyer = np.where(
        rng.random(len(index)) < 0.07, rng.integers(0, a.honest, len(index)), v.account[index]
    )  # from a saved link, unseen
    single = placed_orders(rng, a, ops, s, row[index], buyer, placed)
    again = np.flatnonzero(rng.random(len(index)) < 0.06)  # people come back to the basket
    more = np.repeat(again, rng.geometric(0.6, len(again)))
    second = placed_orders(
        rng,
        a,
        ops,
        s,
        row[index][more],
        buyer[more],
        placed[more] + rng.exponential(600.0, len(more)),
    )
    return Orders.stacked([single, second])


def shared_deliveries(
    rng: np.random.Generator, a: Accounts, ops: Operators, s: Sessions
) -> list[Orders]:
    """Neighbours who buy one thing together, for one of them to take delivery."""
    groups = np.flatnonzero(ops.lookalike["group_buying"][s.operator] & (rng.random(len(s)) < 0.5))
    neighbours = []
    for g in groups:
        size = int(rng.integers(5, 16))
        people = rng.integers(0, a.honest, size)
        at = s.start[g] + rng.random() * (s.end[g] - s.start[g]) + rng.uniform(0, 10 * MINUTE, size)
        batch = placed_orders(
            rng,
            a,
            ops,
            s,
            np.full(size, g),
            people,
            at,
            product_rank=np.full(size, int(rng.integers(PRODUCTS))),
        )
        batch.address[:] = 95_000_000 + int(
            s.operator[g]
        )  # one person takes delivery for the staircase
        neighbours.append(batch)
    return neighbours
