"""Verdicts of people: late, selective, sometimes wrong, at the levels the town works at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from simulation.families.night_market.tables.columns import moments
from simulation.families.night_market.town import Town
from simulation.families.night_market.vocabulary import (
    ACTS_SCHEMES,
    DAY,
    HOSTILE_SCHEMES,
    HOUR,
    ORDER_SCHEMES,
    SCHEME_NUMBER,
)
from simulation.identifiers import make_ids, take_labels

LEVELS = ("session", "order", "operator")
SOURCES = ["patrol", "random_audit", "appeal"]
PATROL, AUDIT, APPEAL = range(3)
DECISION_CLOCK_SECONDS = 1.0


class Cases(NamedTuple):
    """Entities of one level: when they happened, typology, whether true, and how odd."""

    happened: np.ndarray
    typology: np.ndarray
    true: np.ndarray
    oddness: np.ndarray


def outcome_table(
    town: Town, v: SimpleNamespace, i: SimpleNamespace, b: SimpleNamespace
) -> pa.Table:
    """Verdicts that were decided before the lake was cut."""
    rng, p = town.rng, town.parameters
    levels = rng.choice(LEVELS, int(rng.integers(1, 4)), replace=False)
    shares = rng.dirichlet(np.full(len(levels), 2.0))
    parts = []
    cases = {
        "session": _session_cases(town, v, i, b),
        "order": _order_cases(b),
        "operator": _operator_cases(town, v, i, b),
    }
    for level, share in zip(levels.tolist(), shares, strict=True):
        size = round(p.verdicts * share)
        if size:
            parts.append(_decide(town, level, cases[level], size))
    return pa.concat_tables([*parts, _table(town, "session", Cases(*([np.zeros(0)] * 4)), None)])


def _decide(town: Town, level: str, c: Cases, size: int) -> pa.Table:
    """The audit draws by chance; the patrol takes the oddest with luck; appeals come later."""
    rng, p, n = town.rng, town.parameters, len(c.happened)
    due = c.happened + rng.gamma(2, p.verdict_days / 2, n) * DAY
    open_cases = np.flatnonzero(np.isfinite(due) & (due < town.end - 2 * HOUR))
    audited = rng.permutation(open_cases)[: round(size * p.audited)]
    rest = np.setdiff1d(open_cases, audited)
    luck = c.oddness[rest] + rng.gumbel(0, 1, len(rest))
    patrolled = rest[np.argsort(-luck, kind="stable")][: size - len(audited)]
    entity = np.concatenate([audited, patrolled])
    wrong = rng.random(len(entity)) < p.wrong
    confirmed = c.true[entity] ^ wrong
    source = np.repeat([AUDIT, PATROL], [len(audited), len(patrolled)])
    appealed = confirmed & (rng.random(len(entity)) < np.where(wrong, 0.6, 0.04))
    later = due[entity] + rng.gamma(2, 1.5, len(entity)) * DAY
    rows = SimpleNamespace(
        entity=np.concatenate([entity, entity[appealed]]),
        confirmed=np.concatenate([confirmed, ~wrong[appealed] & confirmed[appealed]]),
        decided=np.concatenate([due[entity], later[appealed]]),
        source=np.concatenate([source, np.full(int(appealed.sum()), APPEAL)]),
    )
    kept = rows.decided < town.end - 2 * HOUR
    rows = SimpleNamespace(**{name: x[kept] for name, x in vars(rows).items()})
    return _table(town, level, c, rows)


def _table(town: Town, level: str, c: Cases, rows: SimpleNamespace | None) -> pa.Table:
    if rows is None:
        none = np.zeros(0, int)
        rows = SimpleNamespace(entity=none, confirmed=none > 0, decided=none * 1.0, source=none)
    n = len(rows.entity)
    typology = c.typology[rows.entity] if n else []
    return pa.table(
        {
            "entity_kind": pa.array([level] * n, pa.string()),
            "entity_id": make_ids(level, rows.entity),
            "typology": pa.array([str(t) for t in typology], pa.string()),
            "verdict": take_labels(["cleared", "confirmed"], rows.confirmed.astype(int)),
            "decided_at": moments(town, rows.decided, DECISION_CLOCK_SECONDS),
            "source": take_labels(SOURCES, rows.source),
            "received_at": moments(town, rows.decided + HOUR, DECISION_CLOCK_SECONDS),
        }
    )


def _numbers(names: list[str]) -> list[int]:
    return [SCHEME_NUMBER[name] for name in names]


def _touched(size: int, index: np.ndarray, scheme: np.ndarray, codes: list[int]) -> np.ndarray:
    return np.bincount(index[np.isin(scheme, codes) & (index >= 0)], minlength=size) > 0


def _session_cases(town: Town, v: SimpleNamespace, i: SimpleNamespace, b: SimpleNamespace) -> Cases:
    n = len(town.sessions.start)
    trade = _numbers([*ORDER_SCHEMES, "hostile_orders"])
    false_views = np.bincount(v.session[v.scheme > 0], minlength=n)
    acts = i.session[(i.scheme > 0) & (i.session >= 0)]
    false_acts = np.bincount(acts, minlength=n) > 0
    soft = _touched(n, v.session, v.scheme, _numbers(ACTS_SCHEMES)) & false_acts
    rooms, orders = (false_views > 0) | false_acts, _touched(n, b.session, b.scheme, trade)
    typology = np.select(
        [soft, rooms, orders], ["engagement_fraud", "view_fraud", "order_fraud"], "view_fraud"
    )
    busy = np.bincount(v.session, minlength=n)
    share = false_views / np.maximum(busy, 1)
    likes = np.bincount(i.session[i.session >= 0], minlength=n) / np.maximum(busy, 5)
    oddness = 0.5 * np.log1p(busy) + 0.4 * np.log1p(likes) + 3 * share + 0.8 * orders
    return Cases(town.sessions.end, typology, rooms | orders, oddness)


def _order_cases(b: SimpleNamespace) -> Cases:
    hostile = b.scheme == SCHEME_NUMBER["hostile_orders"]
    typology = np.where(hostile, "hostile_brushing", "order_fraud")
    lot = np.log1p(b.quantity) * 0.4 + (b.group >= 0) + 1.2 * (b.stage < 3) + (b.scans < 4)
    return Cases(b.placed, typology, b.scheme > 0, lot + 1.5 * (b.scheme > 0))


def _operator_cases(
    town: Town, v: SimpleNamespace, i: SimpleNamespace, b: SimpleNamespace
) -> Cases:
    s, n = town.sessions, len(town.operators.fame)
    hostile = _numbers(HOSTILE_SCHEMES)
    trade = _touched(n, b.operator, b.scheme, _numbers(ORDER_SCHEMES))
    rooms = np.zeros(n, bool)
    attacked = _touched(n, b.operator, b.scheme, hostile)
    for rows in (v, i):
        mine = (rows.scheme > 0) & (rows.session >= 0)
        operator = s.operator[rows.session[mine]]
        attacked |= _touched(n, operator, rows.scheme[mine], hostile)
        keep = ~np.isin(rows.scheme[mine], hostile)
        rooms |= np.bincount(operator[keep], minlength=n) > 0
    last = np.full(n, -np.inf)
    np.maximum.at(last, s.operator, s.end)
    last[np.isinf(last)] = np.inf
    typology = np.select(
        [attacked, rooms, trade], ["hostile_brushing", "view_fraud", "order_fraud"], "view_fraud"
    )
    oddness = 0.4 * np.log(town.operators.fame) + 1.2 * (rooms | trade) + 0.8 * attacked
    return Cases(last, typology, rooms | trade | attacked, oddness)
