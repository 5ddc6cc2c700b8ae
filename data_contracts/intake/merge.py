"""Rows of a delivery become part of a lake's table: once each, the latest receipt of each key.

A table is replaced whole or not at all: its new folder is made beside it and takes its place by
renaming. Files in which nothing changes are linked, not copied.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from data_contracts.contract import Contract
from data_contracts.intake.sources.relation import FILE, ROW, literal, quote
from data_contracts.lake import Lake
from data_contracts.parquet import file_list, lazy_rows, scalar, typed_columns, write_pieces

OCCURRENCE, POSITION = "__occurrence", "__position"
ROWS_PER_PIECE = 250_000


@dataclass(frozen=True)
class Merged:
    """Counts of the good rows of a delivery after merging.

    Parameters
    ----------
    added
        Rows of a key that the lake did not have.
    replaced
        Rows that replace an earlier one of the lake.
    unchanged
        Rows that the lake has already.
    superseded
        Rows that a later one of the same key replaces, here or in the lake.
    """

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    superseded: int = 0


def merge(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: Contract, good: Path, key: list[str]
) -> Merged:
    """Merge staged rows into a table of a lake.

    Parameters
    ----------
    connection
        Connection that spills.
    lake
        The lake.
    table
        Contract of the table.
    good
        Parquet file of good rows, with `__file` and `__row`.
    key
        Columns by which one row replaces another. Where the contract has no key, equal keys of one
        file are told apart by their order, so that none of them is lost.
    """
    work, received = good.parent, str(table.received)
    total = scalar(connection, f"SELECT count(*) FROM read_parquet({literal(str(good))})")
    incoming = work / "incoming.parquet"
    columns = [c.name for c in table.columns]
    numbered = _numbered(table, key, f"read_parquet({literal(str(good))})", FILE)
    by = ", ".join([*(quote(k) for k in key), OCCURRENCE])
    connection.execute(
        f"COPY (SELECT * EXCLUDE (latest) FROM (SELECT *, row_number() OVER (PARTITION BY {by} "
        f"ORDER BY {quote(received)} DESC, {FILE} DESC, {ROW} DESC) AS latest FROM ({numbered})) "
        f"WHERE latest = 1) TO {literal(str(incoming))} (FORMAT parquet)"
    )
    fresh = scalar(connection, f"SELECT count(*) FROM read_parquet({literal(str(incoming))})")
    fates = _fates(connection, lake, table, incoming, key)
    added = work / "added.parquet"
    connection.execute(
        f"COPY (SELECT {', '.join(quote(c) for c in columns)} FROM read_parquet("
        f"{literal(str(incoming))}, file_row_number=true) i ANTI JOIN (FROM {fates} "
        f"WHERE fate <> 'replaced') f ON i.file_row_number = f.{POSITION} "
        f"ORDER BY {quote(received)}) TO {literal(str(added))} (FORMAT parquet)"
    )
    counts = dict(
        connection.execute(f"SELECT fate, count(*) FROM {fates} GROUP BY fate").fetchall()
    )
    replaced, unchanged = counts.get("replaced", 0), counts.get("unchanged", 0)
    older = counts.get("older", 0)
    if fresh > unchanged + older:
        _write(connection, lake, table, added, fates)
    return Merged(
        added=fresh - replaced - unchanged - older,
        replaced=replaced,
        unchanged=unchanged,
        superseded=total - fresh + older,
    )


def _numbered(table: Contract, key: list[str], rows: str, within: str | None) -> str:
    """Rows with the number of each among those of its key; 0 where the contract has a key."""
    if table.key:
        return f"SELECT *, 0 AS {OCCURRENCE} FROM {rows}"
    names = [quote(c.name) for c in table.columns]
    by = ", ".join([*(quote(k) for k in key), *([within] if within else [])])
    return (
        f"SELECT *, row_number() OVER (PARTITION BY {by} ORDER BY {', '.join(names)}) "
        f"AS {OCCURRENCE} FROM {rows}"
    )


def _fates(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    table: Contract,
    incoming: Path,
    key: list[str],
) -> str:
    """Table of the incoming rows whose key the lake has: their fate, and the place of its row."""
    fates, received = quote(f"__fates_{table.name}"), quote(str(table.received))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {fates} ({POSITION} BIGINT, fate VARCHAR, "
        "filename VARCHAR, file_row_number BIGINT)"
    )
    files = lake.files(table.name)
    if not files:
        return fates
    new = f"read_parquet({literal(str(incoming))}, file_row_number=true)"
    same = " AND ".join(f"i.{quote(k)} IS NOT DISTINCT FROM e.{quote(k)}" for k in key)
    stored = (
        f"SELECT {typed_columns(table)}, filename, file_row_number FROM read_parquet("
        f"{file_list(files)}, filename=true, file_row_number=true, hive_partitioning=false, "
        "union_by_name=true)"
    )
    shared = f"(SELECT e.* FROM ({stored}) e SEMI JOIN {new} i ON {same})"
    equal = " AND ".join(
        f"i.{quote(c.name)} IS NOT DISTINCT FROM e.{quote(c.name)}"
        for c in table.columns
        if c.name != table.received
    )
    connection.execute(
        f"INSERT INTO {fates} SELECT i.file_row_number, CASE WHEN {equal} THEN 'unchanged' "
        f"WHEN i.{received} < e.{received} THEN 'older' ELSE 'replaced' END, "
        "e.filename, e.file_row_number "
        f"FROM {new} i JOIN ({_numbered(table, key, shared, None)}) e "
        f"ON {same} AND i.{OCCURRENCE} = e.{OCCURRENCE}"
    )
    return fates


def _write(
    connection: duckdb.DuckDBPyConnection, lake: Lake, table: Contract, added: Path, fates: str
) -> None:
    """Make the table's next folder, and put it in the place of the one before."""
    building = lake.intake / f"{table.name}.building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    gone = f"(SELECT filename, file_row_number FROM {fates} WHERE fate = 'replaced')"
    touched = {
        row[0] for row in connection.execute(f"SELECT DISTINCT filename FROM {gone}").fetchall()
    }
    folder = lake.root / table.name
    for path in lake.files(table.name):
        inside = path.is_relative_to(folder)
        target = building / (path.relative_to(folder) if inside else path.name)
        if str(path) in touched:
            sql = (
                f"SELECT {typed_columns(table)} FROM read_parquet({literal(str(path))}, "
                "file_row_number=true, hive_partitioning=false) WHERE file_row_number NOT IN "
                f"(SELECT file_row_number FROM {gone} WHERE filename = {literal(str(path))})"
            )
            if not scalar(connection, f"SELECT count(*) FROM ({sql})"):
                continue
            write_pieces(target, table.arrow_schema(), _pieces(connection, table, sql))
        elif inside:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
    _write_days(connection, table, added, building)
    swap(lake, table.name)
    if (single := lake.root / f"{table.name}.parquet") in [Path(t) for t in touched]:
        single.unlink()


