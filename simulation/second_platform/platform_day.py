"""One day of the second platform: its people, its operators and the sessions that run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.behaviour.audience import Visits
from simulation.identifiers import DAY, HOUR
from simulation.records import Views
from simulation.second_platform.people import CAMPUS, HOME, MOBILE, WORK, People, Shops

FEED, FOLLOW, SEARCH, SHARE, RAID, BOOST, ACTIVITY, DIRECT = range(8)


@dataclass(frozen=True)
class Sessions:
    """Sessions of a day: arrays over sessions, times in seconds."""

    index: np.ndarray
    shop: np.ndarray
    start: np.ndarray
    end: np.ndarray
    pull: np.ndarray
    lottery: np.ndarray  # moment of the lottery, NaN for none
    guest: np.ndarray  # moment at which an unrecorded crowd comes, NaN for none

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class PlatformDay:
    """People, operators and sessions of a day; `activity` multiplies openings of the app."""

    people: People
    shops: Shops
    sessions: Sessions
    number: int
    start: float
    activity: float


def draw_sessions(rng: np.random.Generator, s: Shops, day: float, first: int) -> Sessions:
    """Sessions that start on a day; an operator not yet registered does not stream."""
    shop = np.flatnonzero((rng.random(len(s)) < s.days) & (s.registered < day))
    n = len(shop)
    start = day + (s.hour[shop] + rng.normal(0, 0.4, n)).clip(0.2, 23.0) * HOUR
    length = (s.hours[shop] * rng.lognormal(0, 0.25, n)).clip(0.4, 10) * HOUR
    end = np.minimum(start + length, day + DAY - 60)
    inside = start + rng.uniform(0.15, 0.85, n) * (end - start)
    lottery = np.where(s.lottery[shop] & (rng.random(n) < 0.7), inside, np.nan)
    guest = np.where(
        s.guests[shop] & (rng.random(n) < 0.3),
        start + rng.uniform(0.1, 0.8, n) * (end - start),
        np.nan,
    )
    return Sessions(
        index=first + np.arange(n),
        shop=shop,
        start=np.floor(start),
        end=np.floor(end),
        pull=s.pull[shop] * rng.lognormal(0, 0.35, n),
        lottery=lottery,
        guest=guest,
    )


def draw_networks(
    rng: np.random.Generator, p: People, account: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Network prefix and its kind (an index into ASN_KINDS) of views on people's own networks."""
    u = rng.random(len(account))
    tower = 50_000_000 + p.province[account] * 1_000 + rng.integers(0, 120, len(account))
    prefix, asn = np.where(u < 0.45, tower, p.home[account]), np.where(u < 0.45, MOBILE, HOME)
    office = (u > 0.85) & (p.work[account] >= 0)
    prefix, asn = np.where(office, p.work[account], prefix), np.where(office, WORK, asn)
    hall = (p.campus[account] >= 0) & (u >= 0.3)
    return np.where(hall, p.campus[account], prefix), np.where(hall, CAMPUS, asn)


def views_of_visits(rng: np.random.Generator, p: People, visits: Visits) -> Views:
    """Views by people with their own devices and networks."""
    account = visits.account
    n = len(account)
    prefix, asn = draw_networks(rng, p, account)
    tablet = (p.tablet[account] >= 0) & (rng.random(n) < 0.3)
    travels = rng.random(n) < 0.03
    return Views(
        session=visits.session,
        account=account,
        device=np.where(tablet, p.tablet[account], p.device[account]),
        joined=visits.joined,
        left=visits.left,
        source=np.broadcast_to(visits.source, n),
        version=p.version[account],
        ip=prefix,
        asn=asn,
        region=np.where(travels, rng.integers(0, 30, n), p.province[account]),
        scheme=np.full(n, visits.scheme),
    )
