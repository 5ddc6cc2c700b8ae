"""Sources as views: each has the name of its source, with the file and row of each row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from data_contracts.intake.mapping import Source

FILE, ROW = "__file", "__row"
REJECTED = "__rejected"
# Column of a frame of events: the text of one that is no object.
BROKEN = "__broken"
MAX_VALUE_CHARACTERS = 200
ROWS_PER_PIECE = 10_000
# The engine's memory while tables are mapped and ingested; what is larger spills (ADR-0363).
INTAKE_MEMORY = "512MB"


def line_limit(size_bytes: int) -> str:
    """Options of `read_csv` for lines up to a size.

    The engine's buffer would be 32 such lines, or the whole of a smaller file, and leave no memory
    (ADR-0395).
    """
    return f"max_line_size={size_bytes}, buffer_size={size_bytes}"


@dataclass(frozen=True)
class ReadSince:
    """The moment from which rows are wanted, where the source itself can leave others out.

    Parameters
    ----------
    moment
        Rows received earlier are not wanted; UTC.
    column
        Column of receipt; None where a row counts as received when its file was changed.
    zone
        Zone of the column's times without an offset.
    """

    moment: datetime
    column: str | None
    zone: str


@dataclass(frozen=True)
class ReadContext:
    """The connection and folders in which sources are opened.

    Parameters
    ----------
    connection
        DuckDB connection that gets a view for each source.
    base
        Folder that relative paths begin at.
    work
        Spill folder, empty at first.
    sample_rows
        Most rows read of a source that is not columnar; None reads all.
    frames
        pandas frames by the name that a source gives as its path.
    since
        Source → from when on its rows are wanted, where it can be asked so.
    """

    connection: duckdb.DuckDBPyConnection
    base: Path
    work: Path
    sample_rows: int | None = None
    frames: Mapping[str, Any] = field(default_factory=dict)
    since: Mapping[str, ReadSince] = field(default_factory=dict)

    @property
    def limit(self) -> str:
        """SQL that ends a query after the sample."""
        return "" if self.sample_rows is None else f" LIMIT {self.sample_rows}"

    def files_since(self, name: str) -> datetime | None:
        """The moment from which changed files are wanted, where the map counts by them."""
        since = self.since.get(name)
        return since.moment if since is not None and since.column is None else None


@dataclass
class OpenSource:
    """A source that can be queried.

    Parameters
    ----------
    name
        Name of the view.
    source
        Its entry in the map, with what was found out while it was read.
    columns
        Names of its columns.
    modified
        File → when it was changed, in UTC; None where that is not known.
    passed_over
        What was not read, each with its reason.
    """

    name: str
    source: Source
    columns: list[str]
    modified: dict[str, datetime | None]
    passed_over: list[str]


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """A text as an SQL literal."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def mentions(sql: str | None, name: str) -> bool:
    """Whether SQL has a name as a word of its own."""
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql or ""))


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of rows that no reader could cut into columns."""
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {REJECTED} "
        '(source VARCHAR, file VARCHAR, "row" BIGINT, reason VARCHAR, value VARCHAR)'
    )


def create_view(context: ReadContext, name: str, sql: str) -> list[str]:
    """Create the view of a source; returns the names of its own columns."""
    context.connection.execute(f"CREATE OR REPLACE VIEW {quote(name)} AS {sql}")
    described = context.connection.execute(f"DESCRIBE {quote(name)}").fetchall()
    return [row[0] for row in described if row[0] not in (FILE, ROW)]


def parquet_view(context: ReadContext, name: str, files: Iterable[Path]) -> list[str]:
    """View over Parquet files that were made here, with their `__file` and `__row`."""
    listed = ", ".join(literal(str(f)) for f in files)
    return create_view(context, name, f"SELECT * FROM read_parquet([{listed}], union_by_name=true)")
