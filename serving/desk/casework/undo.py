"""Undo: any act on cases is taken back in one act, with what followed from it. ADR-0332.

The record keeps both lines. A label that does not count yet is withdrawn. A measure that waits is
withdrawn, and one in force is undone by two people (`serving.oversight.measures.undo`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.cases.case_record import Act, perform
from serving.desk.cases.case_state import (
    MEASURE_APPROVED,
    MEASURE_PROPOSED,
    OPENED,
    UNDONE,
    CaseState,
    Line,
    undone_acts,
)
from serving.desk.cases.projection import case_lines, states_of
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.dispositions import restore_label, withdraw_label
from serving.desk.desk import Desk
from serving.desk.store.tables.cases import ActCaseRow, ActRow
from serving.oversight.measures.state import IN_FORCE
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.undo import UndoRequest, undo_measures, withdraw_proposal
from serving.oversight.people.signers import Author, author_name

LASTING = (OPENED, MEASURE_APPROVED)  # a night is not taken back, and an approval with its measure


@dataclass(frozen=True)
class UndoWish:
    """Acts that are taken back, by whom and why.

    `cases` narrows acts on many cases to some of them. A lead may take back acts of others.
    """

    acts: Sequence[str]
    author: Author
    reason: str
    cases: Sequence[str] = ()
    is_lead: bool = False
    once: str = ""


@dataclass(frozen=True)
class UndoConsequences:
    """Consequences of taking acts back, before or after it is done.

    Attributes
    ----------
    cases
        Cases that change.
    labels_withdrawn, labels_kept
        Cases whose label is withdrawn, and those whose label has counted already.
    proposals_withdrawn
        Measures that waited for approval.
    measures_undone
        Measures in force, whose undoing another person has to approve.
    """

    cases: tuple[str, ...]
    labels_withdrawn: tuple[str, ...] = ()
    labels_kept: tuple[str, ...] = ()
    proposals_withdrawn: tuple[str, ...] = ()
    measures_undone: tuple[str, ...] = ()

    def record(self) -> dict[str, list[str]]:
        """The fields of it that the line of the undoing keeps."""
        names = ("labels_withdrawn", "labels_kept", "proposals_withdrawn", "measures_undone")
        return {n: list(getattr(self, n)) for n in names if getattr(self, n)}


@dataclass
class _Undoing:
    """The acts that are taken back, and the cases they are about."""

    rows: list[ActRow]
    cases: list[str] = field(default_factory=list)


def undo(desk: Desk, wish: UndoWish) -> tuple[Line, UndoConsequences]:
    """Take acts back in one act; returns its line and what followed.

    Raises
    ------
    CaseRefused
        An act is not known, is taken back already, is another person's, or there is no reason.
    BadUndo, NotAuthenticated
        A measure of a case cannot be taken back by this person.
    """
    if not wish.reason.strip():
        raise CaseRefused("cases.refused.no_reason")
    with desk.database.transaction() as session:
        found = _acts(session, wish)
        planned: list[UndoConsequences] = []

        def guard(states: Mapping[str, CaseState]) -> None:
            planned.append(_carry_out(desk, session, found, states, wish))

        body: dict[str, Any] = {"undo_of": [r.act_id for r in found.rows], "reason": wish.reason}
        act = Act(UNDONE, wish.author, found.cases, body, once=wish.once)
        line = perform(desk, act, guard)
        after = states_of(session, found.cases)
        if any(r.act == UNDONE for r in found.rows):
            for state in after.values():
                restore_label(desk, state)
        return line, planned[0] if planned else UndoConsequences(tuple(found.cases))


def last_acts(session: Session, cases: Sequence[str], person: str) -> list[str]:
    """The last act of a person on each case that is not taken back, each act once."""
    acts: dict[str, None] = {}
    for lines in case_lines(session, list(cases)).values():
        undone = undone_acts(lines)
        own = [
            n.body["act_id"]
            for n in lines
            if n.body.get("by") == person
            and n.body["act"] not in (*LASTING, UNDONE)
            and n.body["act_id"] not in undone
        ]
        if own:
            acts[own[-1]] = None
    return list(acts)


def _acts(session: Session, wish: UndoWish) -> _Undoing:
    """The acts of a wish and their cases. Raises CaseRefused."""
    ids = list(dict.fromkeys(wish.acts))
    rows = list(session.scalars(select(ActRow).where(ActRow.act_id.in_(ids)).order_by(ActRow.line)))
    if not rows or len(rows) < len(ids):
        raise CaseRefused("cases.refused.unknown_act")
    for row in rows:
        if row.act in LASTING:
            raise CaseRefused("cases.refused.lasting")
        if row.by != author_name(wish.author) and not wish.is_lead:
            raise CaseRefused("cases.refused.of_another", by=row.by)
    query = select(ActCaseRow.case_id).where(ActCaseRow.line.in_([r.line for r in rows]))
    every = list(dict.fromkeys(session.scalars(query.order_by(ActCaseRow.case_id))))
    cases = [c for c in every if c in set(wish.cases)] if wish.cases else every
    if every and not cases:
        raise CaseRefused("cases.refused.unknown_act")
    _require_not_undone(session, rows, cases)
    return _Undoing(rows, cases)


def _require_not_undone(session: Session, rows: list[ActRow], cases: list[str]) -> None:
    """Require that acts still count for their cases. Raises CaseRefused."""
    wanted = {r.act_id for r in rows}
    for lines in case_lines(session, cases).values():
        if undone_acts(lines) & wanted:
            raise CaseRefused("cases.refused.undone_before")
    if not cases:
        query = select(ActRow.body).where(ActRow.act == UNDONE)
        if any(wanted & set(json.loads(b)["undo_of"]) for b in session.scalars(query)):
            raise CaseRefused("cases.refused.undone_before")


def _carry_out(
    desk: Desk,
    session: Session,
    found: _Undoing,
    states: Mapping[str, CaseState],
    wish: UndoWish,
) -> UndoConsequences:
    """Withdraw labels and measures that followed from the acts."""
    wanted = {r.act_id for r in found.rows}
    decided = [
        s for s in states.values() if s.decision is not None and s.decision["act_id"] in wanted
    ]
    proposed = _measures_of(session, found, MEASURE_PROPOSED)
    proposed += [m for s in decided for m in s.measure_ids]
    withdrawn, undone = _end_measures(desk, list(dict.fromkeys(proposed)), wish)
    labels = {s.case_id: withdraw_label(desk, s) for s in decided}
    return UndoConsequences(
        tuple(found.cases),
        tuple(c for c, gone in labels.items() if gone),
        tuple(c for c, gone in labels.items() if gone is False),
        tuple(withdrawn),
        tuple(undone),
    )


def _measures_of(session: Session, found: _Undoing, act: str) -> list[str]:
    """Measures that acts of a kind name for their cases."""
    lines = [r.line for r in found.rows if r.act == act]
    query = select(ActCaseRow.entry).where(
        ActCaseRow.line.in_(lines), ActCaseRow.case_id.in_(found.cases)
    )
    return [json.loads(entry)["measure_id"] for entry in session.scalars(query) if entry]


def _end_measures(desk: Desk, measures: list[str], wish: UndoWish) -> tuple[list[str], list[str]]:
    """Withdraw measures that wait, and propose to undo those in force; both by id."""
    state, now = read_measures(desk.lake), desk.naive_now()
    waiting = [m for m in measures if m in state.pending]
    in_force = [
        m for m in measures if m in state.measures and state.measures[m].status(now) == IN_FORCE
    ]
    for measure in waiting:
        withdraw_proposal(desk.lake, measure, wish.author, wish.reason, now)
    if in_force:
        undo_measures(desk.lake, UndoRequest(in_force, wish.author, wish.reason), now, desk.policy)
    return waiting, in_force
