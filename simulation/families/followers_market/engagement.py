"""Chat, likes, follows and shares of honest viewers, with the customs of followers' rooms."""

from __future__ import annotations

import numpy as np

from simulation.families.followers_market.market import (
    COMMENT,
    LIKE,
    LINK_SHARED,
    NEW_FOLLOW,
    UNFOLLOW,
    Market,
    Visits,
)
from simulation.families.followers_market.parameters import DAY, HOUR

COMMON_PHRASES = 400  # texts below this number are phrases that everybody uses
CUSTOMS = 12  # and below this those that a room copies at once, such as question marks
SLOGANS = 1_000  # texts from here on are slogans of a fan club, ten a host


def engage(market: Market, session: int, v: Visits) -> None:
    """Add what honest viewers of a session do but buy."""
    known = Visits(*(c[v.account >= 0] for c in vars(v).values()))
    if len(known.account) == 0:
        return
    _chat(market, session, known)
    if not market.sessions.test[session]:
        _copying(market, session, known)
        _follow(market, session, known)
    _like(market, session, known)
    shares = market.r.random(len(known.account)) < 0.015
    market.acts.add(
        int(shares.sum()),
        session=session,
        account=known.account[shares],
        kind=LINK_SHARED,
        at=_moment(market, known, np.flatnonzero(shares)),
    )


def _moment(market: Market, v: Visits, of: np.ndarray) -> np.ndarray:
    """A random moment of each stay."""
    return v.join[of] + market.r.random(len(of)) * (v.leave - v.join)[of]


def _chat(market: Market, session: int, v: Visits) -> None:
    r, host = market.r, int(market.sessions.host[session])
    rate = 0.35 * market.hosts.chat[host] * market.people.talk[v.account]
    lines = r.poisson(np.minimum(rate * np.minimum((v.leave - v.join) / 600, 6), 40))
    of = np.repeat(np.arange(len(lines)), lines)
    n = len(of)
    common = np.floor(COMMON_PHRASES * r.random(n) ** 2.5).astype(int)
    text = np.where(r.random(n) < r.uniform(0.1, 0.45), common, market.numbers(n))
    market.acts.add(
        n,
        session=session,
        account=v.account[of],
        kind=COMMENT,
        at=_moment(market, v, of),
        text=text,
    )


def _copying(market: Market, session: int, v: Visits) -> None:
    """At a prompt many copy one text within seconds; a fan club calls its slogan at the start."""
    r, s = market.r, market.sessions
    host = int(s.host[session])
    hours = min((s.end[session] - s.start[session]) / HOUR, 6)
    prompts = r.uniform(s.start[session], s.end[session], r.poisson(1.2 * hours))
    if market.hosts.fan_share[host] > 0.15:
        prompts = np.append(prompts, s.start[session] + r.uniform(5, 60, 2))
        market.tags.append((host, session, "fan_club"))
    for prompt in prompts:
        here = np.flatnonzero((v.join < prompt + 10) & (v.leave > prompt))
        eager = (
            market.hosts.copying[host] * r.beta(1, 2) * np.sqrt(market.people.talk[v.account[here]])
        )
        here = here[r.random(len(here)) < np.minimum(eager, 0.9)]
        n = len(here)
        custom = r.random() < 0.5
        text = r.integers(0, CUSTOMS) if custom else SLOGANS + host * 10 + r.integers(0, 4)
        repeats = 1 + r.poisson(0.4, n)
        of = np.repeat(np.arange(n), repeats)
        at = prompt + np.exp(r.normal(1.6, 0.9, len(of))) * (1 + r.random(len(of)))
        market.acts.add(
            len(of), session=session, account=v.account[here][of], kind=COMMENT, at=at, text=text
        )
        if custom and n >= 5:
            market.tags.append((host, session, "chat_custom"))


def _like(market: Market, session: int, v: Visits) -> None:
    r, host = market.r, int(market.sessions.host[session])
    likes = r.random(len(v.account)) < market.hosts.likes[host]
    who = np.flatnonzero(likes)
    rows = 1 + r.poisson(np.minimum((v.leave - v.join)[who] / 2000, 4))
    of = np.repeat(who, rows)
    count = np.ceil(np.exp(r.normal(1.8, 1.3, len(of)))).astype(int)
    market.acts.add(
        len(of),
        session=session,
        account=v.account[of],
        kind=LIKE,
        at=_moment(market, v, of),
        count=np.clip(count, 1, 3000),
    )
    # some fans hold a finger on the glass: the app sends what it counted every few seconds
    if r.random() < 0.12 and len(v.account):
        fan = int(np.argmax(v.leave - v.join))
        rows_of_fan = int(min((v.leave - v.join)[fan] / 10, r.integers(10, 90)))
        market.acts.add(
            rows_of_fan,
            session=session,
            account=v.account[fan],
            kind=LIKE,
            at=v.join[fan] + 10.0 * np.arange(rows_of_fan),
            count=np.clip(r.normal(60, 5, rows_of_fan), 1, 200).astype(int),
        )
        market.tags.append((host, session, "tapping_fan"))


def _follow(market: Market, session: int, v: Visits) -> None:
    """New viewers follow, at a lucky bag together; some leave again in days."""
    r, s = market.r, market.sessions
    host = int(s.host[session])
    fresh = np.flatnonzero(~np.isin(v.account, market.communities[host].member))
    of = fresh[r.random(len(fresh)) < 0.08 * np.exp(r.normal(0, 0.4))]
    at = _moment(market, v, of)
    if r.random() < 0.1:
        bag = r.uniform(s.start[session], s.end[session])
        here = fresh[(v.join[fresh] < bag) & (v.leave[fresh] > bag)]
        here = here[r.random(len(here)) < 0.8]
        of, at = np.append(of, here), np.append(at, bag + r.gamma(1.2, 6, len(here)))
        market.tags.append((host, session, "lucky_bag"))
    account, first = np.unique(v.account[of], return_index=True)
    at = at[first]
    n = len(account)
    market.acts.add(n, session=session, account=account, kind=NEW_FOLLOW, at=at)
    gone = r.random(n) < 0.15
    later = at[gone] + r.gamma(1.5, 1.5, int(gone.sum())) * DAY
    market.acts.add(int(gone.sum()), session=-1, account=account[gone], kind=UNFOLLOW, at=later)
    away = r.choice(market.communities[host].member, r.poisson(0.3))
    market.acts.add(
        len(away), session=session, account=away, kind=UNFOLLOW, at=s.end[session] - 1.0
    )
