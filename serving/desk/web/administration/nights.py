"""The nights: did each run, how fresh were its tables, what was missing, drift and parity."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from data_contracts.runs import published_run
from serving.desk.web.page import audited, needs, not_found, render
from serving.dossiers.night_view import MAX_PARITY_ROWS, is_late, list_nights, night_view

MAX_NIGHTS = 30


@needs("nights.read")
def nights(request: Request) -> Response:
    """The newest night, or the one that the query names."""
    desk = request.state.desk
    published = list_nights(desk.lake)
    night = request.query_params.get("night") or (published[0] if published else None)
    if night is None:
        return render(request, "nights_none.html.j2")
    if night not in published:
        return not_found(request)
    view = night_view(desk.lake, date.fromisoformat(night), published_run(desk.lake, night))
    audited(request, "night", night)
    return render(
        request,
        "night.html.j2",
        view=view,
        nights=published[:MAX_NIGHTS],
        total_nights=len(published),
        is_newest=night == published[0],
        late=is_late(published[0], desk.clock()),
        max_parity_rows=MAX_PARITY_ROWS,
    )


ROUTES = (Route("/nights", nights),)
