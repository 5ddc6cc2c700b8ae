"""Truth of a lake in the common form of the families."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from data_contracts.parquet import write_file
from simulation.families.bazaar.schemes.registry import (
    ACTS_ONLY,
    ROOM_SCHEMES,
    SCHEME_NAMES,
    SCHEMES,
    TRADE_SCHEMES,
)
from simulation.families.bazaar.tables.columns import names, times
from simulation.families.bazaar.tables.drafts import Drafts
from simulation.families.bazaar.vocabulary import LIKE, NEW_FAN
from simulation.families.bazaar.world import World

ROOM_CODES = [SCHEMES.index(f) + 1 for f in ROOM_SCHEMES]
TRADE_CODES = [SCHEMES.index(f) + 1 for f in TRADE_SCHEMES]
KIN_CODE = [f.__name__ for f in SCHEMES].index("kin_orders") + 1
Kept = dict[str, np.ndarray]
"""Rows of the drafts that were delivered, in order of receipt, by table."""


def label_sessions(
    world: World, views: SimpleNamespace, acts: SimpleNamespace, orders: SimpleNamespace
) -> SimpleNamespace:
    """What is false in each session, and by which schemes."""
    n, code = world.sessions.n, len(SCHEME_NAMES)
    views_by, acts_by, orders_by = (
        np.bincount(x.s[keep] * code + x.fake[keep], minlength=n * code).reshape(n, code)[:, 1:]
        for x in (views, acts, orders)
        for keep in [(x.s >= 0) & (x.fake > 0)]
    )
    ran = views_by + acts_by + orders_by > 0
    false_views, false_acts, false_orders = (x.sum(1) for x in (views_by, acts_by, orders_by))
    return SimpleNamespace(
        views=np.bincount(views.s, minlength=n),
        scheme=[_join(row) for row in ran],
        inflated=(false_views > 0) | (false_acts > 0),
        brushed=false_orders > 0,
        acts_only=ran[:, [SCHEMES.index(f) for f in ACTS_ONLY]].any(1),
    )


def _join(ran: np.ndarray) -> str:
    return "+".join(SCHEME_NAMES[1:][ran])


def write_truth(truth: Path, d: Drafts, kept: Kept) -> None:
    """Write the truth of what was delivered."""
    views, acts, orders = (
        _take(rows, kept[name])
        for name, rows in (
            ("views", d.views),
            ("interactions", d.interactions),
            ("orders", d.orders),
        )
    )
    tables = {
        "sessions": _sessions(d.world, views, acts, orders),
        "orders": _orders(orders),
        "operators": _operators(d, views, acts, orders),
        "views": _false_views(d, views),
        "interactions": _false_interactions(d, acts),
        "accounts": _accounts(d.world, views, acts, orders),
        "lookalikes": _lookalikes(d.world),
    }
    for name, columns in tables.items():
        write_file(truth / f"{name}.parquet", pa.table(columns))


def _take(rows: SimpleNamespace, keep: np.ndarray) -> SimpleNamespace:
    return SimpleNamespace(**{k: x[keep] for k, x in vars(rows).items()})


def _text(values: list[str] | np.ndarray) -> pa.Array:
    return pa.array([str(v) for v in values], pa.string())


def _sessions(
    world: World, views: SimpleNamespace, acts: SimpleNamespace, orders: SimpleNamespace
) -> dict[str, pa.Array]:
    n = world.sessions.n
    scheme = label_sessions(world, views, acts, orders).scheme
    likes, follows = (acts.kind == LIKE, acts.kind == NEW_FAN)
    out = {
        "session_id": names("s", np.arange(n)),
        "operator_id": names("o", world.sessions.op),
        "scheme": _text(scheme),
    }
    once = np.ones(len(acts.s), int)
    for measure, s, counts, false in (
        ("views", views.s, np.ones(len(views.s), int), views.fake > 0),
        ("likes", acts.s, acts.count * likes, acts.fake > 0),
        ("follows", acts.s, once * follows, acts.fake > 0),
        ("orders", orders.s, np.ones(len(orders.s), int), orders.fake > 0),
    ):
        inside = s >= 0
        out[measure] = pa.array(_sum(s[inside], counts[inside], n))
        out[f"false_{measure}"] = pa.array(_sum(s[inside], (counts * false)[inside], n))
    return out


def _sum(s: np.ndarray, counts: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(s, counts, minlength=n).astype(np.int64)


def _orders(orders: SimpleNamespace) -> dict[str, pa.Array]:
    """False orders; a rival's beneficiary is not known."""
    false = orders.fake > 0
    own = np.isin(orders.fake[false], TRADE_CODES)
    return {
        "order_id": names("x", orders.number[false]),
        "false": pa.array(np.ones(false.sum(), bool)),
        "scheme": _text(SCHEME_NAMES[orders.fake[false]]),
        "beneficiary_id": names("o", np.where(own, orders.o[false], -1)),
    }


