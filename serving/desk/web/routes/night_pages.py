"""Pages about a published night: which night, which rows, words of codes, files of lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from data_contracts.errors import LakeProblem, NightRefused
from data_contracts.runs import published_runs
from serving.desk.casework.blinding import NOTHING_HIDDEN, Blinding, open_blind_cases
from serving.desk.nights import NIGHTS
from serving.desk.web.page import audited, may, needs, not_found, render
from serving.dossiers.lists.entity_lists import ORDER_BY, ListFilter, list_query
from serving.dossiers.lists.list_files import csv_text, parquet_bytes
from serving.dossiers.night_tables import NightTables

NightEndpoint = Callable[[Request, NightTables], Response]
MAX_PAGE_NUMBER = 1_000_000
MAX_FILTER_WORDS = 8


def night_page(endpoint: NightEndpoint) -> Callable[[Request], Response]:
    """Decorate an endpoint that reads evidence of a night: the latest, or `?night=DATE`."""

    @needs("evidence.read")
    @wraps(endpoint)
    def opened(request: Request) -> Response:
        lake = request.state.desk.lake
        asked = request.query_params.get("night")
        try:
            night = date.fromisoformat(asked) if asked else None
        except ValueError:
            return not_found(request)
        if night is not None and night.isoformat() not in published_runs(lake):
            return not_found(request)
        try:
            tables = NIGHTS.open(lake, night)
        except NightRefused:
            return render(request, "no_night.html.j2", 503, reason="refused")
        except LakeProblem:
            return render(request, "no_night.html.j2", 503, reason="none")
        return endpoint(request, tables)

    return opened


def show(request: Request, tables: NightTables, template: str, **values: Any) -> Response:
    """Render a page about a night. Templates also get `night`, `nights` and `ladder`."""
    desk = request.state.desk
    latest = max(published_runs(desk.lake))
    return render(
        request,
        template,
        tables_date=tables.date,
        as_of=tables.as_of,
        night="" if tables.date.isoformat() == latest else tables.date.isoformat(),
        nights=sorted(published_runs(desk.lake), reverse=True),
        ladder={s.code: {"zh": s.zh, "en": s.en} for s in desk.policy.ladder},
        may_export=may(request, "evidence.export"),
        **values,
    )


def blinding(request: Request) -> Blinding:
    """Figures that open blind cases hide from the account of a request, if it may decide them."""
    if not may(request, "cases.work"):
        return NOTHING_HIDDEN
    with request.state.desk.database.snapshot() as session:
        return open_blind_cases(session)


def page_number(request: Request, name: str = "page") -> int:
    """The number of a page that the address asks for; 1 where it asks for nothing sensible."""
    asked = request.query_params.get(name, "")
    known = asked.isascii() and asked.isdigit() and len(asked) <= 7
    return min(max(1, int(asked)), MAX_PAGE_NUMBER) if known else 1


def list_filter(request: Request, owner_kind: str, owner_id: str) -> ListFilter:
    """The filter of a list as the address has it."""
    words = request.query_params.get("words", "").split()[:MAX_FILTER_WORDS]
    try:
        least = float(request.query_params.get("min") or 0.0)
    except ValueError:
        least = 0.0
    least = least if 0.0 <= least <= 1.0 else 0.0
    return ListFilter(owner_kind, owner_id, least, tuple(words))


def list_file(
    request: Request, tables: NightTables, name: str, wanted: ListFilter
) -> Response | None:
    """The whole list as a file where the address asks for one; None where it asks for a page."""
    form = request.query_params.get("format")
    if form not in ("csv", "parquet"):
        return None
    if not may(request, "evidence.export"):
        return render(request, "forbidden.html.j2", 403)
    audited(request, "export", f"{name} {wanted.owner_kind} {wanted.owner_id}")
    sql, parameters = list_query(name, wanted)
    rows = tables.arrow(f"SELECT * FROM ({sql}) ORDER BY {ORDER_BY[name]}", *parameters)
    file = f"{name}-{tables.date.isoformat()}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    if form == "csv":
        return StreamingResponse(csv_text(rows), 200, headers, "text/csv; charset=utf-8")
    return Response(parquet_bytes(rows), 200, headers, "application/vnd.apache.parquet")
