"""Examination of a lake: what its tables allow, and what to deliver first (ADR-0263).

Gains are measured on families of platforms that taught the prior nothing. What was not measured is
said to be unknown, and is never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from data_contracts.contract import Contract, contract, inbound_names
from data_contracts.intake.sources.relation import quote
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from features.catalogue import CATALOGUE
from features.declaration import OPERATOR, ORDER, SESSION

ALLOWS = {
    "sessions": "live sessions are ranked, and figures belong to a room and a time",
    "views": "single views are assessed, and views and viewers are corrected one by one",
    "room_minutes": "counters by the minute are judged, also while a room is live; without views "
    "they are what is corrected",
    "interactions": "likes, comments and follows are assessed by who gave them",
    "orders": "orders are assessed for brushing, and orders and sales are corrected",
    "accounts": "the age and devices of viewers and buyers count",
    "parcels": "an order that was never delivered shows",
    "refunds": "money that flows back shows, and net sales are right",
    "reviews": "written-to-order praise shows",
    "outcomes": "people's verdicts teach models of the platform's own",
    "operators": "operators are compared within their category",
    "boosts": "traffic that was granted is not taken for inflation",
    "room_links": "raids between rooms are not taken for inflation",
}
ENTITIES = (SESSION, ORDER, OPERATOR)


@dataclass(frozen=True)
class TableState:
    """One inbound table of a lake.

    Parameters
    ----------
    rows
        Good rows; 0 where it was not delivered.
    allows
        Its uses, in words.
    signals
        Signals that read it and can be computed with the tables that are here. Of a table that is
        not here, signals that it would add.
    empty_columns
        Columns without a single value.
    """

    table: str
    rows: int
    allows: str
    signals: int
    empty_columns: list[str]


@dataclass(frozen=True)
class Gain:
    """The gain in recall of one kind of entity by a further table.

    Parameters
    ----------
    group
        Tables that are delivered together, by the name of their group.
    recall, gain
        Recall at 1 % false alarms with the tables that are here, and what is added to it. Both are
        of the families of the gain, and None where it was not measured.
    families
        Families left out on which the gain was measured.
    """

    group: str
    tables: tuple[str, ...]
    entity: str
    recall: float | None
    gain: float | None
    families: int


@dataclass(frozen=True)
class ColumnGain:
    """The gain in recall of one kind of entity by a column without a value.

    `gain` is None where it was not measured, and then `entity` is empty.
    """

    table: str
    column: str
    entity: str
    gain: float | None
    families: int


@dataclass(frozen=True)
class Examination:
    """Uses of a lake's tables, gains of further ones, and the group to deliver first.

    `note` says what the figures rest on.
    """

    tables: list[TableState]
    gains: list[Gain]
    columns: list[ColumnGain]
    first: Gain | None
    note: str


@cache
def measured_gains() -> Mapping[str, Any]:
    """The measured table that ships with the product."""
    text = (resources.files("serving.doctor") / "table_gains.json").read_text("utf-8")
    return json.loads(text)


def examine(lake: Lake) -> Examination:
    """Examine the delivered tables of a lake."""
    delivered = set(lake.delivered())
    known = with_minutes(delivered)
    states = []
    with connect() as connection:
        for name in inbound_names():
            rows, empty = (
                _rows_and_empty(connection, lake, contract(name)) if name in delivered else (0, [])
            )
            allows = ALLOWS.get(name, contract(name).purpose)
            states.append(TableState(name, rows, allows, _signals(name, known), empty))
    gains = gains_of(known)
    worth = [g for g in gains if g.gain is not None and g.gain > 0]
    first = max(worth, key=lambda g: g.gain or 0.0, default=None)
    document = measured_gains()
    note = "; ".join(text for text in (document["measured"], document.get("note")) if text)
    columns = [g for t in states for c in t.empty_columns for g in column_gains_of(t.table, c)]
    return Examination(states, gains, columns, first, note)


def column_gains_of(table: str, column: str) -> list[ColumnGain]:
    """Measured gains of a column by kind of entity; one of None where it was not measured."""
    measured = measured_gains().get("columns", {})
    found = [
        ColumnGain(table, column, entity, entry["gain"], entry["families"])
        for entity in ENTITIES
        if (entry := measured.get(entity, {}).get(f"{table}.{column}")) is not None
    ]
    return found or [ColumnGain(table, column, "", None, 0)]


def with_minutes(tables: set[str]) -> set[str]:
    """Tables with the minutes that a night makes from views."""
    return tables | ({"room_minutes"} if {"sessions", "views"} <= tables else set())


def _signals(table: str, known: set[str]) -> int:
    """Signals that read a table and no other that is absent."""
    there = with_minutes(known | {table})
    return sum(table in s.reads and set(s.reads) <= there for s in CATALOGUE)


def _rows_and_empty(connection: Any, lake: Lake, table: Contract) -> tuple[int, list[str]]:
    """Good rows of a table, and its columns without a value."""
    names = [c.name for c in table.columns]
    counts = ", ".join(f"count({quote(n)})" for n in names)
    row = connection.execute(
        f"SELECT count(*), {counts} FROM ({lake.scan_sql(table, None)})"
    ).fetchone()
    rows, *filled = row
    return rows, [n for n, count in zip(names, filled, strict=True) if not count] if rows else []


def gains_of(known: set[str]) -> list[Gain]:
    """Gains of every measured group that is not here, the largest first, unmeasured ones last."""
    document = measured_gains()
    groups: dict[str, list[str]] = document["groups"]
    needs: dict[str, list[str]] = document["needs"]
    there = {g for g, names in groups.items() if known & set(names)}
    here = {g for g in there if set(needs.get(g, ())) <= there}
    key = ",".join(sorted(here))
    out = []
    for group in sorted(set(groups) - here):
        for entity in ENTITIES:
            of_entity = document["entities"].get(entity, {})
            found = of_entity.get(key)
            gain = (found or {}).get("gains", {}).get(group)
            wanted = [g for g in (*needs.get(group, ()), group) if g not in here]
            if group == "views":  # a night makes the minutes from them
                wanted = [g for g in wanted if g != "room_minutes"]
            recall = gain["from"] if gain else found["recall"] if found else None
            out.append(
                Gain(
                    group,
                    tuple(t for g in wanted for t in groups[g] if t in inbound_names()),
                    entity,
                    recall,
                    gain["gain"] if gain else None,
                    gain["families"] if gain else 0,
                )
            )
    return sorted(out, key=lambda g: (g.gain is None, -(g.gain or 0.0), g.group, g.entity))
