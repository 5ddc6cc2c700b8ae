"""The queue: the first page of the desk, its bulk acts and saved filters."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.cases.assignment import RULE_COLUMNS
from serving.desk.cases.capacity import day_plan
from serving.desk.cases.night_cases import open_night
from serving.desk.cases.queue import COLUMN_FILTERS, SORTS, STATES, QueueFilter, queue_page
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.claims import assign, claim, release, snooze, wake
from serving.desk.casework.dispositions import TYPOLOGIES
from serving.desk.casework.kept_lists import remove_filter, save_filter, saved_filters
from serving.desk.casework.measure_reading import measures_known
from serving.desk.casework.notes import add_label, mentions_of
from serving.desk.casework.skippable import skippable_cases
from serving.desk.casework.undo import UndoWish, last_acts, undo
from serving.desk.web.case_routes.answering import (
    acting,
    author_of,
    chosen_of,
    day_field,
    field,
    once_of,
    person_field,
    workers,
)
from serving.desk.web.page import may, needs, redirect, render
from serving.pages.text_catalogue import text

MAX_BULK_CASES = 500
SKIPPABLE_LINKS = 10


@needs("queue.read")
def queue(request: Request) -> Response:
    """The page of the queue. Cases of a new night are opened when it is first asked for."""
    desk, person = request.state.desk, request.state.account.name
    open_night(desk)
    wanted, now = QueueFilter.of(request.query_params), desk.clock()
    people = workers(request)
    with desk.database.snapshot() as session:
        page = queue_page(session, wanted, person, now)
        plan = day_plan(session, desk, people, now)
        skippable = skippable_cases(session, desk, measures_known(desk.lake), now)
        filters = saved_filters(session, person)
        _, mentions = mentions_of(session, person, 0)
    return render(
        request,
        "queue.html.j2",
        page=page,
        plan=plan,
        skippable=skippable,
        skippable_links=skippable.cases[:SKIPPABLE_LINKS],
        filters=filters,
        mentions=mentions,
        wanted=wanted,
        now=now,
        people=people,
        states=STATES,
        sorts=tuple(SORTS),
        columns=COLUMN_FILTERS,
        typologies=TYPOLOGIES,
        rule_columns=RULE_COLUMNS,
    )


@acting("cases.work")
def act_on_many(request: Request) -> Response:
    """One act on all chosen cases of the queue."""
    cases, versions = _chosen(request)
    desk, chosen = request.state.desk, chosen_of(request, cases, versions)
    act = field(request, "act")
    if act == "claim":
        claim(desk, chosen)
    elif act == "release":
        release(desk, chosen)
    elif act == "wake":
        wake(desk, chosen)
    elif act == "snooze":
        until = day_field(request, "until")
        if until is None:
            raise CaseRefused("cases.refused.day")
        snooze(desk, chosen, until, field(request, "reason"))
    elif act == "label":
        add_label(desk, chosen, field(request, "label"), day_field(request, "until"))
    elif act == "assign":
        if not may(request, "cases.assign"):
            raise CaseRefused("cases.refused.only_lead")
        assign(desk, chosen, person_field(request))
    elif act == "undo":
        _undo_last(request, cases)
    else:
        raise CaseRefused("cases.refused.no_act")
    word = text(request.state.language, f"queue.bulk_{act}")
    return redirect(request, _back(request), "queue.done", count=len(cases), act=word)


@acting("queue.read")
def keep_filter(request: Request) -> Response:
    """Save the filter that the page shows, or remove a saved one."""
    desk, name = request.state.desk, field(request, "name")
    if field(request, "act") == "remove":
        remove_filter(desk, author_of(request), name)
        return redirect(request, "/", "queue.filter_removed", name=name)
    save_filter(desk, author_of(request), name, field(request, "query"))
    return redirect(request, f"/?{field(request, 'query')}", "queue.filter_saved", name=name)


def _undo_last(request: Request, cases: list[str]) -> None:
    desk, person = request.state.desk, request.state.account.name
    with desk.database.snapshot() as session:
        acts = last_acts(session, cases, person)
    if not acts:
        raise CaseRefused("cases.refused.unknown_act")
    wish = UndoWish(
        acts, author_of(request), field(request, "reason"), cases, once=once_of(request)
    )
    undo(desk, wish)


def _chosen(request: Request) -> tuple[list[str], dict[str, int]]:
    """Chosen cases with the versions that the page showed. Raises CaseRefused."""
    versions: dict[str, int] = {}
    for value in request.state.form.getlist("case"):
        case_id, _, version = str(value).partition(":")
        versions[case_id] = int(version) if version.isascii() and version.isdigit() else -1
    if not versions:
        raise CaseRefused("cases.refused.none_chosen")
    if len(versions) > MAX_BULK_CASES:
        raise CaseRefused("cases.refused.many", most=MAX_BULK_CASES)
    return list(versions), versions


def _back(request: Request) -> str:
    query = field(request, "query")
    return f"/?{query}" if query else "/"


ROUTES = (
    Route("/", queue),
    Route("/queue/act", act_on_many, methods=["POST"]),
    Route("/queue/filters", keep_filter, methods=["POST"]),
)
