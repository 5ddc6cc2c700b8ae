"""Rows that a delivery brought and the lake did not take, each with its file, row and reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from data_contracts.contract import Contract, contract
from data_contracts.intake.conversion.table_query import PROBLEMS
from data_contracts.intake.mapping import Map
from data_contracts.intake.sources.relation import (
    FILE,
    REJECTED,
    ROW,
    OpenSource,
    literal,
    mentions,
    quote,
)
from data_contracts.lake import Lake
from data_contracts.parquet import good_row, lazy_rows, to_arrow, write_file
from data_contracts.row_checks import MAX_QUARANTINED_ROWS, violations

QUARANTINE_COLUMNS = '"table_name", "file", "row_key", "rule", "column_name", "value", "checked_at"'


def split(
    connection: duckdb.DuckDBPyConnection, table: Contract, staged: Path
) -> tuple[Path, Path]:
    """Split staged rows; returns the files of good rows and of those set aside."""
    good, bad = staged.with_name("good.parquet"), staged.with_name("bad.parquet")
    rows = f"read_parquet({literal(str(staged))})"
    fine = f"({good_row(table)}) AND len(list_filter({PROBLEMS}, lambda x: x.fatal)) = 0"
    names = ", ".join(quote(c.name) for c in table.columns)
    connection.execute(
        f"COPY (SELECT {names}, {FILE}, {ROW} FROM {rows} WHERE {fine}) "
        f"TO {literal(str(good))} (FORMAT parquet)"
    )
    connection.execute(
        f"COPY (SELECT *, {violations(table.rules)} AS broken FROM {rows} WHERE NOT ({fine})) "
        f"TO {literal(str(bad))} (FORMAT parquet)"
    )
    return good, bad


def sources_reported(given: Map, table: str, opened: Mapping[str, OpenSource]) -> list[str]:
    """Sources whose unreadable rows a table reports.

    Each table reports the source that it is made of. The last of its queries
    reports a source of queries alone, so that a row that another table looked up counts once.
    """
    if (source := given.tables[table].source) is not None:
        return [source]
    made_of = {t.source for t in given.tables.values()}
    found = []
    for name in opened:
        readers = [t for t, m in given.tables.items() if mentions(m.query, name)]
        if name not in made_of and readers and readers[-1] == table:
            found.append(name)
    return found


def of_sources(names: list[str]) -> str:
    """SQL condition of the unreadable rows of sources."""
    return f"source IN ({', '.join(['NULL', *map(literal, names)])})"


def reasons(
    connection: duckdb.DuckDBPyConnection, table: Contract, sources: list[str], bad: Path
) -> str:
    """Make a table of the reasons of rows set aside, one row a reason; returns its name.

    A rule that a column must be present says nothing where its value could not be read.
    """
    made = quote(f"__reasons_{table.name}")
    place = f"COALESCE({FILE}, '') AS file, 'row ' || {ROW} AS row_key"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {made} AS "
        "SELECT file, row_key, p.rule AS rule, p.column_name AS column_name, p.value AS value FROM "
        f"(SELECT {place}, unnest(list_filter({PROBLEMS}, lambda x: x.fatal)) AS p "
        f"FROM read_parquet({literal(str(bad))})) "
        f"UNION ALL SELECT file, row_key, broken AS rule, NULL, NULL FROM "
        f"(SELECT {place}, unnest(list_filter(broken, lambda r: "
        f"len(list_filter({PROBLEMS}, lambda x: r = x.column_name || '_is_present' OR "
        f"(x.fatal AND r = '{table.received}_is_present'))) = 0)) AS broken "
        f"FROM read_parquet({literal(str(bad))})) "
        f"UNION ALL SELECT file, 'row ' || \"row\", reason, NULL, value FROM {REJECTED} "
        f"WHERE {of_sources(sources)}"
    )
    return made


def keep(
    connection: duckdb.DuckDBPyConnection, lake: Lake, name: str, made: str, moment: datetime
) -> None:
    """Add the reasons of a delivery to the quarantine.

    They replace those of the same files from the first row that was read on. A batch of a stream
    begins where the one before ended.
    """
    target = lake.quarantine / "intake" / f"{name}.parquet"
    before = (
        f"SELECT {QUARANTINE_COLUMNS} FROM read_parquet({literal(str(target))}) "
        f"q WHERE NOT EXISTS (FROM {quote(f'__files_{name}')} f WHERE f.file = q.file "
        "AND TRY_CAST(substr(q.row_key, 5) AS BIGINT) >= f.first_row) UNION ALL "
        if target.is_file()
        else ""
    )
    rows = lazy_rows(
        connection,
        f"SELECT * FROM ({before}SELECT {literal(name)} AS table_name, file, row_key, rule, "
        f"column_name, value, TIMESTAMP '{moment}' AS checked_at FROM {made}) "
        f"ORDER BY file, row_key, rule LIMIT {MAX_QUARANTINED_ROWS}",
    ).to_arrow_table()
    if rows.num_rows:
        write_file(target, to_arrow(contract("quarantine"), rows))
    else:
        target.unlink(missing_ok=True)
