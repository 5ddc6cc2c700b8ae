"""Readiness: whether the service is of use now, and if not, what is not usable or stale."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from serving.gate.assessments.gaps import degrading
from serving.gate.boost_check import GateState
from serving.gate.decision import gaps_of
from serving.gate.dependencies.circuit_breaker import BreakerState, CircuitBreaker
from serving.gate.dependencies.minute_store import MinuteStoreUnavailable

MAX_PROBE_SECONDS = 0.1  # a dependency that takes longer to answer a probe is not usable


async def readiness(gate: GateState) -> dict[str, Any]:
    """The sources of the service's answers, and the reasons why it is not ready, if any.

    A dependency is asked aside and for a tenth of a second, so that this answers whatever happens.
    The last night of a lake to which nothing was delivered since is a warning: no later one can be
    computed. So are missing peers of sessions where the platform delivers no sessions. Answers that
    rest on either are held all the same (ADR-0213).
    """
    night = gate.assessments.current()
    gaps = [("night", code) for code in gaps_of(night, gate.policy, gate.now(), ())]
    stale_at_rest = set() if gate.night.can_be_replaced else {"night_stale"}
    broken = set(degrading(code for _, code in gaps)) - stale_at_rest
    warnings = [g for g in gaps if g[1] not in broken]
    reasons = [g for g in gaps if g not in warnings]
    for code in gate.assessments.model_gaps():
        no_session_is_due = code == "peers_missing" and not night.has_sessions
        (warnings if no_session_is_due else reasons).append(("models", code))
    reasons += [("store", code) for code in await _store_problems(gate)]
    if not gate.assessments.measures.current(night.run_id).is_intact:
        reasons.append(("measures", "measures_unverified"))
    policy = gate.policy
    if gate.policies.problem:
        reasons.append(("policy", gate.policies.problem))
    if not await _journal_is_written(gate):
        reasons.append(("journal", "journal_not_writable"))
    gate.keys.refresh()
    if gate.keys.problem:
        reasons.append(("keys", gate.keys.problem))
    return {
        "status": "not_ready" if reasons else "ready",
        "reasons": [{"part": part, "code": code} for part, code in reasons],
        "warnings": [{"part": part, "code": code} for part, code in warnings],
        "runId": night.run_id,
        "policyVersion": policy.version,
        "dataAsOf": None if "night_missing" in night.gaps else night.as_of.isoformat() + "Z",
        "liveModel": gate.live.version if gate.live else None,
        "dependencies": {b.name: b.state.value for b in (gate.minutes.reads, gate.minutes.writes)},
    }


async def _store_problems(gate: GateState) -> list[str]:
    """Codes of what the store of minutes does not do."""
    problems = []
    for code, breaker, ask in (
        ("store_down", gate.minutes.reads, gate.minutes.ping),
        ("store_not_writable", gate.minutes.writes, gate.minutes.ping_write),
    ):
        if breaker is gate.minutes.writes and not breaker.failures:
            continue  # a write is tried only where the last one failed
        if breaker.refuses() or not await _answers(gate, ask):
            problems.append(code)
    return problems


async def _journal_is_written(gate: GateState) -> bool:
    """Whether the journal takes answers; those that wait for it are written again first."""
    if gate.ledger.problem is None:
        return True
    retry = asyncio.ensure_future(gate.ledger_syncs.submit(0))
    retry.add_done_callback(lambda done: done.exception())  # the ledger keeps its problem
    await asyncio.wait([retry], timeout=MAX_PROBE_SECONDS)
    return gate.ledger.problem is None


async def _answers(gate: GateState, ask: Callable[[], None]) -> bool:
    """Whether a dependency answers a probe in time; one probe runs at a time."""
    if gate.probe is not None and not gate.probe.done():
        return False
    gate.probe = gate.probers.submit(ask)
    try:
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(gate.probe)), MAX_PROBE_SECONDS)
    except (TimeoutError, MinuteStoreUnavailable):
        return False
    return True


class DependencyMetrics(Collector):
    """State of each breaker, and how often it opened."""

    def __init__(self, breakers: list[CircuitBreaker]) -> None:
        self.breakers = breakers

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """The metrics, as Prometheus reads them."""
        states = GaugeMetricFamily(
            "steelyard_breaker_state",
            "1 for the state of a breaker",
            labels=["dependency", "state"],
        )
        opened = CounterMetricFamily(
            "steelyard_breaker_opened", "How often a breaker opened", labels=["dependency"]
        )
        for breaker in self.breakers:
            for state in BreakerState:
                states.add_metric([breaker.name, state.value], float(breaker.state is state))
            opened.add_metric([breaker.name], breaker.opened)
        yield states
        yield opened
