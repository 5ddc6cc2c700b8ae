"""Wrong clocks: a gate whose clock lies before, in or after the time of its night."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import numpy as np

from benchmarks.harness.figures import Row
from benchmarks.reliability.attack import Scale, attack_row
from benchmarks.reliability.dependencies.night import calm_session, small_night
from serving.gate.assessments.gaps import MAX_CLOCK_SKEW
from serving.gate.boost_check import GateState
from serving.gate.http import gate_application

YEARS = 10
HOURS_NEAR_THE_NIGHT = 48


def clocks(as_of: datetime, trials: int) -> Iterator[datetime]:
    """Moments within years of a night, half of them within days of it."""
    random = np.random.default_rng(36)
    for i in range(trials):
        hours = YEARS * 365 * 24 if i % 2 else HOURS_NEAR_THE_NIGHT
        yield as_of + timedelta(hours=float(random.uniform(-hours, hours)))


async def wrong_answers(
    gate: GateState, key: str, calm: tuple[str, list[dict[str, Any]]], moments: list[datetime]
) -> tuple[int, list[str]]:
    """Answers PASS outside of the time of the night, and all else that is wrong."""
    operator, minutes = calm
    silent, wrong = 0, []
    night = gate.night.current()
    stale = timedelta(hours=gate.policy.boost.stale_hours)
    transport = httpx.ASGITransport(gate_application(gate))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gate", headers={"X-API-Key": key}, timeout=30
    ) as client:
        for i, moment in enumerate(moments):
            gate.now = lambda at=moment: at  # type: ignore[misc]
            body = {"requestId": f"clock-{i}", "operatorId": operator, "minutes": minutes}
            answer = await client.post("/v1/boost-check", json=body)
            valid = -MAX_CLOCK_SKEW <= moment - night.as_of <= stale
            found = answer.json()
            passes = found["riskLevel"] == "PASS"
            silent += passes and not valid
            if valid != passes or found["degraded"] == valid:
                wrong.append(f"{moment}: {found['riskLevel']} {found['degradedBy']}")
            if found["expiresAt"] <= moment.isoformat():
                wrong.append(f"{moment}: expires at {found['expiresAt']}")
            ready = (await client.get("/readyz")).status_code
            if ready != (200 if valid else 503):
                wrong.append(f"{moment}: readiness {ready}")
    return silent, wrong


def rows(scale: Scale) -> list[Row]:
    """Clocks within ten years of a night."""
    trials = scale.pick(20, 2000)
    with small_night() as (lake, key, gate_of):
        gate = gate_of(None)
        calm = calm_session(gate, lake)
        moments = list(clocks(gate.night.current().as_of, trials))
        silent, wrong = asyncio.run(wrong_answers(gate, key, calm, moments))
    return [
        attack_row(
            "clocks-silent",
            f"Answers PASS of {trials} with a clock outside of the time of the night",
            silent,
            "<= 0",
            scale=scale,
        ),
        attack_row(
            "clocks-wrong",
            f"Answers, expiries and readiness of {trials} clocks that are wrong",
            len(wrong),
            "<= 0",
            scale=scale,
            why="; ".join(wrong[:3]) or None,
        ),
    ]
