"""Rows of one key that were delivered more than once: which of them counts (ADR-0262)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import duckdb

from data_contracts.contract import Contract
from data_contracts.parquet import connect, file_list

DELIVERED_AGAIN, SUPERSEDED = "row_was_delivered_again", "row_was_superseded"
CONTRADICTED = "row_was_contradicted"
PLACE, REPEAT = "__place", "__repeat"


def repeats_a_key(table: Contract, files: Sequence[Path]) -> bool:
    """Whether two rows of a table share a key; asked once for the same files."""
    if not table.key or not files:
        return False
    states = [(str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files]
    return _repeats(table.key, tuple(states))


@lru_cache(maxsize=256)
def _repeats(key: tuple[str, ...], states: tuple[tuple[str, int, int], ...]) -> bool:
    """Whether two rows of these files share a key."""
    names = ", ".join(f'"{k}"' for k in key)
    known = " AND ".join(f'"{k}" IS NOT NULL' for k in key)
    with connect() as connection:
        found = connection.execute(
            f"SELECT count(*) > 1 AS repeated FROM read_parquet("
            f"{file_list(Path(s[0]) for s in states)}, hive_partitioning=false, "
            f"union_by_name=true) WHERE {known} GROUP BY {names} HAVING repeated LIMIT 1"
        ).fetchone()
    return bool(found)


def key_window(table: Contract) -> str:
    """SQL window of the rows of a key, the one that counts first: the last received."""
    received = f'"{table.received}" DESC NULLS LAST, ' if table.received else ""
    rest = ", ".join(f'"{c.name}"' for c in table.columns)
    key = ", ".join(f'"{k}"' for k in table.key)
    return f"(PARTITION BY {key} ORDER BY {received}{rest})"


def latest_of_each_key(table: Contract, rows: str) -> str:
    """SQL of the row of each key that counts, from SQL of rows that are good and known."""
    return f"SELECT * FROM ({rows} QUALIFY row_number() OVER {key_window(table)} = 1) WHERE TRUE"


def repeated_rows(table: Contract, rows: str) -> str:
    """SQL of the rows that do not count, with the column `__repeat`: why.

    Parameters
    ----------
    table
        The contract, which has a key.
    rows
        SQL of good rows with the contract's columns and others.
    """
    named = ", ".join(f'"{c.name}"' for c in table.columns if c.name != table.received)
    received = f'"{table.received}"'
    return (
        f"SELECT * EXCLUDE ({PLACE}, same, together), CASE WHEN same THEN '{DELIVERED_AGAIN}' "
        f"WHEN together THEN '{CONTRADICTED}' ELSE '{SUPERSEDED}' END AS {REPEAT} "
        f"FROM (SELECT *, row_number() OVER w AS {PLACE}, "
        f"first_value(row({named})) OVER w = row({named}) AS same, "
        f"first_value({received}) OVER w = {received} AS together FROM ({rows}) "
        f"WINDOW w AS {key_window(table)}) WHERE {PLACE} > 1"
    )


def contradicted_key(
    connection: duckdb.DuckDBPyConnection, table: Contract, rows: str
) -> tuple[int, str, str] | None:
    """Rows that contradict one of their key received at the same moment, with one of them.

    Returns
    -------
    tuple or None
        Their number, the key of one, and its file; None where there is none.
    """
    key = " || ', ' || ".join(f'CAST("{k}" AS VARCHAR)' for k in table.key)
    found = connection.execute(
        f"SELECT count(*), min({key}), arg_min(filename, {key}) "
        f"FROM ({repeated_rows(table, rows)}) WHERE {REPEAT} = '{CONTRADICTED}'"
    ).fetchone()
    return found if found and found[0] else None
