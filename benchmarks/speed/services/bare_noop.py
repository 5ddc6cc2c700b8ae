"""A no-op service of Starlette under uvicorn: the stack of the gate, and nothing of the gate."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def nothing(_: Request) -> Response:
    """Answer with fixed JSON."""
    return Response(b'{"status":"ok"}', media_type="application/json")


application = Starlette(routes=[Route("/healthz", nothing)])
