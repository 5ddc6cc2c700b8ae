"""Rings of a night: all of them, one with its picture and links, and its GraphML."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.web.page import audited, may, not_found, render
from serving.desk.web.routes.night_pages import blinding, night_page, page_number, show
from serving.dossiers.night_tables import NightTables
from serving.dossiers.pictures.ring_picture import ring_picture
from serving.dossiers.ring_dossier import graphml, linking_path, ring_dossier, ring_graph
from serving.dossiers.row_pages import RowPage, queried_page


@night_page
def rings(request: Request, tables: NightTables) -> Response:
    """All rings of the night, the most significant first."""
    sql = "SELECT * FROM rings"
    audited(request, "list", "rings")
    found = queried_page(tables, sql, "significance DESC, ring_id", number=page_number(request))
    rows = tuple(r | {"evidence": json.loads(r["evidence"])} for r in found.rows)
    page = RowPage(rows, found.total, found.number, found.size)
    return show(request, tables, "rings.html.j2", page=page)


@night_page
def ring(request: Request, tables: NightTables) -> Response:
    """One ring."""
    ring_id = request.path_params["id"]
    members, links = page_number(request, "members"), page_number(request, "links")
    dossier = ring_dossier(tables, ring_id, members, links)
    if dossier is None:
        return not_found(request)
    audited(request, "ring", ring_id)
    graph = tables.once(f"ring graph {ring_id}", lambda: ring_graph(tables, ring_id))
    picture = tables.once(f"ring picture {ring_id}", lambda: ring_picture(graph))
    return show(
        request,
        tables,
        "ring.html.j2",
        dossier=dossier,
        picture=picture,
        path=linking_path(graph),
        hidden_operators=blinding(request).operators,
    )


@night_page
def ring_graphml(request: Request, tables: NightTables) -> Response:
    """The graph of a ring as a GraphML file."""
    ring_id = request.path_params["id"]
    if not may(request, "evidence.export"):
        return render(request, "forbidden.html.j2", 403)
    if not tables.count("SELECT count(*) FROM rings WHERE ring_id = ?", ring_id):
        return not_found(request)
    audited(request, "export", f"ring {ring_id}")
    headers = {"Content-Disposition": 'attachment; filename="ring.graphml"'}
    body = graphml(ring_graph(tables, ring_id))
    return Response(body, 200, headers, "application/graphml+xml; charset=utf-8")


ROUTES = (
    Route("/rings", rings),
    Route("/rings/{id:segment}", ring),
    Route("/rings/{id:segment}/graphml", ring_graphml),
)
