"""One courier station: what becomes of parcels, cash at the door, refusals and reviews."""

from __future__ import annotations

import numpy as np

from simulation.families.event_delivery.after_orders import (
    AFTER_RECEIPT,
    BEFORE_SHIPPING,
    IN_TRANSIT,
    AfterOrders,
)
from simulation.families.small_region.county import County
from simulation.families.small_region.purchases import (
    CASH,
    EMPTY,
    HANDED,
    NORMAL,
    REFUSED,
    RETURNED,
    Purchases,
)
from simulation.families.small_region.rooms import Operators
from simulation.families.small_region.settings import DAY, HOUR, OPERATORS, Settings

TEMPLATES = 25  # "received, thank you"


def fulfil(
    rng: np.random.Generator,
    settings: Settings,
    county: County,
    operators: Operators,
    purchases: Purchases,
    orders: dict[str, np.ndarray],
) -> AfterOrders:
    """Ship all orders from the station; sets the payment of those paid at the door.

    Parameters
    ----------
    rng
        Source of chance.
    settings, county, operators, purchases
        The platform.
    orders
        Columns of the orders; `paid` becomes the moment of signature, or NaN, for cash.

    Returns
    -------
    AfterOrders
        What became of each order.
    """
    operator, fate, n = orders["operator"], orders["fate"], len(orders["operator"])
    refused = (fate == REFUSED) | ((fate == CASH) & (rng.random(n) < operators.refusal[operator]))
    van = np.ceil((orders["placed"] - settings.start) / DAY + rng.choice([0, 1], n, p=[0.7, 0.3]))
    picked = settings.start + van * DAY + 8.5 * HOUR + rng.exponential(1_800, n)
    far = county.away[orders["buyer"]] | (rng.random(n) < 0.05)
    travel = np.where(far, rng.gamma(4, 0.8 * DAY, n), rng.gamma(1.4, 0.5 * DAY, n) + 2 * HOUR)
    by_hand = np.isin(fate, [HANDED, EMPTY])  # the courier is a cousin
    travel = np.where(by_hand & (rng.random(n) < 0.7), rng.uniform(0.3, 8, n) * HOUR, travel)
    signed = picked + travel
    stage = _refund_stage(rng, operators, fate, refused, operator)
    requested, refunded = _refunds(rng, orders, stage, picked, signed)
    shipped = stage != BEFORE_SHIPPING
    pay_at_door = np.isin(fate, [CASH, REFUSED])
    at_door = np.where(refused | (signed >= settings.end - HOUR), np.nan, signed)
    orders["paid"] = np.where(pay_at_door, at_door, orders["paid"])
    goods = purchases.grams[operator, orders["product"]] * orders["quantity"]
    bag = np.where(goods < 60, rng.uniform(3, 20, n), rng.lognormal(np.log(60), 0.5, n))
    weight = np.round(goods * rng.normal(1.04, 0.08, n).clip(0.8) + bag, -1) + 10
    busy = rng.random(n) < rng.beta(0.5, 8)  # on busy days the station types a weight
    weight = np.where(busy, rng.choice([10.0, 50.0, 500.0, 1_000.0], n), weight)
    weight = np.where(fate == EMPTY, rng.choice([10.0, 20.0, 50.0], n), weight)
    brushed = np.isin(fate, [HANDED, EMPTY])
    wrote = rng.random(n) < np.where(brushed, 0.5, 0.06)
    rating = np.where(brushed, 5, 1 + (rng.random((n, 1)) > [0.05, 0.08, 0.12, 0.25]).sum(1))
    template = rng.random(n) < np.where(brushed, 0.6, 0.4)
    text = np.where(template, rng.integers(0, TEMPLATES, n), 5_000_000_000 + np.arange(n))
    removed = (rating < 3) & (rng.random(n) < rng.beta(0.5, 8, OPERATORS)[operator])
    reviewed = np.where(wrote & shipped & ~refused, signed + rng.gamma(1.2, DAY, n), np.nan)
    unhappy = np.where(refused, 0.02, 0.008)
    return AfterOrders(
        picked=picked,
        signed=np.where(shipped & ~refused & (stage != IN_TRANSIT), signed, np.nan),
        weight=weight,
        goods=goods,
        scans=np.where(far, 4, 2) + rng.poisson(np.where(far, 2.5, 0.7), n),
        sender=np.where(rng.random(OPERATORS)[operator] < 0.15, 10 + operator, 0),
        from_region=np.ones(n, int),
        to_region=county.regions(orders["buyer"]),
        requested=requested,
        stage=stage,
        refunded=np.where(pay_at_door & refused, np.nan, refunded),
        reviewed=reviewed,
        rating=rating,
        text=text,
        removed=np.where(removed, reviewed + rng.exponential(DAY, n), np.nan),
        complained=np.where(rng.random(n) < unhappy, signed + rng.exponential(DAY, n), np.nan),
    )


def _refund_stage(
    rng: np.random.Generator,
    operators: Operators,
    fate: np.ndarray,
    refused: np.ndarray,
    operator: np.ndarray,
) -> np.ndarray:
    """Where the goods are when an order is undone; -1 where it stands."""
    draw, n = rng.random(len(fate)), len(fate)
    clothes = operators.trade[operator] == 1
    honest = np.isin(fate, [NORMAL, CASH])
    stage = np.full(n, -1)
    stage[honest & (draw < 0.03)] = BEFORE_SHIPPING
    returns = rng.beta(1.3, 20, OPERATORS)[operator] + 0.14 * clothes
    stage[honest & (draw > 1 - returns)] = AFTER_RECEIPT
    early = rng.random(OPERATORS)[operator]
    undone = (fate == RETURNED) & (draw < 0.9)
    stage[undone] = np.where(rng.random(n) < early, BEFORE_SHIPPING, AFTER_RECEIPT)[undone]
    stage[refused] = IN_TRANSIT
    return stage


def _refunds(
    rng: np.random.Generator,
    orders: dict[str, np.ndarray],
    stage: np.ndarray,
    picked: np.ndarray,
    signed: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """When orders are undone and when money goes back; NaN where it does not."""
    n = len(stage)
    early = orders["placed"] + rng.random(n) * (picked - orders["placed"]) * 0.9
    late = signed + rng.gamma(1.5, 1.2 * DAY, n)
    requested = np.select(
        [stage == BEFORE_SHIPPING, stage == IN_TRANSIT, stage == AFTER_RECEIPT],
        [early, signed, late],
        np.nan,
    )
    return requested, requested + rng.lognormal(np.log(DAY), 0.8, n)
