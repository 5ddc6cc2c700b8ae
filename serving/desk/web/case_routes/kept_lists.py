"""Pages of lists that people keep: watchlists, mentions, assignment, and checks of the desk."""

from __future__ import annotations

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.cases.assignment import RULE_COLUMNS
from serving.desk.casework.blinding import open_blind_cases
from serving.desk.casework.kept_lists import (
    remove_rule,
    set_capacity,
    set_rule,
    unwatch,
    watch,
    watched,
)
from serving.desk.casework.notes import mentions_of
from serving.desk.casework.quality import error_rates
from serving.desk.store.tables.case_lists import AssignmentRuleRow, CapacityRow
from serving.desk.web.case_routes.answering import (
    acting,
    author_of,
    day_field,
    field,
    number_field,
    workers,
)
from serving.desk.web.page import may, needs, redirect, render


@needs("queue.read")
def watchlists(request: Request) -> Response:
    """Operators on watchlists."""
    desk = request.state.desk
    with desk.database.snapshot() as session:
        rows = watched(session, desk.clock())
        is_blind = may(request, "cases.work")
        hidden = open_blind_cases(session).operators if is_blind else {}
    return render(
        request,
        "watchlists.html.j2",
        rows=rows,
        hidden_operators=hidden,
        operator=request.query_params.get("operator", ""),
        names=sorted({r.watch.watchlist for r in rows}),
    )


@acting("cases.work")
def change_watchlist(request: Request) -> Response:
    """Put an operator on a watchlist, or take it off."""
    desk, operator = request.state.desk, field(request, "operator").strip()
    if field(request, "act") == "remove":
        unwatch(desk, author_of(request), operator, field(request, "watchlist"))
        return redirect(request, "/watchlists", "watchlists.removed", operator=operator)
    watch(
        desk,
        author_of(request),
        operator,
        field(request, "watchlist"),
        field(request, "reason"),
        day_field(request, "until"),
    )
    return redirect(request, "/watchlists", "watchlists.added", operator=operator)


@needs("queue.read")
def mentions(request: Request) -> Response:
    """Notes that mention the person who is logged in."""
    with request.state.desk.database.snapshot() as session:
        found, total = mentions_of(session, request.state.account.name)
    return render(request, "mentions.html.j2", rows=found, total=total)


@needs("queue.read")
def assignment(request: Request) -> Response:
    """Rules of assignment and capacities."""
    desk, people = request.state.desk, workers(request)
    with desk.database.snapshot() as session:
        rules = list(session.scalars(select(AssignmentRuleRow).order_by(AssignmentRuleRow.place)))
        minutes = {c.person: c.minutes for c in session.scalars(select(CapacityRow))}
    default = desk.policy.cases.person_minutes
    return render(
        request,
        "assignment.html.j2",
        rules=rules,
        people=people,
        minutes={p: minutes.get(p, default) for p in people},
        columns=RULE_COLUMNS,
    )


@acting("cases.assign")
def change_assignment(request: Request) -> Response:
    """Set or remove a rule, or set the capacity of a person."""
    desk, author, act = request.state.desk, author_of(request), field(request, "act")
    if act == "capacity":
        set_capacity(desk, author, field(request, "person"), number_field(request, "minutes"))
    elif act == "remove":
        remove_rule(desk, author, field(request, "rule_id"))
    else:
        persons = [str(p) for p in request.state.form.getlist("persons")]
        set_rule(desk, author, field(request, "column"), field(request, "value"), persons)
    return redirect(request, "/assignment", "assignment.done")


@needs("quality.read")
def quality(request: Request) -> Response:
    """Error rates of the desk on golden cases."""
    with request.state.desk.database.snapshot() as session:
        rates = error_rates(session)
    return render(request, "quality.html.j2", rates=rates)


ROUTES = (
    Route("/watchlists", watchlists),
    Route("/watchlists", change_watchlist, methods=["POST"]),
    Route("/mentions", mentions),
    Route("/assignment", assignment),
    Route("/assignment", change_assignment, methods=["POST"]),
    Route("/quality", quality),
)
