"""Two no-op BentoML services: the cost of a framework by default, and with all options tuned."""

from __future__ import annotations

import bentoml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ANSWER = b'{"riskLevel": "PASS"}'


async def nothing(request: Request) -> Response:
    """Read the body and answer with fixed JSON."""
    await request.body()
    return Response(ANSWER, media_type="application/json")


@bentoml.service(name="noop_default", workers=1)
class Default:
    """The framework's own way: an `@api` method with a typed body."""

    @bentoml.api(route="/v1/boost-check")
    async def check(self, requestId: str, operatorId: str, sessionId: str) -> dict:  # noqa: ARG002, N803
        """Answer with a fixed dictionary; the arguments are the fields of the HTTP body."""
        return {"riskLevel": "PASS"}


@bentoml.service(
    name="noop_tuned",
    workers=1,
    traffic={"timeout": 5, "max_concurrency": 128},
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
    tracing={"excluded_urls": ".*"},
)
@bentoml.asgi_app(Starlette(routes=[Route("/v1/boost-check", nothing, methods=["POST"])]), path="/")
class Tuned:
    """One mounted application that reads the body and answers, without logs, metrics and traces."""
