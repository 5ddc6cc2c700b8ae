"""Schemes that inflate follows, likes and comments."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from simulation.behaviour.audience import Visits, views_of_visits
from simulation.behaviour.interactions import COMMENT, FOLLOW, LIKE, UNFOLLOW
from simulation.identifiers import DAY, MINUTE
from simulation.records import Interactions, Views
from simulation.schemes.registry import SCHEME_NUMBER, Job, SchemeContext

# Numbers of trades: they give each scheme accounts of its own.
FOLLOW_TRADE, LIKE_TRADE, COMMENT_TRADE = 7, 8, 9


def _present(
    rng: np.random.Generator, context: SchemeContext, job: Job, account: np.ndarray, scheme: str
) -> Views:
    """Views of the session by accounts that are to act in it."""
    s, row, n = context.day.sessions, job.session, len(account)
    joined = rng.uniform(s.start[row], s.start[row] + 0.7 * (s.end[row] - s.start[row]), n)
    left = np.minimum(joined + rng.lognormal(np.log(6 * MINUTE), 0.5, n), s.end[row])
    source = rng.choice([0, 3], size=n)
    visits = Visits(np.full(n, row), account, joined, left, source, SCHEME_NUMBER[scheme])
    return views_of_visits(rng, context.day.accounts, visits)


def _single(views: Views, at: np.ndarray, kind: int) -> Interactions:
    """One interaction of a kind per view."""
    n = len(at)
    return Interactions(
        session=views.session,
        account=views.account,
        kind=np.full(n, kind),
        at=at,
        count=np.ones(n, dtype=np.int64),
        text=np.full(n, -1),
        scheme=views.scheme,
    )


def follow_ring(
    rng: np.random.Generator, context: SchemeContext, job: Job
) -> tuple[Views, Interactions]:
    """A ring follows together and unfollows within days; others of the farm follow each day."""
    s, row = context.day.sessions, job.session
    operator = int(s.operator[row])
    size = max(5, job.size // 6)
    account = np.unique(
        context.hired_accounts(operator, FOLLOW_TRADE, size)
        if job.evasion == 2
        else context.farm_accounts(operator, FOLLOW_TRADE, size, shift=context.number * size)
    )
    n = len(account)
    views = _present(rng, context, job, account, "follow_ring")
    at = views.joined + rng.random(n) * (views.left - views.joined)
    follow = _single(views, at, FOLLOW)
    leaves = rng.random(n) < (0.8, 0.5, 0.2)[job.evasion]
    later = np.floor(s.end[row] + rng.uniform(0.5, 4, n) * DAY)
    unfollow = _single(views, later, UNFOLLOW).select(leaves)
    return views, Interactions.concat([follow, unfollow])


def scripted_likes(
    rng: np.random.Generator, context: SchemeContext, job: Job
) -> tuple[Views, Interactions]:
    """A few accounts that like at a constant pace, far more than people do."""
    s, row, evasion = context.day.sessions, job.session, job.evasion
    operator = int(s.operator[row])
    size = max(2, job.size // (60, 40, 12)[evasion])
    shift = context.daily_shift(evasion)
    account = np.unique(context.farm_accounts(operator, LIKE_TRADE, size, shift))
    views = _present(rng, context, job, account, "scripted_likes")
    gap = (20.0, 45.0, 120.0)[evasion]
    each = np.maximum(4, ((s.end[row] - views.joined) / gap).astype(int)).clip(4, 400)
    liker = np.repeat(np.arange(len(account)), each)
    beat = np.arange(len(liker)) - np.repeat(np.cumsum(each) - each, each)
    pace = np.repeat((s.end[row] - views.joined - 1) / each, each)
    jitter = rng.normal(0, (0.2, 2.0, 15.0)[evasion], len(liker)).clip(-30, 30)
    at = np.clip(views.joined[liker] + beat * pace + jitter, s.start[row], s.end[row])
    views = dataclasses.replace(views, left=np.maximum(views.left, s.end[row] - 1))
    count = rng.integers(1, (8, 4, 2)[evasion], len(liker))
    likes = _single(views.select(liker), at, LIKE)
    return views, dataclasses.replace(likes, count=count)


def scripted_comments(
    rng: np.random.Generator, context: SchemeContext, job: Job
) -> tuple[Views, Interactions]:
    """Texts of one script, repeated across accounts and rooms; evasion 2 rewords half of them."""
    s, row, evasion = context.day.sessions, job.session, job.evasion
    operator = int(s.operator[row])
    size, shift = max(4, job.size // 8), context.daily_shift(evasion)
    account = np.unique(context.farm_accounts(operator, COMMENT_TRADE, size, shift))
    views = _present(rng, context, job, account, "scripted_comments")
    each = rng.integers(3, 15, len(account))
    author = np.repeat(np.arange(len(account)), each)
    n = len(author)
    at = np.minimum(views.joined[author] + rng.random(n) * 30 * MINUTE, s.end[row])
    script = 900_000_000 + operator % 6 * 1000
    text = script + rng.integers(0, (8, 40, 300)[evasion], n)
    reworded = (evasion == 2) & (rng.random(n) < 0.5)
    text = np.where(reworded, 10_000_000_000 + rng.integers(0, 1 << 50, n), text)
    comments = _single(views.select(author), at, COMMENT)
    return views, dataclasses.replace(comments, text=text)


Generator = Callable[[np.random.Generator, SchemeContext, Job], tuple[Views, Interactions]]
GENERATORS: dict[str, Generator] = {
    "follow_ring": follow_ring,
    "scripted_likes": scripted_likes,
    "scripted_comments": scripted_comments,
}
