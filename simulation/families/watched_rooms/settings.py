"""What a seed draws: rooms, their broadcasts, the windows and what the collector sees."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulation.families.column_buffer import ColumnBuffer
from simulation.families.verdict_draws import VerdictPlan, draw_verdict_plan
from simulation.identifiers import DAY, HOUR, MINUTE

SALT = 36_300
FIRST_MONDAY = 1_717_372_800.0  # 2024-06-03
SCHEMES = (
    "",
    "block",
    "paced",
    "swell",
    "rota",
    "top_up",
    "together_out",
    "flash",
    "follow_burst",
    "like_script",
)
CODE = {name: k for k, name in enumerate(SCHEMES)}
VIEW_SCHEMES = np.arange(1, CODE["follow_burst"])
MIN_WINDOWS, MAX_WINDOWS = 12, 420
MAX_JOINS = 50_000  # expected before clusters and returns
KINDS = ("comment", "like", "follow", "share")
CHEATED_SHARE = 0.85  # of seeds in which at least one room cheats
FIRST_BOT = 20_000_000  # number of the first account that exists for fraud


@dataclass(frozen=True)
class Parameters:
    """What a seed draws.

    Attributes
    ----------
    rooms
        Rooms that are watched.
    start, until
        First moment and end of the lake, seconds since the epoch.
    window_minutes
        Length of a window.
    joins_seen, minutes_seen, leaves_seen
        Whether joins, viewers by minute, and the end of a stay are delivered.
    kinds
        Kinds of acts that are collected.
    operators_known
        Whether the operator of a room is known; else each window counts as one.
    hit_share
        Share of the windows of rooms that cheat in which bots are.
    cheat_share
        Share of rooms that cheat; all where windows count as operators.
    size
        Median number of bots over honest joins or viewers.
    anonymous_share
        Share of joins without an account.
    clock_seconds
        Resolution of the clock.
    scheme_weights
        Weights of schemes of views.
    """

    rooms: int
    start: float
    until: float
    window_minutes: int
    joins_seen: bool
    minutes_seen: bool
    leaves_seen: bool
    kinds: tuple[str, ...]
    operators_known: bool
    hit_share: float
    cheat_share: float
    size: float
    anonymous_share: float
    clock_seconds: float
    scheme_weights: tuple[float, ...]
    verdicts: VerdictPlan
    seed: int


@dataclass
class Rooms:
    """The watched rooms while they are written.

    Attributes
    ----------
    p, r
        Parameters and the source of chance.
    audience
        Honest joins a minute of each room, shape (rooms,).
    room, start
        Room and first moment of each window, shape (windows,), in order of time within a room.
    joins, acts
        Rows of joins and acts; a window of -1 is not yet known.
    tags
        Window and name of each look-alike.
    cheats
        Which rooms cheat.
    """

    p: Parameters
    r: np.random.Generator
    audience: np.ndarray
    room: np.ndarray
    start: np.ndarray
    broadcast: np.ndarray
    cheats: np.ndarray
    joins: ColumnBuffer = field(
        default_factory=lambda: ColumnBuffer(window=0, account=0, at=0.0, left=0.0, scheme=0)
    )
    acts: ColumnBuffer = field(
        default_factory=lambda: ColumnBuffer(window=0, account=0, at=0.0, kind=0, count=1, scheme=0)
    )
    tags: list[tuple[int, str]] = field(default_factory=list)
    bots: int = FIRST_BOT

    @property
    def length(self) -> float:
        """Seconds of a window."""
        return self.p.window_minutes * MINUTE

    @property
    def operator(self) -> np.ndarray:
        """Operator of each window, shape (windows,)."""
        return self.room if self.p.operators_known else np.arange(len(self.room))

    def hire(self, count: int) -> np.ndarray:
        """Numbers of so many new accounts that exist for fraud."""
        self.bots += count
        return np.arange(self.bots - count, self.bots)


def open_rooms(seed: int) -> Rooms:
    """Draw the rooms of a seed and their windows."""
    r = np.random.default_rng([seed, SALT])
    p = _parameters(seed, r)
    room, start, broadcast = _windows(p, r)
    audience = np.exp(r.normal(r.uniform(1.5, 4.0), 0.8, p.rooms))
    expected = audience[room].sum() * p.window_minutes
    audience *= min(1.0, MAX_JOINS / expected)
    cheats = r.random(p.rooms) < p.cheat_share
    if r.random() < CHEATED_SHARE:
        cheats[r.integers(0, p.rooms)] = True
    return Rooms(p, r, audience, room, start, broadcast, cheats)


def _windows(p: Parameters, r: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Room, start and broadcast of each window: broadcasts of some hours, one after another."""
    wanted = int(np.exp(r.uniform(np.log(MIN_WINDOWS), np.log(MAX_WINDOWS))))
    room, start, broadcast, length = [], [], [], p.window_minutes * MINUTE
    for number in range(10 * wanted):
        which = number % p.rooms
        many = max(2, int(r.uniform(1.0, 8.0) * HOUR / length))
        begin = p.start + (number // p.rooms) * DAY + r.uniform(8, 15) * HOUR
        room += [which] * many
        start += [begin + k * length for k in range(many)]
        broadcast += [number] * many
        if len(room) >= wanted:
            break
    cut = slice(0, max(wanted, MIN_WINDOWS))
    return np.array(room)[cut], np.array(start)[cut], np.array(broadcast)[cut]


def _parameters(seed: int, r: np.random.Generator) -> Parameters:
    joins = bool(r.random() < 0.65)
    known = bool(r.random() < 0.5)
    start = FIRST_MONDAY + float(r.integers(0, 60)) * DAY
    kinds = [name for name in KINDS if r.random() < 0.55]
    weights = r.dirichlet(np.full(len(VIEW_SCHEMES), 0.6))
    return Parameters(
        rooms=int(np.exp(r.uniform(np.log(2), np.log(36)))),
        start=start,
        until=start + 40 * DAY,
        window_minutes=int(r.choice([5, 10, 15, 20, 30, 60])),
        joins_seen=joins,
        minutes_seen=not joins or bool(r.random() < 0.2),
        leaves_seen=bool(r.random() < 0.25),
        kinds=tuple(kinds),
        operators_known=known,
        hit_share=float(r.uniform(0.2, 0.8) if known else 0.6 * r.random() ** 2),
        cheat_share=float(r.uniform(0.05, 0.5) if known else 1.0),
        size=float(np.exp(r.uniform(np.log(0.2), np.log(1.5)))),
        anonymous_share=float(r.choice([0.0, 0.0, r.uniform(0.05, 0.6)])),
        clock_seconds=float(r.choice([0.0, 0.0, 1.0, 10.0])),
        scheme_weights=tuple(float(x) for x in weights),
        verdicts=draw_verdict_plan(r),
        seed=seed,
    )
