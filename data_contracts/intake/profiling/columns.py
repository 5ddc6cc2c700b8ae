"""Profiles of columns: times, numbers, ids, counts of values and of distinct values."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from data_contracts.contract import Column
from data_contracts.intake.conversion.macros import OTHER_TIME_FORMATS
from data_contracts.intake.conversion.values import WITH_OFFSET, Kind, kind_of
from data_contracts.intake.sources.relation import ROW, literal, quote
from data_contracts.parquet import scalar

# Share of the values that must be read before a column counts as of a type.
MIN_TYPED_SHARE = 0.8
PROFILED_ROWS = 20_000


@dataclass(frozen=True)
class ColumnProfile:
    """Counts and shares over the sample of a source.

    Parameters
    ----------
    kind
        Kind of the stored type.
    values
        Values that are there.
    distinct
        Distinct ones among them.
    times, numbers, wholes, offsets
        Share of the values that read as times, numbers, whole numbers, and times with an offset.
    low, median, high
        Of the numbers; None where there is none.
    formats
        Formats that read most texts which `read_time` cannot read, day before month first.
    """

    name: str
    kind: Kind
    rows: int
    values: int
    distinct: int
    times: float
    numbers: float
    wholes: float
    offsets: float
    low: float | None = None
    median: float | None = None
    high: float | None = None
    formats: tuple[str, ...] = ()

    @property
    def is_key(self) -> bool:
        """Whether every row has a value of its own."""
        return 0 < self.rows == self.values == self.distinct

    @property
    def is_time(self) -> bool:
        """Whether the values read as times."""
        return bool(self.formats) or (self.values > 0 and self.times >= MIN_TYPED_SHARE)

    @property
    def time_sql(self) -> str:
        """SQL of the values as times."""
        text = f"strip_text({quote(self.name)})"
        if self.formats:
            return f"try_strptime({text}, {literal(self.formats[0])})"
        return f"parse_time({text})"

    @property
    def is_number(self) -> bool:
        """Whether the values read as numbers."""
        return self.values > 0 and self.numbers >= MIN_TYPED_SHARE


def profile(
    connection: duckdb.DuckDBPyConnection, view: str, columns: list[str]
) -> dict[str, ColumnProfile]:
    """Profile the columns of a source; shares are over rows spread evenly across it.

    Parameters
    ----------
    connection
        Connection that has the view and the macros of `conversion`.
    view
        Name of the view.
    columns
        Names of its columns.
    """
    types = {
        r[0]: r[1] for r in connection.execute(f"DESCRIBE SELECT * FROM {quote(view)}").fetchall()
    }
    total = scalar(connection, f"SELECT count(*) FROM {quote(view)}")
    step = max(1, total // PROFILED_ROWS)
    return {c: _profile(connection, view, c, kind_of(types[c]), (total, step)) for c in columns}


def _profile(
    connection: duckdb.DuckDBPyConnection, view: str, name: str, kind: Kind, size: tuple[int, int]
) -> ColumnProfile:
    """Profile one column of a view of `size` rows, of which every so many-th is parsed."""
    column, (total, step) = quote(name), size
    time = {
        "time": "raw",
        "zoned": "raw",
        "date": "raw",
        "whole": "CASE WHEN raw BETWEEN 1000000000 AND 9999999999999999 THEN read_epoch(raw) END",
        "text": "parse_time(v)",
    }.get(kind, "NULL")
    number = {
        "whole": "CAST(raw AS DOUBLE)",
        "float": "CAST(raw AS DOUBLE)",
        "text": "parse_number(regexp_replace(v, '[,，￥¥$元 ]', '', 'g'))",
    }.get(kind, "NULL")
    offset = "TRUE" if kind == "zoned" else f"regexp_matches(v, '{WITH_OFFSET}')"
    values, distinct = connection.execute(
        f"SELECT count(v), count(DISTINCT v) FROM (SELECT CAST({column} AS VARCHAR) AS v "
        f"FROM {quote(view)}) WHERE v <> ''"
    ).fetchone() or (0, 0)
    row = connection.execute(
        "SELECT count(v), count(t), count(n), count(CASE WHEN n = trunc(n) THEN 1 END), "
        "count(CASE WHEN o THEN 1 END), min(n), median(n), max(n) FROM (SELECT v, "
        f"CAST({time} AS TIMESTAMP) AS t, CAST({number} AS DOUBLE) AS n, {offset} AS o "
        "FROM (SELECT raw, drop_no_value(bare) AS v FROM "
        f"(SELECT {column} AS raw, strip_text({column}) AS bare FROM {quote(view)} "
        f"WHERE {ROW} % {step} = 0)))"
    ).fetchone()
    assert row is not None
    parsed = max(row[0], 1)
    is_unread = kind == "text" and max(row[1], row[2]) < MIN_TYPED_SHARE * parsed
    return ColumnProfile(
        name,
        kind,
        rows=total,
        values=values if row[0] else 0,
        distinct=distinct,
        times=row[1] / parsed,
        numbers=row[2] / parsed,
        wholes=row[3] / parsed,
        offsets=row[4] / parsed,
        low=row[5],
        median=row[6],
        high=row[7],
        formats=_formats(connection, view, name, step) if is_unread else (),
    )


def _formats(
    connection: duckdb.DuckDBPyConnection, view: str, name: str, step: int
) -> tuple[str, ...]:
    """Formats that read equally many texts, and more than any other; none where most are unread."""
    read = ", ".join(f"count(try_strptime(v, {literal(f)}))" for f in OTHER_TIME_FORMATS)
    counts = connection.execute(
        f"SELECT count(v), {read} "
        f"FROM (SELECT clean_text({quote(name)}) AS v FROM {quote(view)} WHERE {ROW} % {step} = 0)"
    ).fetchone()
    assert counts is not None
    most = max(counts[1:])
    if not most or most < MIN_TYPED_SHARE * counts[0]:
        return ()
    return tuple(f for f, n in zip(OTHER_TIME_FORMATS, counts[1:], strict=True) if n == most)


def suits(column: Column, found: ColumnProfile, sole_key: bool = False) -> float:
    """The fit of values to a contract column, 0 to 1; 1 where an empty column says nothing."""
    if not found.values:
        return 1.0 if not column.required else 0.0
    if column.type == "TIMESTAMP":
        return 1.0 if found.is_time else 0.0
    if column.type == "DOUBLE":
        return 1.0 if found.is_number else 0.0
    if column.type == "BIGINT":
        return 1.0 if found.is_number and found.wholes >= MIN_TYPED_SHARE else 0.0
    if column.type == "VARCHAR" and column.values is None:
        if found.kind in ("time", "zoned", "date") or (
            found.kind == "text" and found.is_time and not found.is_number
        ):
            return 0.0
        if sole_key:
            return 1.0 if found.distinct >= MIN_TYPED_SHARE * found.values else 0.5
    return 1.0
