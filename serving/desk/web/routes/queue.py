"""The queue: the first page of the desk."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.web.page import needs, render


@needs("queue.read")
def queue(request: Request) -> Response:
    """The page of the queue."""
    return render(request, "queue.html.j2")


ROUTES = (Route("/", queue),)
