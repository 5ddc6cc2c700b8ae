"""The HTTP door: routes, keys, limits and typed errors. What is decided is decided in `gate.py`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from data_contracts.errors import LakeProblem
from serving.gate import decision
from serving.gate.api_keys import key_file, scopes_of
from serving.gate.boost_check import LIVE, Desk, boost_check, put
from serving.gate.metrics import Tally
from serving.gate.minute_store import StoreDown, as_row, open_store
from serving.gate.night_cache import Night
from serving.gate.problems import Refused
from serving.gate.schemas import BoostRequest, MinutesRequest, Problem, decode
from serving.ledger.answers import Journal
from serving.oversight.credit import public_view
from serving.policy.schema import Policy
from training.release.artefact import champions, load

BOOST = "/v1/boost-check"
BODY_CAP = 2_000_000  # bytes
LONG = 20_000  # bytes of a body that is read aside, so that others need not wait for it
AT_ONCE = 64  # requests in work; more are turned away, not queued
PROBES = ("healthz", "readyz")


def open_desk(
    lake: Path,
    models: Path | None,
    policy: Policy,
    now: Callable[[], datetime] | None = None,
    minutes: str | None = None,
) -> Desk:
    """Load the night, the keys and the live model; `minutes` is the URL of a Redis, if one is shared. Raises ArtefactRefused
    before anything is served."""
    live = load(models, LIVE) if models is not None and LIVE in champions(models) else None
    if live is not None:  # compile the kernels before the first request
        decision.live_view(np.zeros((policy.boost.least_minutes, 15)), live, policy)
    path = key_file(lake)
    keys = json.loads(path.read_text()) if path.exists() else {}
    return Desk(
        Night(lake),
        open_store(lake, minutes),
        Journal(lake / "online" / "journal.jsonl"),
        policy,
        live,
        keys,
        now or (lambda: datetime.now(UTC).replace(tzinfo=None)),
    )


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise Refused(415, "unsupported_media_type", "send application/json", ["content-type"])
    if int(request.headers.get("content-length") or 0) > BODY_CAP:
        raise Refused(413, "body_too_large", f"a body may have {BODY_CAP} bytes", ["body"])
    parts, size, more = [], 0, True
    while more:  # `Request.stream` is a generator in a generator, which costs a tenth of a check
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > BODY_CAP:
            raise Refused(413, "body_too_large", f"a body may have {BODY_CAP} bytes", ["body"])
    return b"".join(parts)


def _parsed(kind: type[BaseModel], body: bytes) -> Any:
    try:
        return (
            kind.model_validate_json(body)
            if decode(body) is not None
            else kind.model_validate(None)
        )
    except msgspec.DecodeError as error:
        raise Refused(400, "not_json", str(error), ["body"]) from error
    except (ValidationError, UnicodeDecodeError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise Refused(400, "not_json", "the body is not UTF-8", ["body"]) from error
        first = error.errors(include_url=False, include_input=False)[:5]
        where = [".".join(map(str, e["loc"])) or "body" for e in first]
        raise Refused(422, "invalid_field", "; ".join(e["msg"] for e in first), where) from error


def _allowed(desk: Desk, request: Request, scope: str) -> None:
    scopes = scopes_of(desk.keys, request.headers.get("x-api-key"))
    if scopes is None:
        raise Refused(
            401,
            "no_key",
            "send a known key in X-API-Key; make one with: steelyard key LAKE",
            ["x-api-key"],
        )
    if scope not in scopes:
        raise Refused(403, "scope_missing", f"the key lacks the scope {scope}", ["x-api-key"])


async def put_minutes(desk: Desk, session: str, body: bytes) -> dict[str, Any]:
    """Store minutes of a running session, and see at once what they say, so that a check finds it ready."""
    request: MinutesRequest = await asyncio.to_thread(_parsed, MinutesRequest, body)
    if not 1 <= len(session) <= 200:
        raise Refused(422, "invalid_field", "a session id has 1 to 200 characters", ["path"])
    rows = [(m.minute, as_row(m.model_dump())) for m in request.minutes]
    try:
        blob = await asyncio.to_thread(desk.minutes.put, session, request.operatorId, rows)
    except StoreDown as error:
        raise Refused(
            503,
            "store_down",
            "minutes cannot be stored now; send them again in a minute",
            ["session"],
        ) from error
    except LakeProblem as error:
        raise Refused(409, "session_of_another_operator", str(error), ["operatorId"]) from error
    return {"sessionId": session, "minutes": put(desk, session, request.operatorId, blob)}


def operator_view(desk: Desk, operator_id: str) -> dict[str, Any]:
    """Tier, reasons and corrected figures of an operator."""
    night = desk.night.current()
    found = night.operators.get(operator_id)
    if found is None:
        raise Refused(
            404, "unknown_operator", "no operator of that id in the published night", ["path"]
        )
    return {
        "operatorId": operator_id,
        "tier": found.tier,
        "risk": found.risk,
        "coldStart": found.cold_start,
        "isKeyOperator": found.key_operator,
        "measure": found.measure,
        "why": {k: found.why[k] for k in ("zh", "en")},
        "reasons": found.reasons,
        "corrected": found.corrected,
        "dataAsOf": night.as_of.isoformat() + "Z",
        "runId": night.run_id,
        "modelVersion": found.model_version,
        "policyVersion": night.policy_version,
        "appeal": {"route": desk.policy.appeal_route, "days": desk.policy.appeal_days},
    }


def credit_view(desk: Desk, operator_id: str) -> dict[str, Any]:
    """The public credit evaluation of an operator (CAC-2020 12 ¶1): anybody may read it, so it shows no internal signal."""
    found = desk.night.current().credit.get(operator_id)
    if found is None:
        raise Refused(404, "unknown_operator", "no credit of that operator was published", ["path"])
    return public_view(found, desk.policy)


def application(desk: Desk) -> ASGIApp:
    """The ASGI application over a desk. The boost check is found by its path alone: router and middleware would be a fifth of it."""
    registry = CollectorRegistry()
    tally = Tally()
    registry.register(tally)
    log = structlog.get_logger()

    def guarded(name: str, scope: str | None, handle: Callable):
        async def route(request: Request) -> Response:
            begun = time.perf_counter()
            if name not in PROBES and desk.busy >= AT_ONCE:
                tally.add(name, 429, None)
                problem = Problem(
                    code="too_busy",
                    message="too many requests at once; try again in a second",
                    where=[],
                )
                return _json(problem.model_dump(), 429, {"Retry-After": "1"})
            desk.busy += 1
            try:
                if scope:
                    _allowed(desk, request, scope)
                response = await handle(request)
            except Refused as refused:
                response = _json(refused.problem.model_dump(), refused.status)
            except Exception as error:
                log.error("failed", route=name, error=type(error).__name__)
                response = _json(
                    Problem(
                        code="internal",
                        message="the request failed here; it was not decided",
                        where=[],
                    ).model_dump(),
                    500,
                )
            finally:
                desk.busy -= 1
            tally.add(name, response.status_code, time.perf_counter() - begun)
            return response

        return route

    async def boost(request: Request) -> Response:
        body = await _body(request)
        asked = (
            _parsed(BoostRequest, body)
            if len(body) < LONG
            else await asyncio.to_thread(_parsed, BoostRequest, body)
        )
        return Response(await boost_check(desk, asked, body), media_type="application/json")

    async def minutes(request: Request) -> Response:
        body = await _body(request)
        return _json(await put_minutes(desk, request.path_params["session"], body))

    async def operator(request: Request) -> Response:
        return _json(operator_view(desk, request.path_params["operator"]))

    async def credit(request: Request) -> Response:
        return _json(credit_view(desk, request.path_params["operator"]))

    async def healthy(_: Request) -> Response:
        return _json({"status": "ok"})

    async def ready(_: Request) -> Response:
        night = desk.night.current()
        return _json(
            {
                "status": "ready",
                "runId": night.run_id,
                "dataAsOf": night.as_of.isoformat() + "Z",
                "liveModel": desk.live.version if desk.live else None,
            }
        )

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    check = guarded("boost-check", "boost", boost)
    routes = Starlette(
        routes=[
            Route(BOOST, check, methods=["POST"]),
            Route(
                "/v1/sessions/{session}/minutes",
                guarded("minutes", "minutes", minutes),
                methods=["PUT"],
            ),
            Route(
                "/v1/operators/{operator}", guarded("operators", "read", operator), methods=["GET"]
            ),
            Route("/v1/credit/{operator}", guarded("credit", None, credit), methods=["GET"]),
            Route("/healthz", guarded("healthz", None, healthy)),
            Route("/readyz", guarded("readyz", None, ready)),
            Route("/metrics", guarded("metrics", "read", metrics)),
        ]
    )

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == BOOST and scope["method"] == "POST":
            await (await check(Request(scope, receive)))(scope, receive, send)
        else:
            await routes(scope, receive, send)

    return door
