"""A day of people who swipe: who was in which room, from when to when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulation.identifiers import DAY, HOUR, MINUTE
from simulation.records import Batch
from simulation.second_platform.people import CAMPUS, HOME, MOBILE, WORK, People, Shops

FEED, FOLLOW, SEARCH, SHARE, RAID, BOOST, ACTIVITY, DIRECT = range(8)
SLOT = 5 * MINUTE  # rooms on offer are looked up this often
LONGEST = 25  # rooms of one opening of the app


@dataclass(frozen=True)
class Shows:
    """Sessions of a day: arrays over sessions."""

    index: np.ndarray
    shop: np.ndarray
    start: np.ndarray
    end: np.ndarray
    pull: np.ndarray
    draw: np.ndarray  # moment of the lottery, NaN where there is none
    guest: np.ndarray  # moment at which a crowd comes of which no table tells, NaN where none does

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Stays(Batch):
    """Views: arrays over views. `show` is a place in the day's sessions; `scheme` is nought where honest."""

    show: np.ndarray
    account: np.ndarray
    device: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    source: np.ndarray
    version: np.ndarray
    prefix: np.ndarray
    asn: np.ndarray
    province: np.ndarray
    scheme: np.ndarray


def shows_of_day(rng: np.random.Generator, s: Shops, day: float, first: int) -> Shows:
    shop = np.flatnonzero((rng.random(len(s)) < s.days) & (s.registered < day))
    n = len(shop)
    start = day + (s.hour[shop] + rng.normal(0, 0.4, n)).clip(0.2, 23.0) * HOUR
    length = (s.hours[shop] * rng.lognormal(0, 0.25, n)).clip(0.4, 10) * HOUR
    end = np.minimum(start + length, day + DAY - 60)
    inside = start + rng.uniform(0.15, 0.85, n) * (end - start)
    draw = np.where(s.lottery[shop] & (rng.random(n) < 0.7), inside, np.nan)
    guest = np.where(
        s.guests[shop] & (rng.random(n) < 0.3),
        start + rng.uniform(0.1, 0.8, n) * (end - start),
        np.nan,
    )
    return Shows(
        first + np.arange(n),
        shop,
        np.floor(start),
        np.floor(end),
        s.pull[shop] * rng.lognormal(0, 0.35, n),
        draw,
        guest,
    )


