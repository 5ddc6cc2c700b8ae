"""Answers of each route; keys, limits and errors are in `http.py`."""

from __future__ import annotations

import asyncio
from typing import Any

from data_contracts.errors import LakeProblem
from serving.gate.boost_check import GateState, store_minutes
from serving.gate.dependencies.minute_rows import minute_to_row
from serving.gate.dependencies.minute_store import MinuteStoreUnavailable
from serving.gate.requests import RequestRefused, parse_request
from serving.gate.schemas import MinutesRequest
from serving.oversight.credit import public_view


async def put_minutes(gate: GateState, session: str, body: bytes) -> dict[str, Any]:
    """Store minutes of a running session and assess them, so that a check finds the answer."""
    request: MinutesRequest = await asyncio.to_thread(parse_request, MinutesRequest, body)
    rows = [(m.minute, minute_to_row(m.model_dump())) for m in request.minutes]
    try:
        stored = await store_minutes(gate, session, request.operatorId, rows)
    except MinuteStoreUnavailable as error:
        raise RequestRefused(
            503,
            "store_down",
            "minutes cannot be stored now; send them again in a minute",
            ["session"],
        ) from error
    except LakeProblem as error:
        raise RequestRefused(
            409, "session_of_another_operator", str(error), ["operatorId"]
        ) from error
    return {"sessionId": session, "minutes": stored}


def operator_view(gate: GateState, operator_id: str) -> dict[str, Any]:
    """Tier, reasons and corrected figures of an operator."""
    night = gate.night.current()
    found = night.operators.get(operator_id)
    if found is None:
        raise RequestRefused(
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
        "appeal": {"route": gate.policy.appeal_route, "days": gate.policy.appeal_days},
    }


def credit_view(gate: GateState, operator_id: str) -> dict[str, Any]:
    """The public credit evaluation of an operator; it shows no signal."""
    found = gate.night.current().credit.get(operator_id)
    if found is None:
        raise RequestRefused(
            404, "unknown_operator", "no credit of that operator was published", ["path"]
        )
    measures = gate.assessments.measures
    state = measures.current()
    against = state.against(measures.affiliations.subjects(operator_id), gate.now())
    return public_view(found, gate.policy, against)
