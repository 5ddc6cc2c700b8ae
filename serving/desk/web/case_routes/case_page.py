"""The page of a case, and the acts on it that decide nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.cases.case_state import (
    CLOSED,
    OPERATOR,
    UNDONE,
    CaseLine,
    CaseState,
    undone_acts,
)
from serving.desk.cases.projection import case_lines, states_of
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.attachments import attach, read_attachment
from serving.desk.casework.case_measures import measures_of_case
from serving.desk.casework.claims import (
    assign,
    claim,
    hand_over,
    holder_of,
    release,
    snooze,
    wake,
)
from serving.desk.casework.dispositions import EVIDENCE, TYPOLOGIES, VERDICTS, reasons_of
from serving.desk.casework.measure_reading import measures_known
from serving.desk.casework.notes import add_label, add_note, remove_label
from serving.desk.casework.undo import LASTING
from serving.desk.desk import Desk
from serving.desk.store.tables.case_lists import NightOperatorRow
from serving.desk.web.addresses import url
from serving.desk.web.case_routes.answering import (
    account_names,
    acting,
    chosen_case,
    day_field,
    field,
    person_field,
    workers,
)
from serving.desk.web.page import audited, may, needs, not_found, redirect, render


@needs("evidence.read")
def case_page(request: Request) -> Response:
    """The page of a case."""
    desk, case_id = request.state.desk, request.path_params["case_id"]
    with desk.database.snapshot() as session:
        values = case_values(session, desk, case_id)
    if values is None:
        return not_found(request)
    audited(request, "case", case_id)
    person = request.state.account.name
    return render(
        request,
        "case.html.j2",
        **values,
        person=person,
        is_mine=values["holder"] == person,
        people=workers(request),
        verdicts=VERDICTS,
        typologies=TYPOLOGIES,
        evidence=EVIDENCE,
        steps=desk.policy.ladder,
        most_megabytes=desk.policy.cases.attachment_megabytes,
        is_lead=may(request, "cases.assign"),
        now=desk.clock(),
    )


def case_values(session: Session, desk: Desk, case_id: str) -> dict[str, Any] | None:
    """The view of a case for its page; None for one that is not known."""
    lines = case_lines(session, [case_id]).get(case_id)
    if not lines:
        return None
    state = states_of(session, [case_id])[case_id]
    night_row = session.scalar(
        select(NightOperatorRow).where(NightOperatorRow.operator_id == state.operator_id)
    )
    is_shown = state.kind == OPERATOR or state.status == CLOSED
    undone = undone_acts(lines)
    return {
        "case": state,
        "facts": night_row if is_shown else None,
        "reasons": reasons_of(night_row) if is_shown else [],
        "holder": holder_of(state, desk),
        "is_late": state.status != CLOSED and state.due_at < desk.naive_now(),
        "labels": [x for x in state.labels if x[1] is None or x[1] > desk.naive_now()],
        "history": [
            {"line": n, "is_undone": n.body["act_id"] in undone, "can_undo": _can_undo(n, undone)}
            for n in reversed(lines)
        ],
        "measures": measures_of_case(desk, state, measures_known(desk.lake)),
        "against": _against(desk, state),
    }


@acting("cases.work")
def act_on_case(request: Request) -> Response:
    """An act on one case that decides nothing."""
    desk, chosen, act = request.state.desk, chosen_case(request), field(request, "act")
    if act == "claim":
        claim(desk, chosen)
    elif act == "release":
        release(desk, chosen)
    elif act == "hand":
        hand_over(desk, chosen, person_field(request), field(request, "reason"))
    elif act == "assign":
        if not may(request, "cases.assign"):
            raise CaseRefused("cases.refused.only_lead")
        assign(desk, chosen, person_field(request))
    elif act == "snooze":
        until = day_field(request, "until")
        if until is None:
            raise CaseRefused("cases.refused.day")
        snooze(desk, chosen, until, field(request, "reason"))
    elif act == "wake":
        wake(desk, chosen)
    elif act == "note":
        add_note(desk, chosen, field(request, "text"), account_names(request))
    elif act == "label":
        add_label(desk, chosen, field(request, "label"), day_field(request, "until"))
    elif act == "unlabel":
        remove_label(desk, chosen, field(request, "label"))
    elif act == "attach":
        _attach(request)
    else:
        raise CaseRefused("cases.refused.no_act")
    return redirect(request, url("cases", chosen.cases[0]), f"cases.done_{act}")


@needs("evidence.read")
def attachment(request: Request) -> Response:
    """An attached file, as a download only."""
    desk = request.state.desk
    case_id, digest = request.path_params["case_id"], request.path_params["digest"]
    try:
        with desk.database.snapshot() as session:
            row, content = read_attachment(desk, session, case_id, digest)
    except CaseRefused:
        return not_found(request)
    audited(request, "attachment", f"{case_id} {digest}")
    name = quote(row.name, safe="")
    headers = {
        "content-disposition": f"attachment; filename=\"file\"; filename*=UTF-8''{name}",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)


def _attach(request: Request) -> None:
    given = request.state.form.get("file")
    if not isinstance(given, UploadFile) or not given.filename:
        raise CaseRefused("cases.refused.empty_file")
    attach(request.state.desk, chosen_case(request), given.filename, given.file.read())


def _can_undo(line: CaseLine, undone: set[str]) -> bool:
    act = line.body["act"]
    return act not in (*LASTING, UNDONE) and line.body["act_id"] not in undone


def _against(desk: Desk, state: CaseState) -> list[object]:
    """Measures in force against the operator, from any case."""
    known = measures_known(desk.lake)
    return list(known.against([(OPERATOR, state.operator_id)], desk.naive_now()))


ROUTES = (
    Route("/cases/{case_id:segment}", case_page),
    Route("/cases/{case_id:segment}/act", act_on_case, methods=["POST"]),
    Route("/cases/{case_id:segment}/files/{digest:segment}", attachment),
)
