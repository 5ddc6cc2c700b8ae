"""Measures from a case: what is proportionate and the notice before the act, then two people.

The measure itself is a record of `serving.oversight.measures`; the case notes which one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from serving.desk.cases.case_record import Act, perform
from serving.desk.cases.case_state import (
    CLOSED,
    GOLDEN,
    MEASURE_APPROVED,
    MEASURE_PROPOSED,
    OPERATOR,
    CaseState,
    Line,
)
from serving.desk.cases.projection import states_of
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.claims import Chosen
from serving.desk.casework.dispositions import FOUND
from serving.desk.desk import Desk
from serving.desk.store.tables.cases import CaseRow
from serving.oversight.measures.approval import approve_act, measure_terms
from serving.oversight.measures.manual_measures import (
    close_measure,
    decision_about,
    grounds_about,
    take_measure,
)
from serving.oversight.measures.measure_requests import MeasureRequest, needs_approval
from serving.oversight.measures.proportionality import (
    Circumstances,
    Proportion,
    earlier_measures,
    proportion,
)
from serving.oversight.measures.state import IN_FORCE, LIFTED, PROPOSED, MeasureState, boost_effect
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.signers import Author, Signer

MAX_MEASURE_DAYS = 3650


@dataclass(frozen=True)
class WantedMeasure:
    """A measure that a person considers: its code, days, reason, and why beyond the range."""

    code: str
    days: int
    reason: str
    beyond_range: str = ""


@dataclass(frozen=True)
class MeasurePreview:
    """Preview of a measure: its notices, its proportionality and its effect on boosts."""

    wanted: WantedMeasure
    notice_zh: str
    notice_en: str
    article: str
    fit: Proportion
    is_within: bool
    needs_approval: bool
    boost: str


def preview_measure(
    desk: Desk, state: CaseState, wanted: WantedMeasure, by: Author
) -> MeasurePreview:
    """The preview of a measure from a case. Nothing is written. Raises CaseRefused, BadMeasure."""
    require_measurable(state)
    _require_complete(desk, wanted)
    request, now = _request(state, wanted, by), desk.naive_now()
    decision = decision_about(desk.lake, request, desk.policy)
    earlier = earlier_measures(
        read_measures(desk.lake), OPERATOR, state.operator_id, now, desk.policy
    )
    fit = proportion(
        Circumstances(decision.tier, len(decision.detectors), decision.expected_harm, earlier),
        desk.policy,
    )
    grounds = grounds_about(desk.lake, request)
    body = {
        "code": wanted.code,
        "subject_id": state.operator_id,
        "subject_kind": OPERATOR,
        "facts": grounds.texts,
        "evidence": grounds.evidence,
        "signals": grounds.signals,
    }
    terms = measure_terms(body, wanted.days, now, desk.policy)
    return MeasurePreview(
        wanted,
        terms["notice_zh"],
        terms["notice_en"],
        terms["article"],
        fit,
        wanted.code in fit.allowed,
        needs_approval(request, desk.policy),
        boost_effect(wanted.code, desk.policy),
    )


def propose_measure(desk: Desk, chosen: Chosen, wanted: WantedMeasure) -> Line:
    """Take a measure from decided cases; a grave one is proposed until another person approves.

    Raises
    ------
    CaseRefused
        A case is not decided as found, or is a check of the desk.
    BadMeasure, NotAuthenticated
        The measure cannot be taken as asked.
    """
    _require_complete(desk, wanted)
    with desk.database.transaction() as session:
        states = states_of(session, list(chosen.cases))
        for state in states.values():
            require_measurable(state)
        entries: dict[str, dict[str, Any]] = {}

        def take(current: Mapping[str, CaseState]) -> None:
            for state in current.values():
                require_measurable(state)
            for state in current.values():
                record = take_measure(
                    desk.lake,
                    _request(state, wanted, chosen.author),
                    desk.naive_now(),
                    desk.policy,
                )
                entries[state.case_id] |= {
                    "measure_id": record["measure_id"],
                    "status": record["status"],
                }

        entries.update({c: {} for c in chosen.cases})
        body = {"code": wanted.code, "days": wanted.days}
        act = Act(
            MEASURE_PROPOSED,
            chosen.author,
            chosen.cases,
            body,
            entries,
            chosen.versions,
            chosen.once,
        )
        return perform(desk, act, take)


def approve_measure(desk: Desk, act_id: str, by: Signer, once: str = "") -> dict[str, Any]:
    """Approve a proposed measure or undo as another person; its cases note it.

    Raises BadMeasure, NotAuthenticated.
    """
    with desk.database.transaction():
        record = approve_act(desk.lake, act_id, by, desk.naive_now(), desk.policy)
        _note_on_cases(desk, record, by, once, IN_FORCE)
        return record


def refuse_measure(desk: Desk, act_id: str, by: Signer, reason: str, once: str = "") -> None:
    """Refuse a proposed measure as another person; its cases note it.

    Raises BadMeasure, NotAuthenticated.
    """
    with desk.database.transaction():
        record = close_measure(desk.lake, act_id, LIFTED, by, reason, desk.naive_now())
        _note_on_cases(desk, record, by, once, "refused")


def waiting_acts(state: MeasureState) -> list[dict[str, Any]]:
    """Measures and undoings that wait for another person, oldest first."""
    return list(state.pending.values())


def measures_of_case(desk: Desk, state: CaseState, known: MeasureState) -> list[dict[str, Any]]:
    """Measures of a case as they stand: id, code, status, by, approver and end."""
    now, found = desk.naive_now(), []
    for measure_id in state.measure_ids:
        pending, measure = known.pending.get(measure_id), known.measures.get(measure_id)
        if pending is not None:
            row = {"status": PROPOSED, "code": pending["code"], "by": pending["by"]}
        elif measure is not None:
            row = {"status": measure.status(now), "code": measure.code, "by": measure.by}
            row |= {"until": measure.effective_to, "approver": measure.record.get("approver")}
            row |= {k: measure.record.get(k) for k in ("notice_zh", "notice_en", "article")}
        else:
            row = {"status": "withdrawn", "code": "", "by": ""}
        found.append({"measure_id": measure_id} | row)
    return found


def require_measurable(state: CaseState) -> None:
    """Require a case that was decided as found, and is no check. Raises CaseRefused."""
    if state.status != CLOSED or (state.decision or {}).get("verdict") != FOUND:
        raise CaseRefused("cases.refused.not_found", case=state.case_id)
    if state.origin == GOLDEN:
        raise CaseRefused("cases.refused.golden", case=state.case_id)


def _request(state: CaseState, wanted: WantedMeasure, by: Author) -> MeasureRequest:
    return MeasureRequest(
        state.operator_id,
        wanted.code,
        by,
        wanted.reason,
        wanted.days,
        beyond_range=wanted.beyond_range,
    )


def _require_complete(desk: Desk, wanted: WantedMeasure) -> None:
    if wanted.code not in {s.code for s in desk.policy.ladder}:
        raise CaseRefused("cases.refused.no_code")
    if not 1 <= wanted.days <= MAX_MEASURE_DAYS:
        raise CaseRefused("cases.refused.days", most=MAX_MEASURE_DAYS)
    if not wanted.reason.strip():
        raise CaseRefused("cases.refused.no_reason")


def _note_on_cases(desk: Desk, record: dict[str, Any], by: Signer, once: str, status: str) -> None:
    """Note on the cases of a measure, or of the measures of an undo, what became of it."""
    ids = set(record.get("undo_of", ())) or {record["measure_id"]}
    with desk.database.transaction() as session:
        named = or_(*(CaseRow.words.contains(i, autoescape=True) for i in ids))
        cases = list(session.scalars(select(CaseRow.case_id).where(named)))
        states = states_of(session, cases)
        entries = {
            c: {"measure_id": next(i for i in states[c].measure_ids if i in ids)}
            for c in cases
            if set(states[c].measure_ids) & ids
        }
        body = {"status": "undone" if "undo_of" in record else status}
        act = Act(MEASURE_APPROVED, by, list(entries), body, entries, once=once)
        if entries:
            perform(desk, act)
