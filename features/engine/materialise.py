"""Rows that are read again and again, made once into a table of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ibis
from ibis.expr.operations import DatabaseTable

DATABASE_FILE = "rows.duckdb"


def materialise(rows: Any, name: str) -> Any:
    """Rows as a table of DuckDB; on another engine they stay an expression."""
    backend = ibis.get_backend(rows)
    if backend.name != "duckdb":
        return rows
    _drop(backend, name)
    return backend.create_table(name, rows, temp=not _has_database_file(backend))


def is_materialised(rows: Any) -> bool:
    """Whether rows are a table of the engine, not an expression or a frame."""
    return isinstance(rows.op(), DatabaseTable)


def drop_materialised(tables: Iterable[Any]) -> None:
    """Drop the tables that `materialise` has made."""
    for table in tables:
        if is_materialised(table):
            _drop(ibis.get_backend(table), table.get_name())


def _has_database_file(backend: Any) -> bool:
    """Whether the lake's rows lie in a file of the engine: there, only lasting tables compress."""
    found = backend.raw_sql(
        f"SELECT count(*) FROM duckdb_databases() WHERE path LIKE '%/{DATABASE_FILE}'"
    ).fetchall()
    return found[0][0] > 0


def _drop(backend: Any, name: str) -> None:
    backend.raw_sql(f"DROP TABLE IF EXISTS {name}")  # ibis 12 words its own drop without the name
