"""Operators of a night: all of them, the dossier of one, its orders, and search."""

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
from serving.dossiers.lists.entity_lists import ORDERS, list_page
from serving.dossiers.lists.night_search import MIN_CHARACTERS, search
from serving.dossiers.night_tables import NightTables
from serving.dossiers.operator_dossier import complaints_page, operator_dossier
from serving.dossiers.pictures.dossier_pictures import operator_pictures
from serving.dossiers.row_pages import queried_page
from serving.tiers.evidence import TIERS

OPERATORS_SQL = """
    SELECT d.operator_id, d.influence, o.category,
           list_contains(?::VARCHAR[], d.operator_id) AS is_hidden,
           CASE WHEN NOT is_hidden THEN d.tier END AS tier,
           CASE WHEN NOT is_hidden THEN d.previous_tier END AS previous_tier,
           CASE WHEN NOT is_hidden THEN d.risk END AS risk,
           CASE WHEN NOT is_hidden THEN d.expected_harm END AS expected_harm,
           CASE WHEN NOT is_hidden THEN d.selected_by END AS selected_by
    FROM tier_decisions d LEFT JOIN operators o USING (operator_id)
    WHERE ? = '' OR (NOT is_hidden AND d.tier = ?)
"""
COLUMNS = {  # that the list can be ordered by
    "harm": "expected_harm DESC NULLS LAST, risk DESC NULLS LAST, operator_id",
    "risk": "risk DESC NULLS LAST, operator_id",
    "tier": "tier DESC NULLS LAST, expected_harm DESC NULLS LAST, operator_id",
    "influence": "influence DESC NULLS LAST, operator_id",
    "id": "operator_id",
}
MAX_QUERY_CHARACTERS = 200


@night_page
def operators(request: Request, tables: NightTables) -> Response:
    """All operators of the night, by any column."""
    order = request.query_params.get("order", "harm")
    order = order if order in COLUMNS else "harm"
    tier = request.query_params.get("tier", "")
    tier = tier if tier in TIERS else ""
    hidden = list(blinding(request).operators)
    audited(request, "list", "operators")
    page = queried_page(
        tables,
        OPERATORS_SQL,
        COLUMNS[order],
        *(hidden, tier, tier),
        number=page_number(request),
    )
    return show(
        request,
        tables,
        "operators.html.j2",
        page=page,
        order=order,
        orders=tuple(COLUMNS),
        tier=tier,
        tiers=TIERS,
    )


@night_page
def operator(request: Request, tables: NightTables) -> Response:
    """The dossier of an operator."""
    operator_id = request.path_params["id"]
    desk, blind = request.state.desk, blinding(request)
    hidden_sessions = blind.sessions_of.get(operator_id, ())
    dossier = operator_dossier(
        tables,
        operator_id,
        desk.naive_now(),
        desk.policy,
        page_number(request),
        hidden_sessions=hidden_sessions,
    )
    if dossier is None:
        return not_found(request)
    audited(request, "operator", operator_id)
    return show(
        request,
        tables,
        "operator.html.j2",
        dossier=dossier,
        decision=dossier.decision,
        hidden_by=blind.operators.get(operator_id),
        hidden_sessions=hidden_sessions,
        complaints=complaints_page(dossier.record, page_number(request, "complaints")),
        **operator_pictures(dossier),
    )


@night_page
def operator_orders(request: Request, tables: NightTables) -> Response:
    """Orders of an operator with probability and reasons, as a page or a file."""
    operator_id = request.path_params["id"]
    wanted = list_filter(request, "operator", operator_id)
    file = list_file(request, tables, ORDERS, wanted)
    if file is not None:
        return file
    known = "SELECT count(*) FROM tier_decisions WHERE operator_id = ?"
    if not tables.count(known, operator_id):
        return not_found(request)
    audited(request, "operator", f"{operator_id} {ORDERS}")
    page = list_page(tables, ORDERS, wanted, page_number(request))
    return show(
        request,
        tables,
        "orders.html.j2",
        page=page,
        wanted=wanted,
        base=("operators", operator_id, "orders"),
    )


@night_page
def search_page(request: Request, tables: NightTables) -> Response:
    """Hits of a search over the night."""
    query = request.query_params.get("q", "").strip()[:MAX_QUERY_CHARACTERS]
    blind = blinding(request)
    if query:
        audited(request, "search", query)
    return show(
        request,
        tables,
        "search.html.j2",
        query=query,
        hits=search(tables, query, [*blind.sessions, *blind.operators]),
        is_short=0 < len(query) < MIN_CHARACTERS,
    )


ROUTES = (
    Route("/operators", operators),
    Route("/operators/{id:segment}", operator),
    Route("/operators/{id:segment}/orders", operator_orders),
    Route("/search", search_page),
)
