"""Gatherings that look like fraud: choirs, staff, raids, lanterns, boosts, guests and sleepers."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulation.families.night_market.stalls import CAMERA, EVENING
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    ACTIVITY,
    BOOST,
    COMMENT,
    FOLLOW,
    HOUR,
    LIKE,
    MINUTE,
    RAID,
    SEARCH,
)

CHOIR_TEXTS, LANTERN_TEXTS = 70_000, 80_000


def add_choirs(town: Town) -> None:
    """Fan clubs come at the drum, stay long, clap and copy the host's lines."""
    rng, s, o = town.rng, town.sessions, town.operators
    choirs = {
        int(k): rng.integers(0, town.honest_accounts, o.choir[k]) for k in np.flatnonzero(o.choir)
    }
    for one in np.flatnonzero((o.choir[s.operator] > 0) & (s.kind == EVENING)):
        singers = choirs[int(s.operator[one])]
        singers = singers[rng.random(len(singers)) < rng.uniform(0.1, 0.7)]
        if len(singers) < 3:
            continue
        drum = s.start[one] + rng.uniform(0, 0.5) * s.length[one]
        joined = drum + rng.gamma(2, rng.uniform(15, 120), len(singers))
        stay = rng.lognormal(np.log(40 * MINUTE), 0.6, len(singers))
        joined, left = town.add_views(one, singers, joined, stay, FOLLOW)
        line = np.repeat(np.arange(len(singers)), rng.poisson(1.5, len(singers)))
        at = joined[line] + rng.random(len(line)) * (left - joined)[line]
        text = CHOIR_TEXTS + 10 * s.operator[one]
        text = text + rng.integers(0, o.choir_text[s.operator[one]], len(line))
        _acts(town, int(one), singers[line], COMMENT, at, text=text)
        clap = np.repeat(np.arange(len(singers)), rng.poisson(1, len(singers)))
        at = joined[clap] + rng.random(len(clap)) * (left - joined)[clap]
        _acts(town, int(one), singers[clap], LIKE, at, count=rng.geometric(0.03, len(clap)))
        town.mark("fan_club", s.operator[one], int(one))


def _acts(
    town: Town, session: int, account: np.ndarray, kind: int, at: np.ndarray, **more: Any
) -> None:
    town.interactions.add(len(account), session=session, account=account, kind=kind, at=at, **more)


def add_staff(town: Town) -> None:
    """Employees and relatives keep the stream open for whole evenings and act little."""
    rng, s, o = town.rng, town.sessions, town.operators
    for one in np.flatnonzero(s.kind == EVENING):
        operator = s.operator[one]
        staff = np.unique(o.staff[operator])
        staff = staff[rng.random(len(staff)) < o.staff_watch[operator]]
        if len(staff):
            joined = s.start[one] + rng.exponential(90, len(staff))
            stay = s.length[one] * rng.uniform(0.4, 1.05, len(staff))
            town.add_views(one, staff, joined, stay, FOLLOW)
            town.mark("staff_watch", operator)


def add_sleepers(town: Town) -> None:
    """People leave a stream on while they cook or sleep, camera streams above all."""
    rng, s = town.rng, town.sessions
    share = np.where(s.kind == CAMERA, 0.02, rng.gamma(1, 0.0008, len(s.start)))
    sleepers = rng.poisson(share * town.honest_accounts * 0.5)
    sleepers[s.length < 30 * MINUTE] = 0
    one = np.repeat(np.arange(len(s.start)), sleepers)
    who = rng.integers(0, town.honest_accounts, len(one))
    joined = s.start[one] + rng.beta(1, 2, len(one)) * s.length[one]
    stay = np.where(rng.random(len(one)) < 0.6, 99 * HOUR, rng.gamma(3, 1.2 * HOUR, len(one)))
    town.add_views(one, who, joined, stay, rng.choice([FOLLOW, SEARCH, 0], len(one)))


