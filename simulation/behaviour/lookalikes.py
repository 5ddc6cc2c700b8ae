"""Loyal people who look like hired ones: chat groups that come by one link and stay, and resellers who buy a dozen times in a row.

Both draw from a stream of their own, so that who else comes to a world of a seed does not change with them.
"""

from __future__ import annotations

import numpy as np

from simulation.behaviour.audience import dressed, stays
from simulation.behaviour.purchases import placed_orders
from simulation.identifiers import MINUTE
from simulation.population import Accounts, Operators
from simulation.records import Orders, Sessions, Views

FEED, FOLLOW, SHARE = 0, 1, 3
SMALLEST_GROUP, LARGEST_GROUP = 12, 600
RESELLERS = 3  # a shop has so many


def group_of(ops: Operators, accounts: Accounts, operator: int) -> np.ndarray:
    """Accounts of an operator's chat group: the first of its fans, one and a half times its usual viewers, give or take."""
    luck = (operator * 2654435761 % 10_007 + 0.5) / 10_007
    size = np.clip(
        np.exp(ops.log_viewers[operator] + 0.4 + 2.4 * (luck - 0.5)), SMALLEST_GROUP, LARGEST_GROUP
    )
    return (operator * 7919 + np.arange(int(size))) % accounts.honest


def group_views(rng: np.random.Generator, a: Accounts, ops: Operators, s: Sessions) -> Views:
    """Views of private groups: the host posts a link, most members follow it within minutes, and many watch to the end."""
    parts = []
    for row in np.flatnonzero(ops.lookalike["private_group"][s.operator]):
        members = group_of(ops, a, int(s.operator[row]))
        come = members[rng.random(len(members)) < rng.beta(6, 3)]
        length = s.end[row] - s.start[row]
        posts = (
            s.start[row]
            + length * np.array([0.0, rng.uniform(0.2, 0.8)])[: 1 + (rng.random() < 0.4)]
        )
        joined = np.minimum(
            rng.choice(posts, len(come)) + rng.exponential(rng.uniform(40, 200), len(come)),
            s.end[row] - 5,
        )
        whole = rng.random(len(come)) < rng.uniform(0.3, 0.8)
        rest = s.end[row] - joined
        stay = np.where(
            whole,
            rest * rng.uniform(0.5, 1.0, len(come)),
            stays(rng, np.full(len(come), 1.5 * s.dwell[row])),
        )
        source = np.where(rng.random(len(come)) < 0.85, SHARE, FOLLOW)
        parts.append(
            dressed(
                rng,
                a,
                np.full(len(come), row),
                come,
                joined,
                np.minimum(joined + stay, s.end[row]),
                source,
            )
        )
    return Views.stacked(parts)


def bulk_purchases(
    rng: np.random.Generator, a: Accounts, ops: Operators, s: Sessions
) -> tuple[Views, Orders]:
    """Resellers who order one thing after another for minutes, pay themselves, and keep what they bought."""
    seen, bought = [], []
    for row in np.flatnonzero(
        ops.lookalike["bulk_buyers"][s.operator] & (rng.random(len(s)) < 0.35)
    ):
        buyer = (int(s.operator[row]) * 104_729 + int(rng.integers(RESELLERS))) % a.honest
        n = int(rng.integers(4, 16))
        begun = s.start[row] + rng.uniform(0.02, 0.9) * (s.end[row] - s.start[row])
        placed = np.minimum(
            begun + np.cumsum(rng.exponential(rng.uniform(25, 90), n)), s.end[row] - 1
        )
        who = np.full(1, buyer)
        came = np.maximum(begun - rng.exponential(4 * MINUTE, 1), s.start[row])
        gone = np.minimum(placed[-1:] + rng.exponential(2 * MINUTE, 1), s.end[row])
        seen.append(
            dressed(
                rng, a, np.full(1, row), who, came, gone, np.array([rng.choice([FEED, FOLLOW])])
            )
        )
        bought.append(placed_orders(rng, a, ops, s, np.full(n, row), np.full(n, buyer), placed))
    return Views.stacked(seen), Orders.stacked(bought)
