"""Cases that can change nothing: whatever a reviewer finds, tier and measure stay (ADR-0333).

A clearing changes nothing where a notice, a measure or an override holds the tier. A finding
changes nothing where a measure in force is as strict as the strictest that is proportionate. Both
have to hold beyond the day when the case is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scipy.stats import beta
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from serving.desk.cases.case_state import OPERATOR
from serving.desk.cases.queue import is_waiting
from serving.desk.desk import Desk
from serving.desk.store.tables.case_lists import NightOperatorRow
from serving.desk.store.tables.cases import CaseRow
from serving.oversight.measures.proportionality import (
    Circumstances,
    earlier_measures,
    proportion,
)
from serving.oversight.measures.state import IN_FORCE, MeasureState
from serving.oversight.measures.state import OPERATOR as OPERATOR_SUBJECT

CONFIDENCE = 0.95
MAX_FOUND_DETECTORS = 2  # the most facts that a finding can add, so that the range is the widest


@dataclass(frozen=True)
class Skippable:
    """Cases that cannot change a tier or a measure, and how likely that is wrong.

    Attributes
    ----------
    cases
        Their ids.
    looked_at
        Waiting cases of operators that were judged.
    earlier, earlier_changed
        Cases of the same kind that people decided before, and those of them after which a measure
        or an appeal changed something all the same.
    """

    cases: tuple[str, ...]
    looked_at: int
    earlier: int
    earlier_changed: int

    @property
    def wrong_at_most(self) -> float:
        """The largest share that such earlier cases leave possible, one-sided."""
        n, k = self.earlier, self.earlier_changed
        return 1.0 if k >= n else float(beta.ppf(CONFIDENCE, k + 1, n - k))


def skippable_cases(
    session: Session, desk: Desk, measures: MeasureState, now: datetime
) -> Skippable:
    """Waiting cases that can change nothing at a moment (aware UTC)."""
    n = NightOperatorRow
    query = (
        select(CaseRow.case_id, CaseRow.operator_id, CaseRow.due_at, n.tier, n.harm, n.floor)
        .join(n, n.operator_id == CaseRow.operator_id)
        .where(is_waiting(now), CaseRow.kind == OPERATOR)
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    floored = session.execute(query.where(n.floor != "")).all() if measures.measures else []
    found = [r.case_id for r in floored if _is_strictest(r, desk, measures, now)]
    earlier, changed = _earlier(session, measures)
    return Skippable(tuple(found), total, earlier, changed)


def _is_strictest(row: Any, desk: Desk, measures: MeasureState, now: datetime) -> bool:
    """Whether a measure in force until the case is due is as strict as any proportionate one."""
    naive, due = now.astimezone(UTC).replace(tzinfo=None), row.due_at.replace(tzinfo=None)
    subject = (OPERATOR_SUBJECT, row.operator_id)
    in_force = [
        desk.policy.severity(m.code)
        for m in measures.by_subject.get(subject, ())
        if m.status(naive) == IN_FORCE and m.effective_to > due
    ]
    if not in_force:
        return False
    earlier = earlier_measures(measures, *subject, naive, desk.policy)
    fit = proportion(Circumstances(row.tier, MAX_FOUND_DETECTORS, row.harm, earlier), desk.policy)
    return max(in_force) >= max(desk.policy.severity(code) for code in fit.allowed)


def _earlier(session: Session, measures: MeasureState) -> tuple[int, int]:
    """Decided cases of operators under a measure, and those after which it or another changed."""
    subjects = [s for kind, s in measures.by_subject if kind == OPERATOR_SUBJECT]
    query = select(CaseRow.operator_id, CaseRow.opened_at).where(
        CaseRow.kind == OPERATOR,
        CaseRow.decided_at.is_not(None),
        CaseRow.operator_id.in_(subjects),
    )
    count = changed = 0
    for operator, opened in session.execute(query):
        start = opened.astimezone(UTC).replace(tzinfo=None)
        known = measures.by_subject.get((OPERATOR_SUBJECT, operator), [])
        strict = [m for m in known if m.taken_at <= start and m.status(start) == IN_FORCE]
        if not strict:
            continue
        count += 1
        later = [m for m in known if m.taken_at > start]
        ended = [e for m in strict for e in m.endings if start < e.at]
        won = [w for w in measures.won_appeals.get(operator, ()) if w.at > start]
        changed += bool(later or ended or won)
    return count, changed
