"""Broken stores of minutes: what a check answers meanwhile, how fast, and how soon it is well."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.harness.figures import Row
from benchmarks.reliability.attack import Scale, attack_row
from benchmarks.reliability.dependencies.fault import SESSION, Fault
from benchmarks.reliability.dependencies.night import calm_session, small_night
from benchmarks.reliability.dependencies.redis_faults import (
    REDIS_FAULTS,
    RedisPlace,
    redis_is_here,
)
from benchmarks.reliability.dependencies.sqlite_faults import (
    SQLITE_FAULTS,
    WRITE_LOCK,
    SqlitePlace,
)
from data_contracts.lake import Lake
from serving.gate.boost_check import GateState
from serving.gate.http import gate_application
from serving.ledger.answers import AnswerLedger

CHECKS_AT_ONCE = 4
ROUNDS = 4
MAX_ANSWER_SECONDS = 0.15
MAX_HEAL_SECONDS = 5.0
MAX_WAIT_SECONDS = 30.0  # for a gate that heals too late


@dataclass
class Trial:
    """Answers of a gate during and after one fault."""

    fault: str
    silent: int = 0
    answers: int = 0
    longest: float = 0.0
    heal_seconds: float = float("inf")
    wrong: list[str] = field(default_factory=list)


@dataclass
class Asker:
    """A client of one gate, with the operator and the minutes that pass where all is well."""

    client: httpx.AsyncClient
    operator: str
    minutes: list[dict[str, Any]]
    asked: int = 0

    async def check(self) -> tuple[httpx.Response, float]:
        """One boost check on the session, and the seconds that it took."""
        self.asked += 1
        body = {"requestId": f"{id(self)}-{self.asked}", "operatorId": self.operator}
        started = time.perf_counter()
        answer = await self.client.post("/v1/boost-check", json=body | {"sessionId": SESSION})
        return answer, time.perf_counter() - started

    async def send(self) -> int:
        """Send the minutes; returns the status."""
        body = {"operatorId": self.operator, "minutes": self.minutes}
        return (await self.client.put(f"/v1/sessions/{SESSION}/minutes", json=body)).status_code

    async def well_after(self, resend: bool) -> float:
        """Seconds until a check passes again; infinite where it does not in time."""
        started = time.perf_counter()
        while (took := time.perf_counter() - started) < MAX_WAIT_SECONDS:
            if resend:
                resend = await self.send() != 200
            answer, _ = await self.check()
            if answer.status_code == 200 and answer.json()["riskLevel"] == "PASS":
                return took
            await asyncio.sleep(0.05)
        return float("inf")


async def try_fault(asker: Asker, fault: Fault, place: Any) -> Trial:
    """Make a fault, ask while it lasts, mend it, and ask until the answer passes again."""
    trial = Trial(fault.name)
    if await asker.well_after(resend=True) == float("inf"):
        trial.wrong.append("the gate was not well before")
        return trial
    made = await asyncio.to_thread(fault.make, place)
    for _ in range(ROUNDS):
        found = await asyncio.gather(*(asker.check() for _ in range(CHECKS_AT_ONCE)))
        for answer, seconds in found:
            body = answer.json()
            trial.answers += 1
            trial.longest = max(trial.longest, seconds)
            trial.silent += body.get("riskLevel") == "PASS" and bool(fault.code)
            if answer.status_code != 200:
                trial.wrong.append(f"status {answer.status_code}")
            elif fault.code and fault.code not in body["degradedBy"]:
                trial.wrong.append(f"degraded by {body['degradedBy']}")
        alive, started = await asker.client.get("/healthz"), time.perf_counter()
        trial.longest = max(trial.longest, time.perf_counter() - started)
        if alive.status_code != 200:
            trial.wrong.append("not alive")
    if fault.refuses_minutes:
        if (status := await asker.send()) != 503:
            trial.wrong.append(f"minutes are answered {status}")
        if (await asker.client.get("/readyz")).status_code != 503:
            trial.wrong.append("ready")
    await asyncio.to_thread(fault.mend, place, made)
    trial.heal_seconds = await asker.well_after(fault.lost)
    if trial.heal_seconds == float("inf"):
        trial.wrong.append("does not heal")
    return trial


def try_all(
    gate: GateState, key: str, faults: tuple[Fault, ...], place: Any, calm: tuple[str, list]
) -> list[Trial]:
    """Trials of all faults on one gate, one after another."""

    async def run() -> list[Trial]:
        transport = httpx.ASGITransport(gate_application(gate))
        headers = {"X-API-Key": key}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://gate", headers=headers, timeout=30
        ) as client:
            asker = Asker(client, *calm)
            return [await try_fault(asker, fault, place) for fault in faults]

    return asyncio.run(run())


@contextmanager
def place_of(store: str, gate_of: Callable[[str | None], GateState]) -> Iterator[tuple]:
    """A gate over a store that can be broken, its place, and the store's faults."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if store == "redis":
            redis_place = RedisPlace(folder)
            try:
                yield gate_of(redis_place.url), redis_place, REDIS_FAULTS
            finally:
                redis_place.close()
        else:
            gate = gate_of(None)
            yield gate, SqlitePlace(gate.minutes.path, gate), (*SQLITE_FAULTS, WRITE_LOCK)  # type: ignore[attr-defined]


def rows(scale: Scale) -> list[Row]:
    """All faults on a small night by the prior; a small scale tries the first of each store."""
    trials: list[Trial] = []
    with small_night() as (lake, key, gate_of):
        for store in ("sqlite", "redis"):
            if store == "redis" and not redis_is_here():
                continue
            with place_of(store, gate_of) as (gate, place, faults):
                gate.ledger = AnswerLedger(Lake.open(lake).answers)
                calm = calm_session(gate, lake)
                trials += try_all(gate, key, faults[: scale.pick(3, len(faults))], place, calm)
    broken = [f"{t.fault}: {', '.join(sorted(set(t.wrong)))}" for t in trials if t.wrong]
    why = "; ".join(broken[:5]) or None
    n, name = len(trials), "dependency_faults"
    return [
        attack_row(f"{name}-tried", "Faults of Redis and SQLite", n, ">= 20", scale=scale)
        if scale is Scale.FULL
        else attack_row(f"{name}-tried", "Faults tried", n, None, scale=scale),
        attack_row(
            f"{name}-silent",
            f"Answers PASS during {n} faults, of {sum(t.answers for t in trials)}",
            sum(t.silent for t in trials),
            "<= 0",
            scale=scale,
        ),
        attack_row(
            f"{name}-wrong",
            f"Faults of {n} not named, or not healed",
            len(broken),
            "<= 0",
            scale=scale,
            why=why,
        ),
        attack_row(
            f"{name}-longest",
            "Longest answer during a fault, in milliseconds",
            round(1e3 * max(t.longest for t in trials)),
            f"<= {1e3 * MAX_ANSWER_SECONDS:.0f}",
            scale=scale,
        ),
        attack_row(
            f"{name}-heal",
            "Longest time until a check passes again, in seconds",
            round(max(t.heal_seconds for t in trials), 2),
            f"<= {MAX_HEAL_SECONDS:.0f}",
            scale=scale,
        ),
    ]