def _operators(
    d: Drafts, views: SimpleNamespace, acts: SimpleNamespace, orders: SimpleNamespace
) -> dict[str, pa.Array]:
    world, n = d.world, d.world.operator_count
    first = np.full(n, np.iinfo(np.int64).max)
    ran = np.zeros((n, len(SCHEME_NAMES)), bool)
    sides = []
    for rows, at, codes in (
        (views, views.join, ROOM_CODES),
        (acts, acts.at, ROOM_CODES),
        (orders, orders.placed, TRADE_CODES),
    ):
        inside = (rows.s >= 0) & (rows.fake > 0)
        op = world.sessions.op[rows.s[inside]]
        ran[op, rows.fake[inside]] = True
        np.minimum.at(first, op, at[inside])
        sides.append(np.isin(np.arange(n), op[np.isin(rows.fake[inside], codes)]))
    cheat = np.any(sides, axis=0)
    started = ran.any(1)
    role = np.select([cheat, started], ["cheat", "victim"], "honest")
    own = ran.copy()
    own[~cheat] = False
    return {
        "operator_id": names("o", np.arange(n)),
        "scheme": _text([_join(row[1:]) for row in own]),
        "role": _text(role),
        "cheats_views": pa.array(sides[0]),
        "cheats_engagement": pa.array(sides[1]),
        "cheats_orders": pa.array(sides[2]),
        "first_at": times(np.where(started, first, -1), d.clock),
    }


def _false_views(d: Drafts, views: SimpleNamespace) -> dict[str, pa.Array]:
    v = _take(views, views.fake > 0)
    return {
        "session_id": names("s", v.s),
        "account_id": names("a", np.where(v.anonymous > 0, -1, v.a)),
        "device_id": names("d", v.dev),
        "joined_at": times(v.join, d.clock),
        "scheme": _text(SCHEME_NAMES[v.fake]),
    }


def _false_interactions(d: Drafts, acts: SimpleNamespace) -> dict[str, pa.Array]:
    a = _take(acts, acts.fake > 0)
    kinds = np.array(["like", "comment", "follow", "unfollow", "share", "product_click"])
    return {
        "session_id": names("s", a.s),
        "account_id": names("a", a.a),
        "at": times(a.at, d.clock),
        "kind": _text(kinds[a.kind]),
        "count": pa.array(a.count),
        "scheme": _text(SCHEME_NAMES[a.fake]),
    }


def _accounts(
    world: World, views: SimpleNamespace, acts: SimpleNamespace, orders: SimpleNamespace
) -> dict[str, pa.Array]:
    """Accounts used for fraud: made ones are bots, relatives employees, the others hired."""
    kind: dict[int, str] = {}
    for who, code in ((views.a, views.fake), (acts.a, acts.fake), (orders.b, orders.fake)):
        for account, number in zip(who[code > 0].tolist(), code[code > 0].tolist(), strict=True):
            hired = "crowd" if number in ROOM_CODES else "brusher"
            hired = "employee" if number == KIN_CODE else hired
            kind.setdefault(account, "bot" if account >= world.real_people else hired)
    ordered = sorted(kind)
    return {
        "account_id": names("a", np.array(ordered, int)),
        "kind": _text([kind[a] for a in ordered]),
    }


def _lookalikes(world: World) -> dict[str, pa.Array]:
    operators, sessions = world.operators, world.sessions
    battles = np.bincount(sessions.op, [len(x) > 0 for x in sessions.pk], world.operator_count)
    marks = {
        "pk": battles > 0,
        "raid": operators.raid > 0,
        "lucky_bag": operators.bag > 0,
        "boost": operators.boost > 0,
        "sold_out": operators.sold_out > 0,
        "village_groups": operators.leaders > 0,
        "fan_club": operators.fans > 0,
        "relatives": operators.kin > 4,
        "shared_station": operators.station,
        "presale": operators.presale,
        "refusals": operators.refusals,
        "small_new": operators.small_new,
        "virtual_host": operators.virtual,
    }
    op = np.concatenate([np.flatnonzero(x) for x in marks.values()])
    tag = np.repeat(list(marks), [int(np.sum(x)) for x in marks.values()])
    return {
        "operator_id": names("o", op),
        "session_id": pa.nulls(len(op), pa.string()),
        "tag": _text(tag),
    }
