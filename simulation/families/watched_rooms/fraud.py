"""Bots in windows, of which each lasts as long as its window."""

from __future__ import annotations

import numpy as np

from simulation.families.watched_rooms.settings import (
    CODE,
    KINDS,
    SCHEMES,
    VIEW_SCHEMES,
    Rooms,
)
from simulation.identifiers import MINUTE

MIN_BOTS = 3
POOL_TIMES = 1.5  # accounts of a pool over those of its largest window


def inflate(rooms: Rooms) -> None:
    """Add bots to the windows that are hit, and false acts to some of them."""
    r, p = rooms.r, rooms.p
    able = np.flatnonzero(rooms.cheats[rooms.room])
    hit = able[r.random(len(able)) < p.hit_share]
    joins = rooms.joins.joined()
    counts = np.bincount(joins["window"], minlength=len(rooms.room))
    viewers = _viewers(rooms, joins["at"].to_numpy(), joins["left"].to_numpy())
    taste = r.choice(VIEW_SCHEMES, p.rooms, p=p.scheme_weights)
    pools: dict[int, np.ndarray] = {}
    for window in hit:
        mine = taste[rooms.room[window]] if r.random() < 0.6 else None
        scheme = r.choice(VIEW_SCHEMES, p=p.scheme_weights) if mine is None else mine
        base = counts[window] if p.joins_seen else viewers[window]
        many = max(MIN_BOTS, int(base * p.size * np.exp(r.normal(0, 0.4))))
        offset, left = _shape(rooms, SCHEMES[scheme], many)
        account = rooms.hire(many)
        if SCHEMES[scheme] == "rota":
            pool = pools.setdefault(int(rooms.room[window]), account)
            if len(pool) < many:
                pool = rooms.hire(int(POOL_TIMES * many))
                pools[int(rooms.room[window])] = pool
            account = r.choice(pool, many, replace=False)
        start = rooms.start[window]
        rooms.joins.add(
            many,
            window=window,
            account=account,
            at=start + offset,
            left=np.minimum(start + left, start + rooms.length),
            scheme=scheme,
        )
        _false_acts(rooms, int(window), account, start + offset)


def _viewers(rooms: Rooms, at: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Viewers in the middle of each window, over all rooms' joins of that room's windows."""
    joins = rooms.joins.joined()
    room = rooms.room[joins["window"].to_numpy()]
    middle = rooms.start + rooms.length / 2
    out = np.zeros(len(middle))
    for k in range(rooms.p.rooms):
        a, b = np.sort(at[room == k]), np.sort(left[room == k])
        mine = rooms.room == k
        out[mine] = np.searchsorted(a, middle[mine]) - np.searchsorted(b, middle[mine])
    return out


def _shape(rooms: Rooms, scheme: str, many: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds after the window's start at which bots join and leave."""
    r, length = rooms.r, rooms.length
    late = np.full(many, length)
    if scheme == "block":
        width = float(np.exp(r.uniform(np.log(2), np.log(min(240, length / 2)))))
        return r.uniform(0, length - width) + width * r.random(many), late
    if scheme == "paced":
        begin = r.uniform(0, length / 2)
        even = begin + (length - begin) * (np.arange(many) + 0.5) / many
        return np.clip(even + r.normal(0, 2.0, many), 0, length - 1), late
    if scheme == "swell":
        return length * r.random(many) ** (1.0 / r.uniform(1.6, 4.0)) * 0.999, late
    if scheme == "top_up":
        times = np.sort(r.uniform(0, length, max(2, int(length / MINUTE / 2))))
        return np.clip(r.choice(times, many) + r.uniform(0, 8, many), 0, length - 1), late
    if scheme == "together_out":
        out = r.uniform(0.6, 1.0) * length
        return r.uniform(0, 0.5 * length, many), out + r.uniform(0, 10, many)
    if scheme == "flash":
        begin, width = r.uniform(0, length * 0.9), length * r.uniform(0.005, 0.1)
        at = begin + width * r.random(many)
        return at, at + r.uniform(1, 3, many)
    return r.uniform(0, length, many), late


def _false_acts(rooms: Rooms, window: int, account: np.ndarray, at: np.ndarray) -> None:
    """Follows in a burst, or likes by a script, by some of the bots."""
    r, kinds = rooms.r, rooms.p.kinds
    for kind, scheme, share in (("follow", "follow_burst", 0.25), ("like", "like_script", 0.2)):
        if kind not in kinds or r.random() > share:
            continue
        some = r.random(len(account)) < r.uniform(0.2, 1.0)
        many = int(some.sum())
        delay = r.uniform(1, 20, many) if kind == "follow" else r.uniform(0, MINUTE, many)
        end = rooms.start[window] + rooms.length - 0.001
        rooms.acts.add(
            many,
            window=window,
            account=account[some],
            at=np.minimum(at[some] + delay, end),
            kind=KINDS.index(kind),
            count=1 if kind == "follow" else r.integers(10, 60, many),
            scheme=CODE[scheme],
        )
