"""Validate a lake against its contracts: structure first, then rows, streamed on DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.contract import Contract, Rule, contract
from data_contracts.errors import LakeProblem, StructuralBreak
from data_contracts.file_checks import file_breaks, key_breaks, named_by_file, raise_breaks
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import (
    connect,
    file_list,
    good_row,
    scalar,
    to_arrow,
    type_rules,
    typed_columns,
    write_file,
)
from data_contracts.storage.repeated_keys import REPEAT, repeated_rows, repeats_a_key

MAX_QUARANTINED_ROWS = 100_000  # kept in detail for a table; the count stays exact beyond it


@dataclass(frozen=True)
class TableCheck:
    """Result of the check of one table: rows read and rows set aside."""

    table: str
    files: int
    rows: int
    quarantined: int


def violations(rules: Sequence[Rule]) -> str:
    """SQL list of the names of the rules that a row breaks."""
    cases = ", ".join(f"CASE WHEN NOT COALESCE({r.sql}, TRUE) THEN '{r.name}' END" for r in rules)
    return f"list_filter([{cases}], lambda x: x IS NOT NULL)"


def _row_key(table: Contract) -> str:
    """SQL of the text by which quarantine names a row."""
    position = "'row ' || file_row_number"
    if not table.key:
        return position
    parts = " || '/' || ".join(f'CAST("{k}" AS VARCHAR)' for k in table.key)
    return f"COALESCE({parts}, {position})"


def check_rows(
    lake: Lake, table: Contract, checked_at: datetime
) -> tuple[TableCheck, pd.DataFrame]:
    """Check a table in one streaming pass; returns the counts and the rows to quarantine."""
    files = lake.files(table.name)
    stored = type_rules(table)
    source = (
        f"SELECT {typed_columns(table)}, {violations(stored)} AS misfits, "
        + "".join(f'CAST("{r.column}" AS VARCHAR) AS "stored {r.column}", ' for r in stored)
        + "filename, file_row_number "
        f"FROM read_parquet({file_list(files)}, filename=true, file_row_number=true, "
        "hive_partitioning=false, union_by_name=true)"
    )
    with named_by_file(files), connect() as connection:
        rows = scalar(connection, f"SELECT count(*) FROM read_parquet({file_list(files)})")
        # broken rules are listed for bad rows only: for every row it costs more than reading
        bad_rows = (
            f"SELECT *, list_concat(misfits, {violations(table.rules)}) AS broken "
            f"FROM ({source}) WHERE len(misfits) > 0 OR NOT ({good_row(table)})"
        )
        text = " ".join(
            f"WHEN '{r.name}' THEN CAST(\"{r.column}\" AS VARCHAR)"
            for r in table.rules
            if r.column is not None
        )
        text += "".join(f" WHEN '{r.name}' THEN \"stored {r.column}\"" for r in stored)
        columns = " ".join(
            f"WHEN '{r.name}' THEN '{r.column}'"
            for r in (*stored, *table.rules)
            if r.column is not None
        )
        bad = connection.execute(
            f"SELECT '{table.name}' AS table_name, filename AS file, "
            f"{_row_key(table)} AS row_key, rule, "
            f"CASE rule {columns} END AS column_name, CASE rule {text} END AS value "
            f"FROM (SELECT *, unnest(broken) AS rule FROM ({bad_rows})) "
            f"ORDER BY file, row_key, rule LIMIT {MAX_QUARANTINED_ROWS}"
        ).df()
        count = scalar(connection, f"SELECT count(*) FROM ({bad_rows})") if len(bad) else 0
        if repeats_a_key(table, files):
            good = f"SELECT * FROM ({source}) WHERE len(misfits) = 0 AND ({good_row(table)})"
            repeated = _repeated(connection, table, good)
            bad = pd.concat([bad, repeated], ignore_index=True)
            count += scalar(connection, f"SELECT count(*) FROM ({repeated_rows(table, good)})")
    bad["file"] = bad["file"].map(
        lambda f: lake.relative(Path(f)) if Path(f).is_relative_to(lake.root) else f
    )
    bad["checked_at"] = pd.Timestamp(checked_at)
    return TableCheck(table.name, len(files), int(rows), int(count)), bad


def _repeated(connection: Any, table: Contract, good: str) -> pd.DataFrame:
    """Rows to quarantine because another of their key counts, with the moment of their receipt."""
    return connection.execute(
        f"SELECT '{table.name}' AS table_name, filename AS file, {_row_key(table)} AS row_key, "
        f"{REPEAT} AS rule, '{table.key[0]}' AS column_name, "
        f'CAST("{table.received}" AS VARCHAR) AS value '
        f"FROM ({repeated_rows(table, good)}) ORDER BY file, row_key, file_row_number "
        f"LIMIT {MAX_QUARANTINED_ROWS}"
    ).df()


def delivered_tables(lake: Lake) -> list[str]:
    """Names of the delivered tables.

    Raises
    ------
    LakeProblem
        The lake has neither sessions nor orders.
    """
    names = lake.delivered()
    if not {"sessions", "orders"} & set(names):
        raise LakeProblem(
            f"{lake} has neither a sessions nor an orders table. "
            f"Delivered: {', '.join(names) or 'none'}"
        )
    return names


def structural_breaks(lake: Lake, names: Sequence[str]) -> dict[str, list[StructuralBreak]]:
    """Breaks of shape and key, by table; tables without one are absent."""
    found = {}
    for name in names:
        table = contract(name)
        breaks = [b for path in lake.files(name) for b in file_breaks(table, path)]
        found[name] = breaks or key_breaks(lake, table)
    return {name: breaks for name, breaks in found.items() if breaks}


def check_structure(folder: LakeOrFolder) -> list[str]:
    """Check shape and keys of every delivered table; returns their names.

    Raises
    ------
    StructuralBreak
        Tables do not have the shape of their contracts, or have a key that is none; all are
        listed.
    LakeProblem
        The lake has neither sessions nor orders.
    """
    lake = Lake.open(folder)
    names = delivered_tables(lake)
    raise_breaks([b for breaks in structural_breaks(lake, names).values() for b in breaks])
    return names


def check_lake(
    folder: LakeOrFolder, checked_at: datetime, progress: Callable[[str], None] = lambda _name: None
) -> list[TableCheck]:
    """Validate every delivered table; bad rows go to `LAKE/quarantine/<table>.parquet`.

    Good rows need no copy: every reader of the lake applies the same rules while it scans.

    Parameters
    ----------
    folder
        The lake, or its folder.
    checked_at
        Moment of the check, which quarantined rows carry.
    progress
        Called with the name of each table.

    Raises
    ------
    StructuralBreak
        As `check_structure`, before anything is written.
    """
    lake = Lake.open(folder)
    return check_tables(lake, check_structure(lake), checked_at, progress)


def check_tables(
    lake: Lake, names: Sequence[str], checked_at: datetime, progress: Callable[[str], None]
) -> list[TableCheck]:
    """Check rows of tables whose structure fits their contracts, as `check_lake` does."""
    results = []
    for name in names:
        progress(name)
        result, bad = check_rows(lake, contract(name), checked_at)
        target = lake.quarantine / f"{name}.parquet"
        if len(bad):
            write_file(target, to_arrow(contract("quarantine"), bad))
        else:
            target.unlink(missing_ok=True)
        results.append(result)
    return results
