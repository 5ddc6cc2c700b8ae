"""Loyal audiences that look hired: chat groups that come by one link, and resellers.

Both draw from a stream of their own, so that the rest of a seed's world does not change.
"""

from __future__ import annotations

import numpy as np

from simulation.behaviour.audience import Visits, views_of_visits
from simulation.behaviour.platform_day import PlatformDay, draw_stays
from simulation.behaviour.purchases import Purchases, orders_of_purchases
from simulation.identifiers import MINUTE
from simulation.records import Orders, Views

FEED, FOLLOW, SHARE = 0, 1, 3
MIN_GROUP_MEMBERS, MAX_GROUP_MEMBERS = 12, 600
RESELLERS_PER_OPERATOR = 3


def group_members(day: PlatformDay, operator: int) -> np.ndarray:
    """Accounts of an operator's chat group: fans, around 1.5 times its average viewers."""
    luck = (operator * 2654435761 % 10_007 + 0.5) / 10_007
    size = np.clip(
        np.exp(day.operators.log_viewers[operator] + 0.4 + 2.4 * (luck - 0.5)),
        MIN_GROUP_MEMBERS,
        MAX_GROUP_MEMBERS,
    )
    return (operator * 7919 + np.arange(int(size))) % day.accounts.honest


def group_views(rng: np.random.Generator, day: PlatformDay) -> Views:
    """Views of private groups: the host posts a link, and most members follow it within minutes."""
    s = day.sessions
    parts = []
    for row in np.flatnonzero(day.operators.lookalike["private_group"][s.operator]):
        members = group_members(day, int(s.operator[row]))
        account = members[rng.random(len(members)) < rng.beta(6, 3)]
        n = len(account)
        length = s.end[row] - s.start[row]
        posts = (
            s.start[row]
            + length * np.array([0.0, rng.uniform(0.2, 0.8)])[: 1 + (rng.random() < 0.4)]
        )
        joined = np.minimum(
            rng.choice(posts, n) + rng.exponential(rng.uniform(40, 200), n), s.end[row] - 5
        )
        stays_to_end = rng.random(n) < rng.uniform(0.3, 0.8)
        rest = s.end[row] - joined
        stay = np.where(
            stays_to_end,
            rest * rng.uniform(0.5, 1.0, n),
            draw_stays(rng, np.full(n, 1.5 * s.dwell[row])),
        )
        source = np.where(rng.random(n) < 0.85, SHARE, FOLLOW)
        left = np.minimum(joined + stay, s.end[row])
        visits = Visits(np.full(n, row), account, joined, left, source)
        parts.append(views_of_visits(rng, day.accounts, visits))
    return Views.concat(parts)


def bulk_purchases(rng: np.random.Generator, day: PlatformDay) -> tuple[Views, Orders]:
    """Resellers who order 4 to 15 times within minutes, pay themselves and keep the goods."""
    s = day.sessions
    views, orders = [], []
    resold = day.operators.lookalike["bulk_buyers"][s.operator] & (rng.random(len(s)) < 0.35)
    for row in np.flatnonzero(resold):
        buyer = (
            int(s.operator[row]) * 104_729 + int(rng.integers(RESELLERS_PER_OPERATOR))
        ) % day.accounts.honest
        n = int(rng.integers(4, 16))
        begun = s.start[row] + rng.uniform(0.02, 0.9) * (s.end[row] - s.start[row])
        placed = np.minimum(
            begun + np.cumsum(rng.exponential(rng.uniform(25, 90), n)), s.end[row] - 1
        )
        joined = np.maximum(begun - rng.exponential(4 * MINUTE, 1), s.start[row])
        left = np.minimum(placed[-1:] + rng.exponential(2 * MINUTE, 1), s.end[row])
        source = np.array([rng.choice([FEED, FOLLOW])])
        visits = Visits(np.full(1, row), np.full(1, buyer), joined, left, source)
        views.append(views_of_visits(rng, day.accounts, visits))
        purchases = Purchases(np.full(n, row), np.full(n, buyer), placed)
        orders.append(orders_of_purchases(rng, day, purchases))
    return Views.concat(views), Orders.concat(orders)
