"""Planted schemes: one function each, from a session to rows that carry the scheme's number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.population import Accounts, Operators
from simulation.records import Sessions

SCHEMES = [
    "honest",
    "protocol_views",
    "idle_bots",
    "flash_views",
    "device_farm",
    "crowd",
    "pool_cooldown",
    "follow_ring",
    "scripted_likes",
    "scripted_comments",
    "brusher_platform",
    "insider_orders",
    "empty_parcels",
    "instant_refund",
    "slot_refund",
    "hostile_brushing",
]
NUMBER = {name: i for i, name in enumerate(SCHEMES)}
VIEW_SCHEMES = SCHEMES[1:7]
ENGAGEMENT_SCHEMES = SCHEMES[7:10]
ORDER_SCHEMES = SCHEMES[10:15]
TYPOLOGY = (
    dict.fromkeys(VIEW_SCHEMES, "view_fraud")
    | dict.fromkeys(ENGAGEMENT_SCHEMES, "engagement_fraud")
    | dict.fromkeys(ORDER_SCHEMES, "order_fraud")
    | {"hostile_brushing": "hostile_brushing"}
)


@dataclass(frozen=True)
class Stage:
    """What a scheme may use: the people, the day's sessions, their honest size, and the day."""

    accounts: Accounts
    ops: Operators
    sessions: Sessions
    profiles: np.ndarray
    honest_views: np.ndarray
    honest_orders: np.ndarray
    bag: np.ndarray
    day: int

    def bots(self, operator: int, trade: int, size: int, turn: int = 0) -> np.ndarray:
        """Accounts of the farm that serves an operator; farms serve several operators and overlap a little.

        `turn`: by how many accounts a careful farm has moved on, so that it does not send the same ones again.
        """
        made = len(self.accounts) - self.accounts.honest
        farm = (operator * 31 + trade * 17) % max(2, made // 150)
        start = farm * 150 + trade * 37 + turn
        return self.accounts.honest + (start + np.arange(min(size, made))) % made

    def moved_on(self, evasion: int) -> int:
        """A careful farm sends other accounts every day: by how many accounts it has moved on."""
        return 53 * self.day if evasion == 2 else 0

    def hired(self, operator: int, trade: int, size: int) -> np.ndarray:
        """Real accounts whose owners are paid; they also live an honest life."""
        gang = (operator * 13 + trade * 7) % max(2, len(self.accounts) // 3000)
        generator = np.random.default_rng([gang, trade, self.accounts.honest])
        return generator.integers(0, self.accounts.honest, size)


@dataclass(frozen=True)
class Plan:
    """Who cheats: one row an operator and scheme, active from `since` (day number)."""

    operator: np.ndarray
    scheme: np.ndarray
    intensity: np.ndarray
    evasion: np.ndarray
    since: np.ndarray
    victim: np.ndarray  # hostile brushing only, else -1


def plan(
    rng: np.random.Generator, ops: Operators, days: int, schemes: list[str], share: float = 0.2
) -> Plan:
    """Choose the operators that cheat, with which schemes, how hard and how carefully.

    `share` of the operators cheat; each has one or two schemes, intensity 0.1 to 2 (log-uniform), evasion 0, 1 or 2.
    """
    rows = []
    numbers = [NUMBER[s] for s in schemes]
    cheats = np.flatnonzero(rng.random(len(ops)) < share)
    for turn, operator in enumerate(cheats):
        first = numbers[turn % len(numbers)]
        second = [int(rng.choice(numbers))] if rng.random() < 0.35 else []
        for number in dict.fromkeys([first, *second]):
            victim = -1
            if number == NUMBER["hostile_brushing"]:
                rivals = np.setdiff1d(
                    np.flatnonzero(ops.category == ops.category[operator]), cheats
                )
                if not len(rivals):
                    continue
                victim = int(rng.choice(rivals))
            rows.append(
                (
                    operator,
                    number,
                    np.exp(rng.uniform(np.log(0.1), np.log(2.0))),
                    rng.integers(0, 3),
                    int(rng.uniform(0, days * 0.5)) if rng.random() < 0.5 else 0,
                    victim,
                )
            )
    table = np.array(rows, dtype=float).reshape(-1, 6)
    return Plan(
        table[:, 0].astype(int),
        table[:, 1].astype(int),
        table[:, 2],
        table[:, 3].astype(int),
        table[:, 4].astype(int),
        table[:, 5].astype(int),
    )
