"""The boost check: from a request to an answer that is in the ledger and on disk.

A running session is assessed from its minutes and combined with the published night.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from serving.gate import decision
from serving.gate.assessments.assessment_cache import (
    AssessmentCache,
    BoostSubject,
    SessionAssessment,
)
from serving.gate.dependencies.micro_batching import MicroBatcher
from serving.gate.dependencies.minute_rows import minute_to_row
from serving.gate.dependencies.minute_store import (
    MinuteStore,
    MinuteStoreUnavailable,
    StoredMinutes,
)
from serving.gate.dependencies.night_in_force import NightCache
from serving.gate.dependencies.policy_in_force import PolicyCache
from serving.gate.protocol.key_ring import KeyRing
from serving.gate.replay.kept_inputs import KeptInputs
from serving.gate.requests import RequestRefused
from serving.gate.schemas import BoostRequest, Minute
from serving.ledger.answers import Answer, AnswerLedger
from serving.ledger.hash_chain import LedgerDamaged
from serving.policy.schema import Policy
from training.release.artefact import Released

MAX_INLINE_SYNC_SECONDS = 0.002  # a shorter sync runs on the event loop: ADR-0150
MAX_READ_SECONDS = 0.12  # for minutes; the deadline of a store does not cover names of hosts
MAX_WRITE_SECONDS = 1.5
WRITE_THREADS = 4  # aside from the threads that requests share, so that a store cannot fill those
ASSESSMENT_THREADS = 2


@dataclass
class GateState:
    """Everything that the routes work with; all of it is given, nothing is global."""

    night: NightCache
    minutes: MinuteStore
    ledger: AnswerLedger
    policies: PolicyCache
    live: Released | None
    keys: KeyRing
    now: Callable[[], datetime]
    requests_in_progress: int = 0
    assessments: AssessmentCache = field(init=False)
    inputs: KeptInputs = field(init=False)
    minute_fetches: MicroBatcher = field(init=False)
    ledger_syncs: MicroBatcher = field(init=False)
    writers: ThreadPoolExecutor = field(init=False)
    assessors: ThreadPoolExecutor = field(init=False)
    probers: ThreadPoolExecutor = field(init=False)
    probe: Future[None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.writers = ThreadPoolExecutor(WRITE_THREADS, "minutes")
        self.assessors = ThreadPoolExecutor(ASSESSMENT_THREADS, "assess")
        self.probers = ThreadPoolExecutor(1, "probe")
        self.assessments = AssessmentCache(self.live, self.policies, self.night)
        self.inputs = KeptInputs(self.night.lake.inputs)
        self.minute_fetches = MicroBatcher(lambda sessions: self.minutes.get(sessions))
        self.ledger_syncs = MicroBatcher(
            lambda places: [self._sync()] * len(places), MAX_INLINE_SYNC_SECONDS
        )

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.policies.current()

    def _sync(self) -> int:
        """Write what waits: inputs first, then the answers that name them."""
        self.inputs.flush()
        return self.ledger.sync()


async def store_minutes(
    gate: GateState, session: str, operator: str, rows: list[tuple[int, np.ndarray]]
) -> int:
    """Store minutes, assess them and prepare the answer; returns the number of stored minutes.

    Raises MinuteStoreUnavailable, and LakeProblem for a session of another operator.
    """
    if gate.minutes.writes.refuses():
        raise MinuteStoreUnavailable("the store of minutes failed a moment ago")
    received = gate.assessments.received.get(session, 0)
    put = asyncio.get_running_loop().run_in_executor(
        gate.writers, gate.minutes.put, session, operator, rows
    )
    try:
        blob = await asyncio.wait_for(put, MAX_WRITE_SECONDS)
    except TimeoutError as error:
        gate.minutes.writes.failed(at_once=True)
        raise MinuteStoreUnavailable("the store of minutes does not end a write") from error
    assessment = gate.assessments.of_session(session, blob, received)
    gate.assessments.answer(operator, assessment, gate.now())
    return assessment.live.minutes


def _assess_inline(gate: GateState, minutes: list[Minute]) -> SessionAssessment:
    ordered = sorted({m.minute: m for m in minutes}.items())
    rows = np.array([minute_to_row(m.model_dump()) for _, m in ordered]).reshape(-1, 15)
    return gate.assessments.assess(rows)


async def _fetched(gate: GateState, session: str, operator: str) -> StoredMinutes | None:
    """Stored minutes of an operator's session.

    Raises MinuteStoreUnavailable, and RequestRefused for a session of another operator.
    """
    if not gate.minutes.remote:
        found = gate.minutes.get([session])[0]
    elif gate.minutes.reads.refuses():
        raise MinuteStoreUnavailable("the store of minutes failed a moment ago")
    else:
        try:
            found = await asyncio.wait_for(gate.minute_fetches.submit(session), MAX_READ_SECONDS)
        except TimeoutError as error:
            gate.minutes.reads.failed(at_once=True)
            raise MinuteStoreUnavailable("the store of minutes does not end a read") from error
    if found is not None and found[0] not in (None, operator):
        message = "the session belongs to another operator"
        raise RequestRefused(409, "session_of_another_operator", message, ["sessionId"])
    return found


async def _assess_stored(gate: GateState, session: str, operator: str) -> SessionAssessment:
    """Assess a session from its stored minutes. Raises RequestRefused."""
    received = gate.assessments.received.get(session, 0)
    try:
        found = await _fetched(gate, session, operator)
    except MinuteStoreUnavailable:
        return gate.assessments.without_session("store_down")
    if found is None:
        return gate.assessments.without_session(
            "minutes_lost" if received else "minutes_never_sent"
        )
    return gate.assessments.of_session(session, found[1], received)


async def boost_check(gate: GateState, request: BoostRequest, body: bytes) -> bytes:
    """Answer a boost check; returns the JSON of the answer once it is on disk.

    The same requestId gets the same answer; another body under it is refused. Stored minutes are
    assessed on the event loop. Answers that wait for the disk share one sync.

    Raises
    ------
    RequestRefused
        The requestId was used with another body, the session is another operator's, or the
        disk is full.
    """
    digest = hashlib.sha256(body).hexdigest()
    try:
        sealed = gate.ledger.find(request.requestId)
    except (OSError, LedgerDamaged) as error:
        raise _unavailable() from error
    if sealed is None:
        if request.minutes is not None:
            if request.sessionId is not None:  # its owner is asked of the store, if that answers
                with suppress(MinuteStoreUnavailable):
                    await _fetched(gate, request.sessionId, request.operatorId)
            assessment = await asyncio.get_running_loop().run_in_executor(
                gate.assessors, _assess_inline, gate, request.minutes
            )
        elif request.sessionId is not None:
            assessment = await _assess_stored(gate, request.sessionId, request.operatorId)
        else:
            assessment = gate.assessments.without_session("session_not_named")
    try:
        if sealed is None:  # the same request may have been answered while this one waited
            sealed = gate.ledger.find(request.requestId)
        if sealed is None:
            sealed = _decide_and_seal(gate, request, body, assessment)
        if sealed.place > gate.ledger.written:
            await gate.ledger_syncs.submit(sealed.place)
    except (OSError, LedgerDamaged) as error:
        raise _unavailable() from error
    if sealed.request_sha256 != digest:  # another process may have answered it meanwhile
        message = "this requestId was used with another body; send a new one"
        raise RequestRefused(409, "request_id_reused", message, ["requestId"])
    return sealed.answer


def _unavailable() -> RequestRefused:
    message = "the answer cannot be recorded now, so it is not given; ask again in a second"
    return RequestRefused(503, "ledger_unavailable", message, headers={"Retry-After": "1"})


def _decide_and_seal(
    gate: GateState,
    request: BoostRequest,
    body: bytes,
    assessment: SessionAssessment,
) -> Answer:
    """Decide and seal; the returned answer may be given once it is on disk."""
    now = gate.now()
    streamers = None if request.streamerIds is None else tuple(request.streamerIds)
    subject = BoostSubject(request.operatorId, request.sessionId, streamers)
    effects = gate.assessments.effects(subject, assessment, now)
    cached = gate.assessments.answer(request.operatorId, assessment, now, effects, streamers or ())
    answer = cached.body
    encoded = b'{"requestId":%b,%b,"expiresAt":"%b"}' % (
        msgspec.json.encode(request.requestId),
        cached.text,
        min(decision.expires_at(assessment.policy, now), effects.end_text()).encode(),
    )
    record = {
        "request_id": request.requestId,
        "operator_id": request.operatorId,
        "session_id": request.sessionId,
        "risk_level": answer["riskLevel"],
        "score": answer["score"],
        "suggested_action": answer["suggestedAction"],
        "degraded": answer["degraded"],
        "model_version": answer["modelVersion"],
        "policy_version": answer["policyVersion"],
        "run_id": assessment.night.run_id,
        "answered_at": now.isoformat(),
    }
    digest = gate.inputs.keep(body, record["answered_at"][:10])
    return gate.ledger.add(record | input_digests(gate, assessment, now), digest, encoded)


def input_digests(gate: GateState, assessment: SessionAssessment, now: datetime) -> dict[str, Any]:
    """The further inputs of an answer, so that it can be replayed."""
    day = now.date().isoformat()
    return {
        "decisions_bytes": gate.assessments.measures.sizes(),
        "live_version": gate.live.version if gate.live else None,
        "minutes_sha256": gate.inputs.keep(assessment.blob, day) if assessment.blob else None,
        "policy_sha256": assessment.policy.sha256,
    }
