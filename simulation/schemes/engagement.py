"""Schemes that inflate follows, likes and comments."""

from __future__ import annotations

import numpy as np

from simulation.behaviour.audience import dressed
from simulation.identifiers import DAY, MINUTE
from simulation.records import Acts, Views
from simulation.schemes import NUMBER, Stage


def _present(
    rng: np.random.Generator, stage: Stage, row: int, account: np.ndarray, scheme: str
) -> Views:
    """The accounts' own views of the session, without which they could not act in it."""
    s = stage.sessions
    joined = rng.uniform(
        s.start[row], s.start[row] + 0.7 * (s.end[row] - s.start[row]), len(account)
    )
    left = np.minimum(joined + rng.lognormal(np.log(6 * MINUTE), 0.5, len(account)), s.end[row])
    source = rng.choice([0, 3], size=len(account))
    return dressed(
        rng,
        stage.accounts,
        np.full(len(account), row),
        account,
        joined,
        left,
        source,
        NUMBER[scheme],
    )


def _acts(
    row: int,
    account: np.ndarray,
    kind: int,
    at: np.ndarray,
    count: np.ndarray,
    text: np.ndarray,
    scheme: str,
) -> Acts:
    n = len(account)
    return Acts(
        np.full(n, row), account, np.full(n, kind), at, count, text, np.full(n, NUMBER[scheme])
    )


def follow_ring(
    rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int
) -> tuple[Views, Acts]:
    """A ring follows together and unfollows within days; each day others of the farm, for who follows cannot follow again."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    size = max(5, n // 6)
    account = np.unique(
        stage.hired(operator, 7, size)
        if evasion == 2
        else stage.bots(operator, 7, size, turn=stage.day * size)
    )
    views = _present(rng, stage, row, account, "follow_ring")
    at = views.joined + rng.random(len(account)) * (views.left - views.joined)
    one, none = np.ones(len(account), dtype=np.int64), np.full(len(account), -1)
    follow = _acts(row, account, 2, at, one, none, "follow_ring")
    leaves = rng.random(len(account)) < (0.8, 0.5, 0.2)[evasion]
    later = np.floor(s.end[row] + rng.uniform(0.5, 4, len(account)) * DAY)
    unfollow = _acts(row, account, 3, later, one, none, "follow_ring").where(leaves)
    return views, Acts.stacked([follow, unfollow])


def scripted_likes(
    rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int
) -> tuple[Views, Acts]:
    """A few accounts that like at a constant pace, far more than people do."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    account = np.unique(
        stage.bots(operator, 8, max(2, n // (60, 40, 12)[evasion]), stage.moved_on(evasion))
    )
    views = _present(rng, stage, row, account, "scripted_likes")
    each = np.maximum(
        4, ((s.end[row] - views.joined) / (20.0, 45.0, 120.0)[evasion]).astype(int)
    ).clip(4, 400)
    who = np.repeat(np.arange(len(account)), each)
    beat = np.arange(len(who)) - np.repeat(np.cumsum(each) - each, each)
    pace = np.repeat((s.end[row] - views.joined - 1) / each, each)
    at = (
        views.joined[who]
        + beat * pace
        + rng.normal(0, (0.2, 2.0, 15.0)[evasion], len(who)).clip(-30, 30)
    )
    at = np.clip(at, s.start[row], s.end[row])
    stretched = np.maximum(views.left, s.end[row] - 1)
    views = Views(**{**views.__dict__, "left": stretched})
    count = rng.integers(1, (8, 4, 2)[evasion], len(who))
    return views, _acts(row, account[who], 0, at, count, np.full(len(who), -1), "scripted_likes")


def scripted_comments(
    rng: np.random.Generator, stage: Stage, row: int, n: int, evasion: int
) -> tuple[Views, Acts]:
    """Texts from one script, repeated across accounts and rooms; the careful reword half of them."""
    s, operator = stage.sessions, int(stage.sessions.operator[row])
    account = np.unique(stage.bots(operator, 9, max(4, n // 8), stage.moved_on(evasion)))
    views = _present(rng, stage, row, account, "scripted_comments")
    each = rng.integers(3, 15, len(account))
    who = np.repeat(np.arange(len(account)), each)
    at = np.minimum(views.joined[who] + rng.random(len(who)) * 30 * MINUTE, s.end[row])
    script = 900_000_000 + operator % 6 * 1000
    text = script + rng.integers(0, (8, 40, 300)[evasion], len(who))
    reworded = (evasion == 2) & (rng.random(len(who)) < 0.5)
    text = np.where(reworded, 10_000_000_000 + rng.integers(0, 1 << 50, len(who)), text)
    return views, _acts(
        row, account[who], 1, at, np.ones(len(who), dtype=np.int64), text, "scripted_comments"
    )


MAKE = {f.__name__: f for f in (follow_ring, scripted_likes, scripted_comments)}
