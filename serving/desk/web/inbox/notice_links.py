"""Links by which operators read their notices: made once, revoked at once."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from data_contracts.errors import LakeProblem
from serving.desk.inbox.notice_links import (
    DEFAULT_DAYS,
    NoticeSubject,
    make_notice_link,
    revoke_notice_link,
)
from serving.desk.inbox.notice_view import notice_view
from serving.desk.web.addresses import url
from serving.desk.web.page import audited, needs, not_found, redirect, render
from serving.oversight.policies.policy_record import policy_in_force


@needs("notices.make")
def make_link(request: Request) -> Response:
    """Make a link to a notice; its address is shown this once."""
    desk, form = request.state.desk, request.state.form
    subject = NoticeSubject(
        str(form.get("operator_id", "")).strip(),
        str(form.get("measure_id", "")).strip() or None,
        str(form.get("night", "")).strip() or None,
    )
    now = desk.naive_now()
    policy = policy_in_force(desk.lake, now.date())
    try:
        known = notice_view(desk.lake, subject, now, policy) if subject.operator_id else None
    except LakeProblem:
        known = None
    if known is None:
        return redirect(request, url("appeals"), "inbox.no_such_notice")
    days = str(form.get("days", ""))
    number = int(days) if days.isdigit() and len(days) < 5 else DEFAULT_DAYS
    subject = NoticeSubject(subject.operator_id, subject.measure_id, known.night)
    with desk.database.transaction() as session:
        row, token = make_notice_link(session, subject, request.state.account, desk.clock(), number)
    audited(request, "notice_link", f"{subject.operator_id} {subject.measure_id or known.night}")
    request.state.answer_is_secret = True
    address = request.state.settings.public_url.rstrip("/") + url("notice", token)
    if request.url.port and "//127.0.0.1" in address:
        address = f"{request.url.scheme}://{request.url.netloc}{url('notice', token)}"
    return render(request, "inbox/link_made.html.j2", link=row, address=address, notice=known)


@needs("notices.make")
def revoke_link(request: Request) -> Response:
    """Revoke a link to a notice at once."""
    desk = request.state.desk
    with desk.database.transaction() as session:
        row = revoke_notice_link(session, request.path_params["id"], desk.clock())
    if row is None:
        return not_found(request)
    return redirect(request, url("appeals"), "inbox.link_revoked")


ROUTES = (
    Route("/appeals/links", make_link, methods=["POST"]),
    Route("/appeals/links/{id:segment}/revoke", revoke_link, methods=["POST"]),
)
