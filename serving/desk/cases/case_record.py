"""The record of acts on cases: written first, then projected, and repaired from the file.

An act is a line of `LAKE/journal/cases.jsonl`, signed by its person. It is appended within the
transaction of the tables, which lets one writer in at a time. A crash between both leaves a line
that the tables lack; the next act or the next start projects it (ADR-0330).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from serving.desk.cases.case_state import OPENED, CaseState, Line
from serving.desk.cases.projection import ALL_TABLES, NumberedLine, project, states_of
from serving.desk.cases.refusals import CaseRefused
from serving.desk.desk import Desk
from serving.desk.store.tables.case_lists import NightOperatorRow
from serving.desk.store.tables.cases import ActCaseRow, ActRow, RecordPositionRow
from serving.ledger.hash_chain import GENESIS_DIGEST, append_record, read_records
from serving.oversight.people.signed_acts import CASE_ROLES, read_acts
from serving.oversight.people.signers import ActAuthor, Author, act_author

LINES_PER_STEP = 2000


@dataclass(frozen=True)
class Act:
    """An act that a person asks for.

    Attributes
    ----------
    act, author
        One of the acts of `case_state`, and who does it.
    cases
        The cases that it is about; none for an act on a list.
    body, entries
        What the act says of all of them, and of each.
    versions
        Version of each case that the person saw; none are compared where it is empty.
    once
        Key of the form: the same key acts once.
    """

    act: str
    author: Author
    cases: Sequence[str] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    once: str = ""


Guard = Callable[[Mapping[str, CaseState]], None]


def perform(desk: Desk, act: Act, guard: Guard | None = None) -> Line:
    """Do an act: check it, append its line, project it. Returns its line, or that of its `once`.

    Parameters
    ----------
    desk
        The desk.
    act
        What is asked for.
    guard
        Raises `CaseRefused` for states of the cases in which it cannot be done.

    Raises
    ------
    CaseRefused
        A case is not known or was changed since the person saw it, or the guard refuses.
    NotAuthenticated
        The lake knows persons, and the author is none who works on cases.
    """
    with desk.database.transaction() as session:
        catch_up(desk, session)
        if act.once and (line := _line_of_once(session, act.once)) is not None:
            return line
        ids = list(dict.fromkeys(act.cases))
        states = states_of(session, ids)
        for case_id in ids:
            _require_current(session, case_id, states, act.versions)
        if guard is not None:
            guard(states)
        author = act_author(desk.lake, act.author, desk.lake.cases, CASE_ROLES)
        record: Line = {"act": act.act, "by": author.name, **act.body}
        if ids:
            record |= {"cases": ids, "entries": {k: dict(v) for k, v in act.entries.items()}}
        return write_line(desk, session, record | ({"once": act.once} if act.once else {}), author)


def write_line(desk: Desk, session: Session, record: Line, author: ActAuthor | None) -> Line:
    """Append a line and project it; it gets its id and moment here."""
    position = _position(session)
    record = record | {"at": desk.naive_now().isoformat(timespec="seconds")}
    identity = f"{position.head}|{json.dumps(record, sort_keys=True, default=str)}"
    record |= {"act_id": "a" + hashlib.sha256(identity.encode()).hexdigest()[:16]}
    sealed = append_record(desk.lake.cases, record, author.sign if author else None)
    if sealed["previous_sha256"] != position.head:
        catch_up(desk, session)  # another desk on this lake wrote in between
        return sealed
    project(session, [NumberedLine(position.lines + 1, sealed)])
    position.lines += 1
    position.size = desk.lake.cases.stat().st_size
    position.head = sealed["sha256"]
    session.flush()
    return sealed


def catch_up(desk: Desk, session: Session) -> int:
    """Project lines of the record that the tables lack; returns how many.

    A record that is shorter than what was projected, or another one, is projected anew.
    """
    position, path = _position(session), desk.lake.cases
    size = path.stat().st_size if path.exists() else 0
    if size == position.size:
        return 0
    records = read_records(path)
    is_same = position.lines == 0 or (
        len(records) >= position.lines and records[position.lines - 1]["sha256"] == position.head
    )
    if not is_same:
        _clear(session)
        position = _position(session)
    faults = {number for number, _ in read_acts(desk.lake, path).faults}
    missing = [
        NumberedLine(number, r)
        for number, r in enumerate(records, 1)
        if number > position.lines and number not in faults and _is_act(r)
    ]
    for i in range(0, len(missing), LINES_PER_STEP):
        project(session, missing[i : i + LINES_PER_STEP])
    position.lines = len(records)
    position.size = size
    position.head = records[-1]["sha256"] if records else GENESIS_DIGEST
    session.flush()
    return len(missing)


def _is_act(record: Line) -> bool:
    """Whether a line is what it says: only the opening of cases goes without a person."""
    return (record.get("event") == "opened") == (record.get("act") == OPENED)


def rebuild(desk: Desk) -> int:
    """Make the tables of cases again from the record; returns the number of its lines.

    The operators of the newest night follow with the next look at the nights (`open_night`).
    """
    with desk.database.transaction() as session:
        _clear(session)
        session.execute(delete(NightOperatorRow))
        catch_up(desk, session)
        return _position(session).lines


def _clear(session: Session) -> None:
    for table in ALL_TABLES:
        if table is not NightOperatorRow:
            session.execute(delete(table))
    session.expire_all()


def _position(session: Session) -> RecordPositionRow:
    found = session.scalar(select(RecordPositionRow))
    if found is None:
        found = RecordPositionRow(file="cases", lines=0, size=0, head=GENESIS_DIGEST)
        session.add(found)
        session.flush()
    return found


def position_of(session: Session) -> RecordPositionRow:
    """The state of the projection: the last record, and the night of the operators."""
    return _position(session)


def _line_of_once(session: Session, once: str) -> Line | None:
    row = session.scalar(select(ActRow).where(ActRow.once == once))
    if row is None:
        return None
    query = select(ActCaseRow.case_id).where(ActCaseRow.line == row.line)
    return json.loads(row.body) | {"cases": list(session.scalars(query))}


def _require_current(
    session: Session, case_id: str, states: Mapping[str, CaseState], versions: Mapping[str, int]
) -> None:
    state = states.get(case_id)
    if state is None:
        raise CaseRefused("cases.refused.unknown", case=case_id)
    if versions.get(case_id, state.version) != state.version:
        last = session.scalar(select(ActRow).where(ActRow.line == state.version))
        raise CaseRefused(
            "cases.refused.changed",
            case=case_id,
            by=last.by if last and last.by else "—",
            at=last.at if last else "",
            act=last.act if last else "",
        )