def _write_days(
    connection: duckdb.DuckDBPyConnection, table: Contract, added: Path, building: Path
) -> None:
    """Write new rows to one new file for each day of receipt."""
    received, source = quote(str(table.received)), f"read_parquet({literal(str(added))})"
    order = ", ".join(quote(c.name) for c in table.columns)
    for day, count in connection.execute(
        f"SELECT CAST({received} AS DATE) AS day, count(*) FROM {source} GROUP BY day ORDER BY day"
    ).fetchall():
        assert count
        target = building / f"day={day.isoformat()}"
        number = len(list(target.glob("*.parquet")))
        while (path := target / f"part-{number}.parquet").exists():
            number += 1
        sql = (
            # as a range it skips the row groups of other days, for the file is ordered by receipt
            f"SELECT {order} FROM {source} WHERE {received} >= TIMESTAMP '{day}' "
            f"AND {received} < TIMESTAMP '{day + timedelta(days=1)}' ORDER BY {order}"
        )
        write_pieces(path, table.arrow_schema(), _pieces(connection, table, sql))


def _pieces(connection: duckdb.DuckDBPyConnection, table: Contract, sql: str) -> Iterator[pa.Table]:
    """Result of a query in pieces of the contract's schema."""
    schema: Any = table.arrow_schema()
    reader: Any = lazy_rows(connection, sql).to_arrow_reader(ROWS_PER_PIECE)
    for batch in reader:
        yield pa.Table.from_batches([batch]).cast(schema)


def swap(lake: Lake, name: str) -> None:
    """Put a finished folder in the place of a table's; `recover` ends a swap that was cut short."""
    building, folder = lake.intake / f"{name}.building", lake.root / name
    ready, replaced = lake.intake / f"{name}.ready", lake.intake / f"{name}.replaced"
    building.rename(ready)
    if folder.exists():
        folder.rename(replaced)
    ready.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)


def recover(lake: Lake) -> None:
    """End swaps that a crash cut short, and remove what was not finished."""
    for ready in sorted(lake.intake.glob("*.ready")):
        name = ready.stem
        folder, replaced = lake.root / name, lake.intake / f"{name}.replaced"
        if folder.exists() and not replaced.exists():
            folder.rename(replaced)
        ready.rename(folder)
    for unfinished in [*lake.intake.glob("*.building"), *lake.intake.glob("*.replaced")]:
        shutil.rmtree(unfinished, ignore_errors=True)
