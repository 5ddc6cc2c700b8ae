"""Validate a lake against its contracts: structure first, then rows, streamed on the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from data_contracts.contract import Contract, contract
from data_contracts.errors import LakeProblem
from data_contracts.file_checks import check_file, check_key
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import (
    connect,
    file_list,
    good_row,
    scalar,
    to_arrow,
    typed_columns,
    write_file,
)

SHOWN = 100_000  # rows quarantined in detail a table; beyond it the count stays true and the detail is cut


@dataclass(frozen=True)
class TableCheck:
    """What the check of one table found: rows read and rows set aside."""

    table: str
    files: int
    rows: int
    quarantined: int


def _violations(table: Contract) -> str:
    """SQL list of the names of the rules that a row breaks."""
    cases = ", ".join(
        f"CASE WHEN NOT COALESCE({r.sql}, TRUE) THEN '{r.name}' END" for r in table.rules
    )
    return f"list_filter([{cases}], lambda x: x IS NOT NULL)"


def _row_key(table: Contract) -> str:
    position = "'row ' || file_row_number"
    if not table.key:
        return position
    parts = " || '/' || ".join(f'CAST("{k}" AS VARCHAR)' for k in table.key)
    return f"COALESCE({parts}, {position})"


def check_rows(
    lake: Lake, table: Contract, checked_at: datetime
) -> tuple[TableCheck, pd.DataFrame]:
    """One streaming pass over a table; returns the counts and the rows to quarantine."""
    files = lake.files(table.name)
    source = (
        f"SELECT {typed_columns(table)}, filename, file_row_number FROM read_parquet({file_list(files)}, "
        "filename=true, file_row_number=true, hive_partitioning=false, union_by_name=true)"
    )
    with connect() as connection:
        rows = scalar(connection, f"SELECT count(*) FROM read_parquet({file_list(files)})")
        # which rules a row breaks is asked only of those that break one: a list for every row of a lake cost more than reading it
        judged = f"SELECT *, {_violations(table)} AS broken FROM ({source}) WHERE NOT ({good_row(table)})"
        text = " ".join(
            f"WHEN '{r.name}' THEN CAST(\"{r.column}\" AS VARCHAR)"
            for r in table.rules
            if r.column is not None
        )
        columns = " ".join(
            f"WHEN '{r.name}' THEN '{r.column}'" for r in table.rules if r.column is not None
        )
        bad = connection.execute(
            f"SELECT '{table.name}' AS table_name, filename AS file, {_row_key(table)} AS row_key, rule, "
            f"CASE rule {columns} END AS column_name, CASE rule {text} END AS value "
            f"FROM (SELECT *, unnest(broken) AS rule FROM ({judged})) "
            f"ORDER BY file, row_key, rule LIMIT {SHOWN}"
        ).df()
        count = scalar(connection, f"SELECT count(*) FROM ({judged})") if len(bad) else 0
    bad["file"] = bad["file"].map(
        lambda f: lake.relative(Path(f)) if Path(f).is_relative_to(lake.root) else f
    )
    bad["checked_at"] = pd.Timestamp(checked_at)
    return TableCheck(table.name, len(files), int(rows), int(count)), bad


def check_structure(folder: LakeOrFolder) -> list[str]:
    """Check shape and keys of every delivered table; returns their names. Raises StructuralBreak."""
    lake = Lake.open(folder)
    names = lake.delivered()
    if not {"sessions", "orders"} & set(names):
        raise LakeProblem(
            f"{lake} has neither a sessions nor an orders table. Delivered: {', '.join(names) or 'none'}"
        )
    for name in names:
        for path in lake.files(name):
            check_file(contract(name), path)
    for name in names:
        check_key(lake, contract(name))
    return names


def check_lake(
    folder: LakeOrFolder, checked_at: datetime, progress: Callable[[str], None] = lambda name: None
) -> list[TableCheck]:
    """Validate every delivered table; bad rows go to `LAKE/quarantine/<table>.parquet`.

    Good rows need no copy: every reader of the lake applies the same rules while it scans.
    Raises StructuralBreak before anything is written.
    """
    lake = Lake.open(folder)
    results = []
    for name in check_structure(lake):
        progress(name)
        result, bad = check_rows(lake, contract(name), checked_at)
        target = lake.quarantine / f"{name}.parquet"
        if len(bad):
            write_file(target, to_arrow(contract("quarantine"), bad))
        else:
            target.unlink(missing_ok=True)
        results.append(result)
    return results
