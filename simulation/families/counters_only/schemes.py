"""Schemes that show in counters; each writes false joins, stays and acts into the minutes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulation.families.counters_only.forger import Forger, Job

VIEWS, ENGAGEMENT, ORDERS = "views", "engagement", "orders"


def step_plateau(f: Forger, job: Job) -> None:
    """Idle bots join within minutes and stay to the end or to a paid hour."""
    n, last = f.audience(job), f.length(job)
    at = f.rng.integers(0, max(last // 2, 1)) + f.rng.gamma(2, 0.5 + 6 * job.care, n)
    paid = f.rng.choice([60, 120, last])
    f.keep(job, at, paid + f.rng.normal(0, 1 + 25 * job.care, n), phones=0.5 * (1 - job.care))


def slow_ramp(f: Forger, job: Job) -> None:
    """Bots trickle in over the whole session and hardly leave."""
    n, last = f.audience(job), f.length(job)
    f.keep(job, last * f.rng.beta(1.0, 1.3, n), f.rng.exponential(0.7 * last, n) + 10, phones=0.1)


def rotating_pool(f: Forger, job: Job) -> None:
    """A fixed pool stays a fixed time, cools down and comes back."""
    pool, last = max(f.audience(job), 3), f.length(job)
    stay, rest = f.rng.integers(5, 25), f.rng.integers(5, 40)
    offset = f.rng.integers(0, stay + rest, pool)
    rounds = np.arange(last // (stay + rest) + 1)
    at = (offset[:, None] + rounds * (stay + rest)).ravel()
    at = at + f.rng.normal(0, 0.3 + 4 * job.care, len(at))
    at = at[(at >= 0) & (at < last)]
    f.admit(job, at, np.full(len(at), stay) + f.rng.normal(0, 3 * job.care, len(at)), phones=0.3)


def flash_views(f: Forger, job: Job) -> None:
    """Opens of a second: joins rise and viewers do not."""
    n, last = f.views(job), f.length(job)
    hours = f.rng.uniform(0, last, 1 + last // 40)
    block = f.rng.choice(hours, n) + f.rng.gamma(2, 2, n)
    at = np.where(f.rng.random(n) < job.care, f.like_natural(job, n), block)
    f.admit(job, at, np.zeros(n), phones=0.2 * (1 - job.care))


def paid_hours(f: Forger, job: Job) -> None:
    """Blocks are sold for half an hour: they enter in a minute and leave together."""
    last = f.length(job)
    for start in f.rng.integers(0, max(last - 5, 1), max(last // 90, 1)):
        n = max(int(f.audience(job) * f.rng.uniform(0.4, 1.2)), 2)
        stay = f.rng.choice([10, 30, 60]) + f.rng.normal(0, 0.4 + 6 * job.care, n)
        f.keep(job, start + f.rng.exponential(0.5 + 3 * job.care, n), stay, phones=0.3)


def viewer_floor(f: Forger, job: Job) -> None:
    """A service keeps the counter above a figure: bots fill the gap to it."""
    span = f.sessions.span(job.session)
    viewers = f.honest.viewers[span]
    target = viewers.mean() * (1 + job.amount) + 3
    gap = np.maximum(target * (1 + 0.15 * job.care * f.rng.normal(0, 1, len(viewers))) - viewers, 0)
    lag = f.rng.integers(1, 4)
    wanted = np.round(np.convolve(gap, np.ones(lag) / lag)[: len(gap)]).astype(int)
    change = np.diff(wanted, prepend=0)
    f.false.joins[span] += np.maximum(change, 0)
    f.false.leaves[span] += np.maximum(-change, 0)


def hired_crowd(f: Forger, job: Job) -> None:
    """People are paid a task: they come like anybody, stay the task's minutes, chat and like."""
    n, task = f.views(job), int(f.rng.choice([3, 5, 10]))
    at = f.like_natural(job, n) + f.rng.exponential(2, n)
    f.admit(job, at, task + f.rng.exponential(2 + 4 * job.care, n))
    by_minute = np.bincount(np.clip(at.astype(int), 0, f.length(job) - 1), minlength=f.length(job))
    f.do(job, "likes", f.rng.poisson(by_minute * 4.0))
    f.do(job, "likers", f.rng.binomial(by_minute, 0.8))
    said = f.rng.binomial(by_minute, 0.5)
    f.do(job, "comments", said)
    f.do(job, "commenters", said)
    f.do(job, "follows", f.rng.binomial(by_minute, 0.3))