def add_raids(town: Town) -> None:
    """A host who closes leads those still there to another stall."""
    rng, s, v = town.rng, town.sessions, town.views.joined()
    order = np.argsort(v.session, kind="stable")
    first = np.searchsorted(v.session[order], np.arange(len(s.start) + 1))
    for one in np.flatnonzero(rng.random(len(s.start)) < town.operators.raids[s.operator]):
        rows = order[first[one] : first[one + 1]]
        there = v.account[rows[v.left[rows] > s.end[one] - 4 * MINUTE]]
        there = np.unique(there[rng.random(len(there)) < rng.uniform(0.3, 0.9)])
        live = np.flatnonzero((s.start < s.end[one] - 300) & (s.end > s.end[one] + 900))
        if len(there) < 3 or not len(live):
            continue
        to = int(rng.choice(live))
        joined = s.end[one] + rng.gamma(2, 8, len(there))
        town.add_views(to, there, joined, rng.lognormal(4.8, 1.3, len(there)), RAID)
        town.links.add(1, session=one, to=to, kind=0, at=s.end[one], viewers=len(there))
        town.mark("raid_target", s.operator[to], to)


def add_lanterns(town: Town) -> None:
    """Coupons fall at a set moment: people come for it, type the password, buy and go."""
    rng, s, o = town.rng, town.sessions, town.operators
    busy = np.bincount(town.views.joined().session, minlength=len(s.start))
    for one in np.flatnonzero((rng.random(len(s.start)) < o.lanterns[s.operator]) & (busy > 20)):
        for _ in range(int(rng.integers(1, 5))):
            moment = s.start[one] + rng.uniform(0.1, 0.95) * s.length[one]
            n = rng.poisson(busy[one] * rng.uniform(0.02, 0.12)) + 2
            who = rng.integers(0, town.honest_accounts, n)
            before = rng.exponential(rng.uniform(40, 300), n)
            joined, left = town.add_views(
                one, who, moment - before, before + rng.exponential(20, n), ACTIVITY
            )
            types = rng.random(n) < 0.7
            at = np.clip(moment - rng.exponential(30, n), joined, left)[types]
            _acts(town, int(one), who[types], COMMENT, at, text=LANTERN_TEXTS + int(one))
            buys = np.flatnonzero(rng.random(n) < rng.uniform(0.05, 0.5))
            placed = np.minimum(moment + rng.gamma(2, 6, len(buys)), s.end[one])
            cheap = rng.uniform(0.1, 0.5)
            town.add_orders(np.full(len(buys), one), who[buys], placed, discount=cheap)
        town.mark("coupon_burst", s.operator[one], int(one))


def add_boosts_and_guests(town: Town) -> None:
    """Granted boosts bring strangers who leave soon; a celebrity brings her own followers."""
    rng, s, o = town.rng, town.sessions, town.operators
    busy = np.bincount(town.views.joined().session, minlength=len(s.start))
    evening = s.kind == EVENING
    for one in np.flatnonzero(evening & (rng.random(len(s.start)) < o.boosts[s.operator])):
        start = s.start[one] + rng.uniform(0, 0.7) * s.length[one]
        end = min(start + float(rng.choice([1_800, 3_600, 7_200])), s.end[one])
        bought = int(busy[one] * rng.lognormal(np.log(0.35), 0.7)) + 10
        n = rng.poisson(bought * rng.uniform(0.8, 1.1))
        who = rng.integers(0, town.honest_accounts, n)
        stay = rng.lognormal(np.log(16), 1.3, n) * o.grip[s.operator[one]]
        town.add_views(one, who, start + rng.beta(1, 1.4, n) * (end - start), stay, BOOST)
        town.boosts.add(1, session=one, start=start, end=end, views=bought)
        town.mark("granted_boost", s.operator[one], int(one))
    for one in np.flatnonzero(evening & (rng.random(len(s.start)) < o.guests[s.operator])):
        moment = s.start[one] + rng.uniform(0.1, 0.7) * s.length[one]
        n = rng.poisson(busy[one] * rng.uniform(0.5, 3)) + 10
        who = rng.integers(0, town.honest_accounts, n)
        joined = moment + rng.exponential(rng.uniform(120, 900), n)
        inside = joined < s.end[one]
        stay = rng.lognormal(5.0, 1.2, inside.sum())
        town.add_views(
            one, who[inside], joined[inside], stay, rng.choice([FOLLOW, SEARCH], inside.sum())
        )
        town.mark("celebrity_visit", s.operator[one], int(one))
