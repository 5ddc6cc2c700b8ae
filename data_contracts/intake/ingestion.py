"""Ingestion: the tables of a map, made from its sources and merged into a lake.

Every problem of every table is found before the first row is written. A table is written whole or
not at all, and the rows read are those written and those set aside, each with its reason.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from data_contracts.contract import Contract
from data_contracts.intake import set_aside
from data_contracts.intake.conversion.macros import create_macros
from data_contracts.intake.conversion.table_query import PROBLEMS, TableQuery, table_query
from data_contracts.intake.delivery import Delivery, TableIntake
from data_contracts.intake.intake_notes import notes_of
from data_contracts.intake.map_file import MapProblems, answer_questions
from data_contracts.intake.mapping import EVENT_TIME, FILE_TIME, INGEST_TIME, Map, MappedTable
from data_contracts.intake.merge import Merged, merge, recover
from data_contracts.intake.sources.relation import (
    FILE,
    INTAKE_MEMORY,
    REJECTED,
    ROW,
    OpenSource,
    ReadContext,
    ReadSince,
    literal,
    quote,
)
from data_contracts.intake.sources.staging import open_sources
from data_contracts.lake import Lake
from data_contracts.parquet import connect, scalar
from data_contracts.runs import locked
from data_contracts.spill import spill_folder

# Columns by which rows of a table without a key are known again, where the map names none.
NEAR_KEYS = {"views": ["session_id", "account_id", "device_id", "joined_at"]}


def ingest(
    given: Map, lake: Lake, delivery: Delivery, say: Callable[[str], None] = lambda _text: None
) -> list[TableIntake]:
    """Ingest every table of a map. A delivery ingested twice changes nothing.

    Parameters
    ----------
    given
        The map.
    lake
        The lake, which may be new.
    delivery
        Moment, folder and choices.
    say
        Called with each step.

    Raises
    ------
    MapProblems
        A question is open, a source cannot be read, or a table cannot be made; all are listed.
    LakeProblem
        A night or another ingestion is running on the lake.
    """
    answered = answer_questions(given, delivery.accept_guesses)
    lake.root.mkdir(parents=True, exist_ok=True)
    work = spill_folder()
    work.mkdir(parents=True)
    try:
        with locked(lake), connect(INTAKE_MEMORY) as connection:
            lake.intake.mkdir(exist_ok=True)
            recover(lake)
            create_macros(connection)
            context = ReadContext(
                connection,
                delivery.base,
                work,
                frames=delivery.frames,
                since=_wanted_since(answered, delivery.since),
            )
            opened = open_sources(context, answered.sources, say)
            queries = {
                name: table_query(connection, name, table, opened, delivery.moment)
                for name, table in answered.tables.items()
            }
            if problems := [p for q in queries.values() for p in q.problems]:
                raise MapProblems("map", problems)
            done = []
            for name, query in queries.items():
                say(f"{name}: converting")
                table = answered.tables[name]
                folder = work / f"table-{name}"
                folder.mkdir()
                made = _Making(connection, answered, lake, delivery, folder, opened)
                done.append(_ingest_table(made, table, query, say))
            _log(lake, answered, delivery, done)
            return done
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _wanted_since(given: Map, since: datetime | None) -> dict[str, ReadSince]:
    """Sources that may leave out what was received earlier: those that one table alone reads.

    What no source leaves out is left out after it was read.
    """
    if since is None or any(t.query for t in given.tables.values()):
        return {}
    readers: dict[str, list[MappedTable]] = {}
    for table in given.tables.values():
        readers.setdefault(str(table.source), []).append(table)
    out = {}
    for source, tables in readers.items():
        word = tables[0].received_at
        if len(tables) > 1 or word in (None, INGEST_TIME, EVENT_TIME):
            continue
        column = None if word == FILE_TIME else word
        out[source] = ReadSince(since, column, tables[0].zone or "UTC")
    return out


@dataclass(frozen=True)
class _Making:
    """The connection and folders in which one table is made."""

    connection: duckdb.DuckDBPyConnection
    given: Map
    lake: Lake
    delivery: Delivery
    work: Path
    opened: Mapping[str, OpenSource]


def _ingest_table(
    making: _Making, given: MappedTable, query: TableQuery, say: Callable[[str], None]
) -> TableIntake:
    """Convert, split and merge the rows of one table."""
    connection, table = making.connection, query.table
    staged = making.work / "staged.parquet"
    connection.execute(f"COPY ({query.sql}) TO {literal(str(staged))} (FORMAT parquet)")
    base = scalar(connection, f"SELECT count(*) FROM ({query.rows})")
    kept = f"read_parquet({literal(str(staged))})"
    not_wanted = base - scalar(connection, f"SELECT count(*) FROM {kept}")
    say(f"{table.name}: {base} rows read")
    not_wanted += _leave_out_earlier(making, table, staged)
    names = set_aside.sources_reported(making.given, query.table.name, making.opened)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quote(f'__files_{table.name}')} AS "
        f"SELECT file, min(number) AS first_row FROM (SELECT {FILE} AS file, {ROW} AS number "
        f'FROM ({query.rows}) UNION ALL SELECT file, "row" FROM {REJECTED} '
        f"WHERE {set_aside.of_sources(names)}) GROUP BY file"
    )
    good, bad = set_aside.split(connection, table, staged)
    if making.delivery.see is not None:
        making.delivery.see(table.name, good)
    why = set_aside.reasons(connection, table, names, bad)
    rejected = scalar(
        connection,
        f"SELECT count(*) FROM {REJECTED} WHERE {set_aside.of_sources(names)}",
    )
    aside = rejected + scalar(connection, f"SELECT count(*) FROM read_parquet({literal(str(bad))})")
    say(f"{table.name}: merging into the lake")
    key = list(table.key) or given.key or NEAR_KEYS.get(table.name) or _all_but_receipt(table)
    merged = merge(connection, making.lake, table, good, key)
    set_aside.keep(connection, making.lake, table.name, why, making.delivery.moment)
    return _balanced(
        TableIntake(
            table=table.name,
            read=base + rejected,
            **asdict(merged),
            not_wanted=not_wanted,
            set_aside=aside,
            reasons=_counts(connection, f"SELECT rule, count(*) FROM {why} GROUP BY rule"),
            made_unknown=_counts(
                connection,
                "SELECT p.column_name || ': ' || p.rule AS name, count(*) FROM "
                f"(SELECT unnest({PROBLEMS}) AS p FROM {kept}) WHERE NOT p.fatal GROUP BY name",
            ),
            notes=notes_of(connection, query, given, good, making.opened, making.delivery.moment),
        ),
        merged,
    )


def _balanced(done: TableIntake, merged: Merged) -> TableIntake:
    """The result, once its counts add up; a difference would be a row lost in silence."""
    parts = sum(asdict(merged).values()) + done.not_wanted + done.set_aside
    assert done.read == parts, f"{done.table}: {done.read} rows read, {parts} accounted for"
    return done


def _leave_out_earlier(making: _Making, table: Contract, staged: Path) -> int:
    """Drop staged rows received before `since`; returns their number."""
    if making.delivery.since is None:
        return 0
    earlier = f"{quote(str(table.received))} < TIMESTAMP '{making.delivery.since}'"
    rows = f"read_parquet({literal(str(staged))})"
    dropped = scalar(making.connection, f"SELECT count(*) FROM {rows} WHERE {earlier}")
    if dropped:
        later = staged.with_name("later.parquet")
        making.connection.execute(
            f"COPY (FROM {rows} WHERE NOT COALESCE({earlier}, FALSE)) "
            f"TO {literal(str(later))} (FORMAT parquet)"
        )
        later.replace(staged)
    return dropped


def _all_but_receipt(table: Contract) -> list[str]:
    return [c.name for c in table.columns if c.name != table.received]


def _counts(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, int]:
    return dict(sorted(connection.execute(sql).fetchall()))


def _log(lake: Lake, given: Map, delivery: Delivery, done: list[TableIntake]) -> None:
    """Keep the map and the counts of an ingestion."""
    text = given.model_dump_json(by_alias=True, exclude_none=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    entry = {
        "at": delivery.moment.isoformat(),
        "map": digest,
        "received_at": {n: t.received_at for n, t in given.tables.items()},
        "tables": [asdict(d) for d in done],
    }
    (lake.intake / f"map-{digest[:16]}.json").write_text(text, "utf-8")
    with (lake.intake / "log.jsonl").open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(entry, ensure_ascii=False) + "\n")
