"""The query that makes one contract table of a source, checked against both before it runs."""

from __future__ import annotations

import difflib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from data_contracts.contract import Column, Contract, contract
from data_contracts.intake.conversion.receipt import PROBLEMS, with_receipt
from data_contracts.intake.conversion.values import SENTINEL, Kind, Steps, convert, kind_of
from data_contracts.intake.mapping import (
    EVENT_TIME,
    RECEIPTS,
    MappedColumn,
    MappedTable,
)
from data_contracts.intake.sources.relation import (
    FILE,
    MAX_VALUE_CHARACTERS,
    ROW,
    OpenSource,
    literal,
    mentions,
    quote,
)


@dataclass
class TableQuery:
    """SQL of a table's rows, or the problems that keep it from being made.

    Parameters
    ----------
    rows
        SQL of the source's rows, before `where`.
    sql
        SQL of the converted rows: the contract's columns, `__file`, `__row` and `__problems`.
    problems
        What the map says that the source or the contract does not allow.
    new_columns
        Columns of the source that the map does not mention.
    """

    table: Contract
    rows: str = ""
    sql: str = ""
    problems: list[str] = field(default_factory=list)
    new_columns: list[str] = field(default_factory=list)


def table_query(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    given: MappedTable,
    sources: Mapping[str, OpenSource],
    moment: datetime,
) -> TableQuery:
    """Make the query of one table.

    Parameters
    ----------
    connection
        Connection that has the views of the sources and the macros of `conversion`.
    name
        Name of the contract table.
    given
        Its entry in the map.
    sources
        The opened sources.
    moment
        Moment of ingestion, UTC.
    """
    made = TableQuery(contract(name))
    try:
        types = _base(connection, made, given)
    except duckdb.Error as error:
        made.problems.append(f"tables.{name}.query: {_first_line(error)}")
        return made
    mapped = dict(given.columns)
    received = made.table.received
    assert received is not None
    if given.received_at is not None and given.received_at not in RECEIPTS:
        mapped[received] = MappedColumn.model_validate({"from": given.received_at})
    kinds = {c: _kind(connection, made, types, c, m.from_) for c, m in mapped.items()}
    made.problems += _unsaid(
        made.table, given, {c for c, k in kinds.items() if k not in (None, "zoned")}
    )
    made.new_columns = _new_columns(given, sources)
    if made.problems:
        return made
    selected, reasons, parsed = [], [], []
    for column in made.table.columns:
        if column.name not in mapped:
            if column.name != received:
                selected.append(f"CAST(NULL AS {column.type}) AS {quote(column.name)}")
            continue
        entry, kind = mapped[column.name], kinds[column.name]
        assert kind is not None
        zone, money = entry.zone or given.zone, _money(column, entry, given)
        found, at = convert(column, entry, kind, zone, money), Steps.of(column.name)
        parsed.append(f"{found.parsed} AS {at.parsed}")
        selected.append(f"CAST({found.value} AS {column.type}) AS {quote(column.name)}")
        reasons.append(_reason(column, found.reason, at.bare))
    where = f" WHERE {given.where}" if given.where else ""
    steps = {c: Steps.of(c) for c in mapped}
    raws = ", ".join(
        f"({_expression(m.from_, types)}) AS {steps[c].raw}" for c, m in mapped.items()
    )
    bares = ", ".join(f"strip_text({at.raw}) AS {at.bare}" for at in steps.values())
    texts = ", ".join(f"drop_no_value({at.bare}) AS {at.text}" for at in steps.values())
    rows = f"SELECT {raws}, {FILE}, {ROW} FROM ({made.rows}){where}"
    rows = f"SELECT *, {texts} FROM (SELECT *, {bares} FROM ({rows}))"
    inner = (
        f"SELECT {', '.join(selected)}, {FILE}, {ROW}, "
        f"list_filter([{', '.join(reasons)}], lambda x: x.rule IS NOT NULL) AS {PROBLEMS} "
        f"FROM (SELECT *, {', '.join(parsed)} FROM ({rows}))"
    )
    made.sql = (
        inner
        if received in mapped
        else with_receipt(inner, made.table, given, sources, moment, received)
    )
    return made


