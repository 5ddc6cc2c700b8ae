"""Fuzzed requests: no 5xx but a typed 503, no PASS that is not deserved, no untyped problem."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from starlette.types import ASGIApp

from benchmarks.harness.figures import Row
from benchmarks.reliability.attack import Scale, attack_row, with_progress
from benchmarks.reliability.fuzzing.requests import FuzzedRequest, fuzzed_request
from serving.gate.api_keys import make_key
from serving.gate.http import gate_application, open_gate
from serving.gate.protocol.api_routes import BOOST_PATH, ROUTES, UNKNOWN_ROUTE, find_route
from serving.gate.protocol.boost_batch import parse_batch
from serving.gate.protocol.openapi import problem_codes
from serving.gate.requests import RequestRefused, parse_request
from serving.gate.schemas import BoostRequest
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from serving.scoring.scope import moment_of
from simulation.world import WorldSpec, write_world

NIGHT = date(2026, 1, 20)
MAX_SHOWN = 3  # requests that a row quotes
UNROUTED = {404: ["no_such_path"], 405: ["method_not_allowed"], 500: ["internal"]}
TYPED = {UNKNOWN_ROUTE.name: UNROUTED} | {route.name: problem_codes(route) for route in ROUTES}
ANSWERS = {route.name: route.answer for route in ROUTES}


@dataclass
class Found:
    """Faults of a run: requests by kind of fault, and how many were asked and answered 200."""

    asked: int = 0
    answered: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, request: FuzzedRequest, status: int, body: bytes) -> None:
        """Note one fault."""
        self.faults.setdefault(kind, []).append(f"{request} -> {status} {body[:200]!r}")


async def ask(application: ASGIApp, request: FuzzedRequest) -> tuple[int, bytes]:
    """Status and body of the answer to one request, as a server hands it on."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(request.scope(), receive, send)
    body = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    return next(m["status"] for m in sent if m["type"] == "http.response.start"), body


def judge(
    found: Found, request: FuzzedRequest, status: int, body: bytes, may_pass: Callable[[str], bool]
) -> None:
    """Note what is wrong with an answer."""
    found.asked += 1
    decoded = request.scope()["path"].encode()  # the boost check is dispatched by it
    route = find_route(request.method, request.path) or UNKNOWN_ROUTE
    if route is UNKNOWN_ROUTE and decoded == BOOST_PATH.encode() and request.method == "POST":
        route = ROUTES[0]
    if status == 200:
        found.answered += 1
        model = ANSWERS.get(route.name)
        try:
            if model is not None:
                model.model_validate_json(body)
        except ValueError:
            found.add("schema", request, status, body)
        for answer in boost_answers(route.name, body):
            operator = operator_asked(route.name, request.body, answer["requestId"])
            if answer["riskLevel"] == "PASS" and (answer["degraded"] or not may_pass(operator)):
                found.add("silent", request, status, body)
        return
    try:
        problem = json.loads(body)
        typed = problem["code"] in TYPED[route.name].get(status, ())
    except (ValueError, KeyError, TypeError):
        typed = False
    if not typed:
        found.add("untyped", request, status, body)
    if status >= 500 and not (status == 503 and typed):
        found.add("5xx", request, status, body)


def boost_answers(route: str, body: bytes) -> list[dict[str, Any]]:
    """Answers to boost checks in a body."""
    if route == "boost-check":
        return [json.loads(body)]
    if route == "boost-checks":
        return [item["answer"] for item in json.loads(body)["answers"] if "answer" in item]
    return []


def operator_asked(route: str, body: bytes, request_id: str) -> str:
    """The operator that a body asks about under a request id."""
    if route == "boost-check":
        return parse_request(BoostRequest, body).operatorId
    asked = (one for one in parse_batch(body) if not isinstance(one, RequestRefused))
    return next(check.operatorId for check, _ in asked if check.requestId == request_id)


async def fuzz(application: ASGIApp, cases: int, seed: int, context: dict[str, Any]) -> Found:
    """Ask a gate many mutated requests.

    Parameters
    ----------
    application
        The gate.
    cases
        Number of requests.
    seed
        Of the generator; the same seed gives the same requests.
    context
        `key`: a key of all scopes. `operators`: ids of the night. `may_pass`: says of an operator
        whether its answer may be PASS.
    """
    rng, found = Random(seed), Found()
    for _ in with_progress("fuzzed requests", range(cases)):
        request = fuzzed_request(rng, context["key"], context["operators"])
        status, body = await ask(application, request)
        judge(found, request, status, body, context["may_pass"])
    return found


def context_of(gate: Any, key: str) -> dict[str, Any]:
    """A gate as a run needs it."""
    operators = gate.night.current().operators

    def may_pass(operator: str) -> bool:
        known = operators.get(operator)
        return known is not None and known.tier in ("A", "B") and not known.cold_start

    return {"key": key, "operators": sorted(operators), "may_pass": may_pass}


def fuzz_rows(found: Found, scale: Scale) -> list[Row]:
    """The figures of a run."""
    what = {
        "5xx": "Answers with a 5xx that is no typed 503",
        "silent": "PASS for an operator that is unknown, new or of tier C or D, or degraded",
        "untyped": "Refusals without a problem whose code the OpenAPI document declares",
        "schema": "Answers that the OpenAPI document does not describe",
    }
    rows = [
        attack_row(
            "fuzz-requests",
            f"Fuzzed requests, of which {found.answered:,} were answered 200",
            found.asked,
            f">= {scale.pick(1_000, 100_000)}",
            scale=scale,
        )
    ]
    for kind, text in what.items():
        failed = found.faults.get(kind, [])
        why = " | ".join(failed[:MAX_SHOWN]) or None
        rows.append(attack_row(f"fuzz-{kind}", text, len(failed), "<= 0", scale=scale, why=why))
    return rows


def rows(scale: Scale) -> list[Row]:
    """Attack a gate on a simulated lake."""
    with TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        write_world(lake, Path(folder) / "truth", WorldSpec(12, "tiny", date(2026, 1, 5), 16))
        nightly(lake, NIGHT, None, load_policy())
        key = make_key(lake, "fuzz", ["boost", "minutes", "read"])
        moment = moment_of(NIGHT) + timedelta(hours=6)
        gate = open_gate(lake, None, load_policy(), now=lambda: moment)
        context = context_of(gate, key)
        cases = scale.pick(1_000, 100_000)
        return fuzz_rows(asyncio.run(fuzz(gate_application(gate), cases, 36, context)), scale)
