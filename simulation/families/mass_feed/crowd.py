"""Honest visits beside the feed: fans, raids, boosts, campuses, idle phones, hunters, families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulation.families.mass_feed.people import People
from simulation.families.mass_feed.rows import (
    ACTIVITY,
    BOOST,
    COMMENT,
    DIRECT,
    FOLLOW,
    FOLLOWED,
    LIKE,
    RAID,
    SEARCH,
    SHARE,
    UNFOLLOWED,
    Events,
)
from simulation.families.mass_feed.world import DAY, Operators, Parameters, Sessions

CUSTOM_TEXT, SLOGAN_TEXT, HUNT_TEXT = 1_000_000, 2_000_000, 3_000_000  # first text of a kind


@dataclass
class Crowd:
    """Writes the honest visits of each session."""

    world: Parameters
    people: People
    operators: Operators
    sessions: Sessions
    events: Events
    rng: np.random.Generator

    def __post_init__(self) -> None:
        n, rng = self.world.operators, self.rng
        size = np.clip(self.operators.fans * rng.uniform(10, 30, n), 25, 1_500).astype(int)
        self.followers = [
            self.people.pick(np.where(rng.random(k) < 0.7, t, -1), rng)
            for k, t in zip(size, self.operators.topic, strict=True)
        ]
        self.family = [self.people.pick(np.full(k, -1), rng) for k in rng.integers(2, 7, n)]
        self.hunters = self.people.pick(np.full(self.world.people // 60, -1), rng)
        self.campus = rng.integers(0, 1 << 20, n)

    def view(
        self, s: int, a: np.ndarray, at: np.ndarray, stay: np.ndarray, src: object, **more: object
    ) -> None:
        """Add views of one session, kept inside it."""
        join = np.clip(at, self.sessions.start[s], self.sessions.end[s] - 0.5)
        self.events.views.add(len(a), s=s, a=a, join=join, stay=stay, src=src, **more)

    def tag(self, s: int, name: str) -> None:
        """Mark a session as a look-alike."""
        self.events.tags.append((int(self.sessions.operator[s]), s, name))

    def followers_come(self, s: int, share_early: float, copies: bool) -> None:
        """Followers come, many of them early; members of a club copy the slogan."""
        rng, o = self.rng, int(self.sessions.operator[s])
        pool = self.followers[o]
        n = min(rng.poisson(self.operators.fans[o] * (3 if copies else 1)), len(pool))
        a = rng.choice(pool, n, replace=False)
        span = self.sessions.end[s] - self.sessions.start[s]
        early = rng.random(n) < share_early
        at = np.where(early, rng.exponential(150, n), rng.random(n) * span)
        stay = np.exp(rng.normal(np.log(300 if copies else 130), 1.1, n))
        self.view(s, a, self.sessions.start[s] + at, stay, FOLLOW)
        if copies and n:
            text = SLOGAN_TEXT + 10 * o + rng.integers(0, 3, n)
            moment = self.sessions.start[s] + np.minimum(at + rng.exponential(60, n), span - 1)
            self.events.acts.add(n, s=s, a=a, kind=COMMENT, at=moment, text=text)
            self.events.acts.add(n, s=s, a=a, kind=LIKE, at=moment, count=1 + rng.poisson(40, n))
            self.tag(s, "fan_club")

    def fan_club(self, s: int) -> None:
        """A club comes together."""
        self.followers_come(s, 0.9, True)

    def others_come(self, s: int) -> None:
        """Searchers and friends of viewers come."""
        rng = self.rng
        n = rng.poisson(1.5 + 0.2 * self.operators.fans[self.sessions.operator[s]])
        a = self.people.pick(np.full(n, self.operators.topic[self.sessions.operator[s]]), rng)
        at = self.sessions.start[s] + rng.random(n) * (
            self.sessions.end[s] - self.sessions.start[s]
        )
        self.view(s, a, at, np.exp(rng.normal(3.9, 1.3, n)), rng.choice([SEARCH, SHARE, DIRECT], n))

    def raid(self, s: int) -> None:
        """A room that closes sends viewers to one that runs."""
        rng, x = self.rng, self.sessions
        live = np.flatnonzero((x.start < x.end[s] - 60) & (x.end > x.end[s] + 300))
        if not len(live):
            return
        to, n = int(rng.choice(live)), int(rng.gamma(1.2, 18)) + 4
        a = self.people.pick(np.full(n, self.operators.topic[x.operator[s]]), rng)
        at = x.end[s] + rng.gamma(1.5, 8, n)
        self.view(to, a, at, np.exp(rng.normal(3.5, 1.4, n)), RAID)
        self.events.links.add(1, s=s, to=to, kind=0, at=x.end[s], sent=n)
        self.tag(to, "raid")

    def boost(self, s: int) -> None:
        """Paid traffic comes in six pulses."""
        rng, x = self.rng, self.sessions
        minutes = rng.choice([30, 60, 120])
        begin = x.start[s] + rng.random() * max(x.end[s] - x.start[s] - 60 * minutes, 0)
        until = min(begin + 60 * minutes, x.end[s])
        n = int(np.exp(rng.normal(3.8, 0.9)))
        pulse = rng.integers(0, 6, n) * (until - begin) / 6
        at = begin + pulse + rng.gamma(2, 25, n)
        a = self.people.pick(np.full(n, -1), rng)
        self.view(s, a, np.minimum(at, until), np.exp(rng.normal(1.9, 1.3, n)), BOOST)
        self.events.boosts.add(1, s=s, at=begin, until=until, views=n)
        self.tag(s, "boost")

    def campus_comes(self, s: int) -> None:
        """Students of one campus come through one network."""
        rng, x = self.rng, self.sessions
        o, n = int(x.operator[s]), int(self.rng.gamma(2, 9)) + 3
        a = self.people.pick(np.full(n, self.operators.topic[o]), rng)
        at = x.start[s] + rng.normal(rng.random() * (x.end[s] - x.start[s]), 400, n)
        net = 5_000_000 + self.campus[o]
        stay = np.exp(rng.normal(4.2, 1.2, n))
        self.view(s, a, at, stay, rng.choice([SHARE, SEARCH], n), net=net, asn=2)
        self.tag(s, "campus")

    def idle_phones(self, s: int) -> None:
        """Followers leave the room running."""
        rng, x, n = self.rng, self.sessions, int(self.rng.gamma(2, 4)) + 2
        pool = self.followers[int(x.operator[s])][:30]
        a = rng.choice(pool, min(n, len(pool)), replace=False)
        span = x.end[s] - x.start[s]
        at = x.start[s] + rng.exponential(0.15 * span, len(a))
        self.view(s, a, at, span * rng.uniform(0.5, 1, len(a)), FOLLOW)
        self.tag(s, "idle_viewers")

    def coupon_hunt(self, s: int) -> None:
        """Hunters chase lucky bags from room to room: follow, type the word, leave at the draw."""
        rng, x, n = self.rng, self.sessions, int(self.rng.gamma(1.5, 14)) + 5
        a = rng.choice(self.hunters, min(n, len(self.hunters)), replace=False)
        n, draw = len(a), x.start[s] + rng.random() * (x.end[s] - x.start[s])
        at = draw - rng.uniform(0, 300, n)
        self.view(s, a, at, np.maximum(draw - at, 0) + rng.gamma(2, 6, n), ACTIVITY)
        said = np.clip(at + rng.exponential(20, n), x.start[s], x.end[s])
        text = HUNT_TEXT + rng.integers(0, 12)
        self.events.acts.add(n, s=s, a=a, kind=COMMENT, at=said, text=text)
        joined = rng.random(n) < 0.7
        f = a[joined]
        self.events.acts.add(len(f), s=s, a=f, kind=FOLLOWED, at=said[joined])
        gone = rng.random(len(f)) < 0.4
        later = said[joined][gone] + rng.exponential(1.5 * DAY, int(gone.sum()))
        self.events.acts.add(int(gone.sum()), s=-1, a=f[gone], kind=UNFOLLOWED, at=later)
        self.tag(s, "coupon_hunt")

    def family_watches(self, s: int) -> None:
        """Family and staff watch each session, some from the studio."""
        rng, x, a = self.rng, self.sessions, self.family[int(self.sessions.operator[s])]
        a = a[rng.random(len(a)) < 0.8]
        span = x.end[s] - x.start[s]
        at = x.start[s] + rng.exponential(120, len(a))
        net = 6_000_000 + int(x.operator[s])
        near = np.where(rng.random(len(a)) < 0.5, net, -9)
        self.view(s, a, at, span * rng.uniform(0.2, 1, len(a)), FOLLOW, net=near)
        self.tag(s, "family_and_staff_watch")


def visit_rooms(crowd: Crowd) -> None:
    """Write the visits of all sessions."""
    calls: dict[str, Callable[[int], None]] = {
        "raid": crowd.raid,
        "boost": crowd.boost,
        "fan_club": crowd.fan_club,
        "campus": crowd.campus_comes,
        "idle_viewers": crowd.idle_phones,
        "coupon_hunt": crowd.coupon_hunt,
        "family_and_staff_watch": crowd.family_watches,
    }
    x = crowd.sessions
    for s in range(x.count):
        o = int(x.operator[s])
        if x.test[s]:
            crowd.tag(s, "test_stream")
            continue
        crowd.followers_come(s, 0.4, False)
        crowd.others_come(s)
        for name, call in calls.items():
            if crowd.rng.random() < crowd.operators.traits[name][o]:
                call(s)
        if x.end[s] - x.start[s] > 0.7 * DAY:
            crowd.tag(s, "stream_of_days")
        if crowd.operators.custom[o] > 0.4:
            crowd.tag(s, "chat_custom")
