"""The policy laboratory: drafts, their checks and replays, and challengers beside the models."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from data_contracts.errors import LakeProblem
from serving.desk.laboratory.challengers import challengers_of_night
from serving.desk.laboratory.drafts import (
    DraftChanged,
    begin_draft,
    default_start,
    list_drafts,
    save_draft,
)
from serving.desk.laboratory.policy_check import check_policy
from serving.desk.laboratory.policy_text import changed_values, difference
from serving.desk.laboratory.replay import REPLAYED_SECTIONS
from serving.desk.laboratory.replay_jobs import RUNNING, latest_replay, start_replay, status_of
from serving.desk.store.tables.laboratory import PolicyDraftRow, PolicyReplayRow
from serving.desk.web.addresses import url
from serving.desk.web.page import audited, needs, not_found, redirect, render
from serving.oversight.policies.policy_record import (
    PROPOSED,
    SCHEDULED,
    policy_in_force,
    recorded_in_force,
    recorded_policies,
)

MOVES_PER_PAGE = 50
DEFAULT_NIGHTS = 7


@needs("laboratory.read")
def overview(request: Request) -> Response:
    """The policy in force, those that are announced or wait, and drafts."""
    desk = request.state.desk
    today = desk.naive_now().date()
    known = recorded_policies(desk.lake)
    binding = recorded_in_force(known, today)
    listed = [(p, p.status(today, binding.policy_id if binding else None)) for p in known]
    with desk.database.snapshot() as session:
        drafts = list_drafts(session)
    return render(
        request,
        "laboratory/overview.html.j2",
        policy=policy_in_force(desk.lake, today),
        binding=binding,
        policies=sorted(listed, key=lambda p: p[1] not in (PROPOSED, SCHEDULED)),
        drafts=drafts,
    )


@needs("policy.edit")
def begin(request: Request) -> Response:
    """Begin a draft from the policy in force."""
    title = str(request.state.form.get("title", "")).strip()
    if not title:
        return redirect(request, url("laboratory"), "laboratory.title_missing")
    row = begin_draft(request.state.desk, request.state.account, title)
    return redirect(request, url("laboratory", "drafts", row.id))


@needs("laboratory.read")
def draft_page(request: Request) -> Response:
    """The editor of a draft, what is wrong with it, what it changes, and its last replay."""
    row = _draft(request)
    if row is None:
        return not_found(request)
    audited(request, "list", f"replay {row.id}")
    return _render_draft(request, row, row.text)


@needs("policy.edit")
def save(request: Request) -> Response:
    """Save the text of a draft. One that was changed meanwhile is shown beside what was sent."""
    form, desk = request.state.form, request.state.desk
    draft_id, text = request.path_params["id"], str(form.get("text", ""))
    revision = str(form.get("revision", ""))
    try:
        with desk.database.transaction() as session:
            number = int(revision) if revision.isdigit() else 0
            row = save_draft(session, draft_id, text, number, desk.clock())
    except DraftChanged:
        row = _draft(request)
        if row is None:
            return not_found(request)
        return _render_draft(request, row, text, status_code=409, is_stale=True)
    if row is None:
        return not_found(request)
    return redirect(request, url("laboratory", "drafts", draft_id), "laboratory.saved")


@needs("policy.edit")
def replay(request: Request) -> Response:
    """Replay a draft that holds, in the background."""
    row = _draft(request)
    if row is None:
        return not_found(request)
    back = url("laboratory", "drafts", row.id)
    if check_policy(row.text):
        return redirect(request, back, "laboratory.replay_needs_valid")
    nights = str(request.state.form.get("nights", ""))
    number = int(nights) if nights.isdigit() else DEFAULT_NIGHTS
    start_replay(request.state.desk, row, number, request.state.account)
    return redirect(request, back + "#replay")


@needs("laboratory.read")
def replay_part(request: Request) -> Response:
    """Progress or result of the last replay of a draft, as a part of its page."""
    row = _draft(request)
    if row is None:
        return not_found(request)
    return render(request, "laboratory/replay_part.html.j2", **_replay_values(request, row))


@needs("laboratory.read")
def challengers(request: Request) -> Response:
    """Challengers beside the models in service."""
    desk = request.state.desk
    policy = policy_in_force(desk.lake, desk.naive_now().date())
    try:
        found = challengers_of_night(desk.lake, policy, request.query_params.get("night") or None)
    except LakeProblem:
        found = None
    if found is not None:
        audited(request, "challengers", found.night)
    return render(
        request,
        "laboratory/challengers.html.j2",
        found=found,
        moves=found.moves[:MOVES_PER_PAGE] if found else [],
    )


def _draft(request: Request) -> PolicyDraftRow | None:
    with request.state.desk.database.snapshot() as session:
        found: PolicyDraftRow | None = session.get(PolicyDraftRow, request.path_params["id"])
        return found


def _render_draft(
    request: Request,
    row: PolicyDraftRow,
    text: str,
    status_code: int = 200,
    is_stale: bool = False,
) -> Response:
    problems = check_policy(text)
    is_toml = not any(p.code == "syntax" for p in problems)
    policy = policy_in_force(request.state.desk.lake, request.state.desk.naive_now().date())
    validity = policy.validity
    return render(
        request,
        "laboratory/draft.html.j2",
        status_code,
        text=text,
        problems=problems,
        changes=changed_values(policy.text, text) if is_toml else [],
        lines=difference(policy.text, text),
        in_force=policy,
        is_stale=is_stale,
        not_replayed=sorted(_not_replayed(policy.text, text)) if is_toml else [],
        default_nights=DEFAULT_NIGHTS,
        start=default_start(request.state.desk.naive_now(), validity.notice_days),
        **_replay_values(request, row),
    )


def _not_replayed(before: str, after: str) -> set[str]:
    """Changed sections that decisions on published evidence do not show."""
    places = {c.place for c in changed_values(before, after)}
    names = {p if p in REPLAYED_SECTIONS else p.partition(".")[0].partition("[")[0] for p in places}
    return names - REPLAYED_SECTIONS - {"approved_by", "approved_on"}


def _replay_values(request: Request, row: PolicyDraftRow) -> dict[str, Any]:
    """The last replay of a draft, its status, and the page of its moves."""
    desk, page = request.state.desk, request.query_params.get("moves", "1")
    with desk.database.snapshot() as session:
        found: PolicyReplayRow | None = latest_replay(session, row.id)
    number = max(int(page), 1) if page.isdigit() and len(page) < 6 else 1
    result = (found.result or {}) if found is not None else {}
    moves = result.get("moves", [])
    status = status_of(found, desk) if found is not None else None
    if result.get("nights"):
        audited(request, "policy_replay", row.id)
    return {
        "draft": row,
        "replay": found,
        "replay_status": status,
        "is_running": status == RUNNING,
        "result": result,
        "moves": moves[(number - 1) * MOVES_PER_PAGE : number * MOVES_PER_PAGE],
        "moves_total": len(moves),
        "moves_page": number,
        "moves_pages": -(-len(moves) // MOVES_PER_PAGE),
        "is_of_this_text": found is not None and found.text == row.text,
    }


ROUTES = (
    Route("/laboratory", overview),
    Route("/laboratory/challengers", challengers),
    Route("/laboratory/drafts", begin, methods=["POST"]),
    Route("/laboratory/drafts/{id:segment}", draft_page),
    Route("/laboratory/drafts/{id:segment}", save, methods=["POST"]),
    Route("/laboratory/drafts/{id:segment}/replay", replay, methods=["POST"]),
    Route("/laboratory/drafts/{id:segment}/replay", replay_part),
)
