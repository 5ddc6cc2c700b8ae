"""Whose a delivered row is: SQL of the operator of a row, directly or by its session or order."""

from __future__ import annotations

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import file_list


def owner_sql(lake: Lake, table: str) -> str | None:
    """SQL of the operator of a row `t`, None where rows have none."""
    columns = {c.name for c in contract(table).columns}

    def through(other: str, key: str, own: str) -> str | None:
        found = lake.files(other)
        scan = f"read_parquet({file_list(found)}, hive_partitioning=false, union_by_name=true)"
        return (
            f"(SELECT max(o.operator_id) FROM {scan} o WHERE o.{key} = t.{own})" if found else None
        )

    if "operator_id" in columns:
        return "t.operator_id"
    if "session_id" in columns:
        return through("sessions", "session_id", "session_id")
    if "from_session_id" in columns:
        return through("sessions", "session_id", "from_session_id")
    return through("orders", "order_id", "order_id") if "order_id" in columns else None


def rows_of_operators_sql(lake: Lake, table: str, keep: set[str]) -> str:
    """SQL condition of the rows of a table that must stay, by their operator."""
    owner = owner_sql(lake, table)
    if not keep or owner is None:
        return "false"
    names = ", ".join("'" + k.replace("'", "''") + "'" for k in sorted(keep))
    return f"{owner} IN ({names})"
