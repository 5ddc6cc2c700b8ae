"""Truth of a family: totals by session, false rows by name, roles of operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulation.families.event_delivery.tables import Delivery, hide

ACT_KINDS = ("like", "comment", "follow", "unfollow", "share", "product_click")
LIKE, FOLLOW = 0, 2
Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Planted:
    """What was delivered, with the scheme of each row (0 is honest).

    Parameters
    ----------
    schemes
        Name of each scheme by its code; the first is `honest`.
    operator
        Operator of each session.
    views, acts, orders
        Delivered rows with a column `scheme`; orders have `gainer`, the operator that benefits.
    guest, no_device
        Whether account or device of a view is null in the lake.
    role
        Role of each operator: honest, cheat, victim or rival.
    account_kinds
        Kind of each account that is ready to serve fraud; those that did are written.
    lookalikes
        Operator, session or -1, and tag.
    buyer_abuse
        Codes of schemes by which buyers, not operators, gain; such orders are not false.
    """

    schemes: Sequence[str]
    operator: np.ndarray
    views: Columns
    acts: Columns
    orders: Columns
    guest: np.ndarray
    no_device: np.ndarray
    role: np.ndarray
    account_kinds: Mapping[int, str]
    lookalikes: Sequence[tuple[int, int, str]]
    buyer_abuse: tuple[int, ...] = ()


def record_truth(delivery: Delivery, planted: Planted) -> None:
    """Write all tables of the truth."""
    _record_sessions(delivery, planted)
    _record_orders(delivery, planted)
    _record_operators(delivery, planted)
    _record_views(delivery, planted)
    _record_acts(delivery, planted)
    kinds = planted.account_kinds
    used = [table["account"][table["scheme"] > 0] for table in (planted.views, planted.acts)]
    used += [planted.orders["buyer"][false_orders(planted)]]
    serving = np.intersect1d(np.concatenate(used), np.array(sorted(kinds), np.int64))
    delivery.record(
        "accounts",
        {
            "account_id": delivery.ids("account", serving),
            "kind": pa.array([kinds[a] for a in serving.tolist()], pa.string()),
        },
    )
    operator, session, tag = (
        zip(*planted.lookalikes, strict=True) if planted.lookalikes else ((), (), ())
    )
    delivery.record(
        "lookalikes",
        {
            "operator_id": delivery.ids("operator", np.array(operator, np.int64)),
            "session_id": delivery.ids("session", np.array(session, np.int64)),
            "tag": pa.array(list(tag), pa.string()),
        },
    )


def names(schemes: Sequence[str], codes: np.ndarray) -> pa.Array:
    """Name of the scheme of each row."""
    return pa.array(np.array(schemes, object)[codes].tolist(), pa.string())


def false_orders(planted: Planted) -> np.ndarray:
    """Whether each order is false; abuse by buyers is not."""
    scheme = planted.orders["scheme"]
    return (scheme > 0) & ~np.isin(scheme, planted.buyer_abuse)


def session_sums(planted: Planted) -> dict[str, np.ndarray]:
    """Totals and false totals of each session, as delivered."""
    n = len(planted.operator)
    views, acts, orders = planted.views, planted.acts, planted.orders
    inside = acts["session"] >= 0
    likes = inside & (acts["kind"] == LIKE)
    follows = inside & (acts["kind"] == FOLLOW)

    def total(session: np.ndarray, chosen: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        by = weight[chosen] if weight is not None else None
        return np.bincount(session[chosen], by, minlength=n).astype(np.int64)

    sums = {}
    for name, table, chosen, weight in (
        ("views", views, np.ones(len(views["session"]), bool), None),
        ("likes", acts, likes, acts["count"]),
        ("follows", acts, follows, None),
        ("orders", orders, orders["session"] >= 0, None),
    ):
        false = false_orders(planted) if name == "orders" else table["scheme"] > 0
        sums[name] = total(table["session"], chosen, weight)
        sums[f"false_{name}"] = total(table["session"], chosen & false, weight)
    return sums


def _record_sessions(delivery: Delivery, planted: Planted) -> None:
    """Write a row for each session."""
    n = len(planted.operator)
    found: list[set[str]] = [set() for _ in range(n)]
    for table in (planted.views, planted.acts, planted.orders):
        pairs = np.stack([table["session"], table["scheme"]])[:, table["scheme"] > 0]
        for session, code in np.unique(pairs, axis=1).T.tolist():
            if session >= 0:
                found[session].add(planted.schemes[code])
    delivery.record(
        "sessions",
        {
            "session_id": delivery.ids("session", np.arange(n)),
            "operator_id": delivery.ids("operator", planted.operator),
            "scheme": pa.array(["+".join(sorted(s)) or "honest" for s in found]),
        }
        | session_sums(planted),
    )


def _record_orders(delivery: Delivery, planted: Planted) -> None:
    """Write the false orders, and those by which buyers abuse a rule."""
    rows = np.flatnonzero(planted.orders["scheme"] > 0)
    delivery.record(
        "orders",
        {
            "order_id": delivery.ids("order", planted.orders["id"][rows]),
            "false": false_orders(planted)[rows],
            "scheme": names(planted.schemes, planted.orders["scheme"][rows]),
            "beneficiary_id": delivery.ids("operator", planted.orders["gainer"][rows]),
        },
    )


def _record_operators(delivery: Delivery, planted: Planted) -> None:
    """Write a row for each operator: role, sides on which it cheats, first false event."""
    n = len(planted.role)
    first = np.full(n, np.inf)
    sides = {
        "views": np.zeros(n, bool),
        "engagement": np.zeros(n, bool),
        "orders": np.zeros(n, bool),
    }
    used: list[set[str]] = [set() for _ in range(n)]
    tables = (("views", "joined"), ("acts", "at"), ("orders", "placed"))
    for name, when in tables:
        table = getattr(planted, name)
        side = "engagement" if name == "acts" else name
        rows = np.flatnonzero(false_orders(planted) if name == "orders" else (table["scheme"] > 0))
        rows = rows[table["session"][rows] >= 0] if name != "orders" else rows
        operator = (
            table["operator"][rows]
            if name == "orders"
            else planted.operator[table["session"][rows]]
        )
        own = planted.role[operator] == "cheat"
        np.minimum.at(first, operator[own], table[when][rows][own])
        sides[side][operator[own]] = True
        pairs = np.stack([operator, table["scheme"][rows]])
        for one, code in np.unique(pairs, axis=1).T.tolist():
            used[one].add(planted.schemes[code])
    acts_at_all = sides["views"] | sides["engagement"] | sides["orders"]
    cheats = (planted.role == "cheat") & acts_at_all
    role = np.where((planted.role == "cheat") & ~cheats, "honest", planted.role)
    scheme = ["+".join(sorted(u)) if c else "honest" for u, c in zip(used, cheats, strict=True)]
    delivery.record(
        "operators",
        {
            "operator_id": delivery.ids("operator", np.arange(n)),
            "scheme": pa.array(scheme),
            "role": pa.array(role.tolist()),
            "cheats_views": sides["views"],
            "cheats_engagement": sides["engagement"],
            "cheats_orders": sides["orders"],
            "first_at": delivery.times(np.where(np.isinf(first), np.nan, first)),
        },
    )


def _record_views(delivery: Delivery, planted: Planted) -> None:
    """Write the false views, with nulls as in the lake."""
    views = planted.views
    rows = np.flatnonzero(views["scheme"] > 0)
    delivery.record(
        "views",
        {
            "session_id": delivery.ids("session", views["session"][rows]),
            "account_id": hide(
                delivery.ids("account", views["account"][rows]), planted.guest[rows]
            ),
            "device_id": hide(
                delivery.ids("device", views["device"][rows]), planted.no_device[rows]
            ),
            "joined_at": delivery.times(views["joined"][rows]),
            "scheme": names(planted.schemes, views["scheme"][rows]),
        },
    )


def _record_acts(delivery: Delivery, planted: Planted) -> None:
    """Write the false interactions."""
    acts = planted.acts
    rows = np.flatnonzero(acts["scheme"] > 0)
    delivery.record(
        "interactions",
        {
            "session_id": delivery.ids("session", acts["session"][rows]),
            "account_id": delivery.ids("account", acts["account"][rows]),
            "kind": names(ACT_KINDS, acts["kind"][rows]),
            "at": delivery.times(acts["at"][rows]),
            "count": acts["count"][rows],
            "scheme": names(planted.schemes, acts["scheme"][rows]),
        },
    )
