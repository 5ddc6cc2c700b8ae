"""Honest views, with the honest bursts that look like fraud."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.behaviour.platform_day import PlatformDay, draw_arrivals, draw_stays
from simulation.identifiers import MINUTE
from simulation.population import Accounts
from simulation.records import Views


@dataclass(frozen=True)
class HonestCauses:
    """Honest causes of a spike in a session, delivered as `boosts` and `room_links`."""

    boost_session: np.ndarray
    boost_start: np.ndarray
    boost_end: np.ndarray
    boost_views: np.ndarray
    raid_from: np.ndarray
    raid_to: np.ndarray
    raid_at: np.ndarray
    raid_views: np.ndarray


@dataclass(frozen=True)
class Audience:
    """Honest views of a day, their causes, and each session's lucky bag (seconds, NaN for none)."""

    views: Views
    causes: HonestCauses
    lucky_bag: np.ndarray


@dataclass(frozen=True)
class Visits:
    """Times and entry sources of views whose device and network are still to be drawn."""

    session: np.ndarray
    account: np.ndarray
    joined: np.ndarray
    left: np.ndarray
    source: np.ndarray
    scheme: int = 0


def pick_accounts(rng: np.random.Generator, day: PlatformDay, operator: np.ndarray) -> np.ndarray:
    """One account per honest view: a fan, a campus member, or one of the category's interest."""
    accounts, operators = day.accounts, day.operators
    n = len(operator)
    category = operators.category[operator]
    out = np.empty(n, dtype=np.int64)
    u = rng.random(n)
    for c, pool in enumerate(accounts.by_interest):
        interested = category == c
        out[interested] = pool[(u[interested] ** 1.4 * len(pool)).astype(np.int64)]
    roam = rng.random(n) < 0.25
    out[roam] = accounts.living[rng.integers(0, len(accounts.living), roam.sum())]
    fan = rng.random(n) < 0.35
    fans = np.maximum(20, np.exp(operators.log_viewers[operator[fan]]) * 3).astype(np.int64)
    out[fan] = (
        operator[fan] * 7919 + (rng.random(fan.sum()) ** 1.3 * fans).astype(np.int64)
    ) % accounts.honest
    for name, members in (
        ("campus_audience", np.flatnonzero(accounts.campus)),
        ("pickup_station_buyers", np.flatnonzero(accounts.station)),
    ):
        if len(members):
            local = operators.lookalike[name][operator] & (rng.random(n) < 0.5)
            out[local] = members[rng.integers(0, len(members), local.sum())]
    return out


def views_of_visits(rng: np.random.Generator, accounts: Accounts, visits: Visits) -> Views:
    """Views by real people on their own devices and networks."""
    account = visits.account
    n = len(account)
    mobile = rng.random(n) < 0.22  # a phone away from home, behind its carrier's NAT
    ip = np.where(
        mobile,
        100_000_000 + accounts.region[account] * 1000 + rng.integers(0, 60, n),
        accounts.ip[account],
    )
    asn = np.where(mobile, 0, accounts.asn[account])
    travels = rng.random(n) < 0.04
    region = np.where(travels, rng.integers(0, 30, n), accounts.region[account])
    version = rng.choice(6, size=n, p=[0.01, 0.03, 0.06, 0.15, 0.30, 0.45])
    return Views(
        session=visits.session,
        account=account,
        device=accounts.device[account],
        joined=visits.joined,
        left=visits.left,
        source=visits.source,
        version=version,
        ip=ip,
        asn=asn,
        region=region,
        scheme=np.full(n, visits.scheme, dtype=np.int64),
    )


