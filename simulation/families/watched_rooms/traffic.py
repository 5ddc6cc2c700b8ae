"""Honest joins: a slow mood, clusters after notifications, raids, outages and regulars."""

from __future__ import annotations

import numpy as np

from simulation.families.watched_rooms.settings import Rooms
from simulation.identifiers import MINUTE

STEP_SECONDS = 5.0
MOOD_HOURS = 0.7  # after which the mood of a room is another
REGULARS_BASE = 10_000  # numbers of the regulars of a room begin at room times this
STRANGERS_BASE, STRANGERS = 1_000_000, 18_000_000


def let_in(rooms: Rooms) -> None:
    """Add the honest joins of all broadcasts."""
    habits = _habits(rooms)
    for number in np.unique(rooms.broadcast):
        windows = np.flatnonzero(rooms.broadcast == number)
        _broadcast(rooms, windows, habits[rooms.room[windows[0]]])


def _habits(rooms: Rooms) -> np.ndarray:
    """Habits of each room, shape (rooms, 4).

    Columns are clusters an hour, their size in minutes of joins, the share of regulars, and the
    standard deviation of the mood.
    """
    r, n = rooms.r, rooms.p.rooms
    often, large = r.uniform(0.3, 5.0), r.uniform(0.3, 2.0)
    return np.column_stack(
        [
            often * np.exp(r.normal(0, 0.6, n)),
            large * np.exp(r.normal(0, 0.6, n)),
            r.beta(1.5, 3.0, n),
            r.uniform(0.08, 0.45, n),
        ]
    )


def _mood(r: np.random.Generator, steps: int, spread: float) -> np.ndarray:
    """A slow autoregressive factor around 1, shape (steps,)."""
    keep = float(np.exp(-STEP_SECONDS / (MOOD_HOURS * 3600)))
    shocks = r.normal(0, spread * np.sqrt(1 - keep**2), steps)
    level, out = r.normal(0, spread), np.empty(steps)
    for k in range(steps):
        level = keep * level + shocks[k]
        out[k] = level
    return np.exp(out)


def _broadcast(rooms: Rooms, windows: np.ndarray, habit: np.ndarray) -> None:
    """Add the joins of one broadcast, whose windows follow one another."""
    r, start = rooms.r, rooms.start[windows[0]]
    length = rooms.length * len(windows)
    often, large, regular_share, spread = habit
    rate = rooms.audience[rooms.room[windows[0]]] / MINUTE
    steps = int(length / STEP_SECONDS)
    opening = 1.0 + r.uniform(0, 3) * np.exp(-np.arange(steps) * STEP_SECONDS / 300.0)
    course = rate * STEP_SECONDS * _mood(r, steps, spread) * opening
    at = [np.repeat(np.arange(steps), r.poisson(course)) * STEP_SECONDS]
    at[0] = at[0] + r.uniform(0, STEP_SECONDS, len(at[0]))
    at += _waves(rooms, windows, rate=rate, often=often, large=large)
    moments = np.concatenate(at)
    moments = moments[(moments >= 0) & (moments < length)]
    moments = _outage(rooms, windows, moments)
    account = _accounts(rooms, windows, len(moments), regular_share)
    again = r.random(len(moments)) < r.uniform(0.02, 0.35)
    later = moments[again] + r.exponential(r.uniform(60, 900), int(again.sum()))
    kept = later < length
    moments = np.concatenate([moments, later[kept]])
    account = np.concatenate([account, account[: len(again)][again][kept]])
    window = windows[(moments // rooms.length).astype(int)]
    stay = _stays(r, len(moments))
    rooms.joins.add(
        len(moments),
        window=window,
        account=account,
        at=start + moments,
        left=np.minimum(start + moments + stay, start + length),
    )
    if len(windows) > 6:
        quiet = int(np.argmin(np.bincount(window - windows[0], minlength=len(windows))))
        rooms.tags.append((int(windows[quiet]), "night_lull"))


def _waves(
    rooms: Rooms, windows: np.ndarray, *, rate: float, often: float, large: float
) -> list[np.ndarray]:
    """Offsets of joins that come together: notifications, raids, visits and changes of host."""
    r, length = rooms.r, rooms.length * len(windows)
    hours, out = length / 3600.0, []
    kinds = (
        ("notification_wave", often, large, 60.0),
        ("raid", 0.12, 3.0 * large, 25.0),
        ("celebrity_visit", 0.05, 8.0 * large, 400.0),
        ("host_change", 0.1, 1.5 * large, 150.0),
    )
    for name, an_hour, minutes, width in kinds:
        for begin in r.uniform(0, length, r.poisson(an_hour * hours)):
            many = r.poisson(minutes * rate * MINUTE * np.exp(r.normal(0, 0.8)))
            shape = r.choice([1.0, 2.0])
            out.append(begin + r.gamma(shape, width * np.exp(r.normal(0, 0.6)) / shape, many))
            rooms.tags.append((int(windows[int(begin // rooms.length)]), name))
    if r.random() < 0.4:
        many = r.poisson(rate * MINUTE * r.uniform(1, 6))
        out.append(r.exponential(r.uniform(20, 120), many))
        rooms.tags.append((int(windows[0]), "fan_club"))
    return out


def _outage(rooms: Rooms, windows: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Joins with a gap after which many come back at once, in some broadcasts."""
    r, length = rooms.r, rooms.length * len(windows)
    if r.random() > 0.2:
        return moments
    begin, gap = r.uniform(0, length * 0.9), r.uniform(20, 180)
    inside = (moments >= begin) & (moments < begin + gap)
    recent = ((moments >= begin - 900) & (moments < begin)).sum()
    back = begin + gap + r.exponential(r.uniform(4, 40), r.poisson(0.4 * recent))
    rooms.tags.append((int(windows[int(begin // rooms.length)]), "outage_and_return"))
    both = np.concatenate([moments[~inside], back])
    return both[both < length]


def _accounts(rooms: Rooms, windows: np.ndarray, many: int, share: float) -> np.ndarray:
    """Accounts of joins: regulars of the room, some of whom come often, or strangers."""
    r, room = rooms.r, int(rooms.room[windows[0]])
    regular = room * REGULARS_BASE + np.minimum(r.zipf(1.25, many), REGULARS_BASE - 1)
    stranger = STRANGERS_BASE + r.integers(0, STRANGERS, many)
    if share > 0.5:
        rooms.tags.append((int(windows[0]), "rejoining_regulars"))
    return np.where(r.random(many) < share, regular, stranger)


def _stays(r: np.random.Generator, many: int) -> np.ndarray:
    """Seconds of stays: glances, visits, and people who stay for long."""
    kind = r.choice(3, many, p=r.dirichlet([4, 4, 2]))
    glance, visit = r.exponential(15, many), np.exp(r.normal(5.3, 0.9, many))
    return np.select([kind == 0, kind == 1], [glance, visit], np.exp(r.normal(7.6, 0.8, many)))
