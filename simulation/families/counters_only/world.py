"""Parameters, operators and sessions of the platform, drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

DAY_SECONDS = 86_400
FIRST_MONDAY = 19_975 * DAY_SECONDS  # 2024-09-09, UTC
LOCAL_OFFSET_SECONDS = 8 * 3_600
LONGEST_MINUTES = 2_600
CATEGORIES = ("apparel", "beauty", "snacks", "games", "music", "study", "outdoor", "antiques")
REGIONS = tuple(f"R{i:02d}" for i in range(18))
OPTIONAL_COLUMNS = {
    "joins": 0.15,
    "viewers": 0.08,
    "leaves": 0.7,
    "likes": 0.08,
    "likers": 0.6,
    "comments": 0.15,
    "commenters": 0.6,
    "follows": 0.2,
    "product_clicks": 0.5,
    "orders": 0.6,
    "buyers": 0.8,
    "gmv": 0.7,
    "new_account_joins": 0.8,
    "repeated_device_joins": 0.9,
}  # probability that a platform does not publish the counter


@dataclass(frozen=True)
class Parameters:
    """What one seed draws for the whole platform; written to `world.json`."""

    seed: int
    operators: int
    days: int
    cheat_share: float
    victim_share: float
    intensity: float
    evasion: float
    verdicts: int
    verdict_level: str
    wrong_verdicts: float
    audited_share: float
    clock: str
    viewers_every: int
    acts_every: int
    rounding: int
    gap_share: float
    gaps_lose_counts: bool
    restart_share: float
    stale_share: float
    absent_columns: tuple[str, ...]
    boosts_delivered: bool
    delivered_live: bool
    stay_minutes: float
    heat_feedback: float
    noise: float
    likes_level: float


def draw_parameters(seed: int, rng: np.random.Generator) -> Parameters:
    """Draw the platform's parameters."""
    absent = tuple(name for name, odds in OPTIONAL_COLUMNS.items() if rng.random() < odds)
    if "joins" in absent and "viewers" in absent:
        absent = tuple(name for name in absent if name != "joins")
    if "orders" in absent:
        absent = tuple(dict.fromkeys((*absent, "buyers", "gmv")))
    every = int(rng.choice([1, 1, 1, 2, 3]))
    return Parameters(
        seed=seed,
        operators=int(np.exp(rng.uniform(np.log(60), np.log(190)))),
        days=int(rng.integers(12, 22)),
        cheat_share=float(rng.uniform(0.0, 0.4)),
        victim_share=float(rng.uniform(0.0, 0.04)),
        intensity=float(np.exp(rng.uniform(np.log(0.2), np.log(1.2)))),
        evasion=float(rng.uniform(0.05, 0.95)),
        verdicts=(0, int(rng.integers(5, 60)), int(rng.integers(60, 401)))[int(rng.integers(0, 3))],
        verdict_level=str(rng.choice(["session", "operator"])),
        wrong_verdicts=float(rng.uniform(0.0, 0.08)),
        audited_share=float(rng.uniform(0.1, 0.5)),
        clock=str(rng.choice(["minute", "second", "sub_second"])),
        viewers_every=every,
        acts_every=every * int(rng.choice([1, 1, 2, 5])),
        rounding=int(rng.choice([1, 10, 100, 1_000])),
        gap_share=float(rng.uniform(0.0, 0.12)),
        gaps_lose_counts=bool(rng.random() < 0.5),
        restart_share=float(rng.uniform(0.0, 0.05)),
        stale_share=float(rng.uniform(0.0, 0.1)),
        absent_columns=absent,
        boosts_delivered=bool(rng.random() < 0.6),
        delivered_live=bool(rng.random() < 0.5),
        stay_minutes=float(np.exp(rng.uniform(np.log(3), np.log(25)))),
        heat_feedback=float(rng.uniform(0.0, 0.35)),
        noise=float(np.exp(rng.uniform(np.log(0.03), np.log(0.25)))),
        likes_level=float(np.exp(rng.normal(0.0, 0.7))),
    )


@dataclass(frozen=True)
class Operators:
    """Habits of each operator: one array a habit, all of one length."""

    size: np.ndarray  # joins a minute in prime time
    hour: np.ndarray  # usual start, local hours
    length: np.ndarray  # usual length, minutes
    habit: np.ndarray  # probability of a session a day
    sticky: np.ndarray  # share of joins that stay long
    bounce: np.ndarray  # share of joins that leave at once
    stay: np.ndarray  # factor on stays
    likes: np.ndarray
    chat: np.ndarray
    fans: np.ndarray  # follows a join
    clicks: np.ndarray
    orders: np.ndarray
    price: np.ndarray  # CNY, median
    noise: np.ndarray  # sd of the log of arrivals between minutes
    mood: np.ndarray  # sd between sessions of one operator
    category: np.ndarray
    region: np.ndarray
    mcn: np.ndarray
    registered: np.ndarray  # epoch seconds
    room: np.ndarray  # index of ROOM_KINDS


