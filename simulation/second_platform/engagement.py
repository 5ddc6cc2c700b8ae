"""Interactions in a room: likes, comments, follows, shares, clicks, and later unfollows."""

from __future__ import annotations

import numpy as np

from simulation.behaviour.interactions import CLICK, COMMENT, FOLLOW, LIKE, SHARE, UNFOLLOW
from simulation.identifiers import DAY
from simulation.records import Interactions, Views
from simulation.second_platform import platform_day
from simulation.second_platform.platform_day import PlatformDay

COMMON_TEXTS = 3_000  # short texts that occur in all rooms


def make_interactions(
    session: np.ndarray,
    account: np.ndarray,
    kind: int,
    at: np.ndarray,
    count: int | np.ndarray = 1,
    text: int | np.ndarray = -1,
    scheme: int = 0,
) -> Interactions:
    """A batch of interactions of one kind; scalars are spread over all rows."""
    n = len(session)
    kinds, counts, texts, schemes = (
        np.broadcast_to(np.asarray(x), n).astype(np.int64) for x in (kind, count, text, scheme)
    )
    return Interactions(session, account, kinds, at, counts, texts, schemes)


def draw_honest_interactions(rng: np.random.Generator, day: PlatformDay, v: Views) -> Interactions:
    """Interactions of honest views; at a lottery, viewers comment its word within two minutes."""
    sessions = day.sessions
    length = v.left - v.joined
    stays = length > 20

    def inside(index: np.ndarray) -> np.ndarray:
        return v.joined[index] + rng.random(len(index)) * length[index]

    def emit(
        index: np.ndarray,
        kind: int,
        at: np.ndarray,
        count: int | np.ndarray = 1,
        text: int | np.ndarray = -1,
    ) -> None:
        parts.append(make_interactions(v.session[index], v.account[index], kind, at, count, text))

    parts: list[Interactions] = []
    taps = np.flatnonzero(stays & (rng.random(len(v)) < 0.12))
    bursts = np.repeat(taps, rng.geometric(0.25, len(taps)))
    emit(bursts, LIKE, inside(bursts), rng.geometric(0.12, len(bursts)))
    rate = np.where(stays, 0.0008 * length * day.people.talk[v.account], 0).clip(0, 40)
    talk = np.repeat(np.arange(len(v)), rng.poisson(rate))
    n = len(talk)
    common = np.exp(rng.random(n) * np.log(COMMON_TEXTS)).astype(np.int64)
    topical = 4_000_000 + v.session[talk] * 50 + rng.integers(0, 50, n)
    unique = 20_000_000_000 + rng.integers(0, 1 << 50, n)
    text = np.choose(rng.choice(3, n, p=[0.3, 0.1, 0.6]), [common, topical, unique])
    emit(talk, COMMENT, inside(talk), 1, text)
    lottery = sessions.lottery[v.session]
    enters = np.flatnonzero(
        (v.joined < lottery) & (v.left > lottery - 60) & (rng.random(len(v)) < 0.6)
    )
    before = lottery[enters] - rng.exponential(50.0, len(enters))
    at = np.clip(before, v.joined[enters], v.left[enters])
    emit(enters, COMMENT, at, 1, 3_000_000 + sessions.shop[v.session[enters]] % 40)
    fans = np.flatnonzero(stays & (v.source != platform_day.FOLLOW) & (rng.random(len(v)) < 0.03))
    emit(fans, FOLLOW, inside(fans))
    fickle = fans[rng.random(len(fans)) < 0.12]
    emit(fickle, UNFOLLOW, v.left[fickle] + rng.exponential(6.0, len(fickle)) * DAY)
    for kind, share in ((SHARE, 0.008), (CLICK, 0.25)):
        some = np.flatnonzero(stays & (rng.random(len(v)) < share))
        emit(some, kind, inside(some))
    return Interactions.concat(parts)
