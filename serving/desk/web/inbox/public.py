"""Pages without a login: credit for the public, and the operator's side of a notice."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.inbox.notice_links import NoticeSubject, count_read, find_notice_link
from serving.desk.inbox.notice_view import NoticeView, notice_view
from serving.desk.inbox.public_credit import OPERATORS_PER_PAGE, credit_page
from serving.desk.inbox.statements import (
    MAX_ATTACHMENTS,
    MAX_TEXT_CHARACTERS,
    OPERATOR_SIDE,
    Attachment,
    BadStatement,
    add_statement,
    require_statement,
    statements_of,
)
from serving.desk.store.tables.inbox import NoticeLinkRow
from serving.desk.web.addresses import url
from serving.desk.web.inbox.uploads import attachments_of
from serving.desk.web.page import audited, redirect, render
from serving.gate.server.rate_limit import TokenBuckets
from serving.oversight.appeals.appeal_record import Appeal, BadAppeal, open_appeal
from serving.oversight.appeals.measure_appeals import open_measure_appeal
from serving.oversight.policies.policy_record import policy_in_force
from serving.oversight.reports.credit_rules import credit_rules

READS_PER_SECOND, READ_BURST = 1.0, 30.0  # of one address
POSTS_PER_SECOND, POST_BURST = 10 / 3600, 10.0  # of one link


def credit(request: Request) -> Response:
    """Published credit and its public rules."""
    if refused := _limited(request):
        return refused
    desk, query = request.state.desk, request.query_params
    page = query.get("page", "1")
    number = max(int(page), 1) if page.isdigit() and len(page) < 6 else 1
    today = desk.naive_now().date()
    policy = policy_in_force(desk.lake, today)
    wanted, level = query.get("operator", "").strip()[:200], query.get("level", "")
    found = credit_page(desk.lake, wanted, level, number)
    return render(
        request,
        "public/credit.html.j2",
        found=found,
        rules=credit_rules(policy, today),
        route={"zh": policy.appeal_route_zh, "en": policy.appeal_route},
        wanted=wanted,
        level=level,
        page=number,
        pages=0 if found is None else -(-found.total // OPERATORS_PER_PAGE),
    )


def notice(request: Request) -> Response:
    """The notice of a link, with evidence, statements, and the form of an appeal."""
    if refused := _limited(request):
        return refused
    opened = _open(request)
    if opened is None:
        return render(request, "public/no_notice.html.j2", 404)
    link, view = opened
    desk = request.state.desk
    audited(request, "notice", f"{link.operator_id} {link.measure_id or link.night} ({link.id})")
    with desk.database.transaction() as session:
        count_read(session, link.id, desk.clock())
    return _render(request, link, view)


def appeal(request: Request) -> Response:
    """Open an appeal against what the notice is about, or ask that a person decides."""
    opened = _open(request)
    if opened is None:
        return render(request, "public/no_notice.html.j2", 404)
    link, view = opened
    if refused := _limited(request, link):
        return refused
    desk, form = request.state.desk, request.state.form
    back, now = url("notice", request.path_params["token"]), desk.naive_now()
    asks_only = form.get("kind") == "human" and view.kind == "decision"
    text = str(form.get("text", ""))
    if not view.accepts_appeal(now):
        return redirect(request, back, "public.no_appeal_now")
    try:
        files: list[Attachment] = attachments_of(form)
        if not asks_only or text.strip() or files:
            require_statement(text, files)
    except BadStatement as bad:
        return _render(request, link, view, text, f"inbox.statement_{bad.code}", 422)
    ground = None if asks_only else text.strip()
    try:
        made = _open_appeal(request, link, ground)
    except BadAppeal:
        return redirect(request, back, "public.no_appeal_now")
    if text.strip():
        speaker = (OPERATOR_SIDE, link.operator_id)
        add_statement(desk.lake, made.appeal_id, speaker, text, files, now)
    audited(request, "appeal_opened", made.appeal_id)
    return redirect(request, back, "public.appeal_opened", appeal=made.appeal_id)


def statement(request: Request) -> Response:
    """Add a statement to an appeal that is open."""
    opened = _open(request)
    if opened is None:
        return render(request, "public/no_notice.html.j2", 404)
    link, view = opened
    if refused := _limited(request, link):
        return refused
    desk, back = request.state.desk, url("notice", request.path_params["token"])
    waiting = next((a for a in view.appeals if a.verdict is None), None)
    if waiting is None:
        return redirect(request, back, "public.no_appeal_now")
    text = str(request.state.form.get("text", ""))
    speaker = (OPERATOR_SIDE, link.operator_id)
    try:
        files = attachments_of(request.state.form)
        add_statement(desk.lake, waiting.appeal_id, speaker, text, files, desk.naive_now())
    except BadStatement as bad:
        return _render(request, link, view, text, f"inbox.statement_{bad.code}", 422)
    audited(request, "statement", waiting.appeal_id)
    return redirect(request, back, "inbox.statement_added")


def _open(request: Request) -> tuple[NoticeLinkRow, NoticeView] | None:
    """The link of the token in the address, and its notice."""
    desk = request.state.desk
    with desk.database.snapshot() as session:
        link = find_notice_link(session, request.path_params["token"], desk.clock())
    if link is None:
        return None
    now = desk.naive_now()
    subject = NoticeSubject(link.operator_id, link.measure_id, link.night)
    view = notice_view(desk.lake, subject, now, policy_in_force(desk.lake, now.date()))
    return None if view is None else (link, view)


def _open_appeal(request: Request, link: NoticeLinkRow, ground: str | None) -> Appeal:
    """Open the appeal by the record of appeals. Raises BadAppeal."""
    desk = request.state.desk
    lake, now = desk.lake, desk.naive_now()
    policy, by = policy_in_force(lake, now.date()), f"operator {link.operator_id}"
    if link.measure_id:
        return open_measure_appeal(lake, link.measure_id, ground or "", by, now, policy)
    return open_appeal(lake, link.operator_id, link.night, ground, by, now, policy)


def _render(
    request: Request,
    link: NoticeLinkRow,
    view: NoticeView,
    text: str = "",
    fault: str = "",
    status_code: int = 200,
) -> Response:
    desk = request.state.desk
    statements_by_appeal = {
        a.appeal_id: statements_of(desk.lake, a.appeal_id) for a in view.appeals
    }
    return render(
        request,
        "public/notice.html.j2",
        status_code,
        notice=view,
        link=link,
        statements_by_appeal=statements_by_appeal,
        waiting=next((a for a in view.appeals if a.verdict is None), None),
        accepts_appeal=view.accepts_appeal(desk.naive_now()),
        token=request.path_params["token"],
        text=text,
        fault=fault,
        max_characters=MAX_TEXT_CHARACTERS,
        max_attachments=MAX_ATTACHMENTS,
    )


def _limited(request: Request, link: NoticeLinkRow | None = None) -> Response | None:
    """The page for an address that reads, or a link that writes, too often."""
    state = request.app.state
    if not hasattr(state, "public_limits"):
        state.public_limits = (
            TokenBuckets(READS_PER_SECOND, READ_BURST),
            TokenBuckets(POSTS_PER_SECOND, POST_BURST),
        )
    reads, posts = state.public_limits
    now = request.state.desk.clock().timestamp()
    address = request.client.host if request.client else ""
    wait = reads.take(address, now) if link is None else posts.take(link.id, now)
    if not wait:
        return None
    response = render(request, "public/too_often.html.j2", 429)
    response.headers["retry-after"] = str(int(wait) + 1)
    return response


ROUTES = (
    Route("/credit", credit),
    Route("/notice/{token:segment}", notice),
    Route("/notice/{token:segment}/appeal", appeal, methods=["POST"]),
    Route("/notice/{token:segment}/statements", statement, methods=["POST"]),
)
