"""Proceedings that are not over: rows that bear on them stay, whatever their age.

These are measures in force or proposed, appeals that are not decided, and notices and complaints
that are open. A measure against a network or a streamer keeps the rows of the operators that it
concerns. An open complaint about an order keeps the rows of that order and its session.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import pyarrow as pa

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect, file_list
from serving.oversight.appeals.appeal_record import list_appeals
from serving.oversight.complaints import decisions as complaints
from serving.oversight.complaints.cases import LATE, OPEN
from serving.oversight.measures.state import OPERATOR, Measure, MeasureState
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.subjects import operators_concerned
from serving.oversight.notices import notice_cases as notices
from serving.policy.schema import Policy

DISPUTED_ORDERS = "disputed_orders"  # name of the relation in SQL
Subject = tuple[str, str]


@dataclass(frozen=True)
class Proceedings:
    """The subjects of proceedings that are not over.

    Attributes
    ----------
    operators
        Operators whose rows all stay.
    disputed_orders
        Orders of open complaints: order_id, and session_id or null.
    """

    operators: frozenset[str]
    disputed_orders: pa.Table


def open_proceedings(lake: Lake, today: date, policy: Policy) -> Proceedings:
    """Proceedings that are not over on a day.

    A measure that is in force for a part of the day counts, so that one of this morning keeps the
    rows of this afternoon.
    """
    end_of_day, state = datetime.combine(today, time.max), read_measures(lake)
    operators = operators_concerned(lake, set(_subjects(lake, state, today)))
    for notice in notices.list_notices(lake, end_of_day, policy):
        if notice["status"] in (notices.OPEN, notices.LATE):
            operators.add(notice["operator_id"])
    orders = set()
    for case in complaints.list_complaints(lake, end_of_day, policy):
        if case["status"] not in (OPEN, LATE):
            continue
        if case["order_id"] is None:
            operators.add(case["operator_id"])
        else:
            orders.add(case["order_id"])
    return Proceedings(frozenset(operators), _with_sessions(lake, orders))


def rows_of_disputes_sql(table: str) -> str:
    """SQL condition of the rows `t` of orders in `disputed_orders`, or of their sessions."""
    columns = {c.name for c in contract(table).columns}
    if "order_id" in columns:
        return f"t.order_id IN (SELECT order_id FROM {DISPUTED_ORDERS})"
    key = next((c for c in ("session_id", "from_session_id") if c in columns), None)
    if key is None:
        return "false"
    sessions = f"SELECT session_id FROM {DISPUTED_ORDERS} WHERE session_id IS NOT NULL"
    return f"t.{key} IN ({sessions})"


def _subjects(lake: Lake, state: MeasureState, today: date) -> Iterator[Subject]:
    """Subjects (kind, id) of measures and appeals that are not over on a day."""
    for m in state.measures.values():
        if _holds_on(m, today):
            yield m.subject_kind, m.subject_id
    for proposal in state.pending.values():
        if "code" in proposal:
            yield proposal["subject_kind"], proposal["subject_id"]
    for appeal in list_appeals(lake, datetime.combine(today, time.max)):
        if appeal.verdict is not None:
            continue
        if appeal.operator_id is not None:
            yield OPERATOR, appeal.operator_id
        elif (measure := state.measures.get(appeal.measure_id or "")) is not None:
            yield measure.subject_kind, measure.subject_id


def _holds_on(m: Measure, day: date) -> bool:
    """Whether a measure is in force for a part of a day."""
    return m.taken_at.date() <= day and m.ended_at() > datetime.combine(day, time.min)


def _with_sessions(lake: Lake, orders: set[str]) -> pa.Table:
    """Orders with the session in which each was placed, null where none is known."""
    ids = pa.table({"order_id": pa.array(sorted(orders), pa.string())})
    if not orders or not lake.files("orders"):
        return ids.append_column("session_id", pa.nulls(len(ids), pa.string()))
    files = file_list(lake.files("orders"))
    scan = f"read_parquet({files}, hive_partitioning=false, union_by_name=true)"
    with connect() as connection:
        connection.register("ids", ids)
        return connection.sql(
            f"SELECT order_id, max(o.session_id) AS session_id FROM ids "
            f"LEFT JOIN {scan} AS o USING (order_id) GROUP BY 1 ORDER BY 1"
        ).to_arrow_table()
