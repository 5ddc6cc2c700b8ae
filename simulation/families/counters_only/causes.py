"""Honest causes of jumps: boosts, raids, contests, coupons, lotteries, visits, outages."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from simulation.families.counters_only.world import Operators, Parameters, Sessions

CLASSES = 3  # bouncing, browsing, staying


@dataclass(frozen=True)
class Boost:
    """Paid traffic that the platform granted."""

    session: int
    from_minute: int
    to_minute: int
    views: int
    amount: float


@dataclass(frozen=True)
class Causes:
    """Factors and extra joins of every flat minute, and who has which cause."""

    arrivals: np.ndarray
    hazard: np.ndarray
    likes: np.ndarray
    chat: np.ndarray
    sales: np.ndarray
    extra: np.ndarray  # (CLASSES, flat minutes), joins beside the usual arrivals
    boosts: list[Boost] = field(default_factory=list)
    tags: list[tuple[int, str]] = field(default_factory=list)  # session, look-alike


def _pulse(rng: np.random.Generator, room_left: int, *, count: int, within: float) -> np.ndarray:
    """Joins by minute of a crowd that comes within some minutes."""
    at = np.minimum(rng.exponential(within, count).astype(int), max(room_left - 1, 0))
    return np.bincount(at, minlength=room_left) if room_left else np.zeros(0, np.int64)


class _Composer:
    """Writes causes into the flat arrays, session by session."""

    def __init__(self, sessions: Sessions, operators: Operators, rng: np.random.Generator) -> None:
        n = len(sessions.of)
        self.sessions, self.operators, self.rng = sessions, operators, rng
        self.causes = Causes(
            arrivals=np.ones(n),
            hazard=np.ones(n),
            likes=np.ones(n),
            chat=np.ones(n),
            sales=np.ones(n),
            extra=np.zeros((CLASSES, n), np.int64),
        )

    def window(self, session: int, at: int, minutes: int) -> slice:
        span = self.sessions.span(session)
        return slice(min(span.start + at, span.stop), min(span.start + at + minutes, span.stop))

    def tag(self, session: int, name: str) -> None:
        self.causes.tags.append((session, name))

    def crowd(self, session: int, at: int, *, count: int, within: float, kind: int) -> None:
        window = self.window(session, at, 10_000)
        came = _pulse(self.rng, window.stop - window.start, count=count, within=within)
        self.causes.extra[kind, window] += came

    def boost(self, session: int) -> None:
        rng, length = self.rng, int(self.sessions.minutes[session])
        at = int(rng.integers(0, max(length - 10, 1)))
        minutes = int(min(rng.choice([30, 60, 60, 120, 240]), length - at))
        views = int(self.sessions.level[session] * minutes * np.exp(rng.normal(0, 0.9))) + 5
        steps = rng.gamma(3.0, 1 / 3.0, minutes // 10 + 1)  # the auction paces in ten minutes
        pace = np.repeat(steps, 10)[:minutes]
        window = self.window(session, at, minutes)
        came = rng.poisson(views * pace / pace.sum())
        self.causes.extra[0, window] += rng.binomial(came, 0.65)
        self.causes.extra[1, window] += rng.binomial(came, 0.35)
        amount = round(views * float(rng.uniform(0.05, 0.4)), 2)
        self.causes.boosts.append(Boost(session, at, at + minutes, views, amount))
        self.tag(session, "boost")

    def coupon(self, session: int) -> None:
        rng, length = self.rng, int(self.sessions.minutes[session])
        at = int(rng.integers(2, max(length - 12, 3)))
        wait = int(rng.choice([3, 5, 10, 15]))
        self.causes.arrivals[self.window(session, at, wait)] *= rng.uniform(1.5, 6)
        self.causes.hazard[self.window(session, at, wait)] *= rng.uniform(0.2, 0.6)
        self.causes.chat[self.window(session, at, wait)] *= rng.uniform(2, 25)
        self.causes.hazard[self.window(session, at + wait, 2)] *= rng.uniform(2, 8)
        self.causes.sales[self.window(session, at + wait, 6)] *= rng.uniform(1, 10)
        self.tag(session, "coupon" if wait < 10 else "lottery")

    def contest(self, session: int) -> None:
        rng, length = self.rng, int(self.sessions.minutes[session])
        for _ in range(int(rng.integers(1, 5))):
            at = int(rng.integers(0, max(length - 6, 1)))
            window = self.window(session, at, int(rng.choice([5, 5, 10])))
            self.causes.likes[window] *= rng.uniform(3, 30)
            self.causes.chat[window] *= rng.uniform(1, 4)
            self.causes.arrivals[window] *= rng.uniform(1, 2.5)
        self.tag(session, "pk_contest")

    def visit(self, session: int) -> None:
        rng, length = self.rng, int(self.sessions.minutes[session])
        at = int(rng.integers(0, max(length - 20, 1)))
        window = self.window(session, at, int(rng.integers(15, 70)))
        self.causes.arrivals[window] *= rng.uniform(2.5, 10)
        self.causes.hazard[window] *= rng.uniform(0.4, 1.0)
        self.causes.hazard[self.window(session, at + window.stop - window.start, 4)] *= 4
        self.tag(session, "celebrity_visit")

    def outage(self, session: int) -> None:
        rng, length = self.rng, int(self.sessions.minutes[session])
        at = int(rng.integers(3, max(length - 5, 4)))
        self.causes.hazard[self.window(session, at, 1)] *= 30
        back = int(self.sessions.level[session] * rng.uniform(2, 12))
        self.crowd(session, at + 1, count=back, within=1.5, kind=1)
        self.tag(session, "outage_and_return")

    def push(self, session: int) -> None:
        rng, length = self.rng, int(self.sessions.minutes[session])
        for _ in range(int(rng.integers(1, 4))):
            window = self.window(session, int(rng.integers(0, length)), int(rng.integers(8, 40)))
            self.causes.arrivals[window] *= rng.uniform(1.5, 5)
        self.tag(session, "feed_push")

    def fan_club(self, session: int) -> None:
        rng = self.rng
        count = int(self.sessions.level[session] * rng.uniform(5, 60)) + 3
        at = int(rng.integers(0, 3))
        self.crowd(session, at, count=count, within=float(rng.uniform(0.5, 4)), kind=2)
        self.causes.chat[self.window(session, 0, 15)] *= rng.uniform(1, 8)
        self.tag(session, "fan_club")

    def opening(self, session: int) -> None:
        rng, length = self.rng, int(self.sessions.minutes[session])
        at = int(rng.integers(1, max(length - 3, 2)))
        count = int(self.sessions.level[session] * rng.uniform(3, 25))
        self.crowd(session, at, count=count, within=0.6, kind=1)
        self.causes.sales[self.window(session, at, 3)] *= rng.uniform(5, 40)
        self.tag(session, "presale_opening")

    def raid(self, session: int) -> None:
        """A room that closes sends its viewers to one that runs."""
        s, rng = self.sessions, self.rng
        end = s.start[session] + 60.0 * s.minutes[session]
        runs = (s.start < end - 300) & (s.start + 60.0 * s.minutes > end + 300)
        to = np.flatnonzero(runs)
        if not len(to):
            return
        target = int(rng.choice(to))
        at = int((end - s.start[target]) // 60)
        stock = s.level[session] * rng.uniform(2, 20)
        self.crowd(target, at, count=int(stock) + 4, within=0.8, kind=int(rng.random() < 0.5))
        self.tag(target, "raid")


def compose_causes(
    world: Parameters, operators: Operators, sessions: Sessions, rng: np.random.Generator
) -> Causes:
    """Draw the honest causes of every session."""
    composer = _Composer(sessions, operators, rng)
    n = world.operators
    habits = {
        composer.boost: np.where(rng.random(n) < 0.35, rng.uniform(0.05, 0.6, n), 0.0),
        composer.coupon: np.where(rng.random(n) < 0.45, rng.uniform(0.1, 0.9, n), 0.0),
        composer.contest: np.where(rng.random(n) < 0.25, rng.uniform(0.1, 0.8, n), 0.0),
        composer.visit: np.full(n, 0.02),
        composer.outage: rng.beta(1, 40, n),
        composer.push: rng.beta(1.2, 6, n),
        composer.fan_club: np.where(operators.room == 1, rng.uniform(0.6, 1.0, n), 0.0),
        composer.opening: np.where(rng.random(n) < 0.15, rng.uniform(0.1, 0.6, n), 0.0),
        composer.raid: np.where(rng.random(n) < 0.3, rng.uniform(0.05, 0.5, n), 0.0),
    }
    for session in range(sessions.count):
        if sessions.test[session]:
            composer.tag(session, "test_stream")
            continue
        operator = sessions.operator[session]
        for cause, odds in habits.items():
            if rng.random() < odds[operator]:
                cause(session)
        room = operators.room[operator]
        if room > 1:
            composer.tag(session, ("quiet_room", "stream_of_days", "like_club")[room - 2])
    return composer.causes
