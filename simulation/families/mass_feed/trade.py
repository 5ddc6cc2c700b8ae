"""What honest viewers do and buy, and the look-alikes of trade."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulation.families.mass_feed.crowd import CUSTOM_TEXT, Crowd
from simulation.families.mass_feed.rows import (
    CLICK,
    COMMENT,
    FOLLOW,
    FOLLOWED,
    LIKE,
    NORMAL,
    PRESALE,
    SHARE_ACT,
    UNFOLLOWED,
    UNPAID,
)
from simulation.families.mass_feed.world import DAY

STATION_ADDRESS = 8_000_000  # first address of pick-up stations
PRODUCTS_PER_OPERATOR = 30


def act_in_rooms(crowd: Crowd, views: pd.DataFrame) -> None:
    """Write acts of honest viewers: they depend on stay, liveliness, room and night."""
    rng, operators, sessions = crowd.rng, crowd.operators, crowd.sessions
    s, a = views["s"].to_numpy(), views["a"].to_numpy()
    room = sessions.operator[s]
    stay = np.minimum(views["stay"].to_numpy(), sessions.end[s] - views["join"].to_numpy())
    lively = np.exp(rng.normal(-0.4, 0.9, len(crowd.people.topic)))[a]
    night = np.exp(rng.normal(0, 0.3, sessions.count))[s]
    keen = lively * night * np.minimum(stay / 60, 8.0) ** 0.6 * (stay > 4)
    rates = {
        LIKE: operators.like,
        COMMENT: operators.chat,
        FOLLOWED: operators.follow,
        SHARE_ACT: operators.like * 0.05,
        CLICK: operators.click,
    }
    for kind, habit in rates.items():
        rate = habit[room] * keen
        if kind == FOLLOWED:
            rate = np.where(views["src"].to_numpy() == FOLLOW, 0.0, np.minimum(rate, 0.6))
            chosen = np.flatnonzero(rng.random(len(rate)) < rate)
            pair = pd.Series(a[chosen] * np.int64(1_000) + room[chosen])
            chosen = chosen[~pair.duplicated().to_numpy()]
        else:
            chosen = np.repeat(np.arange(len(rate)), rng.poisson(np.minimum(rate, 30)))
        n = len(chosen)
        at = views["join"].to_numpy()[chosen] + rng.random(n) * stay[chosen]
        count = np.minimum(1 + rng.pareto(1.0, n) * 3, 600).astype(int) if kind == LIKE else 1
        text = np.full(n, -1)
        if kind == COMMENT:
            copies = rng.random(n) < operators.custom[room[chosen]]
            stock = (3_000 * rng.random(n) ** 3).astype(int)
            rare = rng.integers(10_000_000, 1 << 40, n)
            said = np.where(rng.random(n) < 0.45, stock, rare)
            text = np.where(copies, CUSTOM_TEXT + 5 * room[chosen] + rng.integers(0, 2, n), said)
        crowd.events.acts.add(n, s=s[chosen], a=a[chosen], kind=kind, at=at, count=count, text=text)
        if kind == FOLLOWED:
            gone = chosen[rng.random(n) < 0.07]
            later = views["join"].to_numpy()[gone] + rng.exponential(4 * DAY, len(gone))
            crowd.events.acts.add(len(gone), s=-1, a=a[gone], kind=UNFOLLOWED, at=later)


def products(crowd: Crowd, room: np.ndarray) -> np.ndarray:
    """A product of each operator asked; a few sell most."""
    chosen = (PRODUCTS_PER_OPERATOR * crowd.rng.random(len(room)) ** 2.5).astype(int)
    return room * PRODUCTS_PER_OPERATOR + chosen


def buy_in_rooms(crowd: Crowd, views: pd.DataFrame) -> None:
    """Write honest orders of viewers, group buyers and resellers."""
    rng, operators, sessions = crowd.rng, crowd.operators, crowd.sessions
    s = views["s"].to_numpy()
    room = sessions.operator[s]
    stay = np.minimum(views["stay"].to_numpy(), sessions.end[s] - views["join"].to_numpy())
    night = np.exp(rng.normal(0, 0.4, sessions.count))[s]
    chance = operators.buy[room] * night * (1 - np.exp(-stay / 90)) * (stay > 8)
    chosen = np.flatnonzero(rng.random(len(s)) < np.minimum(chance * 1.8, 0.7))
    chosen = np.repeat(chosen, np.minimum(rng.geometric(0.87, len(chosen)), 5))
    n, o = len(chosen), room[chosen]
    at = views["join"].to_numpy()[chosen] + stay[chosen] * rng.beta(2, 1.2, n)
    spell = 300 + 60 * (o % 9)  # each product is shown for a spell, orders follow its price call
    called = np.floor(at / spell) * spell + rng.gamma(1.3, 25, n)
    at = np.where((rng.random(n) < 0.4) & (called > views["join"].to_numpy()[chosen]), called, at)
    at = np.minimum(at, sessions.end[s[chosen]] + 600)
    presale = rng.random(n) < 0.8 * operators.traits["presale"][o]
    fate = np.where(rng.random(n) < 0.05, UNPAID, np.where(presale, PRESALE, NORMAL))
    station = rng.random(n) < 0.5 * operators.traits["pickup_station"][o]
    a = views["a"].to_numpy()[chosen]
    where = STATION_ADDRESS + crowd.people.region[a] * 12 + a % 12
    unknown = rng.random(n) < 0.03
    crowd.events.orders.add(
        n,
        s=np.where(unknown, -1, s[chosen]),
        o=o,
        a=a,
        product=products(crowd, o),
        at=at,
        quantity=1 + (rng.random(n) < 0.12) * rng.geometric(0.5, n),
        address=np.where(station, where, -9),
        fate=fate,
    )
    for s_one in range(sessions.count):
        o_one = int(sessions.operator[s_one])
        if sessions.test[s_one]:
            continue
        if rng.random() < operators.traits["group_buying"][o_one]:
            _group_buys(crowd, s_one)
        if rng.random() < operators.traits["reseller"][o_one]:
            _reseller_buys(crowd, s_one)
    for trait in ("presale", "pickup_station"):
        for operator in np.flatnonzero(operators.traits[trait]):
            crowd.events.tags.append((int(operator), -1, trait))
    for operator in np.flatnonzero(operators.returns > 0.35):
        crowd.events.tags.append((int(operator), -1, "high_return_category"))


def _group_buys(crowd: Crowd, s: int) -> None:
    """A leader collects orders of neighbours: one payer and one address, many buyers."""
    rng, o = crowd.rng, int(crowd.sessions.operator[s])
    n = int(rng.gamma(2.5, 5)) + 4
    leader = crowd.people.pick(np.array([-1]), rng)
    a = crowd.people.pick(np.full(n, -1), rng)
    begin = rng.uniform(crowd.sessions.start[s], crowd.sessions.end[s])
    at = begin + np.sort(rng.gamma(1.5, 120, n))
    crowd.events.orders.add(
        n,
        s=s,
        o=o,
        a=a,
        product=np.repeat(products(crowd, np.array([o])), n),
        at=at,
        payer=np.where(rng.random(n) < 0.8, crowd.people.payer[leader[0]], -9),
        address=crowd.people.home[leader[0]],
        device=np.where(rng.random(n) < 0.5, crowd.people.device[leader[0]], -9),
    )
    crowd.tag(s, "group_buying")


def _reseller_buys(crowd: Crowd, s: int) -> None:
    """A shopkeeper buys many pieces in many orders, and comes again."""
    rng, o = crowd.rng, int(crowd.sessions.operator[s])
    n = int(rng.geometric(0.12)) + 2
    a = crowd.followers[o][:3][rng.integers(0, 3)]
    begin = rng.uniform(crowd.sessions.start[s], crowd.sessions.end[s])
    crowd.events.orders.add(
        n,
        s=s,
        o=o,
        a=a,
        product=products(crowd, np.full(n, o)),
        at=begin + np.cumsum(rng.exponential(50, n)),
        quantity=1 + rng.geometric(0.3, n),
    )
    crowd.tag(s, "reseller")
