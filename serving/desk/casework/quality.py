"""Error rates of a desk: its dispositions of golden cases against verdicts that were known."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import binomtest
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.cases.case_state import CLOSED, GOLDEN
from serving.desk.casework.dispositions import OUTCOME_OF
from serving.desk.store.tables.cases import CaseRow

CONFIDENCE = 0.95


@dataclass(frozen=True)
class ErrorRate:
    """Errors among decided golden cases, with an exact interval (Clopper and Pearson).

    `person` is None for the whole desk. `undecided` were found not decidable, and count as neither.
    Rate and interval are None without a decided case.
    """

    person: str | None
    decided: int
    errors: int
    undecided: int
    rate: float | None
    low: float | None
    high: float | None


def error_rates(session: Session) -> list[ErrorRate]:
    """Error rate of the whole desk, and then of each person, by name."""
    columns = (CaseRow.decided_by, CaseRow.verdict, CaseRow.known_verdict)
    query = select(*columns).where(CaseRow.origin == GOLDEN, CaseRow.status == CLOSED)
    rows = [tuple(r) for r in session.execute(query)]
    people = sorted({str(by) for by, _, _ in rows})
    return [_rate(None, rows), *(_rate(p, [r for r in rows if r[0] == p]) for p in people)]


def _rate(person: str | None, rows: list[tuple]) -> ErrorRate:
    judged = [(OUTCOME_OF[v], known) for _, v, known in rows if v in OUTCOME_OF]
    errors = sum(found != known for found, known in judged)
    undecided = len(rows) - len(judged)
    if not judged:
        return ErrorRate(person, 0, 0, undecided, None, None, None)
    interval = binomtest(errors, len(judged)).proportion_ci(CONFIDENCE, "exact")
    rate = errors / len(judged)
    return ErrorRate(
        person, len(judged), errors, undecided, rate, float(interval.low), float(interval.high)
    )
