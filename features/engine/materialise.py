"""Rows that are asked for again and again, made once into a table of the engine's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ibis
from ibis.expr.operations import DatabaseTable

ROWS = "rows.duckdb"


def kept(rows: Any, name: str) -> Any:
    """Rows made once into a table of DuckDB's own; elsewhere they stay the expression that they are."""
    backend = ibis.get_backend(rows)
    if backend.name != "duckdb":
        return rows
    _drop(backend, name)
    return backend.create_table(name, rows, temp=not _lies_in_file(backend))


def is_kept(rows: Any) -> bool:
    """Whether rows are a table of the engine, not an expression or a frame."""
    return isinstance(rows.op(), DatabaseTable)


def dropped(tables: Iterable[Any]) -> None:
    """Drop what `kept` has made."""
    for table in tables:
        if is_kept(table):
            _drop(ibis.get_backend(table), table.get_name())


def _lies_in_file(backend: Any) -> bool:
    """Whether the rows of a lake lie in a file that the engine made for them: there tables that are not temporary are compressed too."""
    found = backend.raw_sql(
        f"SELECT count(*) FROM duckdb_databases() WHERE path LIKE '%/{ROWS}'"
    ).fetchall()
    return found[0][0] > 0


def _drop(backend: Any, name: str) -> None:
    backend.raw_sql(f"DROP TABLE IF EXISTS {name}")  # ibis 12 words its own drop without the name
