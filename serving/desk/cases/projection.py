"""Projects lines of the record into the tables, for acts, repair and rebuilding alike."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from serving.desk.cases.case_lists import lists_of
from serving.desk.cases.case_state import (
    LIST_ACTS,
    UNDONE,
    CaseLine,
    CaseState,
    Line,
    fold,
)
from serving.desk.store.tables.case_lists import (
    AssignmentRuleRow,
    CapacityRow,
    NightOperatorRow,
    SavedFilterRow,
    WatchRow,
)
from serving.desk.store.tables.cases import (
    ActCaseRow,
    ActRow,
    AttachmentRow,
    CaseLabelRow,
    CaseRow,
    MentionRow,
    RecordPositionRow,
)

SEALS = ("sha256", "previous_sha256", "signed", "entries", "cases", "once")
LIST_TABLES = (WatchRow, SavedFilterRow, AssignmentRuleRow, CapacityRow)
CASE_TABLES = (AttachmentRow, MentionRow, CaseLabelRow, CaseRow)
ALL_TABLES = (*LIST_TABLES, *CASE_TABLES, ActCaseRow, ActRow, RecordPositionRow, NightOperatorRow)
CASES_PER_STATEMENT = 400


@dataclass(frozen=True)
class NumberedLine:
    """A line of the record that counts, with its number in the file."""

    number: int
    record: Line


def aware(moment: datetime) -> datetime:
    """A naive moment of the record, as the tables have it."""
    return moment.replace(tzinfo=UTC)


def project(session: Session, lines: Sequence[NumberedLine]) -> None:
    """Write lines of the record into the tables, in the order of the file."""
    acts: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    touched: dict[str, None] = {}
    lists_change = False
    for n in lines:
        r = n.record
        body = {k: v for k, v in r.items() if k not in SEALS}
        acts.append(
            {
                "line": n.number,
                "act_id": r["act_id"],
                "act": r["act"],
                "by": r.get("by", ""),
                "at": aware(datetime.fromisoformat(r["at"])),
                "once": r.get("once") or None,
                "body": json.dumps(body, ensure_ascii=False, sort_keys=True),
            }
        )
        entries = r.get("entries", {})
        for case_id in r.get("cases", ()):
            entry = entries.get(case_id)
            text = None if entry is None else json.dumps(entry, ensure_ascii=False, sort_keys=True)
            links.append({"line": n.number, "case_id": case_id, "entry": text})
            touched[case_id] = None
        lists_change |= r["act"] in LIST_ACTS or (r["act"] == UNDONE and not r.get("cases"))
    if acts:
        session.execute(insert(ActRow), acts)
    if links:
        session.execute(insert(ActCaseRow), links)
    _project_cases(session, list(touched))
    if lists_change:
        _project_lists(session)


def case_lines(session: Session, cases: Sequence[str]) -> dict[str, list[CaseLine]]:
    """The lines about some cases, oldest first."""
    found: dict[str, list[CaseLine]] = defaultdict(list)
    bodies: dict[int, Line] = {}
    for i in range(0, len(cases), CASES_PER_STATEMENT):
        query = (
            select(ActCaseRow.case_id, ActCaseRow.line, ActCaseRow.entry, ActRow.body)
            .join(ActRow, ActRow.line == ActCaseRow.line)
            .where(ActCaseRow.case_id.in_(cases[i : i + CASES_PER_STATEMENT]))
            .order_by(ActCaseRow.line)
        )
        for case_id, number, entry, text in session.execute(query):
            body = bodies.get(number)
            if body is None:
                body = bodies[number] = json.loads(text)
            own = None if entry is None else json.loads(entry)
            found[case_id].append(CaseLine(number, body, own))
    return found


def states_of(session: Session, cases: Sequence[str]) -> dict[str, CaseState]:
    """The states of some cases; those that are not known are left out."""
    return {case_id: fold(lines) for case_id, lines in case_lines(session, cases).items()}


def _project_cases(session: Session, cases: list[str]) -> None:
    states = list(states_of(session, cases).values())
    if not states:
        return
    ids = [s.case_id for s in states]
    for i in range(0, len(ids), CASES_PER_STATEMENT):
        for table in CASE_TABLES:
            part = ids[i : i + CASES_PER_STATEMENT]
            session.execute(delete(table).where(table.case_id.in_(part)))
    _insert(session, CaseRow, (_case_values(s) for s in states))
    _insert(
        session,
        CaseLabelRow,
        (
            {"case_id": s.case_id, "label": label, "until": until and aware(until)}
            for s in states
            for label, until in s.labels
        ),
    )
    _insert(
        session,
        MentionRow,
        (
            {"line": n.number, "person": person, "case_id": s.case_id, "at": aware(n.at)}
            for s in states
            for n in s.notes
            for person in n.mentions
        ),
    )
    _insert(
        session,
        AttachmentRow,
        (
            {
                "case_id": s.case_id,
                "sha256": a.sha256,
                "name": a.name,
                "size": a.size,
                "line": a.number,
            }
            for s in states
            for a in s.attachments
        ),
    )


def _case_values(s: CaseState) -> dict[str, Any]:
    decision = s.decision or {}
    words = [
        s.case_id,
        s.subject_id,
        s.operator_id,
        *(label for label, _ in s.labels),
        *(n.text for n in s.notes),
        *(a.name for a in s.attachments),
        *(a.sha256 for a in s.attachments),
        decision.get("basis", ""),
        *s.measure_ids,
    ]
    return {
        "case_id": s.case_id,
        "kind": s.kind,
        "subject_id": s.subject_id,
        "operator_id": s.operator_id,
        "origin": s.origin,
        "known_verdict": s.known_verdict,
        "known_typology": s.known_typology,
        "blind_weight": s.blind_weight,
        "opened_night": s.opened_night,
        "opened_at": aware(s.opened_at),
        "due_at": aware(s.due_at),
        "status": s.status,
        "holder": s.holder,
        "claimed_at": s.claimed_at and aware(s.claimed_at),
        "assignee": s.assignee,
        "snoozed_until": s.snoozed_until and aware(s.snoozed_until),
        "verdict": decision.get("verdict"),
        "typology": decision.get("typology"),
        "decided_at": s.decided_at and aware(s.decided_at),
        "decided_by": decision.get("by"),
        "decided_tier": (decision.get("grounds") or {}).get("tier"),
        "minutes": s.minutes,
        "version": s.version,
        "words": "\n".join(w for w in words if w).lower(),
    }


def _project_lists(session: Session) -> None:
    kinds = (*LIST_ACTS, UNDONE)
    query = select(ActRow.line, ActRow.body).where(ActRow.act.in_(kinds)).order_by(ActRow.line)
    lines = [CaseLine(number, json.loads(body)) for number, body in session.execute(query)]
    found = lists_of(lines)
    for table, rows in zip(
        LIST_TABLES, (found.watches, found.filters, found.rules, found.capacities), strict=True
    ):
        session.execute(delete(table))
        _insert(session, table, rows)


def _insert(session: Session, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    values = list(rows)
    if values:
        session.execute(insert(table), values)