def draw_audience(rng: np.random.Generator, day: PlatformDay, profiles: np.ndarray) -> Audience:
    """Honest views of a day's sessions with their causes; `profiles` are cumulative arrivals."""
    s, lookalike = day.sessions, day.operators.lookalike
    n = len(s)
    length = s.end - s.start
    mean_stay = np.minimum(s.dwell * 1.1, 0.6 * length) + 20
    count = rng.poisson(np.minimum(s.viewers * length / mean_stay, 60_000)) + 1
    row = np.repeat(np.arange(n), count)
    joined = draw_arrivals(rng, s, row, profiles)
    source = rng.choice([0, 1, 2, 3, 6, 7], size=len(row), p=[0.55, 0.2, 0.08, 0.05, 0.02, 0.10])
    stay = draw_stays(rng, s.dwell[row])

    coupon = lookalike["coupon_bursts"][s.operator] & (rng.random(n) < 0.6)
    lucky_bag = np.where(coupon, s.start + length * rng.uniform(0.2, 0.9, n), np.nan)
    hit = coupon[row] & (rng.random(len(row)) < 0.25)
    joined[hit] = np.minimum(
        lucky_bag[row[hit]] - rng.exponential(90.0, hit.sum()), s.end[row[hit]] - 5
    )
    joined = np.maximum(joined, s.start[row])
    source[hit] = 6

    causes = _draw_causes(rng, day, count)
    ad = np.repeat(np.arange(len(causes.boost_session)), causes.boost_views)
    raid = np.repeat(np.arange(len(causes.raid_to)), causes.raid_views)
    ad_row, raid_row = causes.boost_session[ad], causes.raid_to[raid]
    extra_row = np.concatenate([ad_row, raid_row]).astype(np.int64)
    extra_at = np.concatenate(
        [
            rng.uniform(causes.boost_start[ad], causes.boost_end[ad]),
            causes.raid_at[raid] + rng.exponential(25.0, len(raid)),
        ]
    )
    extra_stay = np.concatenate(
        [draw_stays(rng, s.dwell[ad_row] * 0.5), draw_stays(rng, s.dwell[raid_row] * 0.7)]
    )
    row = np.concatenate([row, extra_row])
    joined = np.minimum(np.concatenate([joined, extra_at]), s.end[row] - 1)
    stay = np.concatenate([stay, extra_stay])
    source = np.concatenate([source, np.full(len(ad), 5), np.full(len(raid), 4)])
    left = np.minimum(joined + stay, s.end[row])
    account = pick_accounts(rng, day, s.operator[row])
    views = views_of_visits(rng, day.accounts, Visits(row, account, joined, left, source))
    return Audience(views, causes, lucky_bag)


def _draw_causes(rng: np.random.Generator, day: PlatformDay, count: np.ndarray) -> HonestCauses:
    """Boosts and raids of a day; `count`: ordinary views of each session."""
    s, lookalike = day.sessions, day.operators.lookalike
    n = len(s)
    length = s.end - s.start
    boosted = rng.random(n) < np.where(lookalike["ad_spikes"][s.operator], 0.6, 0.06)
    boost_row = np.flatnonzero(boosted)
    boost_start = s.start[boost_row] + length[boost_row] * rng.uniform(0.1, 0.7, len(boost_row))
    boost_end = np.minimum(
        boost_start + rng.uniform(10, 60, len(boost_row)) * MINUTE, s.end[boost_row]
    )
    boost_views = (count[boost_row] * rng.uniform(0.2, 1.0, len(boost_row))).astype(np.int64) + 5

    raided = (rng.random(n) < np.where(lookalike["raid_target"][s.operator], 0.5, 0.02)) & (n > 3)
    raid_row = np.flatnonzero(raided)
    raid_at = s.start[raid_row] + length[raid_row] * rng.uniform(0.1, 0.8, len(raid_row))
    raid_views = (count[raid_row] * rng.uniform(0.2, 0.9, len(raid_row))).astype(np.int64) + 8
    sender = rng.integers(0, max(n, 1), len(raid_row))
    return HonestCauses(
        boost_session=boost_row,
        boost_start=boost_start,
        boost_end=boost_end,
        boost_views=boost_views,
        raid_from=sender,
        raid_to=raid_row,
        raid_at=raid_at,
        raid_views=raid_views,
    )
