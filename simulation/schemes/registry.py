"""Planted schemes: their names and typologies, who runs them, and what they may use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.behaviour.platform_day import PlatformDay
from simulation.population import Operators

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
SCHEME_NUMBER = {name: i for i, name in enumerate(SCHEMES)}
VIEW_SCHEMES = SCHEMES[1:7]
ENGAGEMENT_SCHEMES = SCHEMES[7:10]
ORDER_SCHEMES = SCHEMES[10:15]
TYPOLOGY = (
    dict.fromkeys(VIEW_SCHEMES, "view_fraud")
    | dict.fromkeys(ENGAGEMENT_SCHEMES, "engagement_fraud")
    | dict.fromkeys(ORDER_SCHEMES, "order_fraud")
    | {"hostile_brushing": "hostile_brushing"}
)
CHEATING_OPERATOR_SHARE = 0.2
SECOND_SCHEME_SHARE = 0.35
ACCOUNTS_PER_FARM = 150
DAILY_FARM_SHIFT = 53  # accounts by which a careful farm moves on each day


@dataclass(frozen=True)
class SchemeContext:
    """The day that a scheme acts on, and its honest size.

    `profiles` are cumulative arrivals; `honest_views` and `honest_orders` count by session;
    `number` is the day's number.
    """

    day: PlatformDay
    profiles: np.ndarray
    honest_views: np.ndarray
    honest_orders: np.ndarray
    number: int

    def farm_accounts(self, operator: int, trade: int, size: int, shift: int = 0) -> np.ndarray:
        """Accounts of the farm that serves an operator; farms overlap and serve several operators.

        `shift` moves the farm on by so many accounts, so that others are sent.
        """
        accounts = self.day.accounts
        made = len(accounts) - accounts.honest
        farm = (operator * 31 + trade * 17) % max(2, made // ACCOUNTS_PER_FARM)
        start = farm * ACCOUNTS_PER_FARM + trade * 37 + shift
        return accounts.honest + (start + np.arange(min(size, made))) % made

    def daily_shift(self, evasion: int) -> int:
        """Accounts by which a careful farm (evasion 2) has moved on since the first day."""
        return DAILY_FARM_SHIFT * self.number if evasion == 2 else 0

    def hired_accounts(self, operator: int, trade: int, size: int) -> np.ndarray:
        """Real accounts whose owners are paid; they also behave honestly."""
        accounts = self.day.accounts
        gang = (operator * 13 + trade * 7) % max(2, len(accounts) // 3000)
        generator = np.random.default_rng([gang, trade, accounts.honest])
        return generator.integers(0, accounts.honest, size)


@dataclass(frozen=True)
class Job:
    """One run of a scheme: session row, ordered size, evasion 0 to 2, and the rival if hostile."""

    session: int
    size: int
    evasion: int
    rival: int = -1


@dataclass(frozen=True)
class FraudPlan:
    """Cheating operators: one row per operator and scheme, active from `since` (day number)."""

    operator: np.ndarray
    scheme: np.ndarray
    intensity: np.ndarray
    evasion: np.ndarray
    since: np.ndarray
    victim: np.ndarray  # hostile brushing only, else -1


def draw_plan(
    rng: np.random.Generator,
    operators: Operators,
    days: int,
    schemes: list[str],
    *,
    share: float = CHEATING_OPERATOR_SHARE,
) -> FraudPlan:
    """Choose the operators that cheat, with which schemes, how hard and how carefully.

    `share` of the operators cheat. Each has one or two schemes, an intensity of 0.1 to 2
    (log-uniform) and an evasion of 0, 1 or 2.
    """
    rows = []
    numbers = [SCHEME_NUMBER[s] for s in schemes]
    cheats = np.flatnonzero(rng.random(len(operators)) < share)
    for turn, operator in enumerate(cheats):
        first = numbers[turn % len(numbers)]
        second = [int(rng.choice(numbers))] if rng.random() < SECOND_SCHEME_SHARE else []
        for number in dict.fromkeys([first, *second]):
            victim = -1
            if number == SCHEME_NUMBER["hostile_brushing"]:
                same_category = operators.category == operators.category[operator]
                rivals = np.setdiff1d(np.flatnonzero(same_category), cheats)
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
    return FraudPlan(
        operator=table[:, 0].astype(int),
        scheme=table[:, 1].astype(int),
        intensity=table[:, 2],
        evasion=table[:, 3].astype(int),
        since=table[:, 4].astype(int),
        victim=table[:, 5].astype(int),
    )
