"""Capacity of a day: open cases against person-minutes, and the harm left beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from serving.desk.cases.case_state import CLOSED, OPERATOR
from serving.desk.cases.queue import WEIGHT, is_waiting
from serving.desk.desk import Desk
from serving.desk.store.tables.case_lists import CapacityRow, NightOperatorRow
from serving.desk.store.tables.cases import CaseRow

MIN_MEASURED_CASES = 5
MAX_MEASURED_CASES = 200


@dataclass(frozen=True)
class DayPlan:
    """The part of the queue that fits into a day of work.

    Attributes
    ----------
    waiting, late
        Cases that wait, and those of them that are due already.
    people, minutes
        Persons who work on cases, and their minutes a day in all.
    minutes_per_case, is_measured
        Minutes of a case, and whether they were measured here or are the policy's.
    fit
        Cases of the top of the queue that fit.
    harm, harm_left
        Expected harm of all waiting operators, and of those beyond capacity.
    fraud_left
        Expected number of fraudulent operators beyond capacity.
    """

    waiting: int
    late: int
    people: int
    minutes: int
    minutes_per_case: float
    is_measured: bool
    fit: int
    harm: float
    harm_left: float
    fraud_left: float

    @property
    def beyond(self) -> int:
        """Waiting cases that do not fit."""
        return self.waiting - self.fit


def day_plan(session: Session, desk: Desk, workers: list[str], now: datetime) -> DayPlan:
    """The plan of a day for persons, by expected harm (aware UTC)."""
    policy = desk.policy.cases
    set_minutes = {c.person: c.minutes for c in session.scalars(select(CapacityRow))}
    minutes = sum(set_minutes.get(p, policy.person_minutes) for p in workers)
    per_case, is_measured = _minutes_per_case(session, policy.minutes)
    n = NightOperatorRow
    is_operator = CaseRow.kind == OPERATOR
    waiting = (
        select(
            case((is_operator, n.risk)).label("risk"),
            case((is_operator, n.harm)).label("harm"),
            case((CaseRow.due_at < now, 1), else_=0).label("late"),
        )
        .select_from(CaseRow)
        .outerjoin(n, n.operator_id == CaseRow.operator_id)
        .where(is_waiting(now))
        .order_by(WEIGHT.desc(), CaseRow.due_at, CaseRow.case_id)
    )
    count, late, _, harm = _sums(session, waiting)
    fit = min(int(count), int(minutes // per_case))
    _, _, fraud_left, harm_left = _sums(session, waiting.offset(fit).limit(int(count)))
    return DayPlan(
        int(count),
        int(late),
        len(workers),
        minutes,
        per_case,
        is_measured,
        fit,
        harm,
        harm_left,
        fraud_left,
    )


def _sums(session: Session, cases: Select[Any]) -> list[float]:
    """Number of cases, of late ones, and the sums of risk and harm of operators."""
    part = cases.subquery()
    sums = (func.sum(part.c[name]) for name in ("late", "risk", "harm"))
    query = select(func.count(), *sums).select_from(part)
    return [float(v or 0.0) for v in session.execute(query).one()]


def _minutes_per_case(session: Session, default: float) -> tuple[float, bool]:
    """Median minutes of the newest decided cases; the default until enough were measured."""
    query = (
        select(CaseRow.minutes)
        .where(CaseRow.status == CLOSED, CaseRow.minutes > 0)
        .order_by(CaseRow.decided_at.desc())
        .limit(MAX_MEASURED_CASES)
    )
    found = list(session.scalars(query))
    return (median(found), True) if len(found) >= MIN_MEASURED_CASES else (default, False)
