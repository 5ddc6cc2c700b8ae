"""Sources that hand over rows one by one: workbooks, SQLite, PostgreSQL and MySQL.

Every value is kept as text, so that one reader of values serves every source.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.errors import LakeProblem, StructuralBreak
from data_contracts.intake.mapping import Source
from data_contracts.intake.sources.files import expand, find_files, unpack
from data_contracts.intake.sources.libraries import library
from data_contracts.intake.sources.relation import (
    FILE,
    ROW,
    ROWS_PER_PIECE,
    OpenSource,
    ReadContext,
    ReadSince,
    parquet_view,
)

DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
MIN_NAMED_SHARE = 0.5


def as_text(value: Any) -> str | None:
    """A value as text that loses nothing; None where there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | clock_time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.hex()
    return str(value)


def write_rows(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], label: str, first: int = 1
) -> None:
    """Write rows as text to a Parquet file, a piece at a time."""
    names = _distinct(columns)
    schema = pa.schema([(n, pa.string()) for n in names] + [(FILE, pa.string()), (ROW, pa.int64())])
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = itertools.count(first)
    with pq.ParquetWriter(path, schema) as writer:
        for piece in _pieces(rows):
            values = [
                pa.array([as_text(r[i]) for r in piece], pa.string()) for i in range(len(names))
            ]
            label_column = pa.array([label] * len(piece), pa.string())
            count = pa.array(list(itertools.islice(numbers, len(piece))), pa.int64())
            writer.write_table(pa.Table.from_arrays([*values, label_column, count], schema=schema))


