"""The boost check: request → minutes → live view → answer, sealed in the journal and on disk before it is given."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from serving.gate import decision
from serving.gate.micro_batching import MicroBatcher
from serving.gate.minute_store import (
    MinuteStore,
    MinuteStoreUnavailable,
    minute_to_row,
    rows_from_blob,
)
from serving.gate.night_cache import NightCache, PublishedNight
from serving.gate.problems import RequestRefused
from serving.gate.schemas import BoostRequest, Minute
from serving.ledger.answers import AnswerLedger
from serving.policy.schema import Policy
from serving.scoring.peer_snapshots import LIVE_MODEL
from training.release.artefact import Released

MAX_INLINE_SYNC_SECONDS = 0.002  # seconds that a sync may take for it to be waited for on the event loop: as long as a dozen checks take
NO_MINUTES = np.zeros((0, 15))  # minutes
MAX_CACHED_SESSIONS = (
    8192  # sessions, with the minutes they were seen in and what was answered: some 100 MB
)


@dataclass(frozen=True)
class CachedAnswer:
    """What is answered whoever asks and when (`gate.standing`), and its JSON without the braces."""

    standing: dict[str, Any]
    text: bytes


@dataclass(frozen=True)
class SessionAssessment:
    """A running session: the minutes it was seen in, what they show beside the night then in force, and what was answered of it, by the
    operator and what degrades the answer."""

    blob: bytes
    view: decision.LiveAssessment
    night: PublishedNight
    said: dict[tuple[str, ...], CachedAnswer] = field(default_factory=dict)


class AssessmentCache:
    """Running sessions as they were seen: one is worked out again when its blob differs, so nothing need be told when minutes come.

    They are compared with the sessions of the night in force, and forgotten when another one is.
    """

    def __init__(self, live: Released | None, policy: Policy, night: NightCache) -> None:
        self.live, self.policy, self.night = live, policy, night
        self.version = f"{LIVE_MODEL}@{live.version}" if live else None
        self.state: PublishedNight | None = None
        self.tonight = live
        self.known: OrderedDict[str, SessionAssessment] = OrderedDict()

    def current(self) -> PublishedNight:
        """The night in force, with whose sessions the live model is compared from now on."""
        state = self.night.current()
        if state is not self.state:
            self.state = state
            self.tonight = self.live and self.live.with_peers(state.peer_snapshots.get(LIVE_MODEL))
            self.known.clear()
        return state

    def unseen(self, rows: np.ndarray, blob: bytes = b"") -> SessionAssessment:
        """What minutes show beside the night in force; shape (minutes, 15), none of a session of which nothing is known."""
        night = self.current()
        return SessionAssessment(blob, decision.assess_live(rows, self.tonight, self.policy), night)

    def of(self, session: str, blob: bytes) -> SessionAssessment:
        self.current()
        found = self.known.get(session)
        if found is not None and found.blob == blob:
            return found
        seen = self.unseen(rows_from_blob(blob), blob)
        self.known[session] = seen
        self.known.move_to_end(session)
        if len(self.known) > MAX_CACHED_SESSIONS:
            self.known.popitem(last=False)
        return seen

    def said(
        self, operator: str, seen: SessionAssessment, now: datetime, degraded_by: list[str]
    ) -> CachedAnswer:
        """What is answered of an operator and its running session: worked out once, when its minutes come or when it is first asked for."""
        degraded = decision.degradations(seen.night, self.policy, now, degraded_by)
        key = (operator, *degraded)
        found = seen.said.get(key)
        if found is None:
            standing = decision.answer_body(
                operator, seen.night, seen.view, self.version, self.policy, degraded
            )
            found = seen.said[key] = CachedAnswer(standing, msgspec.json.encode(standing)[1:-1])
        return found


@dataclass
class GateState:
    """What the routes work with; all of it is given, nothing is global."""

    night: NightCache
    minutes: MinuteStore
    journal: AnswerLedger
    policy: Policy
    live: Released | None
    keys: dict[str, dict]
    now: Callable[[], datetime]
    busy: int = 0
    views: AssessmentCache = field(init=False)
    fetched: MicroBatcher = field(init=False)
    synced: MicroBatcher = field(init=False)

    def __post_init__(self) -> None:
        self.views = AssessmentCache(self.live, self.policy, self.night)
        self.fetched = MicroBatcher(lambda sessions: self.minutes.get(sessions))
        self.synced = MicroBatcher(
            lambda places: [self.journal.sync()] * len(places), MAX_INLINE_SYNC_SECONDS
        )


def _assess_inline(desk: GateState, minutes: list[Minute]) -> SessionAssessment:
    ordered = sorted({m.minute: m for m in minutes}.items())
    rows = np.array([minute_to_row(m.model_dump()) for _, m in ordered]).reshape(-1, 15)
    return desk.views.unseen(rows)


def assess_minutes(desk: GateState, session: str, operator: str, blob: bytes) -> int:
    """See what minutes that were put say, and what would be answered now, so that a check finds both ready; returns how many there are."""
    seen = desk.views.of(session, blob)
    desk.views.said(operator, seen, desk.now(), [])
    return seen.view.minutes


async def _assess_stored(desk: GateState, session: str, operator: str) -> SessionAssessment:
    """A session as seen in the minutes that were put before. Raises StoreDown."""
    found = (
        await desk.fetched.ask(session) if desk.minutes.remote else desk.minutes.get([session])[0]
    )
    owner, blob = found or (operator, b"")
    if owner != operator:
        raise RequestRefused(
            409,
            "session_of_another_operator",
            "the session belongs to another operator",
            ["sessionId"],
        )
    return desk.views.of(session, blob)


async def boost_check(desk: GateState, request: BoostRequest, body: bytes) -> bytes:
    """Answer a boost check; the same requestId gets the same answer, another body under it is refused.

    A check over stored minutes takes a fraction of a millisecond and is worked out where it arrives; what waits is the disk,
    and answers that wait for it together share one sync.
    """
    digest = hashlib.sha256(body).hexdigest()
    before = desk.journal.find(request.requestId)
    if before is None:
        degraded: list[str] = []
        seen: SessionAssessment | None = None
        if request.minutes is not None:
            seen = await asyncio.to_thread(_assess_inline, desk, request.minutes)
        elif request.sessionId is not None:
            try:
                seen = await _assess_stored(desk, request.sessionId, request.operatorId)
            except MinuteStoreUnavailable:
                degraded = ["store_down"]
        before = desk.journal.find(
            request.requestId
        )  # the same request may have been answered while this one waited
    if before is None:
        before = _decide_and_seal(
            desk, request, digest, seen or desk.views.unseen(NO_MINUTES), degraded
        )
    if before[0] != digest:
        raise RequestRefused(
            409,
            "request_id_reused",
            "this requestId was used with another body; send a new one",
            ["requestId"],
        )
    if before[2] > desk.journal.written:
        await desk.synced.ask(before[2])
    return before[1]


def _decide_and_seal(
    desk: GateState,
    request: BoostRequest,
    digest: str,
    seen: SessionAssessment,
    degraded: list[str],
) -> tuple[str, bytes, int]:
    """Decide and seal; what is returned may be given once it is on disk."""
    now = desk.now()
    said = desk.views.said(request.operatorId, seen, now, degraded)
    answer, asked = said.standing, msgspec.json.encode(request.requestId)
    encoded = b'{"requestId":%b,%b,"expiresAt":"%b"}' % (
        asked,
        said.text,
        decision.expires_at(desk.policy, now).encode(),
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
        "run_id": seen.night.run_id,
        "answered_at": now.isoformat(),
    }
    return digest, encoded, desk.journal.add(record, digest, encoded)
