"""Who comes to a session and how long: followers by notice, habit, chat groups and friends."""

from __future__ import annotations

import numpy as np

from simulation.families.followers_market.market import (
    ACTIVITY,
    BOOST,
    DIRECT,
    FEED,
    FOLLOW,
    RAID,
    SEARCH,
    SHARE,
    Market,
    Visits,
)
from simulation.families.followers_market.parameters import DAY, HOUR

REJOIN_MINIMUM_SECONDS = 90.0


def attend_all(market: Market) -> list[Visits]:
    """Honest stays of every session, raids included."""
    r, s = market.r, market.sessions
    mood = r.normal(0, 0.35, len(market.hosts))
    visits: list[Visits] = []
    for session in range(len(s)):
        host = s.host[session]
        mood[host] = 0.7 * mood[host] + r.normal(0, 0.3)
        stays = _followers(market, session, float(mood[host]))
        stays = stays.with_others(_strangers(market, session, len(stays.account)))
        stays = stays.with_others(_staff(market, session))
        stays = _rejoined(market, session, _within(market, session, stays))
        visits.append(stays)
    _raid(market, visits)
    return visits


def _within(market: Market, session: int, v: Visits) -> Visits:
    """Cut stays to the session; who would come after its end does not come."""
    start, end = market.sessions.start[session], market.sessions.end[session]
    keep = (v.join < end) & (v.join >= start)
    leave = np.clip(v.leave, v.join + 0.5, end + market.r.exponential(4.0, len(v.join)))
    return Visits(v.account[keep], v.join[keep], leave[keep], v.source[keep])


def _stay(market: Market, join: np.ndarray, end: float, devotion: np.ndarray) -> np.ndarray:
    """Moment of leaving: a glance, a while, or until the end, by devotion in 0 to 1."""
    r, n = market.r, len(join)
    kind = r.random(n)
    glance = join + np.exp(r.normal(np.log(30), 1.0, n))
    a_while = join + np.exp(r.normal(np.log(420), 1.2, n))
    long = join + (end - join) * np.where(r.random(n) < 0.4, 1.1, r.beta(1.5, 1.2, n))
    return np.where(
        kind < 0.3 * (1 - devotion), glance, np.where(kind < 1 - 0.6 * devotion, a_while, long)
    )


def _followers(market: Market, session: int, mood: float) -> Visits:
    r, s, people = market.r, market.sessions, market.people
    host = int(s.host[session])
    c, start, end = market.communities[host], s.start[session], s.end[session]
    hours = min((end - start) / HOUR, 12.0)
    hours_between = np.abs((people.hour[c.member] - (start + 8 * HOUR) % DAY / HOUR + 12) % 24 - 12)
    logit = (
        np.log(c.loyalty / (1 - c.loyalty))
        + mood
        + 0.5
        - 0.12 * np.maximum(hours_between - hours, 0)
    )
    if s.test[session]:
        logit = logit - 4.5
    comes = np.flatnonzero(r.random(len(c.member)) < 1 / (1 + np.exp(-logit)))
    n, fan, group = len(comes), c.fan[comes], c.group[comes]
    notice = start + np.exp(r.normal(np.log(260), 1.5, n))
    habit = start + r.beta(0.9, 1.6, n) * (end - start)
    at_once = start + np.where(r.random(n) < 0.5, r.exponential(4, n), r.exponential(70, n))
    # leaders post the link now and then, and members of their group follow within a minute
    posts = start + np.sort(r.uniform(0, 0.8, 4)) * (end - start)
    posts[0] = start + r.uniform(0, 240)
    post = np.where(r.random(n) < 0.5, posts[0], posts[np.maximum(group, 0) * 7 % 4])
    by_link = (group >= 0) & (r.random(n) < 0.6) & ~fan
    join = np.where(r.random(n) < 0.55, notice, habit)
    join = np.where(by_link, post + np.exp(r.normal(np.log(45), 1.1, n)), join)
    join = np.where(fan & (r.random(n) < 0.75), at_once, join)
    source = np.where(r.random(n) < 0.85, FOLLOW, DIRECT)
    devotion = np.clip(c.loyalty[comes] + 0.35 * fan, 0, 0.97)
    leave = _stay(market, join, end, devotion)
    return Visits(c.member[comes], join, leave, np.where(by_link, SHARE, source))


