"""All worked examples, and the one of a signal as data."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.spec.examples import (
    accounts,
    operator_audience,
    operator_trade,
    order_outcomes,
    orders,
    session_accounts,
    session_actions,
    session_audience,
    session_views,
    views,
)
from tests.spec.tables import Case

MODULES: tuple[ModuleType, ...] = (
    session_views,
    session_audience,
    session_actions,
    session_accounts,
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
