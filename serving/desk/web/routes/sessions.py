"""One session: its dossier with the timeline, its views that are named false, its orders."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.web.page import audited, not_found
from serving.desk.web.routes.night_pages import (
    blinding,
    list_file,
    list_filter,
    night_page,
    page_number,
    show,
)
from serving.dossiers.lists.entity_lists import ORDERS, VIEWS, list_page
from serving.dossiers.night_tables import NightTables
from serving.dossiers.pictures.dossier_pictures import session_pictures
from serving.dossiers.row_pages import page_of
from serving.dossiers.session_dossier import session_dossier, without_assessment

MINUTES_ON_PAGE = 60


@night_page
def session(request: Request, tables: NightTables) -> Response:
    """The dossier of a session."""
    session_id = request.path_params["id"]
    dossier = session_dossier(tables, session_id)
    if dossier is None:
        return not_found(request)
    audited(request, "session", session_id)
    hidden_by = blinding(request).sessions.get(session_id)
    if hidden_by is not None:
        dossier = without_assessment(dossier)
    rows = dossier.minutes.minutes.to_dict("records")
    return show(
        request,
        tables,
        "session.html.j2",
        dossier=dossier,
        hidden_by=hidden_by,
        minutes=page_of(rows, page_number(request, "minutes"), MINUTES_ON_PAGE),
        **session_pictures(dossier),
    )


@night_page
def session_views(request: Request, tables: NightTables) -> Response:
    """Views of a session that are named false, as a page or a file."""
    return _list(request, tables, VIEWS, "views.html.j2")


@night_page
def session_orders(request: Request, tables: NightTables) -> Response:
    """Orders of a session with probability and reasons, as a page or a file."""
    return _list(request, tables, ORDERS, "orders.html.j2")


def _list(request: Request, tables: NightTables, name: str, template: str) -> Response:
    session_id = request.path_params["id"]
    hidden_by = blinding(request).sessions.get(session_id) if name == VIEWS else None
    if hidden_by is not None:
        return show(request, tables, "hidden.html.j2", case_id=hidden_by)
    wanted = list_filter(request, "session", session_id)
    file = list_file(request, tables, name, wanted)
    if file is not None:
        return file
    if not tables.count("SELECT count(*) FROM sessions WHERE session_id = ?", session_id):
        return not_found(request)
    audited(request, "session", f"{session_id} {name}")
    page = list_page(tables, name, wanted, page_number(request))
    base = ("sessions", session_id, "false-views" if name == VIEWS else "orders")
    return show(request, tables, template, page=page, wanted=wanted, base=base)


ROUTES = (
    Route("/sessions/{id:segment}", session),
    Route("/sessions/{id:segment}/false-views", session_views),
    Route("/sessions/{id:segment}/orders", session_orders),
)