def padded_counter(f: Forger, job: Job) -> None:
    """Calls of the interface multiply each real join, and each leave after it."""
    span = f.sessions.span(job.session)
    joins = f.rng.poisson(f.honest.joins[span] * job.amount)
    n = int(joins.sum())
    at = np.repeat(np.arange(len(joins)), joins)
    f.admit(job, at, f.rng.exponential(f.world.stay_minutes, n))


def scripted_likes(f: Forger, job: Job) -> None:
    """A script taps likes at a constant rate, with few accounts."""
    last, honest = f.length(job), f.honest_acts["likes"][f.sessions.span(job.session)]
    start = int(f.rng.integers(0, max(last // 2, 1)))
    stop = start + int(f.rng.choice([20, 60, last]))
    rate = max(honest.mean(), 2.0) * job.amount * last / max(min(stop, last) - start, 1)
    likes = f.steady(job, rate, slice(start, stop))
    f.do(job, "likes", likes)
    f.do(job, "likers", np.minimum(np.ceil(likes / 50), 3 + 20 * job.care))


def follow_bursts(f: Forger, job: Job) -> None:
    """Follows arrive in lots that have nothing to do with joins."""
    last, span = f.length(job), f.sessions.span(job.session)
    honest = np.maximum(f.honest_acts["follows"][span], 0).sum()
    n = int(np.clip(3 * job.amount * max(honest, 6), 4, 20_000))
    starts = f.rng.integers(0, last, max(1, int(1 + 5 * job.care)))
    at = f.rng.choice(starts, n) + f.rng.gamma(2, 0.5 + 8 * job.care, n)
    f.do(job, "follows", np.bincount(np.clip(at.astype(int), 0, last - 1), minlength=last))


def scripted_comments(f: Forger, job: Job) -> None:
    """Comments from a list, at a constant rate, to look busy."""
    last, honest = f.length(job), f.honest_acts["comments"][f.sessions.span(job.session)]
    comments = f.steady(job, max(honest.mean(), 0.5) * job.amount * 2, slice(0, last))
    f.do(job, "comments", comments)
    f.do(job, "commenters", np.ceil(comments / f.rng.uniform(1, 3)))


def slot_orders(f: Forger, job: Job) -> None:
    """Orders are placed in the slot that a merchant paid for, whatever viewers do."""
    last, span = f.length(job), f.sessions.span(job.session)
    honest = f.honest_acts["orders"][span].sum()
    start = int(f.rng.integers(0, max(last - 15, 1)))
    slot = slice(start, start + int(f.rng.integers(10, 30)))
    size = max(min(slot.stop, last) - start, 1)
    orders = f.steady(job, job.amount * max(honest, 5) / size, slot)
    f.do(job, "orders", orders)
    f.do(job, "buyers", np.ceil(orders * f.rng.uniform(0.4, 1.0)))
    f.do(job, "gmv", np.round(orders * 60 * np.exp(f.rng.normal(0, 0.4)), 2))


def hostile_flood(f: Forger, job: Job) -> None:
    """A rival sends crude bots into a room, so that it is punished or chokes."""
    rude = Job(job.session, max(job.amount, 0.5), 0.3 * job.care)
    (step_plateau, flash_views, paid_hours)[int(f.rng.integers(0, 3))](f, rude)


Scheme = Callable[[Forger, Job], None]
SCHEMES: dict[str, tuple[Scheme, str, float]] = {
    "step_plateau": (step_plateau, VIEWS, 1.4),
    "slow_ramp": (slow_ramp, VIEWS, 1.2),
    "rotating_pool": (rotating_pool, VIEWS, 1.2),
    "flash_views": (flash_views, VIEWS, 1.2),
    "paid_hours": (paid_hours, VIEWS, 1.0),
    "viewer_floor": (viewer_floor, VIEWS, 1.0),
    "hired_crowd": (hired_crowd, VIEWS, 1.0),
    "padded_counter": (padded_counter, VIEWS, 0.7),
    "scripted_likes": (scripted_likes, ENGAGEMENT, 1.2),
    "follow_bursts": (follow_bursts, ENGAGEMENT, 1.0),
    "scripted_comments": (scripted_comments, ENGAGEMENT, 0.5),
    "slot_orders": (slot_orders, ORDERS, 0.7),
}
