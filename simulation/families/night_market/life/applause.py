"""Applause and talk: claps at the host's call, bids that everybody copies, follows and clicks."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from simulation.families.night_market.event_log import moments_within
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    CLICK,
    COMMENT,
    DAY,
    FOLLOW,
    HOUR,
    LIKE,
    LOST_FAN,
    NEW_FAN,
    PASSED_ON,
)

BID_TEXTS, CHAT_TEXTS = 10_000, 100_000


def draw_lots(town: Town) -> None:
    """Draw the moments of each session at which a lot is called out or claps are asked for."""
    rng, s, o = town.rng, town.sessions, town.operators
    hours = np.minimum(s.length, 12 * HOUR) / HOUR
    for name, rate in (("lots", o.lots), ("calls", o.calls)):
        session = np.repeat(np.arange(len(hours)), rng.poisson(rate[s.operator] * hours))
        at = s.start[session] + rng.random(len(session)) * s.length[session]
        setattr(s, f"{name}_session", session)
        setattr(s, f"{name}_at", at)


def add_applause(town: Town) -> None:
    """Likes, comments, follows, shares and clicks of honest viewers."""
    v = town.views.joined()
    _claps(town, v)
    _talk(town, v)
    _follows(town, v)
    _small_acts(town, v)


def _claps(town: Town, v: SimpleNamespace) -> None:
    rng, s, o, people = town.rng, town.sessions, town.operators, town.people
    i, call = moments_within(v.session, v.joined, v.left, s.calls_session, s.calls_at)
    eager = np.minimum(0.12 * people.claps[v.account[i]] * o.claps[s.operator[v.session[i]]], 0.7)
    heat = rng.beta(1, 2, len(s.calls_at))[call]  # some calls fall flat
    keep = rng.random(len(i)) < eager * heat * 2
    i, call = i[keep], call[keep]
    at = s.calls_at[call] + rng.exponential(5, len(i))
    count = 1 + np.minimum(rng.pareto(1.0, len(i)) * 4, 900).astype(int)
    _add(town, v, i, LIKE, at, count=count)
    rate = 0.04 * people.claps[v.account] * o.claps[s.operator[v.session]]
    rate = np.minimum(rate * np.minimum((v.left - v.joined) / 200, 6) ** 0.6, 15)
    i = np.repeat(np.arange(len(rate)), rng.poisson(rate))
    count = 1 + np.minimum(rng.pareto(1.3, len(i)) * 2, 400).astype(int)
    _add(town, v, i, LIKE, _within(rng, v, i), count=count)


def _talk(town: Town, v: SimpleNamespace) -> None:
    """Bids copy one of a few texts of the evening; chat repeats a common stock in part."""
    rng, s, o, people = town.rng, town.sessions, town.operators, town.people
    i, lot = moments_within(v.session, v.joined, v.left, s.lots_session, s.lots_at)
    eager = 0.03 * people.talks[v.account[i]] * o.talk[s.operator[v.session[i]]]
    keep = rng.random(len(i)) < np.minimum(eager, 0.6)
    i, lot = i[keep], lot[keep]
    text = BID_TEXTS + 8 * s.operator[v.session[i]] + (6 * rng.random(len(i)) ** 3).astype(int)
    _add(town, v, i, COMMENT, s.lots_at[lot] + rng.gamma(2, 4, len(i)), text=text)
    rate = 0.025 * people.talks[v.account] * o.talk[s.operator[v.session]]
    rate = np.minimum(rate * np.minimum((v.left - v.joined) / 200, 8) ** 0.7, 12)
    i = np.repeat(np.arange(len(rate)), rng.poisson(rate))
    stock = (4_000 * rng.random(len(i)) ** 4).astype(np.int64)
    new = rng.integers(1_000_000, 2**40, len(i))
    text = np.where(rng.random(len(i)) < 0.35, CHAT_TEXTS + stock, new)
    _add(town, v, i, COMMENT, _within(rng, v, i), text=text)


def _follows(town: Town, v: SimpleNamespace) -> None:
    rng, s, o = town.rng, town.sessions, town.operators
    operator = s.operator[v.session]
    chance = o.follow[operator] * (1 - np.exp(-(v.left - v.joined) / 180)) * 2
    new = (v.source != FOLLOW) & (rng.random(len(chance)) < chance)
    i = np.flatnonzero(new)
    pair = v.account[i] * 1_000 + operator[i]
    i = i[np.unique(pair, return_index=True)[1]]
    at = _within(rng, v, i)
    _add(town, v, i, NEW_FAN, at)
    leaves = rng.random(len(i)) < rng.uniform(0.03, 0.15)
    town.interactions.add(
        int(leaves.sum()),
        account=v.account[i[leaves]],
        kind=LOST_FAN,
        at=at[leaves] + rng.exponential(5 * DAY, int(leaves.sum())),
    )


def _small_acts(town: Town, v: SimpleNamespace) -> None:
    rng, s = town.rng, town.sessions
    stay = np.minimum(v.left - v.joined, 3 * HOUR)
    night = rng.lognormal(0, 0.4, len(s.start))[v.session]
    for kind, rate in ((PASSED_ON, 0.006), (CLICK, 0.09)):
        mean = np.minimum(rate * night * (stay / 120) ** 0.6, 6)
        i = np.repeat(np.arange(len(stay)), rng.poisson(mean))
        _add(town, v, i, kind, _within(rng, v, i))


def _within(rng: np.random.Generator, v: SimpleNamespace, i: np.ndarray) -> np.ndarray:
    return v.joined[i] + rng.random(len(i)) * (v.left - v.joined)[i]


def _add(
    town: Town, v: SimpleNamespace, i: np.ndarray, kind: int, at: np.ndarray, **more: np.ndarray
) -> None:
    town.interactions.add(
        len(i), session=v.session[i], account=v.account[i], kind=kind, at=at, **more
    )
