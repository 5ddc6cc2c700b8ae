"""Blinding: an open blind case hides figures of its session, so that they lead no finding.

A session has a blind case (ADR-0331) until its disposition. Accounts that may work on cases do
not see what the models say of it. The same holds for its operator, where no case of the operator
itself shows that. ADR-0387.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.cases.case_state import CLOSED, OPERATOR, SESSION
from serving.desk.store.tables.cases import CaseRow


@dataclass(frozen=True)
class Blinding:
    """Sessions and operators whose figures are hidden, each with the open case that hides them.

    `sessions_of` are the hidden sessions of each operator.
    """

    sessions: dict[str, str]
    operators: dict[str, str]
    sessions_of: dict[str, list[str]]


NOTHING_HIDDEN = Blinding({}, {}, {})


def open_blind_cases(session: Session) -> Blinding:
    """The figures that open blind cases hide now."""
    columns = select(CaseRow.case_id, CaseRow.subject_id, CaseRow.operator_id)
    blind = columns.where(CaseRow.kind == SESSION, CaseRow.status != CLOSED)
    found = list(session.execute(blind.order_by(CaseRow.case_id)))
    own_cases = select(CaseRow.operator_id).where(CaseRow.kind == OPERATOR)
    with_figures = set(session.scalars(own_cases)) if found else set()
    made = Blinding({}, {}, {})
    for case_id, session_id, operator_id in found:
        made.sessions.setdefault(session_id, case_id)
        made.sessions_of.setdefault(operator_id, []).append(session_id)
        if operator_id not in with_figures:
            made.operators.setdefault(operator_id, case_id)
    return made
