"""Verdicts of people: late, selective and sometimes wrong."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulation.families.bazaar.schemes.registry import ROOM_SCHEMES, TRADE_SCHEMES
from simulation.families.bazaar.tables.drafts import Drafts
from simulation.families.bazaar.vocabulary import DAY, HOSTILE, HOUR

PATROL, AUDIT, APPEAL = range(3)


class Verdict(NamedTuple):
    """One decision on a session, an order or an operator, named by its number."""

    kind: str
    entity: int
    typology: str
    confirmed: bool
    decided: int
    source: int


class Queue(NamedTuple):
    """Entities of one kind, when they happened, and how odd they look to a patrol."""

    kind: str
    share: float
    entities: np.ndarray
    happened: np.ndarray
    oddness: np.ndarray


def draw_verdicts(d: Drafts) -> list[Verdict]:
    """Draw what patrols, audits and appeals decided before the lake was cut.

    Patrols go where it looks odd, audits draw by chance, and an appeal sets most errors right.
    """
    world, rng, kept = d.world, d.world.rng, []
    queues = _queues(d)
    total = sum(q.share for q in queues)
    for kind, share, who, when, oddness in queues:
        due = (when + rng.gamma(2, 2, len(when)) * DAY).astype(int)
        who = who[due < world.end - HOUR]  # a later decision is not in the lake
        size = max(round(world.parameters["verdicts"] * share / total), 1)
        seen: set[int] = set()
        for audit in (True, False):
            part = world.parameters["audited"] if audit else 1 - world.parameters["audited"]
            k = min(round(size * part), len(who))
            if audit:
                pool = rng.permutation(who)[:k]
            else:
                pool = who[np.argsort(-(oddness + rng.gumbel(0, 1, len(oddness)))[who])]
            for e in pool.tolist():
                if len(seen) >= size:
                    break
                if e in seen:
                    continue
                seen.add(e)
                wrong = rng.random() < world.parameters["wrong"]
                typology, true = _claim(d, kind, e)
                confirmed, at = true != wrong, int(due[e])
                source = AUDIT if audit else PATROL
                kept.append(Verdict(kind, e, typology, confirmed, at, source))
                if confirmed and rng.random() < (0.6 if wrong else 0.05):
                    later = at + int(rng.gamma(2, 1.5) * DAY)
                    kept.append(Verdict(kind, e, typology, not wrong, later, APPEAL))
    return [v for v in kept if v.decided + HOUR < world.end]


def _queues(d: Drafts) -> list[Queue]:
    world, b, labels, sessions = d.world, d.orders, d.labels, d.world.sessions
    rooms, trade, victim = _plans(d)
    last = np.zeros(world.operator_count, int)
    np.maximum.at(last, sessions.op, sessions.end)
    odd = (
        np.log1p(b.qty) * 0.3
        + (b.lot > 0) * 1.0
        + (b.stage < 3) * 1.2
        + (b.scans < 4) * 0.8
        + 2.2 * (b.fake > 0)
    )
    size = 0.4 * np.log(world.operators.size) + 1.5 * (rooms | trade | victim)
    busy = (
        0.5 * np.log1p(np.array([len(x) for x in sessions.pk]))
        + 0.5 * np.log1p(labels.views)
        + 1.6 * (labels.inflated | labels.brushed)
    )
    return [
        Queue("order", 0.35, np.arange(len(b.placed)), b.placed, odd),
        Queue("operator", 0.2, np.arange(world.operator_count), last, size),
        Queue("session", 0.45, np.arange(sessions.n), sessions.end, busy),
    ]


def _plans(d: Drafts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Operators with schemes in their rooms, with schemes of trade, and victims."""
    everyone = np.arange(d.world.operator_count)
    rooms, trade = (
        np.isin(everyone, [p[0] for p in d.world.plans if p[1] in {f.__name__ for f in part}])
        for part in (ROOM_SCHEMES, TRADE_SCHEMES)
    )
    return rooms, trade, d.world.roles == "victim"


def _claim(d: Drafts, kind: str, e: int) -> tuple[str, bool]:
    """Typology that is looked for in an entity, and whether it is there."""
    rng, labels = d.world.rng, d.labels
    rooms, trade, victim = _plans(d)
    if kind == "session":
        orders = (bool(labels.brushed[e]) and (not labels.inflated[e] or rng.random() < 0.4)) or (
            not labels.inflated[e] and rng.random() < 0.15
        )
        soft = "engagement_fraud" if labels.acts_only[e] else "view_fraud"
        typology = "order_fraud" if orders else soft
        true = bool(labels.brushed[e] if orders else labels.inflated[e])
        if victim[d.world.sessions.op[e]] and orders and true:
            typology = "hostile_brushing"
        return typology, true
    if kind == "order":
        hostile = d.orders.fate[e] == HOSTILE
        return "hostile_brushing" if hostile else "order_fraud", bool(d.orders.fake[e] > 0)
    bad = rooms[e] or trade[e]
    room = bool(rooms[e] or not bad) and not (bool(trade[e] or not bad) and rng.random() < 0.5)
    typology = "hostile_brushing" if victim[e] else "view_fraud" if room else "order_fraud"
    return typology, bool(bad or victim[e])
