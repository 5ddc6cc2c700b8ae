"""The plan of fraud: who cheats, how, how hard and when, and who attacks whom."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulation.families.night_market.schemes import engagement, orders, views
from simulation.families.night_market.schemes.job import Job, Market
from simulation.families.night_market.stalls import EVENING
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    HOSTILE_SCHEMES,
    ORDER_SCHEMES,
    ROOM_SCHEMES,
    SCHEME_NUMBER,
    SCHEMES,
)

GENERATORS: dict[str, Callable[[Market, Job], None]] = {
    name: getattr(room, name)
    for room in (views, engagement, orders)
    for name in SCHEMES
    if hasattr(room, name)
}
STEADY, ONE_NIGHT, FROM_A_DAY, SOME_NIGHTS = range(4)


def plan_fraud(town: Town) -> None:
    """Draw the cheats with one to three schemes each, and the rivals with a victim each."""
    rng, p = town.rng, town.parameters
    n = p.operators
    town.plans = []
    town.roles = np.array(["honest"] * n, dtype=object)
    if not p.cheating_share:
        return
    market = Market.of(town)
    evenings = np.flatnonzero(town.sessions.kind == EVENING)
    counts = np.bincount(town.sessions.operator[evenings], minlength=n)
    order = rng.permutation(np.flatnonzero(counts > 1))
    cheats = order[: round(p.cheating_share * n)]
    attacks = max(1, round(p.rival_share * n))
    rest = order[len(cheats) :]
    rivals, victims = rest[:attacks], rest[attacks : 2 * attacks]
    rooms = rng.permutation(ROOM_SCHEMES)
    trade = rng.permutation(ORDER_SCHEMES)
    for turn, operator in enumerate(cheats.tolist()):
        side = rng.random()
        names = [str(rooms[turn % len(rooms)])] if side < 0.7 else []
        names += [str(trade[turn % len(trade)])] if side > 0.4 else []
        names += [str(rng.choice(ROOM_SCHEMES))] if rng.random() < 0.35 else []
        mine = evenings[town.sessions.operator[evenings] == operator]
        days = _nights(town, mine)
        for name in dict.fromkeys(names):
            _run(market, Job(operator, days, _size(town), _care(town), SCHEME_NUMBER[name]))
    for rival, victim in zip(rivals.tolist(), victims.tolist(), strict=False):
        mine = evenings[town.sessions.operator[evenings] == victim]
        nights = rng.choice(mine, min(len(mine), int(rng.integers(1, 5))), replace=False)
        name = str(rng.choice(HOSTILE_SCHEMES))
        size = _size(town) * 1.5
        _run(market, Job(victim, nights, size, _care(town), SCHEME_NUMBER[name], rival))


def _size(town: Town) -> float:
    size = town.parameters.intensity * town.rng.lognormal(0, 0.8)
    return float(np.clip(size, 0.08, 4))


def _care(town: Town) -> float:
    return float(np.clip(town.rng.normal(town.parameters.evasion, 0.3), 0, 1))


def _nights(town: Town, mine: np.ndarray) -> np.ndarray:
    """Sessions in which an operator cheats: all, one, from a day on, or some."""
    rng = town.rng
    habit = rng.choice(4, p=[0.45, 0.1, 0.2, 0.25])
    if habit == ONE_NIGHT:
        return mine[[int(rng.integers(0, len(mine)))]]
    if habit == FROM_A_DAY:
        return mine[int(rng.integers(0, len(mine))) :]
    if habit == SOME_NIGHTS:
        some = mine[rng.random(len(mine)) < rng.uniform(0.2, 0.8)]
        return some if len(some) else mine[:1]
    return mine


def _run(market: Market, job: Job) -> None:
    name = SCHEMES[job.code]
    GENERATORS[name](market, job)
    market.town.plans.append(
        {
            "operator": job.operator,
            "scheme": name,
            "sessions": len(job.sessions),
            "intensity": round(job.intensity, 3),
            "evasion": round(job.evasion, 3),
            "rival": job.rival,
        }
    )
