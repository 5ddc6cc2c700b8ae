"""Decisions on a case: disposition, measures with their notice, approvals, and undo."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.cases.projection import states_of
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.case_measures import (
    WantedMeasure,
    approve_measure,
    preview_measure,
    propose_measure,
    refuse_measure,
    waiting_acts,
)
from serving.desk.casework.dispositions import Disposition, decide
from serving.desk.casework.measure_reading import measures_known
from serving.desk.casework.undo import UndoWish, undo
from serving.desk.web.addresses import url
from serving.desk.web.case_routes.answering import (
    acting,
    author_of,
    chosen_case,
    field,
    number_field,
    once_of,
)
from serving.desk.web.page import audited, may, needs, not_found, redirect, render
from serving.oversight.measures.approval import measure_terms
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.signers import Signer


@acting("cases.work")
def decide_case(request: Request) -> Response:
    """Decide a case."""
    form = request.state.form
    disposition = Disposition(
        field(request, "verdict"),
        field(request, "typology"),
        field(request, "basis"),
        tuple(str(v) for v in form.getlist("failed_reasons")),
        tuple(str(v) for v in form.getlist("evidence_read")),
    )
    case_id = request.path_params["case_id"]
    line = decide(request.state.desk, chosen_case(request), disposition)
    entry = line.get("entries", {}).get(case_id, {})
    overturns = entry.get("overturns")
    message = f"cases.overturned_{overturns}" if overturns else "cases.done_decide"
    return redirect(request, url("cases", case_id), message)


@acting("measures.take")
def consider_measure(request: Request) -> Response:
    """The notice of a measure and what is proportionate, before anybody takes it."""
    desk, case_id = request.state.desk, request.path_params["case_id"]
    query = request.query_params
    days = query.get("days", "7")
    wanted = WantedMeasure(
        query.get("code", ""),
        int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
        query.get("reason", ""),
        query.get("beyond_range", ""),
    )
    with desk.database.snapshot() as session:
        state = states_of(session, [case_id]).get(case_id)
    if state is None:
        return not_found(request)
    preview = preview_measure(desk, state, wanted, author_of(request))
    audited(request, "notice_preview", f"{case_id} {state.operator_id}")
    return render(
        request,
        "measure_preview.html.j2",
        case=state,
        preview=preview,
        step=desk.policy.ladder_step(wanted.code),
        strictest=desk.policy.ladder_step(preview.fit.allowed[-1]),
    )


@acting("measures.take")
def take(request: Request) -> Response:
    """Take a measure, or propose it where another person has to approve."""
    case_id = request.path_params["case_id"]
    wanted = WantedMeasure(
        field(request, "code"),
        number_field(request, "days"),
        field(request, "reason"),
        field(request, "beyond_range"),
    )
    line = propose_measure(request.state.desk, chosen_case(request), wanted)
    status = line.get("entries", {}).get(case_id, {}).get("status", "in_force")
    return redirect(request, url("cases", case_id), f"cases.measure_{status}")


@needs("cases.work")
def approvals(request: Request) -> Response:
    """Measures and undoings that wait for another person, with the notice of each."""
    desk, now = request.state.desk, request.state.desk.naive_now()
    rows = []
    for act in waiting_acts(measures_known(desk.lake)):
        row = {"act": act, "id": act.get("measure_id") or act.get("undo_id"), "terms": {}}
        if "code" in act:
            row["terms"] = measure_terms(act, act["days"], now, desk.policy)
            row["step"] = desk.policy.ladder_step(act["code"])
        rows.append(row)
    audited(request, "notice_preview", "approvals")
    return render(
        request, "approvals.html.j2", rows=rows, person=request.state.account.name, now=now
    )


@acting("measures.approve")
def answer_proposal(request: Request) -> Response:
    """Approve or refuse what another person proposed."""
    desk, act_id = request.state.desk, request.path_params["act_id"]
    signer = request.state.signer
    if not isinstance(signer, Signer):
        raise NotAuthenticated("no personal key is open")
    if field(request, "act") == "refuse":
        refuse_measure(desk, act_id, signer, field(request, "reason"), once_of(request))
        return redirect(request, "/approvals", "cases.measure_refused")
    approve_measure(desk, act_id, signer, once_of(request))
    return redirect(request, "/approvals", "cases.measure_approved")


@acting("cases.work")
def take_back(request: Request) -> Response:
    """Take an act back, with its consequences."""
    case_id, act_id = request.path_params["case_id"], field(request, "act_id")
    only = (case_id,) if field(request, "only") == "this" else ()
    if not act_id:
        raise CaseRefused("cases.refused.unknown_act")
    _, followed = undo(
        request.state.desk,
        UndoWish(
            [act_id],
            author_of(request),
            field(request, "reason"),
            only,
            may(request, "cases.assign"),
            once_of(request),
        ),
    )
    message = "cases.done_undo"
    if followed.measures_undone:
        message = "cases.undone_measures"
    elif followed.labels_kept:
        message = "cases.undone_label_kept"
    elif followed.labels_withdrawn:
        message = "cases.undone_label"
    return redirect(
        request,
        url("cases", case_id),
        message,
        count=len(followed.cases),
        measures=len(followed.measures_undone),
    )


ROUTES = (
    Route("/cases/{case_id:segment}/decide", decide_case, methods=["POST"]),
    Route("/cases/{case_id:segment}/measure", consider_measure, methods=["GET"]),
    Route("/cases/{case_id:segment}/measure", take, methods=["POST"]),
    Route("/cases/{case_id:segment}/undo", take_back, methods=["POST"]),
    Route("/approvals", approvals),
    Route("/approvals/{act_id:segment}", answer_proposal, methods=["POST"]),
)