ROOM_KINDS = ("shop", "fan_club", "quiet", "marathon", "like_club")
ROOM_ODDS = (0.6, 0.14, 0.1, 0.05, 0.11)


def draw_operators(world: Parameters, rng: np.random.Generator) -> Operators:
    """Draw every operator's habits as random effects."""
    n = world.operators

    def spread(sd: float) -> np.ndarray:
        return np.exp(rng.normal(0.0, sd, n))

    room = rng.choice(len(ROOM_KINDS), n, p=ROOM_ODDS)
    quiet, marathon = room == 2, room == 3
    size = np.clip(np.exp(rng.normal(np.log(3.0), 1.3, n)) + rng.pareto(1.6, n), 0.2, 1_500)
    hour = np.where(rng.random(n) < 0.7, rng.normal(19.5, 1.5, n), rng.uniform(0, 24, n))
    length = np.clip(np.exp(rng.normal(np.log(150), 0.6, n)), 15, 700)
    return Operators(
        size=size,
        hour=hour,
        length=np.where(marathon, rng.uniform(900, 2_400, n), length),
        habit=np.where(marathon, 0.12, rng.beta(2.5, 2.5, n)),
        sticky=np.where(quiet, 0.4, rng.beta(2, 10, n)),
        bounce=rng.beta(4, 5, n) * 0.8,
        stay=spread(0.4) * np.where(quiet, 3.0, 1.0),
        likes=world.likes_level * spread(0.9) * np.where(quiet, 0.05, 1.0),
        chat=spread(0.7) * np.where(quiet, 0.1, 1.0),
        fans=0.02 * spread(0.8),
        clicks=0.06 * spread(0.7) * np.where(quiet, 0.1, 1.0),
        orders=0.006 * spread(0.9) * np.where(quiet, 0.05, 1.0),
        price=60 * spread(0.8),
        noise=world.noise * spread(0.5),
        mood=rng.gamma(4, 0.08, n),
        category=rng.integers(0, len(CATEGORIES), n),
        region=rng.integers(0, len(REGIONS), n),
        mcn=np.where(rng.random(n) < 0.3, rng.integers(0, 3 + n // 15, n), -1),
        registered=FIRST_MONDAY - rng.gamma(1.3, 300, n) * DAY_SECONDS - DAY_SECONDS,
        room=room,
    )


@dataclass(frozen=True)
class Sessions:
    """Sessions and the flat layout of their minutes.

    `first[s]` is the position of minute 0 of session `s` in every flat array.
    """

    operator: np.ndarray
    day: np.ndarray
    start: np.ndarray  # epoch seconds, float
    minutes: np.ndarray
    level: np.ndarray  # joins a minute expected at prime time
    test: np.ndarray  # streams of a minute or two
    first: np.ndarray
    of: np.ndarray  # session of each flat minute
    minute: np.ndarray  # minute of each flat minute

    @property
    def count(self) -> int:
        """Number of sessions."""
        return len(self.operator)

    def span(self, session: int) -> slice:
        """Flat positions of a session."""
        start = int(self.first[session])
        return slice(start, start + int(self.minutes[session]))


def draw_sessions(world: Parameters, operators: Operators, rng: np.random.Generator) -> Sessions:
    """Draw who broadcasts when, and lay the minutes out one session after another."""
    week = np.array([0.9, 0.92, 0.95, 0.98, 1.08, 1.2, 1.15])
    days = np.arange(world.days)
    trend = np.cumsum(rng.normal(0, 0.04, world.days))
    odds = operators.habit[:, None] * np.minimum(week[days % 7], 1.1)[None, :]
    operator, day = np.nonzero(rng.random(odds.shape) < np.clip(odds, 0.02, 0.97))
    shuffled = rng.permutation(len(operator))
    operator, day = operator[shuffled], day[shuffled]
    n = len(operator)
    test = rng.random(n) < 0.03
    minutes = operators.length[operator] * np.exp(rng.normal(0, 0.25, n))
    minutes = np.where(test, rng.integers(1, 3, n), np.clip(minutes, 6, LONGEST_MINUTES))
    minutes = minutes.astype(np.int64)
    start = FIRST_MONDAY + day * DAY_SECONDS - LOCAL_OFFSET_SECONDS
    start = start + operators.hour[operator] * 3_600 + rng.normal(0, 1_200, n)
    level = operators.size[operator] * week[day % 7] * np.exp(trend[day])
    level = level * np.exp(rng.normal(0, 1, n) * operators.mood[operator])
    first = np.concatenate([[0], np.cumsum(minutes)])[:-1]
    of = np.repeat(np.arange(n), minutes)
    resolution = {"minute": 60.0, "second": 1.0, "sub_second": 0.001}[world.clock]
    return Sessions(
        operator=operator,
        day=day,
        start=np.floor(start / resolution) * resolution,
        minutes=minutes,
        level=level,
        test=test,
        first=first,
        of=of,
        minute=np.arange(len(of)) - first[of],
    )


def as_record(world: Parameters) -> dict[str, object]:
    """Parameters as plain values for JSON."""
    return {f.name: getattr(world, f.name) for f in fields(world)}
