"""The boost check: from a request to an answer that is in the ledger and on disk.

A running session is assessed from its minutes and combined with the published night.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import numpy as np

from serving.gate import decision
from serving.gate.assessments.assessment_cache import (
    AssessmentCache,
    BoostSubject,
    SessionAssessment,
)
from serving.gate.micro_batching import MicroBatcher
from serving.gate.minute_store import MinuteStore, MinuteStoreUnavailable, minute_to_row
from serving.gate.night_cache import NightCache
from serving.gate.protocol.key_ring import KeyRing
from serving.gate.requests import RequestRefused
from serving.gate.schemas import BoostRequest, Minute
from serving.ledger.answers import Answer, AnswerLedger
from serving.ledger.hash_chain import LedgerDamaged
from serving.policy.schema import Policy
from training.release.artefact import Released

MAX_INLINE_SYNC_SECONDS = 0.002  # a shorter sync runs on the event loop: ADR-0150
NO_MINUTES = np.zeros((0, 15))


@dataclass
class GateState:
    """Everything that the routes work with; all of it is given, nothing is global."""

    night: NightCache
    minutes: MinuteStore
    ledger: AnswerLedger
    policy: Policy
    live: Released | None
    keys: KeyRing
    now: Callable[[], datetime]
    requests_in_progress: int = 0
    assessments: AssessmentCache = field(init=False)
    minute_fetches: MicroBatcher = field(init=False)
    ledger_syncs: MicroBatcher = field(init=False)

    def __post_init__(self) -> None:
        self.assessments = AssessmentCache(self.live, self.policy, self.night)
        self.minute_fetches = MicroBatcher(lambda sessions: self.minutes.get(sessions))
        self.ledger_syncs = MicroBatcher(
            lambda places: [self.ledger.sync()] * len(places), MAX_INLINE_SYNC_SECONDS
        )


def assess_minutes(gate: GateState, session: str, operator: str, blob: bytes) -> int:
    """Assess stored minutes and prepare the answer; returns the number of minutes."""
    assessment = gate.assessments.of_session(session, blob)
    gate.assessments.answer(operator, assessment, gate.now(), [])
    return assessment.live.minutes


def _assess_inline(gate: GateState, minutes: list[Minute]) -> SessionAssessment:
    ordered = sorted({m.minute: m for m in minutes}.items())
    rows = np.array([minute_to_row(m.model_dump()) for _, m in ordered]).reshape(-1, 15)
    return gate.assessments.assess(rows)


async def _assess_stored(gate: GateState, session: str, operator: str) -> SessionAssessment:
    """Assess a session from its stored minutes. Raises MinuteStoreUnavailable, RequestRefused."""
    found = (
        await gate.minute_fetches.submit(session)
        if gate.minutes.remote
        else gate.minutes.get([session])[0]
    )
    owner, blob = found or (operator, b"")
    if owner != operator:
        raise RequestRefused(
            409,
            "session_of_another_operator",
            "the session belongs to another operator",
            ["sessionId"],
        )
    return gate.assessments.of_session(session, blob)


async def boost_check(gate: GateState, request: BoostRequest, body: bytes) -> bytes:
    """Answer a boost check; returns the JSON of the answer once it is on disk.

    The same requestId gets the same answer; another body under it is refused. Work on stored
    minutes takes a fraction of a millisecond and stays on the event loop. Answers that wait for
    the disk share one sync.

    Raises
    ------
    RequestRefused
        The requestId was used with another body, the session is another operator's, or the disk full.
    """
    digest = hashlib.sha256(body).hexdigest()
    sealed = gate.ledger.find(request.requestId)
    if sealed is None:
        degraded: list[str] = []
        assessment: SessionAssessment | None = None
        if request.minutes is not None:
            assessment = await asyncio.to_thread(_assess_inline, gate, request.minutes)
        elif request.sessionId is not None:
            try:
                assessment = await _assess_stored(gate, request.sessionId, request.operatorId)
            except MinuteStoreUnavailable:
                degraded = ["store_down"]
        # The same request may have been answered while this one waited.
        sealed = gate.ledger.find(request.requestId)
    try:
        if sealed is None:
            assessment = assessment or gate.assessments.assess(NO_MINUTES)
            sealed = _decide_and_seal(gate, request, digest, assessment, degraded)
        if sealed.place > gate.ledger.written:
            await gate.ledger_syncs.submit(sealed.place)
    except (OSError, LedgerDamaged) as error:
        message = "the answer cannot be recorded now, so it is not given; ask again in a second"
        retry = {"Retry-After": "1"}
        raise RequestRefused(503, "ledger_unavailable", message, headers=retry) from error
    if sealed.request_sha256 != digest:  # another process may have answered it meanwhile
        message = "this requestId was used with another body; send a new one"
        raise RequestRefused(409, "request_id_reused", message, ["requestId"])
    return sealed.answer


def _decide_and_seal(
    gate: GateState,
    request: BoostRequest,
    digest: str,
    assessment: SessionAssessment,
    degraded: list[str],
) -> Answer:
    """Decide and seal; the returned answer may be given once it is on disk."""
    now = gate.now()
    streamers = None if request.streamerIds is None else tuple(request.streamerIds)
    subject = BoostSubject(request.operatorId, request.sessionId, streamers)
    effects = gate.assessments.effects(subject, assessment, now)
    cached = gate.assessments.answer(request.operatorId, assessment, now, degraded, effects)
    answer = cached.body
    encoded = b'{"requestId":%b,%b,"expiresAt":"%b"}' % (
        msgspec.json.encode(request.requestId),
        cached.text,
        min(decision.expires_at(gate.policy, now), effects.end_text()).encode(),
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
    return gate.ledger.add(record, digest, encoded)
