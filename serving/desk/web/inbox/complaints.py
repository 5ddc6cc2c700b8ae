"""The inbox of complaints: verified or unfounded by a reviewer, and abusive complainants."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.inbox.complaint_view import (
    COMPLAINTS_PER_PAGE,
    ComplaintFilter,
    complaint_page,
)
from serving.desk.web.addresses import url
from serving.desk.web.page import audited, needs, redirect, render
from serving.oversight.complaints.cases import CLOSED, LATE, OPEN, UNFOUNDED, VERIFIED
from serving.oversight.complaints.decisions import BadComplaint, Finding, decide_complaint
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.policies.policy_record import policy_in_force

STATUSES = (LATE, OPEN, VERIFIED, UNFOUNDED, CLOSED)


@needs("appeals.read")
def inbox(request: Request) -> Response:
    """Complaints, late and open ones first; and complainants who abuse them."""
    desk, query = request.state.desk, request.query_params
    page = query.get("page", "1")
    number = max(int(page), 1) if page.isdigit() and len(page) < 6 else 1
    wanted = ComplaintFilter(query.get("status", ""), query.get("operator", "").strip(), number)
    now = desk.naive_now()
    found = complaint_page(desk.lake, wanted, now, policy_in_force(desk.lake, now.date()))
    audited(request, "complaints", wanted.operator_id or wanted.status or "all")
    return render(
        request,
        "inbox/complaints.html.j2",
        found=found,
        wanted=wanted,
        statuses=STATUSES,
        pages=-(-found.total // COMPLAINTS_PER_PAGE),
        open_statuses=(OPEN, LATE),
    )


@needs("complaints.decide")
def decide(request: Request) -> Response:
    """Find a complaint verified or unfounded, signed."""
    desk, form, complaint = request.state.desk, request.state.form, request.path_params["id"]
    back = url("complaints", status=str(form.get("status", "")))
    verdict, reason = str(form.get("verdict", "")), str(form.get("reason", ""))
    if request.state.signer is None:
        return redirect(request, url("unlock", next=back), "account.key_closed")
    if verdict not in ("verified", "unfounded") or not reason.strip():
        return redirect(request, back, "inbox.finding_missing")
    now = desk.naive_now()
    finding = Finding(verdict == "verified", request.state.signer, reason)
    try:
        policy = policy_in_force(desk.lake, now.date())
        decide_complaint(desk.lake, complaint, finding, now, policy)
    except BadComplaint:
        return redirect(request, back, "inbox.no_such_complaint")
    except NotAuthenticated:
        return redirect(request, back, "inbox.role_missing")
    return redirect(request, back, f"inbox.complaint_{verdict}", complaint=complaint)


ROUTES = (
    Route("/complaints", inbox),
    Route("/complaints/{id:segment}/decide", decide, methods=["POST"]),
)
