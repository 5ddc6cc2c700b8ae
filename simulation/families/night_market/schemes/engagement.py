"""Schemes that falsify likes, comments and follows."""

from __future__ import annotations

import numpy as np

from simulation.families.night_market.schemes.job import Job, Market
from simulation.families.night_market.vocabulary import (
    COMMENT,
    DAY,
    DIRECT,
    FEED,
    FOLLOW,
    LIKE,
    LOST_FAN,
    NEW_FAN,
    SEARCH,
    SHARE,
)

CLAQUE_TEXTS = 90_000


def clap_machines(market: Market, job: Job) -> None:
    """A few accounts clap on and on; careful ones clap at the host's calls."""
    hands = market.bots("hands", 10, 150, job.evasion)
    town, rng, s = market.town, market.town.rng, market.town.sessions
    for one in job.sessions:
        who = rng.choice(hands, min(len(hands), int(rng.integers(2, 20))), replace=False)
        joined = market.arrivals(job, one, len(who))
        stay = s.length[one] * rng.uniform(0.2, 0.9, len(who))
        joined, left = town.add_views(one, who, joined, stay, FOLLOW, scheme=job.code)
        claps = np.minimum((left - joined) / rng.uniform(30, 240), 60).astype(int) + 1
        i = np.repeat(np.arange(len(who)), claps)
        even = (np.arange(len(i)) - np.repeat(np.cumsum(claps) - claps, claps)) / claps[i]
        at = joined[i] + (even + job.evasion * rng.random(len(i)) / claps[i]) * (left - joined)[i]
        calls = s.calls_at[s.calls_session == one]
        if len(calls):
            called = rng.choice(calls, len(i)) + rng.exponential(6, len(i))
            near = (called > joined[i]) & (called < left[i]) & (rng.random(len(i)) < job.evasion)
            at = np.where(near, called, at)
        total = max(job.intensity * market.likes[one] * rng.lognormal(0, 0.4), 30.0)
        count = 1 + np.minimum(rng.poisson(total / len(i), len(i)), 90_000)
        _act(market, job, one, who[i], LIKE, np.minimum(at, left[i]), count=count)


def _act(
    market: Market,
    job: Job,
    session: int,
    who: np.ndarray,
    kind: int,
    at: np.ndarray,
    **more: np.ndarray,
) -> None:
    market.town.interactions.add(
        len(who), session=session, account=who, kind=kind, at=at, scheme=job.code, **more
    )


def hired_claque(market: Market, job: Job) -> None:
    """Paid people praise from a list and copy the bids of the evening."""
    claque = market.people("claque", "crowd", 40, 250)
    town, rng, s = market.town, market.town.rng, market.town.sessions
    lines = CLAQUE_TEXTS + 1_000 * int(rng.integers(0, 4))
    for one in job.sessions:
        n = min(len(claque), int(rng.integers(5, 60)))
        who = rng.choice(claque, n, replace=False)
        joined = market.arrivals(job, one, n)
        stay = s.length[one] * rng.beta(2, 2, n)
        joined, left = town.add_views(one, who, joined, stay, SHARE, scheme=job.code)
        i = np.repeat(np.arange(n), rng.poisson(1 + 5 * min(job.intensity, 2), n))
        at = joined[i] + rng.random(len(i)) * (left - joined)[i]
        text = lines + rng.integers(0, 10 + int(500 * job.evasion), len(i))
        _act(market, job, one, who[i], COMMENT, at, text=text)


def follow_packs(market: Market, job: Job) -> None:
    """Followers delivered in packs, most of whom leave within days."""
    pack = market.bots("packs", 200, 1_800, job.evasion)
    town, rng, s = market.town, market.town.rng, market.town.sessions
    for one in job.sessions[: int(rng.integers(1, 5))]:
        n = min(market.view_count(job, one, 20), len(pack))
        who = rng.choice(pack, n, replace=False)
        stay = rng.gamma(2, 3 + 30 * job.evasion, n)
        joined = market.arrivals(job, one, n)
        source = rng.choice([SEARCH, DIRECT], n)
        left = town.add_views(one, who, joined, stay, source, scheme=job.code)[1]
        _act(market, job, one, who, NEW_FAN, left)
        gone = who[rng.random(n) < rng.uniform(0.3, 0.9)]
        at = s.end[one] + rng.uniform(0.5, 9, len(gone)) * DAY
        _act(market, job, -1, gone, LOST_FAN, at)


def guild_visits(market: Market, job: Job) -> None:
    """Employees of befriended stalls visit each other, clap, follow and go."""
    town, rng, o = market.town, market.town.rng, market.town.operators
    friends = rng.choice(len(o.fame), min(25, len(o.fame)), replace=False)
    staff = np.unique(np.concatenate([o.staff[k] for k in friends]))
    for one in staff.tolist():
        town.account_kind.setdefault(one, "employee")
    for one in job.sessions:
        n = min(market.view_count(job, one, 5), len(staff))
        who = rng.choice(staff, n, replace=False)
        stay = rng.lognormal(5.0, 0.4 + 0.6 * job.evasion, n)
        joined = market.arrivals(job, one, n)
        source = rng.choice([FOLLOW, DIRECT, FEED], n)
        joined, left = town.add_views(one, who, joined, stay, source, scheme=job.code)
        count = rng.poisson(25, n) + 1
        _act(market, job, one, who, LIKE, (joined + left) / 2, count=count)
        new = rng.random(n) < 0.4
        _act(market, job, one, who[new], NEW_FAN, left[new])