def _strangers(market: Market, session: int, followers: int) -> Visits:
    """Passers-by from the feed, friends who were sent a link, and bought traffic."""
    r, s = market.r, market.sessions
    host, start, end = int(s.host[session]), s.start[session], s.end[session]
    if s.test[session]:
        followers = min(followers, 2)
    expected = market.hosts.discovery[host] * followers * np.exp(r.normal(0, 0.5))
    n = r.poisson(expected)
    join = start + r.beta(1.0, 1.2, n) * (end - start)
    source = r.choice([FEED, SEARCH, SHARE, ACTIVITY], n, p=[0.55, 0.1, 0.25, 0.1])
    account = r.integers(0, market.people.real, n)
    account = np.where(r.random(n) < market.p.anonymous * 2, -1, account)
    v = Visits(account, join, _stay(market, join, end, np.full(n, 0.15)), source)
    if s.test[session] or r.random() > market.hosts.boosts[host]:
        return v
    granted = int(np.clip(followers * np.exp(r.normal(-0.5, 0.9)), 10, 1_500))
    opens = start + r.uniform(0, 0.5) * (end - start)
    lasts = min(r.uniform(600, 5400), end - opens)
    market.boosts.add(
        1, session=session, start=opens, end=opens + lasts, bought=granted, amount=granted * 0.4
    )
    came = r.poisson(granted * r.uniform(0.7, 1.2))
    join = opens + r.uniform(0, lasts, came)
    leave = join + np.exp(r.normal(np.log(18), 1.2, came))
    account = r.integers(0, market.people.real, came)
    market.tags.append((host, session, "paid_traffic"))
    return v.with_others(Visits(account, join, leave, np.full(came, BOOST)))


def _staff(market: Market, session: int) -> Visits:
    """Staff open the stream and watch it for hours."""
    r, s = market.r, market.sessions
    staff = market.communities[int(s.host[session])].staff
    on_duty = staff[r.random(len(staff)) < 0.8]
    n = len(on_duty)
    join = s.start[session] + r.exponential(8, n) * (0.05 if s.test[session] else 1.0)
    leave = join + (s.end[session] - s.start[session]) * r.choice([1.1, 0.5], n, p=[0.7, 0.3])
    return Visits(on_duty, join, leave, np.full(n, DIRECT))


def _rejoined(market: Market, session: int, v: Visits) -> Visits:
    """Break stays: phones ring, apps are switched, and now and then everybody is thrown out."""
    r, host = market.r, int(market.sessions.host[session])
    hours = (v.leave - v.join) / HOUR
    breaks = r.poisson(market.hosts.rejoining[host] * np.minimum(hours, 3))
    breaks[v.leave - v.join < REJOIN_MINIMUM_SECONDS] = 0
    of = np.repeat(np.arange(len(breaks)), breaks)
    cut = v.join[of] + r.random(len(of)) * (v.leave - v.join)[of]
    gap = np.exp(r.normal(np.log(80), 1.3, len(of)))
    if r.random() < market.p.outage_share and not market.sessions.test[session]:
        at = market.sessions.start[session] + r.uniform(0.1, 0.9) * np.ptp(
            [market.sessions.start[session], market.sessions.end[session]]
        )
        hit = np.flatnonzero((v.join < at) & (v.leave > at))
        of = np.concatenate([of, hit])
        cut = np.concatenate([cut, at + r.exponential(2, len(hit))])
        gap = np.concatenate([gap, r.gamma(2.0, 9, len(hit))])
        market.tags.append((host, session, "outage"))
    order = np.lexsort((cut, of))
    of, cut, gap = of[order], cut[order], gap[order]
    first = np.concatenate([np.arange(len(v.join)), of])
    join = np.concatenate([v.join, cut + gap])
    stop = np.concatenate([np.full(len(v.join), np.inf), cut])
    # a piece ends where the next break of the same stay begins
    order = np.lexsort((join, first))
    first, join, stop = first[order], join[order], stop[order]
    following = np.append(first[1:] == first[:-1], False)
    end = np.where(following, np.append(stop[1:], np.inf), np.inf)
    leave = np.minimum(end, v.leave[first])
    keep = (leave > join) & (join < market.sessions.end[session])
    again = np.append(False, first[1:] == first[:-1])
    source = np.where(again & (r.random(len(first)) < 0.5), DIRECT, v.source[first])
    return Visits(v.account[first][keep], join[keep], leave[keep], source[keep])


def _raid(market: Market, visits: list[Visits]) -> None:
    """Hosts send their last viewers to a friend who is live."""
    r, s = market.r, market.sessions
    for session in np.flatnonzero((r.random(len(s)) < 0.06) & ~s.test):
        at = s.end[session]
        live = np.flatnonzero(
            (s.start < at - 300) & (s.end > at + 300) & (s.host != s.host[session])
        )
        if not len(live):
            continue
        target = int(r.choice(live))
        last = visits[session].leave > at - 5
        going = np.flatnonzero(last & (r.random(len(last)) < r.uniform(0.2, 0.8)))
        if len(going) < 4:
            continue
        n = len(going)
        join = at + r.gamma(1.5, 6, n)
        leave = np.minimum(join + np.exp(r.normal(4.6, 1.4, n)), s.end[target])
        market.links.add(1, source=session, target=target, at=at, sent=n)
        market.tags.append((int(s.host[target]), target, "raid"))
        sent = Visits(
            visits[session].account[going], join, np.maximum(leave, join), np.full(n, RAID)
        )
        visits[target] = visits[target].with_others(sent)
