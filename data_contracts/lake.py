"""Read and write a lake: folders of Parquet, one folder a table.

A lake is a folder. A table is `LAKE/<table>.parquet` or any Parquet files below `LAKE/<table>/`;
the simulator and the adapters write one folder a day of receipt. What the night publishes lies in
`LAKE/runs/<run id>/<table>.parquet`, and `LAKE/runs/published.json` names the run of each date.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_contracts.contract import Contract, contract, inbound_names
from data_contracts.errors import LakeProblem
from data_contracts.spill import spill_folder, spills

PUBLISHED = "published.json"


def open_lake(folder: str | Path) -> Path:
    """The lake's folder, or an error that says what was looked for."""
    path = Path(folder)
    if not path.is_dir():
        raise LakeProblem(
            f"{path} is not a folder. A lake is a folder with one folder of Parquet a table."
        )
    return path


def files_of(lake: Path, table: str) -> list[Path]:
    """Parquet files of an inbound table, sorted; empty where the table was not delivered."""
    single = lake / f"{table}.parquet"
    files = [single] if single.is_file() else []
    return files + sorted((lake / table).rglob("*.parquet"))


def delivered(lake: Path) -> list[str]:
    """Inbound tables that have at least one file."""
    return [name for name in inbound_names() if files_of(lake, name)]


def connect(memory: str = "8GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in UTC that spills rather than fails."""
    connection = duckdb.connect()
    connection.execute(f"SET memory_limit='{memory}'; SET threads={threads}; SET TimeZone='UTC';")
    connection.execute(f"SET preserve_insertion_order=false; {spills(spill_folder())};")
    return connection


def scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """First column of the first row of a query that always returns one."""
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def file_list(files: Iterable[Path]) -> str:
    quoted = ", ".join("'" + str(f).replace("'", "''") + "'" for f in files)
    return f"[{quoted}]"


def typed_columns(table: Contract) -> str:
    """Projection that casts every column to its contract's type."""
    return ", ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in table.columns)


def good_row(table: Contract) -> str:
    """SQL condition that is true for rows that fulfil every rule of the contract."""
    return " AND ".join(f"COALESCE({rule.sql}, TRUE)" for rule in table.rules) or "TRUE"


def scan_sql(lake: Path, table: Contract, as_of: datetime | None) -> str:
    """SELECT over the good rows of a table that were received before `as_of`.

    This is the only place in the house that cuts by time for the DuckDB engine.
    """
    files = file_list(files_of(lake, table.name))
    typed = f"SELECT {typed_columns(table)} FROM read_parquet({files}, hive_partitioning=false, union_by_name=true)"
    cut = (
        f" AND {table.received} < TIMESTAMP '{as_of.isoformat(sep=' ')}'"
        if as_of and table.received
        else ""
    )
    return f"SELECT * FROM ({typed}) WHERE {good_row(table)}{cut}"


def to_arrow(table: Contract, frame: pd.DataFrame | pa.Table) -> pa.Table:
    """Shape a frame to its contract: column order, types, unit marks; absent nullable columns become null."""
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
    """The same for what is too long to hold at once, piece by piece; returns its rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part, rows = path.with_suffix(".writing"), 0
    with pq.ParquetWriter(part, schema, compression="zstd", compression_level=1) as writer:
        for piece in pieces:
            writer.write_table(piece, row_group_size=250_000)
            rows += piece.num_rows
    part.replace(path)
    return rows


def append_day(
    lake: Path, name: str, day: date, frame: pd.DataFrame | pa.Table, part: int = 0
) -> None:
    """Write the rows of an inbound table that were received on one day."""
    table = to_arrow(contract(name), frame)
    write_file(lake / name / f"day={day.isoformat()}" / f"part-{part}.parquet", table)


def write_by_day(lake: Path, name: str, frame: pd.DataFrame) -> None:
    """Write a frame of an inbound table, one file a day of receipt."""
    days = pd.to_datetime(frame["received_at"]).dt.date
    for day, rows in frame.groupby(days, sort=True):
        append_day(lake, name, day, rows)


def digest_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def published(lake: Path) -> dict[str, str]:
    """Date → run id of every published night."""
    pointer = lake / "runs" / PUBLISHED
    return json.loads(pointer.read_text()) if pointer.exists() else {}


def publish(lake: Path, run_id: str, night: date) -> None:
    """Point the date at a complete run; a reader sees the old run or the new one, never half."""
    nights = published(lake) | {night.isoformat(): run_id}
    pointer = lake / "runs" / PUBLISHED
    part = pointer.with_suffix(".writing")
    part.write_text(json.dumps(dict(sorted(nights.items())), indent=1))
    part.replace(pointer)


def run_folder(lake: Path, night: str | None = None) -> Path:
    """Folder of the run published for a date, the latest when none is given."""
    nights = published(lake)
    if not nights:
        raise LakeProblem(f"{lake} has no published night. Run: steelyard nightly {lake} --date D")
    wanted = night or max(nights)
    if wanted not in nights:
        raise LakeProblem(f"no night of {wanted} is published. Published: {', '.join(nights)}")
    return lake / "runs" / nights[wanted]


def read_outbound(lake: Path, name: str, night: str | None = None) -> pd.DataFrame:
    """An outbound table of a published night as a frame (empty, with its columns, where none was written)."""
    table = contract(name)
    if table.inbound:
        raise LakeProblem(f"{name} is an inbound table; it lies in {lake / name}")
    lasting = {"quarantine": lake / "quarantine", "boost_decisions": lake / "boost_decisions"}.get(
        name
    )
    files = (
        sorted(lasting.rglob("*.parquet"))
        if lasting
        else [run_folder(lake, night) / f"{name}.parquet"]
    )
    files = [f for f in files if f.exists()]
    if not files:
        return table.arrow_schema().empty_table().to_pandas()
    return pa.concat_tables([pq.read_table(f) for f in files]).to_pandas()


def discard(folder: Path) -> None:
    """Remove a folder of half-done work, if there is one."""
    shutil.rmtree(folder, ignore_errors=True)
