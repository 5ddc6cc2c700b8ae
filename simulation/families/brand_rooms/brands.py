"""Brands, their distributors, rooms and sessions: who is open when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.families.brand_rooms.people import People
from simulation.families.brand_rooms.settings import (
    BIN_SECONDS,
    CATEGORIES,
    DAY,
    HOUR,
    OFFICE,
    Settings,
)
from simulation.families.event_delivery.tables import spans

FLAGSHIP, BRAND, DISTRIBUTOR = range(3)


@dataclass
class Brands:
    """Operators with their habits; each array has one element an operator."""

    size_class: np.ndarray
    category: np.ndarray
    group: np.ndarray  # company behind several brands, and its warehouse
    rooms: np.ndarray
    region: np.ndarray
    size: np.ndarray  # relative audience
    registered: np.ndarray
    stick: np.ndarray
    conversion: np.ndarray
    price: np.ndarray
    returns: np.ndarray
    night: np.ndarray  # share of the audience that stays at night
    trips: np.ndarray
    chat: np.ndarray
    likes: np.ndarray
    follows: np.ndarray
    coupon_hours: np.ndarray  # bool, shape (operators, 24)
    presale_day: np.ndarray  # -1 without presale
    source_mix: np.ndarray  # shape (operators, 8)
    assistant_gap: np.ndarray  # seconds between canned comments, NaN without assistant
    own_stock: np.ndarray  # bool: ships from an own warehouse
    staff: list[np.ndarray]
    screens: list[np.ndarray]
    regulars: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.size)


@dataclass
class Sessions:
    """Sessions in order of operator and start; times in seconds since the epoch."""

    operator: np.ndarray
    room: np.ndarray
    started: np.ndarray
    ended: np.ndarray
    virtual: np.ndarray  # 0 no, 1 yes, -1 unknown
    tag: np.ndarray  # 0 ordinary, 1 test stream, 2 stream of days

    def __len__(self) -> int:
        return len(self.operator)

    def of(self, operator: int, shortest: float = 600.0) -> np.ndarray:
        """Sessions of an operator that last at least `shortest` seconds."""
        long_enough = self.ended - self.started >= shortest
        return np.flatnonzero((self.operator == operator) & long_enough)


def found_brands(rng: np.random.Generator, settings: Settings, people: People) -> Brands:
    """Draw the operators, their staff, shop screens and regular customers."""
    n = settings.operators
    size_class = rng.choice(3, n, p=rng.dirichlet([9, 12, 19]))
    category = rng.choice(len(CATEGORIES), n, p=rng.dirichlet(np.full(len(CATEGORIES), 2.5)))
    around = lambda sd: np.exp(rng.normal(0, sd, n))  # noqa: E731
    scale = np.array([9.0, 2.6, 0.35])[size_class]
    coupon_hours = np.zeros((n, 24), bool)
    for hour in (0, 10, 12, 15, 20, 21):
        coupon_hours[:, hour] = rng.random(n) < 0.3
    mix = np.array([30, 16, 26, 4, 0, 0, 4, 20]) * rng.lognormal(0, 0.5, 8)
    mix[[4, 5]] = 0.01
    source_mix = np.stack([rng.dirichlet(mix * 0.5 + 0.01) for _ in range(n)])
    brands = Brands(
        size_class=size_class,
        category=category,
        group=np.where(size_class == DISTRIBUTOR, -1, rng.integers(0, max(n // 5, 3), n)),
        rooms=np.where(size_class == FLAGSHIP, rng.integers(1, 4, n), 1),
        region=rng.integers(0, settings.regions, n),
        size=scale * around(0.75),
        registered=settings.start - rng.gamma(1.6, 420, n) * DAY - 3 * DAY,
        stick=around(0.4),
        conversion=0.055 * around(0.65),
        price=around(0.45),
        returns=around(0.45),
        night=rng.beta(2, 7, n),
        trips=rng.beta(2, 7, n),
        chat=0.025 * around(0.9),
        likes=0.035 * around(0.9),
        follows=0.018 * around(0.8),
        coupon_hours=coupon_hours,
        presale_day=np.where(rng.random(n) < 0.3, rng.integers(2, settings.days - 4, n), -1),
        source_mix=source_mix,
        assistant_gap=np.where(rng.random(n) < 0.25, rng.uniform(900, 4_000, n), np.nan),
        own_stock=(size_class != DISTRIBUTOR) | (rng.random(n) < 0.5),
        staff=[],
        screens=[],
        regulars=[],
    )
    new = (size_class == DISTRIBUTOR) & (rng.random(n) < 0.25)
    brands.registered[new] = settings.start + rng.uniform(-20, 1, new.sum()) * DAY
    for i in range(n):
        _hire(rng, brands, people, i)
    return brands


def _hire(rng: np.random.Generator, brands: Brands, people: People, i: int) -> None:
    """Give one operator its staff, shop screens and regulars."""
    large = brands.size_class[i] != DISTRIBUTOR
    workers = int(rng.integers(4, 26) if large else rng.integers(1, 5))
    office = people.new_nets(1)[0]
    brands.staff.append(
        people.add(
            workers,
            500,
            home_net=office,
            asn=OFFICE,
            region=brands.region[i],
            mobile=rng.beta(1, 4),
            guest=0.15,
        )
    )
    shops = int(rng.integers(1, 9)) if large and rng.random() < 0.4 else 0
    brands.screens.append(people.add(shops, 300, guest=0.97, mobile=0.0))
    count = int(np.clip(60 * brands.size[i] * rng.lognormal(0, 0.6), 12, people.honest // 8))
    brands.regulars.append(people.pick_lively(count))


def open_rooms(rng: np.random.Generator, settings: Settings, brands: Brands) -> Sessions:
    """Draw the sessions: rooms around the clock, cut at midnight or not, and evening rooms."""
    room_owner, _ = spans(brands.rooms)
    parts: list[tuple[np.ndarray, ...]] = []
    for room, owner in enumerate(room_owner):
        times = _one_room(rng, settings, int(brands.size_class[owner]))
        n = len(times[0])
        host = rng.choice([-1, 0, 1], p=[0.3, 0.5, 0.2])  # some leave all to a virtual host
        virtual = np.where(rng.random(n) < 0.9, host, -1)
        parts.append((np.full(n, owner), np.full(n, room), *times, virtual))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    operator, room_of, start, end, tag, virtual = columns
    later = start > brands.registered[operator]
    end = np.minimum(end, settings.last - rng.uniform(5, 200, len(end)))
    keep = later & (end > start + 3)
    return Sessions(operator[keep], room_of[keep], start[keep], end[keep], virtual[keep], tag[keep])


def _one_room(
    rng: np.random.Generator, settings: Settings, size_class: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts, ends and tags of the sessions of one room."""
    day = settings.start + np.arange(settings.days) * DAY
    style = rng.choice(3, p=[[0.6, 0.4, 0.0], [0.25, 0.5, 0.25], [0.02, 0.13, 0.85]][size_class])
    if style == 0 and rng.random() < settings.multi_day:
        step = int(rng.integers(2, 5))
        start = day[::step] + rng.uniform(30, 900, len(day[::step]))
        end = start + step * DAY - rng.uniform(900, 3_600, len(start))
        tag = np.full(len(start), 2)
    elif style == 0:
        start = day + rng.exponential(40, len(day))
        end = day + DAY - rng.exponential(70, len(day)) - 1
        tag = np.zeros(len(start), int)
    else:
        usual_start, hours = (6.5, 18.5) if style == 1 else (19.0, rng.uniform(2.5, 6))
        open_today = rng.random(len(day)) < rng.beta(9 if style == 1 else 4, 1.5)
        first = day[open_today] + (usual_start + rng.normal(0, 0.5)) * HOUR
        start = first + rng.normal(0, 900, len(first))
        end = start + hours * HOUR * rng.lognormal(0, 0.12 if style == 1 else 0.3, len(start))
        tag = np.zeros(len(start), int)
    tests = start[rng.random(len(start)) < 0.02] - rng.uniform(600, 2_400)
    start = np.concatenate([start, tests])
    end = np.concatenate([end, tests + rng.uniform(4, 90, len(tests))])
    return start, end, np.concatenate([tag, np.ones(len(tests), int)])


def session_bins(sessions: Sessions) -> tuple[np.ndarray, np.ndarray]:
    """Session and start of each ten-minute bin in which it is open."""
    bins = np.ceil((sessions.ended - sessions.started) / BIN_SECONDS).astype(int)
    owner, place = spans(bins)
    return owner, sessions.started[owner] + place * BIN_SECONDS
