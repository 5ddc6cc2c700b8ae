"""A day of people who swipe: who was in which room, from when to when."""

from __future__ import annotations

import numpy as np

from simulation.behaviour.audience import Visits
from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.records import Views
from simulation.second_platform.people import People
from simulation.second_platform.platform_day import (
    DIRECT,
    FEED,
    FOLLOW,
    SEARCH,
    SHARE,
    PlatformDay,
    views_of_visits,
)

SLOT_SECONDS = 5 * MINUTE  # the rooms on offer change this often
MAX_ROOMS_PER_OPENING = 25


def draw_honest_views(
    rng: np.random.Generator, day: PlatformDay, followers: list[np.ndarray]
) -> Views:
    """Views of people who swipe; `followers` holds the accounts that follow each shop."""
    people, sessions = day.people, day.sessions
    account, at, rooms = _draw_openings(rng, people, day.start, day.activity)
    parts, moment = [], at.copy()
    for turn in range(MAX_ROOMS_PER_OPENING):
        active = np.flatnonzero((rooms > turn) & (moment < day.start + DAY - 120))
        if not len(active):
            break
        session, source = _draw_rooms(rng, day, account[active], moment[active], followers)
        some = session >= 0
        active, session, source = active[some], session[some], source[some]
        stay = _draw_stays(rng, day, session, account[active], source)
        lottery = sessions.lottery[session]
        waits = (
            (rng.random(len(session)) < 0.5)
            & (lottery > moment[active])
            & (lottery < moment[active] + 900)
        )
        # All who wait leave after the lottery.
        until = lottery - moment[active] + rng.exponential(20.0, len(session))
        stay = np.where(waits, until, stay)
        left = np.minimum(moment[active] + stay, sessions.end[session])
        visits = Visits(session, account[active], moment[active].copy(), left, source)
        parts.append(views_of_visits(rng, people, visits))
        moment[active] = left + rng.exponential(2.0, len(active)) + 0.3
    return Views.concat(parts)


def _draw_openings(
    rng: np.random.Generator, p: People, day: float, activity: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Accounts that open the app, when, and for how many rooms."""
    live = np.flatnonzero(p.bouts > 0)
    account = np.repeat(live, rng.poisson(p.bouts[live] * activity))
    n = len(account)
    peak = rng.choice([8.0, 12.5, 17.0, 20.5, 22.5], n, p=[0.1, 0.2, 0.15, 0.35, 0.2])
    at = day + (peak + rng.normal(0, 1.1, n)).clip(0, 23.7) * HOUR
    return account, at, np.minimum(MAX_ROOMS_PER_OPENING, rng.geometric(0.22, n))


def _draw_rooms(
    rng: np.random.Generator,
    day: PlatformDay,
    account: np.ndarray,
    at: np.ndarray,
    followers: list[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """A session for each swipe, -1 where none runs, and how the viewer came to it."""
    sessions = day.sessions
    out = np.full(len(account), -1)
    source = rng.choice([FEED, SEARCH, SHARE, DIRECT], len(account), p=[0.86, 0.05, 0.04, 0.05])
    slot = (at // SLOT_SECONDS).astype(np.int64)
    order = np.argsort(slot, kind="stable")
    edges = np.flatnonzero(np.diff(slot[order], prepend=-1))
    for first, last in zip(edges, [*edges[1:], len(order)], strict=True):
        some = order[first:last]
        now = slot[some[0]] * SLOT_SECONDS
        running = np.flatnonzero((sessions.start <= now) & (sessions.end > now + SLOT_SECONDS))
        if not len(running):
            continue
        wait = sessions.lottery[running] - now
        pull = sessions.pull[running] * np.where(
            (wait < 600) & (sessions.lottery[running] >= now), 2.5, 1.0
        )
        category = day.shops.category[sessions.shop[running]]
        weight = 0.03 + day.people.taste[account[some]][:, category]
        weight = np.cumsum(weight * pull, axis=1)
        pick = (rng.random(len(some)) * weight[:, -1])[:, None] < weight
        out[some] = running[pick.argmax(axis=1)]
    loyal = np.flatnonzero(rng.random(len(account)) < 0.12)
    for row in range(len(sessions)):  # followers are notified when a session starts
        members = followers[sessions.shop[row]]
        if len(members):
            here = loyal[
                np.isin(account[loyal], members)
                & (at[loyal] >= sessions.start[row])
                & (at[loyal] < sessions.end[row] - 60)
            ]
            out[here], source[here] = row, FOLLOW
    return out, source


def _draw_stays(
    rng: np.random.Generator,
    day: PlatformDay,
    session: np.ndarray,
    account: np.ndarray,
    source: np.ndarray,
) -> np.ndarray:
    """Stays in seconds: most swipe on at once, the rest stay by the room's grip and their taste."""
    n, p, shop = len(session), day.people, day.sessions.shop[session]
    taste = p.taste[account, day.shops.category[shop]]
    swipes = rng.random(n) < np.where(source == FEED, p.swipe[account] * (1 - 0.6 * taste), 0.25)
    long = day.shops.grip[shop] * rng.weibull(0.75, n) * (0.5 + 1.5 * taste) + 15
    return np.where(swipes, rng.weibull(0.7, n) * 7.0 + 0.8, long)
