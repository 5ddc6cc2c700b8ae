"""Sources that have typed columns: Parquet, DuckDB, Iceberg, Delta and pandas frames."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.errors import LakeProblem, StructuralBreak
from data_contracts.intake.mapping import Source
from data_contracts.intake.sources.files import expand, find_files
from data_contracts.intake.sources.libraries import library
from data_contracts.intake.sources.relation import (
    BROKEN,
    FILE,
    MAX_VALUE_CHARACTERS,
    REJECTED,
    ROW,
    OpenSource,
    ReadContext,
    create_view,
    literal,
    parquet_view,
    quote,
)


def open_parquet(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open Parquet files in place; folders such as `day=2026-01-31` become columns.

    Raises
    ------
    StructuralBreak
        Files are torn; all of them are listed.
    """
    endings, since = (".parquet", ".parq"), context.files_since(name)
    found = find_files(source.path, context.base, context.work, endings, since)
    torn = []
    for file in found.files:
        try:
            pq.read_schema(file.path)
        except (pa.ArrowInvalid, OSError):
            torn.append(file.label)
    if torn:
        raise StructuralBreak(
            ", ".join(torn), "(file)", "complete Parquet", "no footer", "deliver these files again"
        )
    listed = ", ".join(literal(str(f.path)) for f in found.files)
    labels = ", ".join(f"{literal(str(f.path))}: {literal(f.label)}" for f in found.files)
    hive = all("=" in f.path.parent.name for f in found.files)
    columns = create_view(
        context,
        name,
        f"SELECT * EXCLUDE (filename, file_row_number), MAP {{{labels}}}[filename] AS {FILE}, "
        f"file_row_number + 1 AS {ROW} FROM read_parquet([{listed}], filename=true, "
        f"file_row_number=true, union_by_name=true, hive_partitioning={str(hive).lower()}, "
        "hive_types_autocast=false)",
    )
    modified = {f.label: f.modified for f in found.files}
    return OpenSource(name, source, columns, modified, found.passed_over)


def open_duckdb(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open a table of a DuckDB file, read-only and in place."""
    found = find_files(source.path, context.base, context.work, (".duckdb", ".ddb", ".db"))
    file, alias = found.files[0], quote(f"__database_{name}")
    context.connection.execute(
        f"ATTACH IF NOT EXISTS {literal(str(file.path))} AS {alias} (READ_ONLY)"
    )
    parts = [alias, *(quote(part) for part in str(source.table).split("."))]
    columns = create_view(
        context,
        name,
        f"SELECT *, {literal(file.label)} AS {FILE}, row_number() OVER () AS {ROW} "
        f"FROM {'.'.join(parts)}",
    )
    return OpenSource(name, source, columns, {file.label: file.modified}, found.passed_over)


def open_frame(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open a pandas frame that the caller hands in.

    A frame of events names the place of each, and the text of those that are no object.

    Raises
    ------
    LakeProblem
        No frame of that name was handed in.
    """
    if source.path not in context.frames:
        raise LakeProblem(
            f"no frame is called {source.path!r}: {', '.join(context.frames) or 'none'}"
        )
    frame = context.frames[source.path]
    table = pa.Table.from_pandas(frame, preserve_index=False)
    rows = quote(f"__frame_{name}")
    context.connection.register(f"__frame_{name}", table)
    if BROKEN in table.column_names:
        context.connection.execute(
            f"INSERT INTO {REJECTED} SELECT {literal(name)}, {FILE}, {ROW}, 'no_json_object', "
            f"left({BROKEN}, {MAX_VALUE_CHARACTERS}) FROM {rows} WHERE {BROKEN} IS NOT NULL"
        )
        columns = create_view(
            context, name, f"SELECT * EXCLUDE ({BROKEN}) FROM {rows} WHERE {BROKEN} IS NULL"
        )
        return OpenSource(name, source, columns, dict.fromkeys(frame[FILE]), [])
    columns = create_view(
        context,
        name,
        f"SELECT *, {literal(name)} AS {FILE}, row_number() OVER () AS {ROW} FROM {rows}",
    )
    return OpenSource(name, source, columns, {name: None}, [])


def open_delta(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open the newest version of a Delta table."""
    deltalake = library("deltalake", "table-formats")
    path = _local(context, source)
    try:
        table = deltalake.DeltaTable(path)
        dataset = table.to_pyarrow_dataset()
    except Exception as error:  # the library hands on errors of storage, log and format
        raise LakeProblem(f"{path} is no Delta table that can be read: {error}") from error
    label = f"{source.path}@{table.version()}"
    return _staged(context, name, source, label, dataset.schema, dataset.to_batches())


def open_iceberg(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open the newest snapshot of an Iceberg table, by its folder or a metadata file."""
    tables = library("pyiceberg.table", "table-formats")
    path = _local(context, source)
    if not path.endswith(".json"):
        versions = sorted(Path(path).glob("metadata/*.metadata.json"))
        if not versions:
            raise LakeProblem(f"{path} is no Iceberg table: it has no metadata/*.metadata.json")
        path = str(versions[-1])
    reader = tables.StaticTable.from_metadata(path).scan().to_arrow_batch_reader()
    return _staged(context, name, source, source.path, reader.schema, reader)


def _local(context: ReadContext, source: Source) -> str:
    """Path of a table folder; URLs stay as they are."""
    path = expand(source.path)
    return path if "://" in path else str(context.base / path)


def _staged(
    context: ReadContext,
    name: str,
    source: Source,
    label: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
) -> OpenSource:
    """Copy batches to the spill folder one by one, and open the copy."""
    target = context.work / name / "rows.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    wider = pa.schema([*schema, (FILE, pa.string()), (ROW, pa.int64())])
    first, most = 1, context.sample_rows
    with pq.ParquetWriter(target, wider) as writer:
        for batch in batches:
            numbers = pa.array(range(first, first + batch.num_rows), pa.int64())
            labels = pa.array(itertools.repeat(label, batch.num_rows), pa.string())
            writer.write_table(
                pa.Table.from_arrays([*batch.columns, labels, numbers], schema=wider)
            )
            first += batch.num_rows
            if most is not None and first > most:
                break
    return OpenSource(name, source, parquet_view(context, name, [target]), {label: None}, [])
