"""The HTTP door: routes, keys, limits and typed errors. What is decided is decided in `gate.py`."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from data_contracts.faults import LakeProblem
from serving import gate
from serving.api import BoostRequest, MinutesRequest, Problem, decode
from serving.duties.credit import public_view
from serving.journal import Journal
from serving.keys import key_file, scopes_of
from serving.policy import Policy
from serving.store import Minutes, Night, as_row
from training.release import Released, champions, load

BODY_CAP = 2_000_000  # bytes
AT_ONCE = 64  # requests in work; more are turned away, not queued
LIVE = "session_inflation_live"
PROBES = ("healthz", "readyz")


class Refused(Exception):
    """A request that is answered with a typed error."""

    def __init__(self, status: int, code: str, message: str, where: list[str] | None = None) -> None:
        super().__init__(message)
        self.status, self.problem = status, Problem(code=code, message=message, where=where or [])


@dataclass
class Desk:
    """What the routes work with; all of it is given, nothing is global."""

    night: Night
    minutes: Minutes
    journal: Journal
    policy: Policy
    live: Released | None
    keys: dict[str, dict]
    now: Callable[[], datetime]
    busy: int = 0


def open_desk(lake: Path, models: Path | None, policy: Policy, now: Callable[[], datetime] | None = None) -> Desk:
    """Load the night, the keys and the live model. Raises ArtefactRefused before anything is served."""
    live = load(models, LIVE) if models is not None and LIVE in champions(models) else None
    if live is not None:  # compile the kernels before the first request
        gate.live_view(np.zeros((policy.boost.least_minutes, 15)), live, policy)
    path = key_file(lake)
    keys = json.loads(path.read_text()) if path.exists() else {}
    return Desk(
        Night(lake),
        Minutes(lake / "online" / "minutes.sqlite"),
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
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_CAP:
            raise Refused(413, "body_too_large", f"a body may have {BODY_CAP} bytes", ["body"])
        parts.append(chunk)
    return b"".join(parts)


def _parsed(kind: type[BaseModel], body: bytes) -> Any:
    try:
        return kind.model_validate_json(body) if decode(body) is not None else kind.model_validate(None)
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
        raise Refused(401, "no_key", "send a known key in X-API-Key; make one with: steelyard key LAKE", ["x-api-key"])
    if scope not in scopes:
        raise Refused(403, "scope_missing", f"the key lacks the scope {scope}", ["x-api-key"])


def boost_check(desk: Desk, body: bytes) -> bytes:
    """Answer a boost check; the same requestId gets the same answer, another body under it is refused."""
    request: BoostRequest = _parsed(BoostRequest, body)
    digest = hashlib.sha256(body).hexdigest()
    before = desk.journal.find(request.requestId)
    if before is not None:
        if before[0] != digest:
            raise Refused(409, "request_id_reused", "this requestId was used with another body; send a new one", ["requestId"])
        return before[1]
    now, degraded = desk.now(), []
    if request.minutes is not None:
        ordered = sorted({m.minute: m for m in request.minutes}.items())
        rows = np.array([as_row(m.model_dump()) for _, m in ordered]).reshape(-1, 15)
    elif request.sessionId is not None:
        try:
            owner = desk.minutes.owner(request.sessionId)
            if owner is not None and owner != request.operatorId:
                raise Refused(409, "session_of_another_operator", "the session belongs to another operator", ["sessionId"])
            rows = desk.minutes.get(request.sessionId)
        except (OSError, sqlite3.Error):
            rows, degraded = np.zeros((0, 15)), ["store_down"]
    else:
        rows = np.zeros((0, 15))
    night = desk.night.current()
    seen = gate.live_view(rows, desk.live, desk.policy)
    version = f"{LIVE}@{desk.live.version}" if desk.live else None
    answer = gate.answer(request.requestId, request.operatorId, night, seen, version, desk.policy, now, degraded)
    encoded = msgspec.json.encode(answer)
    desk.journal.append(
        {
            "request_id": request.requestId,
            "operator_id": request.operatorId,
            "session_id": request.sessionId,
            "risk_level": answer["riskLevel"],
            "score": answer["score"],
            "suggested_action": answer["suggestedAction"],
            "degraded": answer["degraded"],
            "model_version": answer["modelVersion"],
            "policy_version": answer["policyVersion"],
            "run_id": night.run_id,
            "answered_at": now.isoformat(),
        },
        digest,
        encoded,
    )
    return encoded


def put_minutes(desk: Desk, session: str, body: bytes) -> dict[str, Any]:
    """Store minutes of a running session."""
    request: MinutesRequest = _parsed(MinutesRequest, body)
    if not 1 <= len(session) <= 200:
        raise Refused(422, "invalid_field", "a session id has 1 to 200 characters", ["path"])
    try:
        held = desk.minutes.put(session, request.operatorId, [(m.minute, as_row(m.model_dump())) for m in request.minutes])
    except LakeProblem as error:
        raise Refused(409, "session_of_another_operator", str(error), ["operatorId"]) from error
    return {"sessionId": session, "minutes": held}


def operator_view(desk: Desk, operator_id: str) -> dict[str, Any]:
    """Tier, reasons and corrected figures of an operator."""
    night = desk.night.current()
    found = night.operators.get(operator_id)
    if found is None:
        raise Refused(404, "unknown_operator", "no operator of that id in the published night", ["path"])
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


def application(desk: Desk) -> Starlette:
    """The ASGI application over a desk."""
    registry = CollectorRegistry()
    answered = Counter("steelyard_requests", "Requests by route and status", ["route", "status"], registry=registry)
    took = Histogram(
        "steelyard_seconds",
        "Seconds to answer",
        ["route"],
        registry=registry,
        buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    )
    log = structlog.get_logger()

    def guarded(name: str, scope: str | None, handle: Callable):
        async def route(request: Request) -> Response:
            begun = time.perf_counter()
            if name not in PROBES and desk.busy >= AT_ONCE:
                answered.labels(name, "429").inc()
                problem = Problem(code="too_busy", message="too many requests at once; try again in a second", where=[])
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
                    Problem(code="internal", message="the request failed here; it was not decided", where=[]).model_dump(), 500
                )
            finally:
                desk.busy -= 1
            answered.labels(name, str(response.status_code)).inc()
            took.labels(name).observe(time.perf_counter() - begun)
            return response

        return route

    async def boost(request: Request) -> Response:
        body = await _body(request)
        return Response(await asyncio.to_thread(boost_check, desk, body), media_type="application/json")

    async def minutes(request: Request) -> Response:
        body = await _body(request)
        return _json(await asyncio.to_thread(put_minutes, desk, request.path_params["session"], body))

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

    return Starlette(
        routes=[
            Route("/v1/boost-check", guarded("boost-check", "boost", boost), methods=["POST"]),
            Route("/v1/sessions/{session}/minutes", guarded("minutes", "minutes", minutes), methods=["PUT"]),
            Route("/v1/operators/{operator}", guarded("operators", "read", operator), methods=["GET"]),
            Route("/v1/credit/{operator}", guarded("credit", None, credit), methods=["GET"]),
            Route("/healthz", guarded("healthz", None, healthy)),
            Route("/readyz", guarded("readyz", None, ready)),
            Route("/metrics", guarded("metrics", "read", metrics)),
        ]
    )
