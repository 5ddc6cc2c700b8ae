"""Likes, comments, follows, shares and clicks of honest views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.behaviour.platform_day import PlatformDay
from simulation.identifiers import DAY, MINUTE
from simulation.records import Interactions, Views

LIKE, COMMENT, FOLLOW, UNFOLLOW, SHARE, CLICK = range(6)
# Texts used in all rooms, and the share of comments that are one of them.
COMMON_PHRASES = 20_000
COMMON_PHRASE_SHARE = 0.12
CHAT_WAVES_PER_SESSION = 24


@dataclass(frozen=True)
class _Timing:
    """Draws the moment of an interaction within its view."""

    views: Views
    waves: np.ndarray
    lucky_bag: np.ndarray

    def draw(self, rng: np.random.Generator, index: np.ndarray, kind: int) -> np.ndarray:
        """Moments of interactions of one kind, by the rows of their views."""
        v, row = self.views, self.views.session
        at = v.joined[index] + rng.random(len(index)) * (v.left[index] - v.joined[index])
        if kind == COMMENT:  # comments come in waves: a question of the host, a product shown
            wave = self.waves[row[index], rng.integers(0, self.waves.shape[1], len(index))]
            near = wave + rng.exponential(40.0, len(index))
            hit = (rng.random(len(index)) < 0.6) & (near > v.joined[index]) & (near < v.left[index])
            at = np.where(hit, near, at)
        if kind in (LIKE, COMMENT):  # a lucky bag draws likes and comments together
            bag = self.lucky_bag[row[index]]
            drawn = ~np.isnan(bag) & (rng.random(len(index)) < 0.3)
            soon = np.clip(bag + rng.exponential(60, len(index)), v.joined[index], v.left[index])
            at = np.where(drawn, soon, at)
        return at


def draw_interactions(
    rng: np.random.Generator, day: PlatformDay, views: Views, lucky_bag: np.ndarray
) -> Interactions:
    """Interactions of honest views; `lucky_bag`: its moment in each session, NaN for none."""
    s, v, row = day.sessions, views, views.session
    minutes = (v.left - v.joined) / MINUTE
    operator = s.operator[row]
    parts = []
    draws = rng.random((len(s), CHAT_WAVES_PER_SESSION))
    timing = _Timing(v, s.start[:, None] + draws * (s.end - s.start)[:, None], lucky_bag)
    mood = rng.lognormal(-0.3, 0.9, len(s))[row]  # some sessions win followers, most do not

    def emit(
        index: np.ndarray, kind: int, count: np.ndarray | int = 1, text: np.ndarray | None = None
    ) -> None:
        at = timing.draw(rng, index, kind)
        n = len(index)
        parts.append(
            Interactions(
                session=row[index],
                account=v.account[index],
                kind=np.full(n, kind),
                at=at,
                count=np.broadcast_to(count, n).astype(np.int64),
                text=text if text is not None else np.full(n, -1),
                scheme=np.zeros(n, dtype=np.int64),
            )
        )

    chattiness = day.accounts.chattiness[v.account]
    talk = np.repeat(np.arange(len(v)), rng.poisson(np.minimum(0.011 * minutes * chattiness, 60)))
    slogan_club = day.operators.lookalike["fan_club_slogans"][operator[talk]]
    copied = rng.random(len(talk)) < np.where(slogan_club, 0.55, 0.12)
    slogan = operator[talk] * 100 + (rng.random(len(talk)) ** 2 * 12).astype(np.int64)
    text = np.where(copied, slogan, 10_000_000_000 + rng.integers(0, 1 << 50, len(talk)))
    # Greetings and catchwords occur in all rooms; their frequencies follow Zipf's law.
    phrase = np.exp(rng.random(len(talk)) * np.log(COMMON_PHRASES)).astype(np.int64)
    text = np.where(rng.random(len(talk)) < COMMON_PHRASE_SHARE, 5_000_000_000 + phrase, text)
    emit(talk, COMMENT, text=text)
    like = np.flatnonzero(rng.random(len(v)) < np.minimum(0.006 + 0.0005 * minutes, 0.3))
    emit(like, LIKE, count=np.minimum(1 + rng.pareto(1.4, len(like)) * 1.5, 300).astype(np.int64))
    new_fan = np.flatnonzero((rng.random(len(v)) < np.minimum(0.022 * mood, 0.5)) & (v.source != 1))
    emit(new_fan, FOLLOW)
    lost = new_fan[rng.random(len(new_fan)) < 0.05]
    unfollows = Interactions(
        session=row[lost],
        account=v.account[lost],
        kind=np.full(len(lost), UNFOLLOW),
        at=v.left[lost] + rng.exponential(3 * DAY, len(lost)),
        count=np.ones(len(lost), dtype=np.int64),
        text=np.full(len(lost), -1),
        scheme=np.zeros(len(lost), dtype=np.int64),
    )
    emit(np.flatnonzero(rng.random(len(v)) < 0.006), SHARE)
    emit(np.flatnonzero(rng.random(len(v)) < np.minimum(0.10 + 0.004 * minutes, 0.5)), CLICK)
    return Interactions.concat([*parts, unfollows])
