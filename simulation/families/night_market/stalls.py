"""Stalls and their sessions: each operator has habits of its own in everything."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    CLOTHING,
    DAY,
    GOODS,
    HOUR,
    MINUTE,
    PRICE_CNY,
    PRODUCTS_PER_STALL,
    RETURN_RATE,
    SMALL_GIFTS,
    WEIGHT_GRAMS,
)

EVENING, TEST, CAMERA = range(3)
DEPOT_SENDERS = 500_000


def draw_stalls(town: Town) -> None:
    """Draw operators with random effects on all their rates."""
    rng, n = town.rng, town.parameters.operators

    def scatter(spread: float) -> np.ndarray:
        return rng.lognormal(0, spread, n)

    def some(share: float) -> np.ndarray:
        return rng.random(n) < share

    goods = rng.choice(len(GOODS), n, p=rng.dirichlet(np.full(len(GOODS), 4.0)))
    new = some(0.1)
    guild = np.where(some(0.3), rng.integers(0, 3 + n // 20, n), -1)
    fame = rng.lognormal(0, 1.1, n) * np.where(new, 0.35, 1)
    town.operators = SimpleNamespace(
        goods=goods,
        guild=guild,
        district=rng.integers(0, 9, n),
        kind=np.where(guild >= 0, 2, rng.integers(0, 2, n)),
        registered=np.where(new, -rng.uniform(1, 20, n), -20 - rng.gamma(1.3, 400, n)) * DAY,
        fame=fame,
        nights=rng.beta(3, 2.5, n),
        closed=rng.integers(0, 7, n),
        opens=np.where(some(0.15), rng.normal(9, 1.5, n), rng.normal(19, 1.0, n)) * HOUR,
        length=rng.lognormal(np.log(2.8), 0.4, n) * HOUR,
        grip=scatter(0.4),
        glance=rng.beta(3, 5, n),
        sits=rng.beta(1.6, 9, n),
        claps=scatter(0.7) * town.parameters.claps,
        calls=rng.gamma(1.2, 3, n),
        talk=scatter(0.6),
        follow=0.02 * scatter(0.6),
        lots=rng.gamma(2, 2.5, n),
        buy=0.035 * scatter(0.6) * town.parameters.buys,
        price=PRICE_CNY[goods] * scatter(0.4),
        weight=WEIGHT_GRAMS[goods] * scatter(0.3),
        packing=rng.uniform(20, 250, n) * np.where(goods == SMALL_GIFTS, 0.15, 1),
        returns=np.minimum(RETURN_RATE[goods] * scatter(0.4) * town.parameters.returns, 0.8),
        quits=0.03 * scatter(0.7),
        refused=0.015 * scatter(0.8),
        speed=rng.gamma(3, 8, n) * HOUR,
        reviews=0.1 * scatter(0.6),
        stars=rng.beta(8, 2, n),
        shelf=rng.integers(3, PRODUCTS_PER_STALL, n),
        depot=np.where(some(0.5), DEPOT_SENDERS + rng.integers(0, 4, n), np.arange(n)),
        scooter=np.where(some(0.3), rng.uniform(0.2, 0.9, n), 0),
        presale=np.where(some(0.12), rng.uniform(0.1, 0.6, n), 0),
        unpaid=rng.beta(2, 40, n),
        virtual=some(0.05),
        choir=np.where(some(0.25), rng.integers(12, 90, n), 0),
        choir_text=rng.integers(1, 7, n),
        staff=[rng.integers(0, town.honest_accounts, k) for k in rng.integers(1, 8, n)],
        staff_watch=rng.beta(2, 2, n),
        boosts=np.where(some(0.35), rng.uniform(0.05, 0.5, n), 0),
        raids=np.where(some(0.3), rng.uniform(0.1, 0.5, n), 0),
        lanterns=np.where(some(0.3), rng.uniform(0.2, 0.9, n), 0),
        guests=np.where(some(0.06), rng.uniform(0.1, 0.4, n), 0),
        groups=np.where(some(0.2), rng.uniform(0.1, 0.5, n), 0),
        resellers=np.where(some(0.2), rng.uniform(0.1, 0.5, n), 0),
        tests=np.where(some(0.3), rng.uniform(0.05, 0.4, n), 0),
        camera=some(0.03),
    )
    _draw_favourites(town)
    o = town.operators
    for tag, where in {
        "new_small_operator": new,
        "high_return_category": goods == CLOTHING,
        "light_gifts": goods == SMALL_GIFTS,
        "virtual_host": o.virtual,
        "same_city_courier": o.scooter > 0,
        "shared_depot": o.depot >= DEPOT_SENDERS,
        "presale": o.presale > 0,
    }.items():
        town.mark(tag, np.flatnonzero(where))


def _draw_favourites(town: Town) -> None:
    """Everybody knows four stalls, the famous more often."""
    fame = town.operators.fame**0.7
    town.people.favourites = town.rng.choice(
        len(fame), (town.honest_accounts, 4), p=fame / fame.sum()
    )


def draw_sessions(town: Town) -> None:
    """Draw evenings, test streams of seconds and camera streams of days."""
    rng, o, days = town.rng, town.operators, town.parameters.days
    n = town.parameters.operators
    mood = np.zeros((n, days))
    for number in range(days):  # a stall's good and bad nights come in spells
        past = mood[:, number - 1] if number else rng.normal(0, 0.5, n)
        mood[:, number] = 0.6 * past + rng.normal(0, 0.35, n)
    weekday = (town.parameters.first_day + 3 + np.arange(days)) % 7
    chance = o.nights[:, None] * np.where(weekday >= 4, 1.3, 1.0)
    chance = np.where(o.closed[:, None] == weekday, 0.05, chance)
    operator, day = np.nonzero((rng.random((n, days)) < chance) & ~o.camera[:, None])
    start = day * DAY + o.opens[operator] + rng.normal(0, 20 * MINUTE, len(operator))
    length = np.clip(o.length[operator] * rng.lognormal(0, 0.25, len(operator)), 600, 11 * HOUR)
    probe = np.flatnonzero(rng.random(len(operator)) < o.tests[operator])
    cameras = np.flatnonzero(o.camera)
    camera = np.repeat(cameras, days // 3)
    turn = np.tile(np.arange(days // 3), len(cameras)) * 3
    sessions = SimpleNamespace(
        operator=np.concatenate([operator, operator[probe], camera]),
        day=np.concatenate([day, day[probe], turn]),
        start=np.concatenate(
            [
                start,
                start[probe] - rng.uniform(5, 50, len(probe)) * MINUTE,
                turn * DAY + rng.uniform(0, 6, len(camera)) * HOUR,
            ]
        ),
        length=np.concatenate(
            [
                length,
                rng.lognormal(np.log(25), 0.8, len(probe)),
                rng.uniform(20, 60, len(camera)) * HOUR,
            ]
        ),
        kind=np.repeat([EVENING, TEST, CAMERA], [len(operator), len(probe), len(camera)]),
    )
    order = np.argsort(sessions.start, kind="stable")
    known = sessions.start > o.registered[sessions.operator]
    order = order[known[order]]
    town.sessions = SimpleNamespace(**{k: v[order] for k, v in vars(sessions).items()})
    s = town.sessions
    s.end = s.start + s.length
    s.mood = np.exp(mood[s.operator, s.day] + rng.normal(0, 0.2, len(s.start)))
    for kind, tag in ((TEST, "test_stream"), (CAMERA, "stream_of_days")):
        for one in np.flatnonzero(s.kind == kind):
            town.mark(tag, s.operator[one], int(one))
