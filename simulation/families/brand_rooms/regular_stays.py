"""Honest stays of hours: employees during their shift, and screens in the brand's shops."""

from __future__ import annotations

import numpy as np

from simulation.families.brand_rooms.brands import Brands, Sessions
from simulation.families.brand_rooms.settings import DAY, DIRECT, HOUR, Settings
from simulation.families.event_delivery.tables import EventTable


def write_regular_stays(
    rng: np.random.Generator,
    settings: Settings,
    brands: Brands,
    sessions: Sessions,
    views: EventTable,
) -> None:
    """Append the stays of employees, and of shop screens that play a room all day."""
    for operator, staff in enumerate(brands.staff):
        keen = staff[rng.random(len(staff)) < 0.4]
        _append(rng, settings, sessions, views, _pairs(rng, sessions.of(operator), keen, 0.4), 2.2)
    for operator, screens in enumerate(brands.screens):
        pairs = _pairs(rng, sessions.of(operator), screens, 0.85)
        _append(rng, settings, sessions, views, pairs, 10.5)


def _pairs(
    rng: np.random.Generator, sessions: np.ndarray, accounts: np.ndarray, share: float
) -> np.ndarray:
    """Pairs of session and account, of which a share is drawn; shape (pairs, 2)."""
    pairs = np.stack(np.meshgrid(sessions, accounts), -1).reshape(-1, 2)
    return pairs[rng.random(len(pairs)) < share]


def _append(
    rng: np.random.Generator,
    settings: Settings,
    sessions: Sessions,
    views: EventTable,
    pairs: np.ndarray,
    hours: float,
) -> None:
    """Append one stay for each pair; screens open with their shop, staff when they like."""
    session, account = pairs[:, 0], pairs[:, 1]
    screen = hours > 5
    opened = settings.start + (sessions.started[session] - settings.start) // DAY * DAY
    joined = opened + rng.normal(9.6, 0.3 if screen else 3, len(session)) * HOUR
    joined = np.maximum(joined, sessions.started[session] + rng.exponential(300, len(session)))
    left = joined + hours * HOUR * rng.lognormal(0, 0.2 if screen else 0.8, len(session))
    left = np.minimum(left, sessions.ended[session] - rng.uniform(0, 30, len(session)))
    fits = left > joined
    views.append(
        int(fits.sum()),
        session=session[fits],
        account=account[fits],
        joined=joined[fits],
        left=left[fits],
        source=DIRECT,
    )
