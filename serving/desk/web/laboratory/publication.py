"""Publication of a policy at the desk: proposed by one person, approved or withdrawn by another."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.laboratory.policy_check import check_policy
from serving.desk.laboratory.policy_text import changed_values, difference, with_dates
from serving.desk.store.tables.laboratory import PolicyDraftRow
from serving.desk.web.addresses import url
from serving.desk.web.page import needs, not_found, redirect, render
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.policies.policy_record import (
    PROPOSED,
    SCHEDULED,
    policy_in_force,
    recorded_in_force,
    recorded_policies,
)
from serving.oversight.policies.publication import (
    BadPublication,
    PolicyProposal,
    approve_policy,
    propose_policy,
    withdraw_policy,
)
from serving.policy.load import load_policy


@needs("policy.publish")
def propose(request: Request) -> Response:
    """Propose a draft that holds, with its start; another person approves it."""
    desk, form = request.state.desk, request.state.form
    with desk.database.snapshot() as session:
        row = session.get(PolicyDraftRow, request.path_params["id"])
    if row is None:
        return not_found(request)
    back = url("laboratory", "drafts", row.id)
    if request.state.signer is None:
        return redirect(request, url("unlock", next=back), "account.key_closed")
    try:
        start = date.fromisoformat(str(form.get("start", "")))
    except ValueError:
        return redirect(request, back, "laboratory.refused_no_dates")
    now = desk.naive_now()
    text = with_dates(row.text, now.date(), start, form.get("important") == "yes")
    problems = check_policy(text)
    if any(p.code == "notice_period" for p in problems):
        return redirect(request, back, "laboratory.refused_short_notice")
    if problems:
        return redirect(request, back, "laboratory.replay_needs_valid")
    proposal = PolicyProposal(text, str(form.get("reason", "")), request.state.signer)
    try:
        made = propose_policy(desk.lake, proposal, now)
    except BadPublication as refused:
        return redirect(request, back, f"laboratory.refused_{refused.code}")
    except NotAuthenticated:
        return redirect(request, back, "laboratory.refused_role")
    with desk.database.transaction() as session:
        changed = session.get(PolicyDraftRow, row.id)
        changed.policy_id = made.policy_id
    return redirect(request, url("laboratory", "policies", made.policy_id), "laboratory.proposed")


@needs("laboratory.read")
def policy_page(request: Request) -> Response:
    """A policy of the record: who proposed and approved it, and what it changes."""
    desk = request.state.desk
    today = desk.naive_now().date()
    known = recorded_policies(desk.lake)
    found = next((p for p in known if p.policy_id == request.path_params["id"]), None)
    if found is None:
        return not_found(request)
    binding = recorded_in_force(known, today)
    status = found.status(today, binding.policy_id if binding else None)
    # A policy that waits is compared with the one in force, others with the one before them.
    if status in (PROPOSED, SCHEDULED):
        before = policy_in_force(desk.lake, today)
    else:
        earlier = [p for p in known if p.approved_at and p.effective_from < found.effective_from]
        last = recorded_in_force(earlier, found.effective_from)
        before = policy_in_force(desk.lake, last.effective_from) if last else load_policy()
    return render(
        request,
        "laboratory/policy.html.j2",
        found=found,
        status=status,
        before=before,
        changes=changed_values(before.text, found.text),
        lines=difference(before.text, found.text),
        is_own=found.proposed_by == request.state.account.name,
    )


@needs("policy.publish")
def approve(request: Request) -> Response:
    """Approve the proposal of another person."""
    return _act(request, is_approval=True)


@needs("policy.publish")
def withdraw(request: Request) -> Response:
    """Refuse a proposal, or withdraw a policy before its start."""
    return _act(request, is_approval=False)


def _act(request: Request, is_approval: bool) -> Response:
    desk, policy_id = request.state.desk, request.path_params["id"]
    back = url("laboratory", "policies", policy_id)
    signer, now = request.state.signer, desk.naive_now()
    if signer is None:
        return redirect(request, url("unlock", next=back), "account.key_closed")
    try:
        if is_approval:
            approve_policy(desk.lake, policy_id, signer, now)
        else:
            reason = str(request.state.form.get("reason", ""))
            withdraw_policy(desk.lake, policy_id, signer, reason, now)
    except BadPublication as refused:
        return redirect(request, back, f"laboratory.refused_{refused.code}")
    except NotAuthenticated:
        return redirect(request, back, "laboratory.refused_role")
    return redirect(request, back, f"laboratory.{'approved' if is_approval else 'was_withdrawn'}")


ROUTES = (
    Route("/laboratory/drafts/{id:segment}/propose", propose, methods=["POST"]),
    Route("/laboratory/policies/{id:segment}", policy_page),
    Route("/laboratory/policies/{id:segment}/approve", approve, methods=["POST"]),
    Route("/laboratory/policies/{id:segment}/withdraw", withdraw, methods=["POST"]),
)