def _pieces(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while piece := list(itertools.islice(iterator, ROWS_PER_PIECE)):
        yield piece


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of columns, with a number on those that repeat or are empty."""
    made: list[str] = []
    for position, name in enumerate(names):
        text = str(name).strip() if name not in (None, "") else f"column{position + 1}"
        made.append(f"{text}_{position + 1}" if text in made else text)
    return made


def open_workbook(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open a sheet of Excel workbooks; lines above the header are passed over and said."""
    calamine = library("python_calamine", "excel")
    found = find_files(
        source.path, context.base, context.work, (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
    )
    pieces, passed = [], list(found.passed_over)
    for number, file in enumerate(found.files):
        try:
            book = calamine.CalamineWorkbook.from_path(
                str(unpack(file, context.work / name / f"{number}{Path(file.label).suffix}"))
            )
            sheet = book.get_sheet_by_name(source.table or book.sheet_names[0])
        except Exception as error:  # the library has one error a format
            raise StructuralBreak(
                file.label, "(workbook)", f"sheet {source.table or 1}", str(error), "name its sheet"
            ) from error
        rows = iter(sheet.iter_rows())
        above = list(itertools.islice(rows, source.skip_rows))
        header: list[Any] = next(rows, [])
        while header and sum(v not in (None, "") for v in header) < MIN_NAMED_SHARE * len(header):
            above.append(header)
            header = next(rows, [])
        if above:
            passed.append(f"{file.label}: {len(above)} lines above the header")
        filled = (r for r in rows if any(v not in (None, "") for v in r))
        pieces.append(context.work / name / f"{number}.parquet")
        write_rows(pieces[-1], header, itertools.islice(filled, context.sample_rows), file.label)
    return OpenSource(
        name,
        source,
        parquet_view(context, name, pieces),
        {f.label: f.modified for f in found.files},
        passed,
    )


def open_sqlite(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open a table of an SQLite file."""
    found = find_files(source.path, context.base, context.work, (".sqlite", ".sqlite3", ".db"))
    pieces = []
    for number, file in enumerate(found.files):
        with sqlite3.connect(f"file:{file.path}?mode=ro", uri=True) as connection:
            try:
                quoted = '"' + str(source.table).replace('"', '""') + '"'
                cursor = connection.execute(f"SELECT * FROM {quoted}{context.limit}")
            except sqlite3.Error as error:
                raise StructuralBreak(
                    file.label, "(table)", f"table {source.table}", str(error), "name its table"
                ) from error
            pieces.append(context.work / name / f"{number}.parquet")
            write_rows(pieces[-1], [d[0] for d in cursor.description], cursor, file.label)
        connection.close()
    modified = {f.label: f.modified for f in found.files}
    return OpenSource(
        name, source, parquet_view(context, name, pieces), modified, found.passed_over
    )


def server_engine(url: str) -> Any:
    """SQLAlchemy engine of a PostgreSQL or MySQL server.

    Raises
    ------
    LakeProblem
        The URL names a variable that is not set, or no known server.
    """
    scheme, _, rest = expand(url).partition("://")
    driver = DRIVERS.get(
        scheme.split("+")[0]
        .replace("postgres", "postgresql", 1)
        .replace("postgresqlql", "postgresql")
    )
    if driver is None:
        raise LakeProblem(f"{scheme}:// is no server that can be read: {', '.join(DRIVERS)}")
    return library("sqlalchemy", "databases").create_engine(f"{driver}://{rest}")


def open_server(context: ReadContext, name: str, source: Source) -> OpenSource:
    """Open a table of PostgreSQL or MySQL, streamed by a cursor of the server.

    MySQL hands over TIMESTAMP columns in the zone of the session, which is set to UTC here.
    """
    sqlalchemy = library("sqlalchemy", "databases")
    engine = server_engine(source.path)
    label = f"{engine.url.render_as_string(hide_password=True)}/{source.table}"
    target = context.work / name / "rows.parquet"
    schema, _, bare = str(source.table).rpartition(".")
    passed: list[str] = []
    try:
        with engine.connect().execution_options(
            stream_results=True, yield_per=ROWS_PER_PIECE
        ) as connection:
            if engine.dialect.name == "mysql":
                connection.execute(sqlalchemy.text("SET time_zone = '+00:00'"))
            columns = sqlalchemy.inspect(connection).get_columns(bare, schema=schema or None)
            zoned = [
                engine.dialect.name == "mysql" and str(c["type"]).startswith("TIMESTAMP")
                for c in columns
            ]
            table = sqlalchemy.table(
                bare, *(sqlalchemy.column(c["name"]) for c in columns), schema=schema or None
            )
            wanted = sqlalchemy.select(table)
            since = context.since.get(name)
            if (
                since is not None
                and (later := _later(sqlalchemy, since, columns, zoned)) is not None
            ):
                wanted = wanted.where(later)
                passed.append(f"{label}: rows received before {since.moment} UTC, by the server")
            rows = connection.execute(wanted.limit(context.sample_rows))
            marked = (
                [f"{v}+00:00" if z and v is not None else v for v, z in zip(r, zoned, strict=True)]
                for r in rows
            )
            write_rows(target, [c["name"] for c in columns], marked, label)
    except sqlalchemy.exc.SQLAlchemyError as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise LakeProblem(f"{label} cannot be read: {reason}") from error
    finally:
        engine.dispose()
    return OpenSource(name, source, parquet_view(context, name, [target]), {label: None}, passed)


def _later(
    sqlalchemy: Any, since: ReadSince, columns: Sequence[Any], zoned: Sequence[bool]
) -> Any | None:
    """SQLAlchemy condition of the rows that are wanted; None where the column is no time.

    A row without a time is read, so that its reason is said.
    """
    place = next((i for i, c in enumerate(columns) if c["name"] == since.column), None)
    if place is None or not isinstance(columns[place]["type"], sqlalchemy.DateTime):
        return None
    moment = since.moment.replace(tzinfo=UTC)
    if zoned[place]:
        moment = since.moment
    elif not columns[place]["type"].timezone:
        moment = moment.astimezone(ZoneInfo(since.zone)).replace(tzinfo=None)
    column = sqlalchemy.column(since.column)
    return sqlalchemy.or_(column >= moment, column.is_(None))
