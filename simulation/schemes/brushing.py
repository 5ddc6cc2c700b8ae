"""What all brushing schemes share: placing orders, watching first, and raving reviews."""

from __future__ import annotations

import dataclasses

import numpy as np

from simulation.behaviour.audience import Visits, views_of_visits
from simulation.behaviour.interactions import CLICK
from simulation.behaviour.platform_day import draw_stays
from simulation.behaviour.purchases import Purchases, orders_of_purchases
from simulation.identifiers import DAY
from simulation.records import Interactions, Orders, Views
from simulation.schemes.registry import SCHEME_NUMBER, Job, SchemeContext


def draw_order_times(
    rng: np.random.Generator, context: SchemeContext, row: int, n: int
) -> np.ndarray:
    """Uniform moments within a session, in seconds."""
    s = context.day.sessions
    return s.start[row] + rng.random(n) * (s.end[row] - s.start[row])


def place_brushed_orders(
    rng: np.random.Generator,
    context: SchemeContext,
    job: Job,
    scheme: str,
    buyer: np.ndarray,
    at: np.ndarray,
    cheap: bool = False,
) -> Orders:
    """Orders of a scheme, always paid; `cheap`: one of the operator's three first products.

    A hostile job benefits the rival, any other the session's operator.
    """
    n, s, row = len(buyer), context.day.sessions, job.session
    beneficiary = int(s.operator[row]) if job.rival < 0 else job.rival
    purchases = Purchases(
        session=np.full(n, row),
        buyer=buyer,
        placed=np.clip(at, s.start[row], s.end[row]),
        scheme=SCHEME_NUMBER[scheme],
        beneficiary=np.full(n, beneficiary),
        product_rank=rng.integers(0, 3, n) if cheap else None,
    )
    orders = orders_of_purchases(rng, context.day, purchases)
    return dataclasses.replace(orders, paid=orders.placed + rng.exponential(25.0, n) + 2)


def rave_reviews(rng: np.random.Generator, o: Orders, share: float, script: int) -> Orders:
    """Five-star reviews of a script's texts for a share of the signed orders."""
    n = len(o)
    reviewed = (rng.random(n) < share) & ~np.isnan(o.signed)
    return dataclasses.replace(
        o,
        review_at=np.where(reviewed, o.signed + rng.exponential(0.5, n) * DAY, np.nan),
        rating=np.full(n, 5),
        review_text=script + rng.integers(0, 12, n),
    )


def views_before_orders(
    rng: np.random.Generator, context: SchemeContext, job: Job, orders: Orders
) -> tuple[Views, Interactions]:
    """Views and clicks of brushers before they order: few if careless, normal if careful."""
    s, row, evasion = context.day.sessions, job.session, job.evasion
    viewed = np.flatnonzero(rng.random(len(orders)) < (0.45, 0.8, 1.0)[evasion])
    n = len(viewed)
    account, placed = orders.buyer[viewed].astype(np.int64), orders.placed[viewed]
    # The script of a careless brusher says how long to stay.
    stay = rng.normal(240.0, 25.0, n) if evasion < 2 else draw_stays(rng, np.full(n, s.dwell[row]))
    joined = np.maximum(placed - np.clip(stay, 5, None), s.start[row])
    left = np.minimum(placed + rng.exponential(120.0, n), s.end[row])
    scheme = orders.scheme[viewed]
    visits = Visits(np.full(n, row), account, joined, np.maximum(left, joined + 1), np.full(n, 7))
    views = views_of_visits(rng, context.day.accounts, visits)
    click = np.flatnonzero(rng.random(n) < (0.3, 0.6, 0.6)[evasion])
    clicks = len(click)
    at = joined[click] + rng.random(clicks) * (placed[click] - joined[click]).clip(0)
    interactions = Interactions(
        session=np.full(clicks, row),
        account=account[click],
        kind=np.full(clicks, CLICK),
        at=at,
        count=np.ones(clicks, dtype=np.int64),
        text=np.full(clicks, -1),
        scheme=scheme[click],
    )
    return dataclasses.replace(views, scheme=scheme), interactions
