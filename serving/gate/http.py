"""The HTTP service: routes, keys and typed errors; `views.py` has what each route answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from data_contracts.lake import Lake, LakeOrFolder
from serving.gate.assessments.live_assessment import assess_live
from serving.gate.boost_check import GateState, boost_check
from serving.gate.dependencies.minute_store import open_minute_store
from serving.gate.dependencies.night_in_force import NightCache
from serving.gate.dependencies.policy_in_force import PolicyCache
from serving.gate.protocol.api_routes import (
    BOOST_PATH,
    ROUTES,
    UNKNOWN_ROUTE,
    ApiRoute,
    find_route,
)
from serving.gate.protocol.boost_batch import answer_batch, parse_batch
from serving.gate.protocol.ids import raw_path
from serving.gate.protocol.key_ring import KeyRing, KeysUnreadable
from serving.gate.protocol.openapi import document_text
from serving.gate.readiness import DependencyMetrics, readiness
from serving.gate.requests import (
    RequestRefused,
    no_such_route,
    parse_request,
    read_body,
    requested_id,
    require_scope,
)
from serving.gate.schemas import BoostRequest, Problem
from serving.gate.server.door import Door
from serving.gate.server.metrics import RequestMetrics
from serving.gate.views import credit_view, operator_view, put_minutes
from serving.ledger.answers import AnswerLedger
from serving.oversight.reports.credit_rules import credit_rules
from serving.policy.schema import Policy
from serving.scoring.nightly_models import LIVE_MODEL
from training.release.artefact import load, released_prior
from training.release.store import champions

PARSE_IN_THREAD_BYTES = (
    20_000  # bytes of a body that is read aside, so that others need not wait for it
)
MAX_CONCURRENT_REQUESTS = 64  # more are turned away, not queued
RETRY = {"Retry-After": "1"}
PROBE_ROUTES = ("healthz", "readyz")


def open_gate(
    lake: LakeOrFolder,
    models: Path | None,
    policy: Policy | None,
    now: Callable[[], datetime] | None = None,
    minutes: str | None = None,
) -> GateState:
    """Load the night, the policy, the keys and the live model.

    Without a `policy` it follows those that are published in the lake. `minutes` is the URL of a
    Redis that services share, if there is one. Raises ArtefactRefused, BadPolicy and LedgerDamaged
    before anything is served.
    """
    lake = Lake.open(lake)
    live = (
        load(models, LIVE_MODEL)
        if models is not None and LIVE_MODEL in champions(models)
        else released_prior(LIVE_MODEL)
    )
    clock = now or (lambda: datetime.now(UTC).replace(tzinfo=None))
    policies = PolicyCache.fixed(policy) if policy else PolicyCache.of_lake(lake, clock)
    first = policies.current()
    if live is not None:  # compile the kernels before the first request
        assess_live(np.zeros((first.boost.least_minutes, 15)), live, first)
    return GateState(
        NightCache(lake, first.boost.stale_hours, clock),
        open_minute_store(lake, minutes),
        AnswerLedger(lake.answers),
        policies,
        live,
        KeyRing(lake),
        clock,
    )


def _json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


def gate_door(gate: GateState) -> Door:
    """The limits of a service, which tells callers apart by the keys of a gate."""

    def key_id(presented: str) -> str | None:
        try:
            key = gate.keys.find(presented, gate.now())
        except KeysUnreadable:  # the route says so
            return None
        return key.digest if key else None

    return Door(gate.policy.service, key_id)


def gate_application(gate: GateState, *metrics_of: Collector) -> ASGIApp:
    """The ASGI application of a gate; `metrics_of` are published with its own metrics.

    The boost check is dispatched by its path, without router and middleware: ADR-0150.
    """
    registry = CollectorRegistry()
    request_metrics = RequestMetrics()
    dependencies = DependencyMetrics([gate.minutes.reads, gate.minutes.writes])
    for collector in (request_metrics, dependencies, *metrics_of):
        registry.register(collector)
    log = structlog.get_logger()

    def guarded(api: ApiRoute, handle: Callable) -> Callable:
        name, scope = api.name, api.scope

        async def route(request: Request) -> Response:
            started = time.perf_counter()
            if name not in PROBE_ROUTES and gate.requests_in_progress >= MAX_CONCURRENT_REQUESTS:
                request_metrics.add(name, 429, None)
                problem = Problem(
                    code="too_busy",
                    message="too many requests at once; try again in a second",
                    where=[],
                )
                return _json_response(problem.model_dump(), 429, RETRY)
            gate.requests_in_progress += 1
            try:
                if scope:
                    require_scope(gate.keys, request, scope, gate.now())
                response = await handle(request)
            except RequestRefused as refused:
                headers = refused.headers or (RETRY if refused.status == 503 else None)
                response = _json_response(refused.problem.model_dump(), refused.status, headers)
            except Exception as error:
                log.error("failed", route=name, error=type(error).__name__)
                response = _json_response(
                    Problem(
                        code="internal",
                        message="the request failed here; it was not decided",
                        where=[],
                    ).model_dump(),
                    500,
                )
            finally:
                gate.requests_in_progress -= 1
            request_metrics.add(name, response.status_code, time.perf_counter() - started)
            return response

        return route

    async def boost(request: Request) -> Response:
        body = await read_body(request)
        boost_request = (
            parse_request(BoostRequest, body)
            if len(body) < PARSE_IN_THREAD_BYTES
            else await asyncio.to_thread(parse_request, BoostRequest, body)
        )
        return Response(await boost_check(gate, boost_request, body), media_type="application/json")

    async def batch(request: Request) -> Response:
        body = await read_body(request)
        asked = await asyncio.to_thread(parse_batch, body)
        answers = await answer_batch(asked, partial(boost_check, gate))
        return Response(answers, media_type="application/json")

    async def minutes(request: Request) -> Response:
        body = await read_body(request)
        return _json_response(await put_minutes(gate, requested_id("minutes", request), body))

    async def operator(request: Request) -> Response:
        return _json_response(operator_view(gate, requested_id("operators", request)))

    async def credit(request: Request) -> Response:
        return _json_response(credit_view(gate, requested_id("credit", request)))

    async def rules(_: Request) -> Response:
        return _json_response(credit_rules(gate.policy, gate.now().date()))

    async def openapi(_: Request) -> Response:
        return Response(document_text(), media_type="application/json")

    async def healthy(_: Request) -> Response:
        return _json_response({"status": "ok"})

    async def ready(_: Request) -> Response:
        found = await readiness(gate)
        return _json_response(found, 503 if found["reasons"] else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    async def unknown(request: Request) -> Response:
        raise no_such_route(request)

    handlers = {
        "boost-check": boost,
        "boost-checks": batch,
        "minutes": minutes,
        "operators": operator,
        "credit": credit,
        "credit-rules": rules,
        "openapi": openapi,
        "healthz": healthy,
        "readyz": ready,
        "metrics": metrics,
    }
    guards = {route.name: guarded(route, handlers[route.name]) for route in ROUTES}
    guards[UNKNOWN_ROUTE.name] = guarded(UNKNOWN_ROUTE, unknown)
    check, others = guards["boost-check"], Starlette()

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await others(scope, receive, send)
            return
        request = Request(scope, receive)
        if scope["path"] == BOOST_PATH and scope["method"] == "POST":
            response = await check(request)
        else:
            route = find_route(scope["method"], raw_path(scope))
            response = await guards[route.name if route else UNKNOWN_ROUTE.name](request)
        await response(scope, receive, send)

    return dispatch
