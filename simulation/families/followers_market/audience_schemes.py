"""False views, follows, likes and comments of cheating hosts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulation.families.followers_market.market import (
    COMMENT,
    DIRECT,
    FEED,
    FOLLOW,
    LIKE,
    NEW_FOLLOW,
    SHARE,
    UNFOLLOW,
    Market,
    Visits,
)
from simulation.families.followers_market.parameters import CODE, DAY

MAX_FALSE_PER_SESSION = 1_500


@dataclass(frozen=True)
class Job:
    """What one session is given by one scheme; `honest` counts the stays that it had."""

    session: int
    host: int
    scheme: str
    honest: int
    amount: int
    evasion: float


def inflate(market: Market, visits: list[Visits]) -> None:
    """Carry out every view and engagement scheme of every cheating host."""
    r, p, s = market.r, market.p, market.sessions
    for host, schemes in enumerate(market.hosts.schemes):
        rows = np.flatnonzero((s.host == host) & ~s.test & (s.start >= market.hosts.first_at[host]))
        for scheme in schemes:
            if scheme not in MAKERS:
                continue
            level = p.intensity[scheme] * np.exp(r.normal(0, 0.4))
            evasion = float(np.clip(p.evasion[scheme] + r.normal(0, 0.2), 0, 1))
            for session in rows[r.random(len(rows)) < market.hosts.cheating_share[host]]:
                honest = len(visits[session].account)
                wanted = honest * level * np.exp(r.normal(0, 0.35))
                amount = int(np.clip(wanted, 3, MAX_FALSE_PER_SESSION))
                job = Job(int(session), host, scheme, honest, amount, evasion)
                MAKERS[scheme](market, job)


def _span(market: Market, job: Job) -> tuple[float, float]:
    return float(market.sessions.start[job.session]), float(market.sessions.end[job.session])


def _mark(market: Market, accounts: np.ndarray, kind: str) -> None:
    for account in np.unique(accounts):
        market.resource_kind.setdefault(int(account), kind)


def _crowd(market: Market, job: Job) -> None:
    """Paid people on their own phones come in waves, stay as the task says, and say a line."""
    r = market.r
    start, end = _span(market, job)
    vendor = int(market.hosts.vendor[job.host])
    pool = np.flatnonzero((np.arange(market.people.real) * 15_485_863 + vendor * 29) % 113 < 6)
    n = job.amount
    account = r.choice(pool, n)
    waves = r.uniform(start, end - 0.2 * (end - start), 1 + int(8 * job.evasion))
    join = r.choice(waves, n) + r.gamma(1.0, 60 + 900 * job.evasion, n)
    task = r.choice([180, 300, 600, 900])
    leave = join + task * np.exp(r.normal(0.1, 0.08 + 0.5 * job.evasion, n))
    keep = join < end
    stays = Visits(
        account[keep],
        join[keep],
        np.minimum(leave, end)[keep],
        r.choice([SHARE, DIRECT], keep.sum()),
    )
    market.watch(job.session, stays, scheme=CODE["crowd"])
    _mark(market, stays.account, "crowd")
    talks = r.random(len(stays.account)) < 0.2
    lines = (
        500
        + market.hosts.vendor[job.host] * 20
        + r.integers(0, 3 + int(12 * job.evasion), talks.sum())
    )
    at = (stays.join + 20)[talks]
    market.acts.add(
        int(talks.sum()), session=job.session, account=stays.account[talks], kind=COMMENT, at=at,
        text=lines, scheme=CODE["crowd"],
    )  # fmt: skip


def _hijacked(market: Market, job: Job) -> None:
    """An app on real phones opens the stream behind its owner's back: own device, own network."""
    r, people = market.r, market.people
    start, end = _span(market, job)
    infected = np.flatnonzero(np.arange(people.real) * 7919 % 100 < 12)
    n = min(job.amount, len(infected))
    account = r.choice(infected, n, replace=False)
    join = start + r.beta(1.0, 1.0 + job.evasion, n) * (end - start)
    ordinary = np.exp(r.normal(np.log(240), 1.1, n))
    short = np.exp(r.normal(np.log(25), 0.35, n))
    leave = np.minimum(join + np.where(r.random(n) < job.evasion, ordinary, short), end)
    source = np.where(r.random(n) < 0.3 + 0.5 * job.evasion, r.choice([FEED, FOLLOW], n), DIRECT)
    market.watch(job.session, Visits(account, join, leave, source), scheme=CODE["hijacked"])
    _mark(market, account, "hijacked")