def _base(
    connection: duckdb.DuckDBPyConnection, made: TableQuery, given: MappedTable
) -> dict[str, str]:
    """Set the rows that a table is made of; returns their columns and types."""
    rows = f"SELECT * FROM {quote(given.source)}" if given.source else str(given.query)
    types = {r[0]: r[1] for r in connection.execute(f"DESCRIBE {rows}").fetchall()}
    if ROW not in types or FILE not in types:
        label = literal(f"query of {made.table.name}")
        rest = ", ".join(quote(c) for c in types if c not in (FILE, ROW))
        rows = f"SELECT {rest}, {label} AS {FILE}, row_number() OVER () AS {ROW} FROM ({rows})"
    if given.where:
        try:
            connection.execute(f"DESCRIBE SELECT 1 FROM ({rows}) WHERE {given.where}")
        except duckdb.Error as error:
            made.problems.append(f"tables.{made.table.name}.where: {_first_line(error)}")
    made.rows = rows
    return {c: t for c, t in types.items() if c not in (FILE, ROW)}


def _expression(text: str, types: Mapping[str, str]) -> str:
    """A column's name as an identifier, anything else as the SQL that it is."""
    return quote(text) if text in types else text


def _kind(
    connection: duckdb.DuckDBPyConnection,
    made: TableQuery,
    types: Mapping[str, str],
    column: str,
    text: str,
) -> Kind | None:
    """Kind of an expression's type, None where it cannot be computed, which is a problem."""
    if text in types:
        return kind_of(types[text])
    try:
        described = connection.execute(
            f"DESCRIBE SELECT ({text}) AS value FROM ({made.rows})"
        ).fetchall()
    except duckdb.Error as error:
        near = difflib.get_close_matches(text, types, n=1, cutoff=0.5)
        mend = f"; did you mean {near[0]!r}?" if near else f"; columns: {', '.join(types)}"
        made.problems.append(
            f"tables.{made.table.name}.columns.{column}: {text!r} is neither a column of the "
            f"source nor an expression that can be computed ({_first_line(error)}){mend}"
        )
        return None
    return kind_of(described[0][1])


def _unsaid(table: Contract, given: MappedTable, unzoned: set[str]) -> list[str]:
    """Problems of a map that leaves out zones of times, units of amounts, or a possible receipt."""
    problems = []
    for column in table.columns:
        entry = given.columns.get(column.name)
        place = f"tables.{table.name}"
        if column.type == "TIMESTAMP" and column.name in unzoned:
            zone = (entry.zone if entry else None) or given.zone
            if zone is None:
                problems.append(
                    f"{place}.zone: name the time zone of {column.name}, such as "
                    f"`zone: Asia/Shanghai` below {place}"
                )
            elif zone not in zoneinfo.available_timezones():
                problems.append(f"{place}.zone: {zone!r} is no time zone, such as Asia/Shanghai")
        if column.unit == "CNY" and entry and _money(column, entry, given) is None:
            problems.append(
                f"{place}.money: say whether {column.name} is in yuan or cents, "
                "such as `money: cents`"
            )
    events = [
        c.name for c in table.columns if c.time_role == "occurred" and c.name in given.columns
    ]
    if given.received_at == EVENT_TIME and not events:
        problems.append(f"tables.{table.name}.received_at: event_time needs a time of an event")
    return list(dict.fromkeys(problems))


def _money(column: Column, entry: MappedColumn, given: MappedTable) -> str | None:
    return (entry.unit or given.money) if column.unit == "CNY" else None


def _reason(column: Column, reason: str, text: str) -> str:
    """SQL of a problem; it is fatal where null would say something that is not so."""
    spared = "" if column.required else f" AND ({reason}) <> '{SENTINEL}'"
    fatal = column.required or column.null_means == "did_not_happen"
    return (
        f"{{'column_name': {literal(column.name)}, 'rule': {reason}, "
        f"'value': left({text}, {MAX_VALUE_CHARACTERS}), "
        f"'fatal': COALESCE({str(fatal).upper()}{spared}, FALSE)}}"
    )


def _new_columns(given: MappedTable, sources: Mapping[str, OpenSource]) -> list[str]:
    """Columns of a source that the map neither takes nor leaves out."""
    if given.left_out is None or given.source is None:
        return []
    left_out = set(given.left_out)
    texts = [m.from_ for m in given.columns.values()]
    sql = "\n".join([*texts, str(given.received_at), str(given.where)])
    columns = sources[given.source].columns
    return [c for c in columns if c not in left_out and not mentions(sql, c)]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
