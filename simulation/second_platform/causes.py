"""Honest crowds: bought advertising, raids, and guests that no table records."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulation.behaviour.audience import HonestCauses, Visits
from simulation.identifiers import MINUTE
from simulation.records import Views
from simulation.second_platform.platform_day import (
    BOOST,
    FEED,
    RAID,
    SEARCH,
    SHARE,
    PlatformDay,
    views_of_visits,
)


@dataclass(frozen=True)
class _Crowd:
    """People who come to sessions for one reason; `keen`: share of them that stays."""

    rows: np.ndarray
    count: np.ndarray
    at: np.ndarray
    source: int
    keen: float


def draw_crowds(
    rng: np.random.Generator, day: PlatformDay, views: Views
) -> tuple[Views, HonestCauses]:
    """Honest views with those of crowds, and the causes that the platform records."""
    sessions = day.sessions
    size = np.bincount(views.session, minlength=len(sessions))
    rows = np.flatnonzero((rng.random(len(sessions)) < 0.12) & (size > 5))
    count = (size[rows] * rng.uniform(0.2, 1.5, len(rows))).astype(int) + 5
    length = (sessions.end - sessions.start)[rows]
    begin = sessions.start[rows] + rng.uniform(0.05, 0.6, len(rows)) * length
    until = np.minimum(begin + rng.uniform(15, 120, len(rows)) * MINUTE, sessions.end[rows])
    at = np.repeat(begin, count) + rng.beta(1.3, 2.0, count.sum()) * np.repeat(until - begin, count)
    ads = _views_of_crowd(rng, day, _Crowd(rows, count, at, BOOST, 0.3))

    raids = _draw_raids(rng, day, size)
    sent = raids[:, 3].astype(int)
    at = np.repeat(raids[:, 2], sent) + rng.exponential(12.0, sent.sum())
    sent_on = _views_of_crowd(rng, day, _Crowd(raids[:, 1].astype(int), sent, at, RAID, 0.5))

    famous = np.flatnonzero(~np.isnan(sessions.guest))
    crowd = (size[famous] * rng.uniform(0.3, 1.2, len(famous))).astype(int) + 10
    at = np.repeat(sessions.guest[famous], crowd) + rng.exponential(240.0, crowd.sum())
    fans = _views_of_crowd(rng, day, _Crowd(famous, crowd, at, SHARE, 0.8))
    fans = replace(fans, source=rng.choice([SEARCH, SHARE, FEED], len(fans)))
    causes = HonestCauses(
        boost_session=rows,
        boost_start=begin,
        boost_end=until,
        boost_views=count,
        raid_from=raids[:, 0].astype(int),
        raid_to=raids[:, 1].astype(int),
        raid_at=raids[:, 2],
        raid_views=sent,
    )
    return Views.concat([views, ads, sent_on, fans]), causes


def _draw_raids(rng: np.random.Generator, day: PlatformDay, size: np.ndarray) -> np.ndarray:
    """Rows of sending session, receiving session, moment and viewers sent, shape (n, 4)."""
    sessions = day.sessions
    raids = []
    for row in np.flatnonzero(rng.random(len(sessions)) < 0.05):
        running = np.flatnonzero(
            (sessions.start < sessions.end[row] - 300) & (sessions.end > sessions.end[row] + 900)
        )
        if len(running):
            target = int(rng.choice(running))
            viewers = max(5, int(size[row] * rng.uniform(0.05, 0.3)))
            raids.append((row, target, sessions.end[row], viewers))
    return np.array(raids, dtype=float).reshape(-1, 4)


def _views_of_crowd(rng: np.random.Generator, day: PlatformDay, crowd: _Crowd) -> Views:
    """Views of people who come to sessions at a moment for one reason."""
    session = np.repeat(crowd.rows, crowd.count)
    n, end = len(session), day.sessions.end[session]
    account = rng.choice(day.people.honest, n)
    joined = np.minimum(crowd.at, end - 2)
    stay = np.where(
        rng.random(n) < crowd.keen,
        day.shops.grip[day.sessions.shop[session]] * rng.weibull(0.8, n),
        rng.exponential(15.0, n) + 1,
    )
    left = np.minimum(joined + stay, end)
    visits = Visits(session, account, joined, left, np.full(n, crowd.source))
    return views_of_visits(rng, day.people, visits)