def _idle_bot(market: Market, job: Job) -> None:
    """Cloud phones stay for the whole stream and come again each quarter of an hour or so."""
    r = market.r
    start, end = _span(market, job)
    every = r.uniform(500, 2400)
    turns = max(1, min(int((end - start) / every), 12))
    bots = max(2, job.amount // turns)
    rented = market.people.vendor_bots(int(market.hosts.vendor[job.host]))
    account = np.repeat(r.choice(rented, min(bots, len(rented)), replace=False), turns)
    n = len(account)
    first = np.repeat(r.uniform(0, 60 + 1800 * job.evasion, n // turns), turns)
    jitter = every * (0.01 + 0.25 * job.evasion)
    step = np.tile(np.arange(turns), n // turns)
    join = start + first + step * every + np.abs(r.normal(0, jitter, n))
    leave = join + every - r.exponential(4 + 60 * job.evasion, n)
    keep = (join < end - 1) & (leave > join)
    stays = Visits(
        account[keep], join[keep], np.minimum(leave, end)[keep], np.full(keep.sum(), SHARE)
    )
    market.watch(
        job.session,
        stays,
        scheme=CODE["idle_bot"],
        **market.bot_networks(job.host, len(stays.account), job.evasion),
    )
    _mark(market, stays.account, "bot")


def _pool(market: Market, job: Job) -> None:
    """A pool of accounts takes turns, rests half a day, and hides in bought or raid traffic."""
    r = market.r
    start, end = _span(market, job)
    rented = market.people.vendor_bots(int(market.hosts.vendor[job.host]))
    shift = rented[int(start // (DAY / 2)) % 2 :: 2]
    n = min(job.amount, 3 * len(shift))
    account = r.choice(shift, n)
    # the ramp follows what the room has anyway
    join = start + np.sort(r.beta(1.0, 1.5, n)) * (end - start)
    device = r.permutation(market.people.device[shift])[r.integers(0, len(shift), n)]
    leave = np.minimum(join + r.gamma(2.0, 120 + 400 * job.evasion, n), end)
    stays = Visits(account, join, leave, r.choice([SHARE, FOLLOW, FEED], n, p=[0.6, 0.2, 0.2]))
    networks = market.bot_networks(job.host, n, job.evasion)
    market.watch(job.session, stays, scheme=CODE["pool"], device=device, **networks)
    _mark(market, account, "bot")


def _bought_followers(market: Market, job: Job) -> None:
    """Followers by the hundred, delivered in a session at a pace; a purge takes some away."""
    r = market.r
    start, end = _span(market, job)
    rented = market.people.vendor_bots(int(market.hosts.vendor[job.host]))
    n = min(max(4, job.amount // 3), len(rented))
    account = r.choice(rented, n, replace=False)
    pace = (end - start) * (0.15 + 0.8 * job.evasion)
    at = start + r.uniform(0, 0.15) * (end - start) + np.sort(r.uniform(0, pace, n))
    _follows(market, job, account, np.minimum(at, end), r.uniform(0.0, 0.4))


def _follow_ring(market: Market, job: Job) -> None:
    """Small accounts follow each other's hosts in turn and unfollow within days."""
    r = market.r
    start, end = _span(market, job)
    ring = (np.arange(240) * 53 + 17 * market.hosts.vendor[job.host]) % market.people.real
    n = min(max(4, job.amount // 3), len(ring))
    account = r.choice(ring, n, replace=False)
    _mark(market, account, "crowd")
    at = start + np.sort(r.beta(1, 1 + 2 * (1 - job.evasion), n)) * (end - start)
    join, leave = at - r.gamma(2.0, 12, n), at + r.gamma(1.5, 30, n)
    join = np.maximum(join, start)
    stays = Visits(account, join, np.minimum(np.maximum(leave, join), end), np.full(n, DIRECT))
    market.watch(job.session, stays, scheme=CODE["follow_ring"])
    _follows(market, job, account, at, 0.85)


def _follows(market: Market, job: Job, account: np.ndarray, at: np.ndarray, leaving: float) -> None:
    r, code = market.r, CODE[job.scheme]
    n = len(account)
    market.acts.add(n, session=job.session, account=account, kind=NEW_FOLLOW, at=at, scheme=code)
    gone = r.random(n) < leaving
    later = at[gone] + r.gamma(3.0, 1.2, int(gone.sum())) * DAY
    market.acts.add(int(gone.sum()), account=account[gone], kind=UNFOLLOW, at=later, scheme=code)
    _mark(market, account, "bot")


def _like_script(market: Market, job: Job) -> None:
    """A few phones of staff or of a vendor like at a constant pace; a careful script pauses."""
    r = market.r
    start, end = _span(market, job)
    rented = market.people.vendor_bots(int(market.hosts.vendor[job.host]))
    staff = market.communities[job.host].staff
    account = staff if r.random() < 0.4 else r.choice(rented, 3 + r.poisson(6))
    _mark(market, account, "employee" if account is staff else "bot")
    gap = r.uniform(4, 30)
    opens = r.uniform(start, start + 0.7 * (end - start), len(account))
    for one, at in zip(account, opens, strict=True):
        rows = int(min((end - at) / gap, 150, 2 + job.amount))
        noise = r.normal(0, gap * 0.4 * job.evasion, rows)
        when = at + gap * np.arange(rows) + np.abs(noise)
        keep = (r.random(rows) > 0.5 * job.evasion) & (when < end)
        count = np.clip(r.normal(20 + job.amount / 8, 2 + 15 * job.evasion, rows), 1, 500)
        market.acts.add(
            int(keep.sum()), session=job.session, account=one, kind=LIKE, at=when[keep],
            count=count[keep].astype(int), scheme=CODE["like_script"],
        )  # fmt: skip


def _comment_script(market: Market, job: Job) -> None:
    """Rented accounts write lines from a list; a careful list is long and mixes common phrases."""
    r = market.r
    start, end = _span(market, job)
    rented = market.people.vendor_bots(int(market.hosts.vendor[job.host]))
    n = max(4, job.amount // 2)
    account = r.choice(rented[: 20 + int(200 * job.evasion)], n)
    size = 6 + int(80 * job.evasion)
    text = 600_000 + 1_000 * int(market.hosts.vendor[job.host]) + r.integers(0, size, n)
    text = np.where(r.random(n) < 0.5 * job.evasion, r.integers(0, 400, n), text)
    at = np.sort(r.uniform(start, end, n))
    market.acts.add(
        n, session=job.session, account=account, kind=COMMENT, at=at, text=text,
        scheme=CODE["comment_script"],
    )  # fmt: skip
    _mark(market, account, "bot")


MAKERS: dict[str, Callable[[Market, Job], None]] = {
    "crowd": _crowd,
    "hijacked": _hijacked,
    "idle_bot": _idle_bot,
    "pool": _pool,
    "bought_followers": _bought_followers,
    "follow_ring": _follow_ring,
    "like_script": _like_script,
    "comment_script": _comment_script,
}
