"""All worked examples, and the one of a signal as data."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pandas as pd

from tests.spec.examples import (
    accounts,
    operator_audience,
    operator_trade,
    order_outcomes,
    orders,
    session_accounts,
    session_actions,
    session_audience,
    session_habits,
    session_views,
    views,
)
from tests.spec.tables import Case

MODULES: tuple[ModuleType, ...] = (
    session_views,
    session_audience,
    session_actions,
    session_accounts,
    session_habits,
    orders,
    order_outcomes,
    accounts,
    operator_trade,
    operator_audience,
    views,
)
CASES: list[Case] = [case for module in MODULES for case in module.CASES]


def example_of(name: str) -> dict[str, Any] | None:
    """The worked example of a signal as data: claim, rows of each table, values of each entity.

    Columns that hold nothing, and the time of receipt, are left out. None without an example.
    """
    case = next((c for c in CASES if c.signal.name == name), None)
    if case is None:
        return None
    tables = {
        table: frame.drop(columns="received_at")
        .dropna(axis="columns", how="all")
        .to_dict("records")
        for table, frame in case.tables.items()
    }
    return {"claim": case.claim, "tables": tables, "values": dict(case.expected)}


def example_markdown(name: str, max_rows: int = 12) -> str | None:
    """The worked example of a signal as Markdown: its claim, its tables, its values.

    None without an example, and for examples of more than `max_rows` rows in a table.
    """
    example = example_of(name)
    if example is None or max(len(rows) for rows in example["tables"].values()) > max_rows:
        return None
    claim = example["claim"]
    blocks = [f"{claim[0].upper()}{claim[1:]}."]
    for table, rows in example["tables"].items():
        columns = list(rows[0])
        lines = [columns, ["---"] * len(columns), *[[_cell(r[c]) for c in columns] for r in rows]]
        blocks.append(f"`{table}`\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    values = ", ".join(f"{entity}: {value:g}" for entity, value in example["values"].items())
    return "\n\n".join([*blocks, f"Values: {values}"])


def _cell(value: Any) -> str:
    """A cell as it is read: a time by its clock, nothing for what is null."""
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return (
            f"{value:%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".")
            if value.microsecond
            else f"{value:%m-%d %H:%M:%S}"
        )
    return str(value)
