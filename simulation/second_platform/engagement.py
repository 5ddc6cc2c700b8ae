"""What people do in a room: like, comment, follow, share, click, and unfollow later."""

from __future__ import annotations

import numpy as np

from simulation.identifiers import DAY
from simulation.records import Acts
from simulation.second_platform.browsing import FOLLOW, Shows, Stays
from simulation.second_platform.people import People

LIKE, COMMENT, FOLLOWS, UNFOLLOW, SHARES, CLICK = range(6)
WORDS = 3_000  # short texts that everybody writes


def acts(show, who, kind, at, count=1, text=-1, scheme=0) -> Acts:
    """A batch of actions of one kind; scalars are spread over all rows."""
    n = len(show)
    spread = [
        np.broadcast_to(np.asarray(x), n).astype(np.int64) for x in (kind, count, text, scheme)
    ]
    return Acts(show, who, spread[0], at, spread[1], spread[2], spread[3])


def honest_acts(rng: np.random.Generator, p: People, shows: Shows, v: Stays) -> Acts:
    """Actions of honest views. A lottery makes everybody write its word within a minute or two."""
    length = v.left - v.joined
    stays = length > 20

    def inside(index: np.ndarray) -> np.ndarray:
        return v.joined[index] + rng.random(len(index)) * length[index]

    parts = []
    taps = np.flatnonzero(stays & (rng.random(len(v)) < 0.12))
    bursts = np.repeat(taps, rng.geometric(0.25, len(taps)))
    parts.append(
        acts(
            v.show[bursts],
            v.account[bursts],
            LIKE,
            inside(bursts),
            rng.geometric(0.12, len(bursts)),
        )
    )
    talk = np.repeat(
        np.arange(len(v)),
        rng.poisson(np.where(stays, 0.0008 * length * p.talk[v.account], 0).clip(0, 40)),
    )
    common = np.exp(rng.random(len(talk)) * np.log(WORDS)).astype(np.int64)
    room = 4_000_000 + v.show[talk] * 50 + rng.integers(0, 50, len(talk))  # what is spoken of today
    own = 20_000_000_000 + rng.integers(0, 1 << 50, len(talk))
    text = np.choose(rng.choice(3, len(talk), p=[0.3, 0.1, 0.6]), [common, room, own])
    parts.append(acts(v.show[talk], v.account[talk], COMMENT, inside(talk), 1, text))
    draw = shows.draw[v.show]
    enters = np.flatnonzero((v.joined < draw) & (v.left > draw - 60) & (rng.random(len(v)) < 0.6))
    at = np.clip(
        draw[enters] - rng.exponential(50.0, len(enters)), v.joined[enters], v.left[enters]
    )
    parts.append(
        acts(
            v.show[enters],
            v.account[enters],
            COMMENT,
            at,
            1,
            3_000_000 + shows.shop[v.show[enters]] % 40,
        )
    )
    fond = np.flatnonzero(stays & (v.source != FOLLOW) & (rng.random(len(v)) < 0.03))
    parts.append(acts(v.show[fond], v.account[fond], FOLLOWS, inside(fond)))
    fickle = fond[rng.random(len(fond)) < 0.12]
    parts.append(
        acts(
            v.show[fickle],
            v.account[fickle],
            UNFOLLOW,
            v.left[fickle] + rng.exponential(6.0, len(fickle)) * DAY,
        )
    )
    for kind, share in ((SHARES, 0.008), (CLICK, 0.25)):
        some = np.flatnonzero(stays & (rng.random(len(v)) < share))
        parts.append(acts(v.show[some], v.account[some], kind, inside(some)))
    return Acts.stacked(parts)
