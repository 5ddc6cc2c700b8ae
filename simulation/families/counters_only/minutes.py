"""Honest life by minute: arrivals, three kinds of stay, excitement, and what viewers do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from simulation.families.counters_only.causes import CLASSES, Causes
from simulation.families.counters_only.world import (
    LOCAL_OFFSET_SECONDS,
    Operators,
    Parameters,
    Sessions,
)

ACTS = (
    "likes",
    "likers",
    "comments",
    "commenters",
    "follows",
    "product_clicks",
    "orders",
    "buyers",
    "gmv",
    "new_account_joins",
    "repeated_device_joins",
)


@dataclass(frozen=True)
class Flow:
    """Joins, leaves and viewers of every flat minute."""

    joins: np.ndarray
    leaves: np.ndarray
    viewers: np.ndarray


def excitement(sessions: Sessions, rng: np.random.Generator) -> np.ndarray:
    """Slow mood of a room: a first-order autoregression with a time constant of ten minutes."""
    shocks = rng.normal(0, 1, len(sessions.of)) * rng.choice(
        [1.0, 4.0], len(sessions.of), p=[0.97, 0.03]
    )
    return lfilter([np.sqrt(1 - 0.9**2)], [1.0, -0.9], shocks) * 0.6


def arrival_rate(sessions: Sessions, causes: Causes, mood: np.ndarray) -> np.ndarray:
    """Expected joins of every minute before heat feeds back."""
    of, minute = sessions.of, sessions.minute
    operator = sessions.operator[of]
    hour = ((sessions.start[of] + LOCAL_OFFSET_SECONDS) / 3_600 + minute / 60) % 24
    prime = (
        0.25
        + np.exp(-(((hour - 20.7 + 12) % 24 - 12) ** 2) / 14)
        + 0.3 * np.exp(-((hour - 12.6) ** 2) / 3)
    )
    warm = 0.35 + 0.65 * (1 - np.exp(-minute / 18.0))
    cycle = 1 + 0.25 * np.sin(2 * np.pi * (minute / (12 + operator % 17) + operator % 7))
    return sessions.level[of] * prime * warm * cycle * np.exp(0.25 * mood) * causes.arrivals


def hazards(world: Parameters, operators: Operators, operator: np.ndarray) -> np.ndarray:
    """Share of each class that leaves in a minute, shape (CLASSES, operators asked)."""
    stay = world.stay_minutes * operators.stay[operator]
    mean = np.stack([0.1 * stay, stay, 8 * stay])
    return 1 - np.exp(-1 / np.maximum(mean, 0.3))


def flow_of(
    world: Parameters,
    operators: Operators,
    sessions: Sessions,
    *,
    causes: Causes,
    rate: np.ndarray,
    bots: np.ndarray,
    rng: np.random.Generator,
) -> Flow:
    """Run all sessions minute by minute; viewers seen, real or not, draw further arrivals.

    Parameters
    ----------
    rate
        Expected joins, flat minutes.
    bots
        Viewers who are not real, flat minutes; the room's heat counts them.

    Returns
    -------
    Flow
        Honest joins, leaves and viewers at the end of each minute.
    """
    n = len(sessions.of)
    out = Flow(*(np.zeros(n, np.int64) for _ in range(3)))
    order = np.argsort(-sessions.minutes, kind="stable")
    lengths = sessions.minutes[order]
    operator = sessions.operator[order]
    leave = hazards(world, operators, operator)
    share = np.stack([operators.bounce[operator], operators.sticky[operator]])
    share[1] *= 1 - share[0]
    typical = np.maximum(sessions.level[order] * world.stay_minutes, 3.0)
    noise = operators.noise[operator]
    stock = np.zeros((CLASSES, len(order)), np.int64)
    gust = np.zeros(len(order))
    for minute in range(int(lengths[0])):
        active = int(np.searchsorted(-lengths, -minute, "left"))
        at = sessions.first[order[:active]] + minute
        now, gust = stock[:, :active], gust[:active]
        gust = 0.7 * gust + rng.normal(0, 1, active) * noise[:active]
        heat = (
            np.clip((now.sum(0) + bots[at] + 3) / typical[:active], 0.3, 5) ** world.heat_feedback
        )
        came = rng.poisson(rate[at] * heat * np.exp(gust))
        staying = rng.binomial(came, share[1, :active])
        bouncing = rng.binomial(came - staying, share[0, :active])
        joined = np.stack([bouncing, came - staying - bouncing, staying]) + causes.extra[:, at]
        chance = 1 - (1 - leave[:, :active]) ** causes.hazard[at]
        gone = rng.binomial(now + joined, chance)
        stock = now + joined - gone
        out.joins[at], out.leaves[at] = joined.sum(0), gone.sum(0)
        out.viewers[at] = stock.sum(0)
    return out


def honest_acts(
    operators: Operators,
    sessions: Sessions,
    causes: Causes,
    *,
    flow: Flow,
    mood: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """What real viewers do by minute: bursts that follow the mood, not the number of viewers."""
    operator = sessions.operator[sessions.of]
    n = len(operator)
    present = flow.viewers + flow.joins
    club = operators.room[operator] == 4
    night = np.exp(rng.normal(0, 0.35, (3, sessions.count)))[:, sessions.of]
    burst = rng.gamma(0.6, 1 / 0.6, n) * np.exp(mood * 0.8)
    likes = 0.25 * operators.likes[operator] * present**0.85 * burst * causes.likes * night[0]
    likes = rng.poisson(np.minimum(likes * np.where(club, 12.0, 1.0), 3e5))
    per_liker = np.exp(rng.normal(1.2, 0.6, n)) * np.where(club, 8.0, 1.0)
    likers = np.minimum(np.ceil(likes / per_liker), present)
    chat = 0.02 * operators.chat[operator] * present**0.75 * causes.chat * night[1]
    comments = rng.poisson(np.minimum(chat * rng.gamma(0.5, 2.0, n) * np.exp(0.5 * mood), 1e5))
    commenters = np.minimum(np.ceil(comments * rng.uniform(0.45, 0.95, n)), present)
    won = rng.poisson(operators.fans[operator] * flow.joins * np.exp(0.3 * mood))
    lost = rng.poisson(0.25 * operators.fans[operator] * sessions.level[sessions.of])
    clicks = rng.poisson(operators.clicks[operator] * present * causes.sales**0.6 * night[2])
    sales = operators.orders[operator] * present * causes.sales * np.exp(0.4 * mood) * night[2]
    orders = rng.poisson(np.minimum(sales, 1e4))
    buyers = rng.binomial(orders, 0.92)
    buyers = np.maximum(buyers, np.minimum(orders, 1))
    worth = operators.price[operator] * np.exp(rng.normal(0, 0.4, n)) * orders
    likes = np.where(likers > 0, likes, 0)
    comments = np.where(commenters > 0, comments, 0)
    return {
        "likes": likes,
        "likers": likers,
        "comments": comments,
        "commenters": commenters,
        "follows": won - lost,
        "product_clicks": clicks,
        "orders": orders,
        "buyers": buyers,
        "gmv": np.round(worth, 2),
        "new_account_joins": rng.binomial(flow.joins, 0.035),
        "repeated_device_joins": rng.binomial(flow.joins, 0.012),
    }
