"""Honest orders with their payment, parcel, refund and review."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.behaviour.platform_day import PlatformDay
from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.population import LOG_PRICE, LOG_WEIGHT_GRAMS, REFUND_RATE
from simulation.records import Orders, Views

PRODUCTS_PER_OPERATOR = 24


def price_of(product: np.ndarray, category: np.ndarray) -> np.ndarray:
    """List price of a product in CNY, a fixed function of the product."""
    spread = ((product * 2654435761) % 10_007) / 10_007
    return np.exp(LOG_PRICE[category] + (spread - 0.5) * 2.4).round(1)


def weight_of(product: np.ndarray, category: np.ndarray) -> np.ndarray:
    """Catalogue weight in grams of a product."""
    spread = ((product * 40503 + 77) % 9_973) / 9_973
    return np.exp(LOG_WEIGHT_GRAMS[category] + (spread - 0.5) * 1.6).round(0)


@dataclass(frozen=True)
class Purchases:
    """Who orders in which session and when, before payment, parcel and refund are drawn.

    `session` is a row of the day's sessions. `beneficiary` and `product_rank` are drawn or
    derived when None.
    """

    session: np.ndarray
    buyer: np.ndarray
    placed: np.ndarray
    scheme: int = 0
    beneficiary: np.ndarray | None = None
    product_rank: np.ndarray | None = None


def orders_of_purchases(rng: np.random.Generator, day: PlatformDay, purchases: Purchases) -> Orders:
    """Orders with honest payment, shipping, refunds and reviews; schemes overwrite what they fake.

    Orders carry index -1 until the day numbers them.
    """
    a, ops, s = day.accounts, day.operators, day.sessions
    row, buyer, placed = purchases.session, purchases.buyer, purchases.placed
    n = len(row)
    operator = s.operator[row]
    category = ops.category[operator]
    rank = purchases.product_rank
    if rank is None:
        rank = (rng.random(n) ** 2.2 * PRODUCTS_PER_OPERATOR).astype(np.int64)
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
    # Operators of some MCNs share a drop-shipper.
    warehouse = np.where(ops.mcn[operator] % 4 == 0, 5_000_000 + ops.mcn[operator], operator)

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
        index=np.full(n, -1),
        session=row,
        operator=operator,
        merchant=operator,
        buyer=buyer,
        product=product,
        placed=placed,
        paid=paid,
        list_amount=listed,
        amount=amount,
        quantity=quantity,
        payer=a.payer[buyer],
        address=address,
        device=np.where(rng.random(n) < 0.9, a.device[buyer], a.device[buyer] + 200_000_000),
        scheme=np.full(n, purchases.scheme),
        beneficiary=operator if purchases.beneficiary is None else purchases.beneficiary,
        goods_weight=goods,
        weight=weight,
        picked=picked,
        signed=signed,
        scans=scans,
        waybill=np.full(n, -1),
        sender=warehouse,
        from_region=from_region,
        to_region=to_region,
        refund_asked=asked,
        refund_paid=returned,
        refund_stage=stage,
        review_at=np.where(reviews, signed + rng.exponential(1.5, n) * DAY, np.nan),
        rating=rng.choice([1, 2, 3, 4, 5], size=n, p=[0.03, 0.03, 0.06, 0.14, 0.74]),
        review_text=text,
    )


def honest_orders(
    rng: np.random.Generator, day: PlatformDay, views: Views, lucky_bag: np.ndarray
) -> Orders:
    """Orders of a day's honest views and of neighbours who buy together."""
    return Orders.concat([orders_of_views(rng, day, views, lucky_bag), *_group_purchases(rng, day)])


def orders_of_views(
    rng: np.random.Generator, day: PlatformDay, views: Views, lucky_bag: np.ndarray
) -> Orders:
    """Orders of viewers, by length of stay; some viewers order again.

    `lucky_bag` is its moment in each session, NaN for none; it draws orders together.
    """
    v, row = views, views.session
    operator = day.sessions.operator[row]
    stay = v.left - v.joined
    by_stay = np.where(stay < 30, 0.15, np.where(stay < 300, 0.9, 1.9))
    chance = day.operators.conversion[operator] * by_stay
    index = np.flatnonzero(rng.random(len(v)) < np.minimum(chance, 0.8))
    placed = v.joined[index] + rng.random(len(index)) * stay[index]
    bag = lucky_bag[row[index]]
    drawn = ~np.isnan(bag) & (rng.random(len(index)) < 0.45)
    soon = np.clip(bag + rng.exponential(100, len(index)), v.joined[index], v.left[index])
    placed = np.where(drawn, soon, placed)
    # Some order from a saved link, without a view.
    unseen = rng.random(len(index)) < 0.07
    buyer = np.where(unseen, rng.integers(0, day.accounts.honest, len(index)), v.account[index])
    single = orders_of_purchases(rng, day, Purchases(row[index], buyer, placed))
    again = np.flatnonzero(rng.random(len(index)) < 0.06)
    more = np.repeat(again, rng.geometric(0.6, len(again)))
    later = placed[more] + rng.exponential(600.0, len(more))
    second = orders_of_purchases(rng, day, Purchases(row[index][more], buyer[more], later))
    return Orders.concat([single, second])


def _group_purchases(rng: np.random.Generator, day: PlatformDay) -> list[Orders]:
    """Neighbours who buy one product together; one of them takes delivery."""
    s = day.sessions
    group_buying = day.operators.lookalike["group_buying"][s.operator]
    neighbours = []
    for row in np.flatnonzero(group_buying & (rng.random(len(s)) < 0.5)):
        size = int(rng.integers(5, 16))
        buyers = rng.integers(0, day.accounts.honest, size)
        begun = s.start[row] + rng.random() * (s.end[row] - s.start[row])
        at = begun + rng.uniform(0, 10 * MINUTE, size)
        rank = np.full(size, int(rng.integers(PRODUCTS_PER_OPERATOR)))
        purchases = Purchases(np.full(size, row), buyers, at, product_rank=rank)
        batch = orders_of_purchases(rng, day, purchases)
        batch.address[:] = 95_000_000 + int(s.operator[row])
        neighbours.append(batch)
    return neighbours
