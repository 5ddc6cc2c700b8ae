"""Parquet files: shaped by contract, read through DuckDB, written whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_contracts.contract import Contract, Rule
from data_contracts.errors import LakeProblem
from data_contracts.spill import spill_folder, spill_sql
from data_contracts.storage.durable_files import replace_durably
from data_contracts.storage.room import memory_limit


def connect(memory: str = "8GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB connection in UTC that spills to disk beyond its memory."""
    connection, memory = duckdb.connect(), memory_limit(memory)
    connection.execute(f"SET memory_limit='{memory}'; SET threads={threads}; SET TimeZone='UTC';")
    connection.execute(f"SET preserve_insertion_order=false; {spill_sql(spill_folder())};")
    return connection


def scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """First column of the first row of a query that always returns one."""
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def lazy_rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """A query whose rows are read as Arrow without a copy of them all.

    A result that was not read to its end would block the connection, and is ended first.
    """
    connection.complete()
    return connection.sql(sql)


def file_list(files: Iterable[Path]) -> str:
    """SQL list of files, for `read_parquet`."""
    quoted = ", ".join("'" + str(f).replace("'", "''") + "'" for f in files)
    return f"[{quoted}]"


def typed_columns(table: Contract) -> str:
    """Projection that casts every column to its contract's type.

    Rows with a value that does not fit are left out by `row_fits`.
    """
    return ", ".join(f'TRY_CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in table.columns)


def type_rules(table: Contract) -> tuple[Rule, ...]:
    """Rules on stored values, before they are cast: integers that overflow, or are none."""
    return tuple(
        Rule(
            f"{c.name}_fits_{c.type.lower()}",
            c.name,
            f'("{c.name}" IS NULL OR '
            f'COALESCE(TRY_CAST("{c.name}" AS {c.type}) = "{c.name}", FALSE))',
            f"must fit into {c.type}",
        )
        for c in table.columns
        if c.type == "BIGINT"
    )


def row_fits(table: Contract) -> str:
    """SQL condition on stored values that is true for rows whose values fit their types."""
    return " AND ".join(rule.sql for rule in type_rules(table)) or "TRUE"


def good_row(table: Contract) -> str:
    """SQL condition that is true for rows that fulfil every rule of the contract."""
    return " AND ".join(f"COALESCE({rule.sql}, TRUE)" for rule in table.rules) or "TRUE"


def to_arrow(table: Contract, frame: pd.DataFrame | pa.Table) -> pa.Table:
    """Shape a frame to its contract: order of columns, types and unit marks.

    Nullable columns that are absent become null.

    Raises
    ------
    LakeProblem
        A column is not in the contract, or a required one is absent or null.
    """
    if isinstance(frame, pa.Table):
        columns = {n: frame.column(n) for n in frame.column_names}
        rows = frame.num_rows
    else:
        columns = {str(n): pa.Array.from_pandas(frame[n]) for n in frame.columns}
        rows = len(frame)
    schema, out = table.arrow_schema(), []
    unknown = set(columns) - set(schema.names)
    if unknown:
        raise LakeProblem(f"{table.name}: {sorted(unknown)} are not columns of its contract")
    for field in schema:
        if field.name not in columns:
            if not field.nullable:
                raise LakeProblem(f"{table.name}: column {field.name} is required by its contract")
            out.append(pa.nulls(rows, field.type))
            continue
        values = columns[field.name]
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if pa.types.is_dictionary(values.type) and not pa.types.is_dictionary(field.type):
            values = values.dictionary_decode()
        if not values.type.equals(field.type):
            values = pc.cast(values, field.type, safe=not pa.types.is_timestamp(field.type))
        if not field.nullable and values.null_count:
            raise LakeProblem(
                f"{table.name}: column {field.name} must not be null ({values.null_count} rows are)"
            )
        out.append(values)
    return pa.Table.from_arrays(out, schema=schema)


def write_file(path: Path, table: pa.Table) -> None:
    """Write one Parquet file whole or not at all."""
    write_pieces(path, table.schema, [table])


def write_pieces(path: Path, schema: pa.Schema, pieces: Iterable[pa.Table]) -> int:
    """Write one Parquet file piece by piece, whole or not at all; returns its rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part, rows = path.with_suffix(".writing"), 0
    try:
        with pq.ParquetWriter(part, schema, compression="zstd", compression_level=1) as writer:
            for piece in pieces:
                writer.write_table(piece, row_group_size=250_000)
                rows += piece.num_rows
        replace_durably(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    return rows


def first_time(path: Path, column: str) -> datetime | None:
    """Earliest time of a column by a file's statistics, in UTC; None where they do not say."""
    metadata = pq.read_metadata(path)
    if metadata.num_rows == 0:
        return datetime.max
    if column not in metadata.schema.names:
        return None
    place, first = metadata.schema.names.index(column), datetime.max
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(place).statistics
        if statistics is None or not statistics.has_min_max:
            return None
        try:
            low = statistics.min
        except (OverflowError, ValueError):  # a sentinel that no calendar holds
            return None
        if not isinstance(low, datetime):
            return None
        first = min(first, low.astimezone(UTC).replace(tzinfo=None) if low.tzinfo else low)
    return first


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
