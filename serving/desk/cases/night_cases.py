"""Cases from the newest published night: reviewed operators, audited sessions, golden cases.

A case goes on over nights. An operator with an open case gets no second one. After a decision it
rests for the days of the policy, unless its tier is stricter than it was then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from data_contracts.runs import published_run, published_runs
from data_contracts.verification.published_run import PublishedRun
from serving.desk.cases.assignment import Assigner
from serving.desk.cases.case_record import catch_up, position_of, write_line
from serving.desk.cases.case_state import AUDIT, CLOSED, GOLDEN, OPENED, OPERATOR, PATROL, SESSION
from serving.desk.cases.known_verdicts import (
    KnownVerdict,
    draw_golden,
    known_verdicts,
    uniform_of,
)
from serving.desk.cases.night_facts import night_operators
from serving.desk.desk import Desk
from serving.desk.store.tables.case_lists import NightOperatorRow
from serving.desk.store.tables.cases import ActRow, CaseRow, RecordPositionRow

REVIEWED_TIERS = ("B", "C", "D")
Row = dict[str, Any]


@dataclass(frozen=True)
class NewCase:
    """A case that is to be opened."""

    kind: str
    subject_id: str
    operator_id: str
    origin: str
    known: tuple[str, str] | None = None


def open_night(desk: Desk) -> int:
    """Open the cases of the newest published night; returns how many. A night is opened once."""
    nights = published_runs(desk.lake)
    if not nights:
        return 0
    night = max(nights)
    with desk.database.snapshot() as session:
        if _is_opened(session, night, nights[night]):
            return 0
    run = published_run(desk.lake, night)
    operators = night_operators(desk.lake, run, desk.policy)
    known = known_verdicts(desk.lake, desk.naive_now())
    with desk.database.transaction() as session:
        catch_up(desk, session)
        position = position_of(session)
        if _is_opened(session, night, nights[night]):
            return 0
        session.execute(delete(NightOperatorRow))
        if operators:
            session.execute(insert(NightOperatorRow), operators)
        position.night, position.run_id = night, nights[night]
        by_id = {r["operator_id"]: r for r in operators}
        if _has_line(session, run.run_id):
            return 0
        new = new_cases(desk, session, run, by_id, known)
        _write_opened(desk, session, new, by_id, (night, run.run_id))
        return len(new)


def _is_opened(session: Session, night: str, run_id: str) -> bool:
    """Whether the operators of a run are in the tables and its cases are open."""
    found = session.scalar(select(RecordPositionRow))
    return found is not None and (found.night, found.run_id) == (night, run_id)


def _has_line(session: Session, run_id: str) -> bool:
    """Whether the record says that the cases of a run were opened."""
    bodies = session.scalars(select(ActRow.body).where(ActRow.act == OPENED))
    return any(json.loads(body)["run_id"] == run_id for body in bodies)


def new_cases(
    desk: Desk,
    session: Session,
    run: PublishedRun,
    operators: Mapping[str, Row],
    verdicts: Sequence[KnownVerdict],
) -> list[NewCase]:
    """Cases of a night that are not open yet and do not rest."""
    columns = (CaseRow.kind, CaseRow.subject_id, CaseRow.status)
    decided = (CaseRow.decided_at, CaseRow.decided_tier)
    known: dict[tuple[str, str], list[Any]] = {}
    for row in session.execute(select(*columns, *decided)):
        known.setdefault((row.kind, row.subject_id), []).append(row)
    since = desk.clock() - timedelta(days=desk.policy.cases.rest_days)
    made = [
        NewCase(OPERATOR, o, o, PATROL)
        for o, r in operators.items()
        if r["tier"] in REVIEWED_TIERS
        and not any(
            c.status != CLOSED or (c.decided_at >= since and r["tier"] <= (c.decided_tier or "A"))
            for c in known.get((OPERATOR, o), ())
        )
    ]
    sample = run.table("audit_sample")
    for row in [] if sample is None else sample.to_pylist():
        if row["entity_kind"] == SESSION and (SESSION, row["entity_id"]) not in known:
            made.append(NewCase(SESSION, row["entity_id"], row["operator_id"], AUDIT))
    taken = {*known, *((c.kind, c.subject_id) for c in made)}
    golden = [
        k for k in verdicts if (k.kind, k.subject_id) not in taken and k.operator_id in operators
    ]
    share = desk.policy.cases.golden_share
    wanted = max(1, round(share * len(made))) if share > 0 and made else 0
    made += [
        NewCase(k.kind, k.subject_id, k.operator_id, GOLDEN, (k.verdict, k.typology))
        for k in draw_golden(golden, run.run_id, wanted)
    ]
    return sorted(made, key=lambda c: uniform_of(run.run_id, f"order {c.kind} {c.subject_id}"))


def _write_opened(
    desk: Desk,
    session: Session,
    new: list[NewCase],
    operators: Mapping[str, Row],
    night: tuple[str, str],
) -> None:
    """Write one line that opens all cases, or says that there are none.

    They stand in an order that tells no origin.
    """
    day, run_id = night
    now = desk.naive_now()
    weights = sorted(operators[c.operator_id]["weight"] for c in new if c.kind == OPERATOR) or [0.0]
    assigner = Assigner.of(session, desk)
    entries: dict[str, Row] = {}
    for c in new:
        night_row = operators.get(c.operator_id, {})
        case_id = case_id_of(c, run_id)
        tier = night_row.get("tier", "B") if c.kind == OPERATOR else "B"
        entry: Row = {
            "case_id": case_id,
            "kind": c.kind,
            "subject_id": c.subject_id,
            "operator_id": c.operator_id,
            "origin": c.origin,
            "due_at": _due(now, desk.policy.cases.due_days(tier)),
        }
        if c.known is not None:
            entry |= {"known_verdict": c.known[0], "known_typology": c.known[1]}
        if c.kind == SESSION:
            place = int(uniform_of(run_id, c.subject_id) * len(weights))
            entry |= {"blind_weight": weights[place]}
        if person := assigner.person_for(c.kind, night_row):
            entry |= {"assignee": person}
        entries[case_id] = entry
    record = {
        "event": "opened",
        "act": OPENED,
        "night": day,
        "run_id": run_id,
        "policy_version": str(desk.policy.version),
        "cases": list(entries),
        "entries": entries,
    }
    write_line(desk, session, record, None)


def case_id_of(case: NewCase, run_id: str) -> str:
    """Id of a case: a digest of what it is about and of the night that opened it."""
    text = json.dumps([case.kind, case.subject_id, run_id])
    return "c" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _due(now: datetime, days: int) -> str:
    return (now + timedelta(days=days)).isoformat(timespec="seconds")
