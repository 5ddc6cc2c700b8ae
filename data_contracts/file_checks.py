"""Structural checks of a delivered file, before one row of it is read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.contract import Column, Contract
from data_contracts.errors import LakeProblem, StructuralBreak, StructuralBreaks
from data_contracts.lake import Lake
from data_contracts.parquet import (
    connect,
    file_list,
    good_row,
    row_fits,
    scalar,
    typed_columns,
)
from data_contracts.storage.repeated_keys import contradicted_key, repeats_a_key
from data_contracts.storage.stored_types import fits, how_to_mend, read_as

UNREADABLE = (pa.ArrowException, duckdb.Error, OSError, ValueError, MemoryError)

# Of a table whose key is none. A delivery that went wrong contradicts a few rows.
MIN_CONTRADICTED_ROWS, MAX_CONTRADICTED_SHARE = 10, 0.05


def _unreadable(path: Path, error: BaseException) -> StructuralBreak:
    return StructuralBreak(
        str(path),
        "(file)",
        "a readable Parquet file",
        (str(error).splitlines() or [type(error).__name__])[0][:300],
        "deliver the file again; a half-written file has no footer",
    )


@contextmanager
def named_by_file(files: Iterable[Path]) -> Iterator[None]:
    """Raise StructuralBreak for the first file that an engine could not read.

    Engines read many files at once and do not always say which one was broken.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        for path in files:
            try:
                with connect() as connection:
                    scan = f"read_parquet({file_list([path])}, hive_partitioning=false)"
                    connection.execute(f"CREATE TABLE one AS SELECT * FROM {scan}")
            except UNREADABLE as found:
                raise _unreadable(path, found) from found
        raise LakeProblem(
            f"the engine could not read the delivery ({str(error).splitlines()[0][:300]}). "
            "Look at it: steelyard check LAKE"
        ) from error


def file_breaks(table: Contract, path: Path) -> list[StructuralBreak]:
    """Structural breaks of a file against its contract, column by column."""
    try:
        schema = pq.read_schema(path)
        names = list(schema.names)
    except UNREADABLE as error:
        return [_unreadable(path, error)]
    contracted = {c.name for c in table.columns}
    uncontracted = [n for n in names if n not in contracted]
    breaks = (_column_break(path, column, schema, uncontracted) for column in table.columns)
    return [found for found in breaks if found is not None]


def _column_break(
    path: Path, column: Column, schema: pa.Schema, uncontracted: list[str]
) -> StructuralBreak | None:
    """The first thing by which a file's column does not fit, None where it fits."""
    if column.name not in schema.names:
        near = difflib.get_close_matches(column.name, uncontracted, n=1, cutoff=0.5)
        found = (
            f"no such column, but {near[0]!r}, which the contract does not name"
            if near
            else "no such column"
        )
        mend = f"rename {near[0]} to {column.name}" if near else "deliver the column"
        if not column.required:
            mend += "; where it is unknown, deliver it filled with nulls"
        return StructuralBreak(str(path), column.name, column.type, found, mend)
    field = schema.field(column.name)
    if not fits(column, field.type) and read_as(column, field.type) is None:
        mend = how_to_mend(column, field.type)
        return StructuralBreak(str(path), column.name, column.type, str(field.type), mend)
    if (
        pa.types.is_timestamp(field.type)
        and field.type.unit == "ms"
        and _times_overflow(path, column)
    ):
        return StructuralBreak(
            str(path),
            column.name,
            "times that a calendar holds",
            "a time beyond the year 9999",
            "deliver null where a time is unknown",
        )
    marked = (field.metadata or {}).get(b"unit")
    if marked is not None and marked != column.unit.encode():
        return StructuralBreak(
            str(path),
            column.name,
            f"unit {column.unit}",
            f"unit {marked.decode(errors='replace')}",
            f"convert the values to {column.unit} and mark the field so",
        )
    return None


def _times_overflow(path: Path, column: Column) -> bool:
    """Whether a file has milliseconds that microseconds cannot hold."""
    metadata = pq.read_metadata(path)
    place = metadata.schema.names.index(column.name)
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(place).statistics
        try:
            ends = statistics and statistics.has_min_max and (statistics.min, statistics.max)
        except (OverflowError, ValueError):
            ends = None
        if ends is None:
            return True
    return False


def raise_breaks(breaks: Sequence[StructuralBreak]) -> None:
    """Raise what was found: one break as it is, several as a list without repeats by file.

    Raises
    ------
    StructuralBreak
        There is at least one.
    """
    alike: dict[tuple[str, ...], list[StructuralBreak]] = {}
    for found in breaks:
        folder = str(Path(found.file).parent.parent)
        key = (folder, found.column, found.expected, found.found, found.mend)
        alike.setdefault(key, []).append(found)
    kept = []
    for same in alike.values():
        first = same[0]
        more = f" and {len(same) - 1} more files" if len(same) > 1 else ""
        kept.append(
            StructuralBreak(
                first.file + more, first.column, first.expected, first.found, first.mend
            )
        )
    if len(kept) == 1:
        raise kept[0]
    if kept:
        raise StructuralBreaks(kept)


def key_breaks(lake: Lake, table: Contract) -> list[StructuralBreak]:
    """A key that many rows share although they differ and arrived together: it is no key."""
    files = lake.files(table.name)
    with named_by_file(files):
        if not repeats_a_key(table, files):
            return []
        with connect() as connection:
            scan = (
                f"read_parquet({file_list(files)}, filename=true, hive_partitioning=false, "
                "union_by_name=true)"
            )
            total = scalar(connection, f"SELECT count(*) FROM {scan}")
            rows = f"SELECT {typed_columns(table)}, filename FROM {scan} WHERE {row_fits(table)}"
            found = contradicted_key(
                connection, table, f"SELECT * FROM ({rows}) WHERE {good_row(table)}"
            )
    if found is None or found[0] < max(MIN_CONTRADICTED_ROWS, MAX_CONTRADICTED_SHARE * total):
        return []
    count, key, file = found
    return [
        StructuralBreak(
            file,
            " + ".join(table.key),
            "one row a key",
            f"{count} rows that arrived together with another of their key, such as {key}",
            "deliver each key once, or name the columns that tell these rows apart",
        )
    ]
