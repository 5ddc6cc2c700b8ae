"""The inbox of appeals: a clock, both sides, the decision of another person, and what follows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.inbox.appeal_view import (
    DECIDED,
    LATE,
    OPEN,
    AppealLine,
    appeal_lines,
    expected_consequences,
    find_appeal,
    may_decide,
    recorded_consequences,
)
from serving.desk.inbox.notice_links import (
    DEFAULT_DAYS,
    NoticeSubject,
    links_of,
)
from serving.desk.inbox.notice_view import notice_view
from serving.desk.inbox.statements import (
    PLATFORM_SIDE,
    BadStatement,
    add_statement,
    read_attachment,
    statements_of,
)
from serving.desk.web.addresses import url
from serving.desk.web.inbox.uploads import attachments_of
from serving.desk.web.page import audited, needs, not_found, redirect, render
from serving.oversight.appeals.appeal_decisions import VERDICTS, AppealDecision, decide_appeal
from serving.oversight.appeals.appeal_record import BadAppeal
from serving.oversight.measures.manual_measures import list_measures
from serving.oversight.measures.state import IN_FORCE, PROPOSED, UNDONE
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.policies.policy_record import policy_in_force

APPEALS_PER_PAGE = 50
WAITING, ALL = "waiting", "all"
STATUSES = {  # choices of the list, the first of which is shown where none is chosen
    WAITING: (OPEN, LATE),
    OPEN: (OPEN,),
    LATE: (LATE,),
    DECIDED: (DECIDED,),
    ALL: (OPEN, LATE, DECIDED),
}


@needs("appeals.read")
def inbox(request: Request) -> Response:
    """Appeals that wait, the earliest due first, or others; and links to notices."""
    desk, query = request.state.desk, request.query_params
    lines = appeal_lines(desk.lake, desk.naive_now())
    wanted, page = query.get("status", WAITING), query.get("page", "1")
    wanted = wanted if wanted in STATUSES else WAITING
    chosen = [x for x in lines if x.status in STATUSES[wanted]]
    number = max(int(page), 1) if page.isdigit() and len(page) < 6 else 1
    subject = NoticeSubject(query.get("operator", "").strip(), query.get("measure"))
    with desk.database.snapshot() as session:
        links = links_of(session)
    audited(request, "appeals", wanted)
    measures = _measures_of(request, subject.operator_id)
    in_force = (m["measure_id"] for m in measures if m["status"] == IN_FORCE)
    return render(
        request,
        "inbox/appeals.html.j2",
        lines=chosen[(number - 1) * APPEALS_PER_PAGE : number * APPEALS_PER_PAGE],
        total=len(chosen),
        pages=-(-len(chosen) // APPEALS_PER_PAGE),
        page=number,
        counts={s: sum(x.status == s for x in lines) for s in (OPEN, LATE, DECIDED)},
        wanted=wanted,
        statuses=tuple(STATUSES),
        links=links,
        now=desk.clock(),
        default_days=DEFAULT_DAYS,
        subject=subject,
        chosen_measure=subject.measure_id or next(in_force, ""),
        measures=measures,
    )


@needs("appeals.read")
def appeal_page(request: Request) -> Response:
    """One appeal: what is appealed, statements and evidence, the decision and what follows."""
    line = _line(request)
    if line is None:
        return not_found(request)
    desk, appeal = request.state.desk, line.appeal
    audited(request, "appeal", appeal.appeal_id)
    now = desk.naive_now()
    policy = policy_in_force(desk.lake, now.date())
    notice = None
    if appeal.operator_id:
        subject = NoticeSubject(appeal.operator_id, appeal.measure_id, appeal.date)
        notice = notice_view(desk.lake, subject, now, policy)
    followed = recorded_consequences(desk.lake, appeal)
    return render(
        request,
        "inbox/appeal.html.j2",
        line=line,
        appeal=appeal,
        notice=notice,
        statements=statements_of(desk.lake, appeal.appeal_id),
        expected=None if followed else expected_consequences(desk.lake, appeal, now, policy),
        followed=followed,
        may_decide=may_decide(desk.lake, appeal, request.state.account.name),
        verdicts=tuple(VERDICTS),
        opened_at=datetime.fromisoformat(appeal.opened_at),
        due_at=datetime.fromisoformat(appeal.due_at),
        decided_at=datetime.fromisoformat(appeal.decided_at) if appeal.decided_at else None,
    )


@needs("appeals.decide")
def decide(request: Request) -> Response:
    """Decide an appeal, signed; the page then says what followed."""
    line = _line(request)
    if line is None:
        return not_found(request)
    desk, form, appeal_id = request.state.desk, request.state.form, line.appeal.appeal_id
    back = url("appeals", appeal_id)
    if request.state.signer is None:
        return redirect(request, url("unlock", next=back), "account.key_closed")
    verdict, reason = str(form.get("verdict", "")), str(form.get("reason", ""))
    if line.status == DECIDED:
        return redirect(request, back, "inbox.decided_already")
    if verdict not in VERDICTS or not reason.strip():
        return redirect(request, back, "inbox.verdict_missing")
    if not may_decide(desk.lake, line.appeal, request.state.account.name):
        return redirect(request, back, "inbox.another_person")
    now = desk.naive_now()
    decision = AppealDecision(verdict, request.state.signer, reason)
    try:
        decide_appeal(desk.lake, appeal_id, decision, now, policy_in_force(desk.lake, now.date()))
    except BadAppeal:  # another reviewer was faster
        return redirect(request, back, "inbox.decided_already")
    except NotAuthenticated:
        return redirect(request, back, "inbox.role_missing")
    return redirect(request, back, f"inbox.decided_{verdict}")


@needs("appeals.answer")
def answer(request: Request) -> Response:
    """Add a statement of the platform's side, which the operator sees."""
    line = _line(request)
    if line is None:
        return not_found(request)
    desk, form, appeal_id = request.state.desk, request.state.form, line.appeal.appeal_id
    back = url("appeals", appeal_id)
    speaker = (PLATFORM_SIDE, request.state.account.name)
    try:
        files = attachments_of(form)
        text = str(form.get("text", ""))
        add_statement(desk.lake, appeal_id, speaker, text, files, desk.naive_now())
    except BadStatement as refused:
        return redirect(request, back, f"inbox.statement_{refused.code}")
    return redirect(request, back, "inbox.statement_added")


