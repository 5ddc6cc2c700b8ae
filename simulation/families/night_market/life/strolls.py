"""Evening strolls: people walk from stall to stall and stop where others stand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    DAY,
    DIRECT,
    FEED,
    FOLLOW,
    HOUR,
    MINUTE,
    SEARCH,
    SHARE,
)

SLOT = 5 * MINUTE
FIRST_HOUR, LAST_HOUR = 6, 27
FERRY_MINUTES = 40


def add_strolls(town: Town) -> None:
    """Walk the town through every evening; the weather comes in spells."""
    rng, p = town.rng, town.parameters
    town.people.mix = np.zeros(town.honest_accounts)
    mix = rng.dirichlet([6.0, 1.2, 1.2, 1.6])
    weather = 0.0
    for day in range(p.days):
        weather = 0.7 * weather + rng.normal(0, p.weather)
        weekend = 1.35 if (p.first_day + 3 + day) % 7 >= 4 else 1.0
        chance = p.outings * town.people.eager[: town.honest_accounts] * weekend * np.exp(weather)
        out = np.flatnonzero(rng.random(town.honest_accounts) < chance)
        with_others = out[rng.random(len(out)) < 0.25] + 1  # a neighbour in the household
        with_others = with_others[with_others < town.honest_accounts]
        walkers = np.unique(np.concatenate([out, with_others]))
        if len(walkers):
            _walk(town, day, walkers, mix)
    del town.people.mix


def _arrivals(town: Town, day: int, walkers: np.ndarray) -> np.ndarray:
    """Moments at which walkers start: by ferry, by day, or around eight in the evening."""
    rng, n = town.rng, len(walkers)
    ferry = rng.integers(0, 8, n) * FERRY_MINUTES * MINUTE + 17.5 * HOUR
    ferry += rng.gamma(2, 70, n)
    evening = np.clip(rng.normal(20.1, 1.5, n), 6.5, 25) * HOUR
    daytime = rng.uniform(7, 18, n) * HOUR
    start = np.where(rng.random(n) < 0.22, daytime, evening)
    by_ferry = town.people.commuter[walkers] & (rng.random(n) < 0.6)
    return day * DAY + np.where(by_ferry, ferry, start)


def _walk(town: Town, day: int, walkers: np.ndarray, mix: np.ndarray) -> None:
    """One day of all walkers, in slots of five minutes."""
    rng, s, n = town.rng, town.sessions, len(walkers)
    opens, closes = day * DAY + FIRST_HOUR * HOUR, day * DAY + LAST_HOUR * HOUR
    near = np.flatnonzero((s.start < closes) & (s.end > opens))
    if not len(near):
        return
    state = SimpleNamespace(free=_arrivals(town, day, walkers), at=np.full(n, -1))
    state.until = np.full(n, -1.0)
    state.curfew = (
        state.free + rng.lognormal(np.log(50 * MINUTE), 0.7, n) * (town.people.patience[walkers])
    )
    for moment in np.arange(opens, closes, SLOT):
        ready = np.flatnonzero((state.free < moment + SLOT) & (state.free < state.curfew))
        live = near[(s.start[near] <= moment + SLOT / 2) & (s.end[near] > moment + SLOT)]
        if not len(ready):
            continue
        if not len(live):
            state.free[ready] += SLOT
            continue
        _stop_somewhere(town, state, (walkers, ready), (live, mix), moment)


def _stop_somewhere(
    town: Town,
    state: SimpleNamespace,
    people: tuple[np.ndarray, np.ndarray],
    offer: tuple[np.ndarray, np.ndarray],
    moment: float,
) -> None:
    """Each ready walker stops at a favourite, or where fame and the crowd draw it."""
    rng, s, o = town.rng, town.sessions, town.operators
    (walkers, ready), (live, mix) = people, offer
    who, n = walkers[ready], len(ready)
    present = state.until > moment
    crowd = np.bincount(state.at[present], minlength=len(s.start))[live]
    draw = o.fame[s.operator[live]] * s.mood[live] * (2.0 + crowd) ** town.parameters.herding
    edges = np.cumsum(draw)
    session = live[np.minimum(np.searchsorted(edges, rng.random(n) * edges[-1]), len(live) - 1)]
    source = np.array([FEED, SEARCH, SHARE, DIRECT])[rng.choice(4, n, p=mix)]
    running = np.full(len(o.fame), -1)
    running[s.operator[live]] = live
    known = running[town.people.favourites[who, rng.integers(0, 4, n)]]
    loyal = (known >= 0) & (rng.random(n) < town.people.loyalty[who])
    session = np.where(loyal, known, session)
    source = np.where(loyal, FOLLOW, source)
    stay = _stays(town, session, who, loyal)
    joined = np.maximum(state.free[ready], moment) + rng.uniform(0, 45, n)
    joined = np.maximum(joined, s.start[session] + rng.exponential(20, n))
    joined, left = town.add_views(session, who, joined, stay, source)
    state.at[ready], state.until[ready] = session, left
    state.free[ready] = left + rng.exponential(70, n)
    dropped = np.flatnonzero((rng.random(n) < 0.03) & (left - joined > 60))
    if len(dropped):  # a weak signal: the app joins again after seconds
        again = left[dropped] + rng.exponential(6, len(dropped))
        inside = town.in_sessions(again, session[dropped])
        dropped, again = dropped[inside], again[inside]
        rest = rng.lognormal(4.5, 1.0, len(dropped))
        town.add_views(session[dropped], who[dropped], again, rest, source[dropped])


def _stays(town: Town, session: np.ndarray, who: np.ndarray, loyal: np.ndarray) -> np.ndarray:
    """Seconds of stay: a glance, a while, or the rest of the evening."""
    rng, o, n = town.rng, town.operators, len(session)
    operator = town.sessions.operator[session]
    grip = o.grip[operator]
    u = rng.random(n) * np.where(loyal, 0.6, 1.0)
    sits = u < o.sits[operator]
    glances = ~sits & (rng.random(n) < o.glance[operator] * np.where(loyal, 0.3, 1.0))
    glance = 0.8 + rng.exponential(7, n)
    browse = rng.lognormal(np.log(75), 1.0, n) * grip * town.people.patience[who] ** 0.5
    sit = rng.lognormal(np.log(28 * MINUTE), 0.8, n) * np.sqrt(grip)
    return np.select([sits, glances], [sit, glance], browse)
