"""Honest and planted events of one day."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from simulation.behaviour import lookalikes, purchases
from simulation.behaviour.audience import HonestCauses, draw_audience
from simulation.behaviour.interactions import draw_interactions
from simulation.behaviour.platform_day import PlatformDay, draw_arrival_profiles
from simulation.records import Events, Interactions, Orders, PlantedSessions, Sessions, Views
from simulation.schemes import SCHEMES, TYPOLOGY, FraudPlan, Job, SchemeContext
from simulation.schemes import engagement as engagement_schemes
from simulation.schemes import orders as order_schemes
from simulation.schemes import views as view_schemes
from simulation.schemes.brushing import views_before_orders

CHEATING_SESSION_SHARE = 0.7  # of a cheating operator's sessions
MIN_FALSE_VIEWS, MIN_FALSE_ORDERS = 30, 8

B = TypeVar("B", Views, Interactions, Orders)


@dataclass(frozen=True)
class DayResult:
    """Events of a day, its honest causes of spikes, and its ground truth."""

    events: Events
    causes: HonestCauses
    planted: PlantedSessions


def simulate_day(
    rng: np.random.Generator, day: PlatformDay, plan: FraudPlan, number: int, first_order: int
) -> DayResult:
    """Honest and planted events of a day; orders are numbered from `first_order` on."""
    n = len(day.sessions)
    profiles = draw_arrival_profiles(rng, n)
    audience = draw_audience(rng, day, profiles)
    bag = audience.lucky_bag
    bought = purchases.honest_orders(rng, day, audience.views, bag)
    loyal_rng = rng.spawn(1)[0]
    reseller_views, resold = lookalikes.bulk_purchases(loyal_rng, day)
    loyal = Views.concat([lookalikes.group_views(loyal_rng, day), reseller_views])
    loyal_orders = resold
    if len(loyal):
        loyal_orders = Orders.concat(
            [purchases.orders_of_views(loyal_rng, day, loyal, bag), resold]
        )
    context = SchemeContext(
        day=day,
        profiles=profiles,
        honest_views=_count(n, audience.views, loyal),
        honest_orders=_count(n, bought, loyal_orders),
        number=number,
    )
    false, planted = _plant(rng, context, plan)
    acts = draw_interactions(rng, day, audience.views, bag)
    loyal_acts = draw_interactions(loyal_rng, day, loyal, bag) if len(loyal) else None
    events = Events(
        views=Views.concat([audience.views, loyal, *(e.views for e in false)]),
        interactions=Interactions.concat([acts, loyal_acts, *(e.interactions for e in false)]),
        orders=Orders.concat([bought, loyal_orders, *(e.orders for e in false)]),
    )
    events = _number_events(rng, events, day.sessions, first_order)
    return DayResult(events, audience.causes, planted)


def _count(n: int, *batches: Views | Orders) -> np.ndarray:
    rows = np.concatenate([b.session for b in batches]).astype(int)
    return np.bincount(rows, minlength=n)


def _plant(
    rng: np.random.Generator, context: SchemeContext, plan: FraudPlan
) -> tuple[list[Events], PlantedSessions]:
    """Events of every scheme that runs on the day, and its ground truth."""
    false, truth = [], []
    operator = context.day.sessions.operator
    for turn in np.flatnonzero(plan.since <= context.number):
        name = SCHEMES[plan.scheme[turn]]
        hostile = name == "hostile_brushing"
        target = plan.victim[turn] if hostile else plan.operator[turn]
        for row in np.flatnonzero(operator == target):
            if rng.random() > CHEATING_SESSION_SHARE:
                continue
            intensity, evasion = float(plan.intensity[turn]), int(plan.evasion[turn])
            if TYPOLOGY[name] in ("view_fraud", "engagement_fraud"):
                size = max(MIN_FALSE_VIEWS, int(intensity * context.honest_views[row]))
            else:
                size = max(MIN_FALSE_ORDERS, int(intensity * context.honest_orders[row]))
            rival = int(plan.operator[turn]) if hostile else -1
            false.append(_run_scheme(rng, context, name, Job(int(row), size, evasion, rival)))
            truth.append((row, plan.scheme[turn], intensity, evasion, plan.operator[turn]))
    return false, PlantedSessions.of(truth)


def _run_scheme(rng: np.random.Generator, context: SchemeContext, name: str, job: Job) -> Events:
    """Events of one scheme in one session."""
    views, acts, orders = Views.concat([]), Interactions.concat([]), Orders.concat([])
    if name in view_schemes.GENERATORS:
        views = view_schemes.GENERATORS[name](rng, context, job)
    elif name in engagement_schemes.GENERATORS:
        views, acts = engagement_schemes.GENERATORS[name](rng, context, job)
    else:
        orders = order_schemes.GENERATORS[name](rng, context, job)
        views, acts = views_before_orders(rng, context, job, orders)
    return Events(views, acts, orders)


def _number_events(
    rng: np.random.Generator, events: Events, sessions: Sessions, first_order: int
) -> Events:
    """Events whose sessions and orders have their numbers; orders are shuffled first."""
    shuffled = events.orders.select(rng.permutation(len(events.orders)))
    index = first_order + np.arange(len(shuffled))
    waybill = np.where(shuffled.waybill >= 0, shuffled.waybill, index)
    orders = dataclasses.replace(shuffled, index=index, waybill=waybill)

    def numbered(batch: B) -> B:
        return dataclasses.replace(batch, session=sessions.index[batch.session.astype(np.int64)])

    return Events(numbered(events.views), numbered(events.interactions), numbered(orders))