@needs("appeals.read")
def attachment(request: Request) -> Response:
    """A file of an appeal, to be saved and never shown within the desk."""
    desk, ids = request.state.desk, request.path_params
    found = read_attachment(desk.lake, ids["id"], ids["sha256"])
    if found is None:
        return not_found(request)
    audited(request, "attachment", f"{ids['id']} {ids['sha256']}")
    return Response(
        found.body,
        media_type="application/octet-stream",
        headers={
            "content-disposition": f'attachment; filename="{ids["sha256"][:12]}.'
            f'{found.name.rpartition(".")[2].lower()}"'
        },
    )


def _measures_of(request: Request, operator: str) -> list[dict[str, Any]]:
    """Measures of an operator of which a notice can be sent, newest first, with their names."""
    if not operator:
        return []
    desk = request.state.desk
    policy = policy_in_force(desk.lake, desk.naive_now().date())
    taken = list_measures(desk.lake, desk.naive_now(), operator)
    return [
        {
            "measure_id": m["measure_id"],
            "status": m["status"],
            "name": {"zh": step.zh, "en": step.en},
        }
        for m in reversed(taken)
        if m["status"] not in (PROPOSED, UNDONE)
        for step in (policy.ladder_step(m["code"]),)
    ]


def _line(request: Request) -> AppealLine | None:
    desk = request.state.desk
    return find_appeal(desk.lake, request.path_params["id"], desk.naive_now())


ROUTES = (
    Route("/appeals", inbox),
    Route("/appeals/{id:segment}", appeal_page),
    Route("/appeals/{id:segment}/decide", decide, methods=["POST"]),
    Route("/appeals/{id:segment}/statements", answer, methods=["POST"]),
    Route("/appeals/{id:segment}/files/{sha256:segment}", attachment),
)