def _openings(
    rng: np.random.Generator, p: People, day: float, busy: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who opens the app, when, and for how many rooms."""
    live = np.flatnonzero(p.bouts > 0)
    who = np.repeat(live, rng.poisson(p.bouts[live] * busy))
    peak = rng.choice([8.0, 12.5, 17.0, 20.5, 22.5], len(who), p=[0.1, 0.2, 0.15, 0.35, 0.2])
    at = day + (peak + rng.normal(0, 1.1, len(who))).clip(0, 23.7) * HOUR
    return who, at, np.minimum(LONGEST, rng.geometric(0.22, len(who)))


def _rooms(
    rng, p: People, s: Shops, shows: Shows, who, at, fans: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """A room for each swipe, -1 where none runs, and how the viewer came to it."""
    out, source = (
        np.full(len(who), -1),
        rng.choice([FEED, SEARCH, SHARE, DIRECT], len(who), p=[0.86, 0.05, 0.04, 0.05]),
    )
    slot = (at // SLOT).astype(np.int64)
    order = np.argsort(slot, kind="stable")
    edges = np.flatnonzero(np.diff(slot[order], prepend=-1))
    for first, last in zip(edges, [*edges[1:], len(order)], strict=True):
        some = order[first:last]
        now = slot[some[0]] * SLOT
        running = np.flatnonzero((shows.start <= now) & (shows.end > now + SLOT))
        if not len(running):
            continue
        pull = shows.pull[running] * np.where(
            (shows.draw[running] - now < 600) & (shows.draw[running] >= now), 2.5, 1.0
        )
        weight = 0.03 + p.taste[who[some]][:, s.category[shows.shop[running]]]
        weight = np.cumsum(weight * pull, axis=1)
        pick = (rng.random(len(some)) * weight[:, -1])[:, None] < weight
        out[some] = running[pick.argmax(axis=1)]
    loyal = np.flatnonzero(rng.random(len(who)) < 0.12)
    for shop_row in range(len(shows)):  # those who follow a shop are told when it starts
        members = fans[shows.shop[shop_row]]
        if len(members):
            here = loyal[
                np.isin(who[loyal], members)
                & (at[loyal] >= shows.start[shop_row])
                & (at[loyal] < shows.end[shop_row] - 60)
            ]
            out[here], source[here] = shop_row, FOLLOW
    return out, source


def _stay(rng, p: People, s: Shops, shows: Shows, show, who, source) -> np.ndarray:
    """Seconds: most swipe on at once; who stays, stays by the room's grip and one's own taste."""
    n = len(show)
    taste = p.taste[who, s.category[shows.shop[show]]]
    on = rng.random(n) < np.where(source == FEED, p.swipe[who] * (1 - 0.6 * taste), 0.25)
    long = s.grip[shows.shop[show]] * rng.weibull(0.75, n) * (0.5 + 1.5 * taste) + 15
    return np.where(on, rng.weibull(0.7, n) * 7.0 + 0.8, long)


def networks(rng: np.random.Generator, p: People, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Network prefix and its kind (an index into KINDS) of each view of people on their own networks."""
    u = rng.random(len(who))
    tower = 50_000_000 + p.province[who] * 1_000 + rng.integers(0, 120, len(who))
    prefix, asn = np.where(u < 0.45, tower, p.home[who]), np.where(u < 0.45, MOBILE, HOME)
    office = (u > 0.85) & (p.work[who] >= 0)
    prefix, asn = np.where(office, p.work[who], prefix), np.where(office, WORK, asn)
    hall = (p.campus[who] >= 0) & (u >= 0.3)
    return np.where(hall, p.campus[who], prefix), np.where(hall, CAMPUS, asn)


def real(rng: np.random.Generator, p: People, show, who, joined, left, source, scheme=0) -> Stays:
    """Views by people with their own devices and networks."""
    n = len(who)
    prefix, asn = networks(rng, p, who)
    tablet = (p.tablet[who] >= 0) & (rng.random(n) < 0.3)
    travels = rng.random(n) < 0.03
    return Stays(
        show,
        who,
        np.where(tablet, p.tablet[who], p.device[who]),
        joined,
        left,
        np.broadcast_to(source, n),
        p.version[who],
        prefix,
        asn,
        np.where(travels, rng.integers(0, 30, n), p.province[who]),
        np.full(n, scheme),
    )


def _come(rng, p: People, s: Shops, shows: Shows, rows, count, at, source, keen: float) -> Stays:
    """People who come to a room at a moment for one reason: an ad, a raid, a guest."""
    show = np.repeat(rows, count)
    who = rng.choice(p.own, len(show))
    joined = np.minimum(at, shows.end[show] - 2)
    stay = np.where(
        rng.random(len(show)) < keen,
        s.grip[shows.shop[show]] * rng.weibull(0.8, len(show)),
        rng.exponential(15.0, len(show)) + 1,
    )
    return real(rng, p, show, who, joined, np.minimum(joined + stay, shows.end[show]), source)


def honest_day(
    rng: np.random.Generator,
    p: People,
    s: Shops,
    shows: Shows,
    day: float,
    busy: float,
    fans: list[np.ndarray],
):
    """Honest views of a day, and its granted causes: arrays (session, start, end, views) of boosts and (from, to, at, views) of raids."""
    who, at, many = _openings(rng, p, day, busy)
    parts, moment = [], at.copy()
    for turn in range(LONGEST):
        still = np.flatnonzero((many > turn) & (moment < day + DAY - 120))
        if not len(still):
            break
        show, source = _rooms(rng, p, s, shows, who[still], moment[still], fans)
        some = show >= 0
        still, show, source = still[some], show[some], source[some]
        stay = _stay(rng, p, s, shows, show, who[still], source)
        waits = (
            (rng.random(len(show)) < 0.5)
            & (shows.draw[show] > moment[still])
            & (shows.draw[show] < moment[still] + 900)
        )
        stay = np.where(
            waits, shows.draw[show] - moment[still] + rng.exponential(20.0, len(show)), stay
        )  # all leave after the draw
        left = np.minimum(moment[still] + stay, shows.end[show])
        parts.append(real(rng, p, show, who[still], moment[still].copy(), left, source))
        moment[still] = left + rng.exponential(2.0, len(still)) + 0.3
    views = Stays.stacked(parts)
    size = np.bincount(views.show, minlength=len(shows))
    rows = np.flatnonzero((rng.random(len(shows)) < 0.12) & (size > 5))
    count = (size[rows] * rng.uniform(0.2, 1.5, len(rows))).astype(int) + 5
    begin = shows.start[rows] + rng.uniform(0.05, 0.6, len(rows)) * (shows.end - shows.start)[rows]
    until = np.minimum(begin + rng.uniform(15, 120, len(rows)) * MINUTE, shows.end[rows])
    boosts = (rows, begin, until, count)
    ads = _come(
        rng,
        p,
        s,
        shows,
        rows,
        count,
        np.repeat(begin, count) + rng.beta(1.3, 2.0, count.sum()) * np.repeat(until - begin, count),
        BOOST,
        0.3,
    )
    ending = np.flatnonzero(rng.random(len(shows)) < 0.05)
    raids = []
    for source_row in ending:
        running = np.flatnonzero(
            (shows.start < shows.end[source_row] - 300) & (shows.end > shows.end[source_row] + 900)
        )
        if len(running):
            raids.append(
                (
                    source_row,
                    int(rng.choice(running)),
                    shows.end[source_row],
                    max(5, int(size[source_row] * rng.uniform(0.05, 0.3))),
                )
            )
    table = np.array(raids, dtype=float).reshape(-1, 4)
    sent = table[:, 3].astype(int)
    sides = _come(
        rng,
        p,
        s,
        shows,
        table[:, 1].astype(int),
        sent,
        np.repeat(table[:, 2], sent) + rng.exponential(12.0, sent.sum()),
        RAID,
        0.5,
    )
    famous = np.flatnonzero(~np.isnan(shows.guest))
    crowd = (size[famous] * rng.uniform(0.3, 1.2, len(famous))).astype(int) + 10
    fans_come = _come(
        rng, p, s, shows, famous, crowd, np.repeat(shows.guest[famous], crowd) + rng.exponential(240.0, crowd.sum()),
        SHARE, 0.8,
    )  # fmt: skip
    fans_come = replace(fans_come, source=rng.choice([SEARCH, SHARE, FEED], len(fans_come)))
    return Stays.stacked([views, ads, sides, fans_come]), boosts, table
