"""Assessments of running sessions and the answers that follow from them, in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from serving.gate import decision
from serving.gate.minute_store import rows_from_blob
from serving.gate.night_cache import NightCache, PublishedNight
from serving.oversight.measures.boost_effects import (
    NO_EFFECTS,
    BoostEffects,
    MeasureCache,
    apply_effects,
)
from serving.policy.schema import Policy
from serving.scoring.nightly_models import LIVE_MODEL
from training.release.artefact import Released

MAX_CACHED_SESSIONS = 8192  # ADR-0150


@dataclass(frozen=True)
class BoostSubject:
    """Whom a boost is about; `streamers` is None where the request does not name them."""

    operator: str
    session: str | None = None
    streamers: tuple[str, ...] | None = None


@dataclass(frozen=True)
class CachedAnswer:
    """The part of an answer that does not depend on request or time, and its encoded JSON."""

    body: dict[str, Any]
    text: bytes  # without the braces


@dataclass(frozen=True)
class SessionAssessment:
    """A running session as assessed from its minutes beside the night then in force.

    `answers` are cached by operator and by what degrades them.
    """

    blob: bytes
    live: decision.LiveAssessment
    night: PublishedNight
    answers: dict[tuple[str, ...], CachedAnswer] = field(default_factory=dict)


class AssessmentCache:
    """Assessments of running sessions.

    A session is assessed again when its blob differs, so new minutes need no invalidation. All are
    forgotten when another night is published, because they are compared with its sessions.
    """

    def __init__(self, live: Released | None, policy: Policy, night: NightCache) -> None:
        self.live, self.policy, self.night = live, policy, night
        self.version = f"{LIVE_MODEL}@{live.version}" if live else None
        self.state: PublishedNight | None = None
        self.tonight = live
        self.known: OrderedDict[str, SessionAssessment] = OrderedDict()
        self.measures = MeasureCache(night.lake)

    def current(self) -> PublishedNight:
        """The night in force; its sessions are the peers of the live model from now on."""
        state = self.night.current()
        if state is not self.state:
            self.state = state
            self.tonight = self.live and self.live.with_peers(state.peer_snapshots.get(LIVE_MODEL))
            self.known.clear()
        return state

    def assess(self, rows: np.ndarray, blob: bytes = b"") -> SessionAssessment:
        """Assess minutes, shape (minutes, 15), without caching; no rows for an unknown session."""
        night = self.current()
        return SessionAssessment(blob, decision.assess_live(rows, self.tonight, self.policy), night)

    def of_session(self, session: str, blob: bytes) -> SessionAssessment:
        """The assessment of a stored session, from the cache where its minutes are the same."""
        self.current()
        found = self.known.get(session)
        if found is not None and found.blob == blob:
            return found
        assessment = self.assess(rows_from_blob(blob), blob)
        self.known[session] = assessment
        self.known.move_to_end(session)
        if len(self.known) > MAX_CACHED_SESSIONS:
            self.known.popitem(last=False)
        return assessment

    def effects(
        self,
        request: BoostSubject,
        assessment: SessionAssessment,
        now: datetime,
    ) -> BoostEffects:
        """Measures in force and won appeals that bear on a boost at this moment."""
        self.measures.current(assessment.night.run_id)
        return self.measures.effects(
            request.operator,
            request.session,
            request.streamers,
            assessment.night.as_of,
            now,
        )

    def answer(
        self,
        operator: str,
        assessment: SessionAssessment,
        now: datetime,
        degraded_by: list[str],
        effects: BoostEffects = NO_EFFECTS,
    ) -> CachedAnswer:
        """The answer on an operator and its running session, computed once for each state."""
        if not self.measures.state.is_intact:
            degraded_by = [*degraded_by, "measures_unverified"]
        degraded = decision.degradations(assessment.night, self.policy, now, degraded_by)
        key = (operator, *degraded, *effects.key)
        found = assessment.answers.get(key)
        if found is None:
            night = night_with_effects(assessment.night, operator, effects, self.policy)
            body = decision.answer_body(
                operator, night, assessment.live, self.version, self.policy, degraded
            )
            body = apply_effects(body, effects, self.policy)
            found = CachedAnswer(body, msgspec.json.encode(body)[1:-1])
            assessment.answers[key] = found
        return found


def night_with_effects(
    night: PublishedNight, operator: str, effects: BoostEffects, policy: Policy
) -> PublishedNight:
    """A night as it bears on an operator after won appeals and measures that ended.

    A won appeal takes the night's accusation away. A tier that a measure raised falls back once no
    measure against the operator is in force.
    """
    record = night.operators.get(operator)
    if record is None:
        return night
    if effects.is_cleared:
        words = {"zh": "申诉成立，该夜认定不再作准", "en": "an appeal was won; the night is void"}
        record = replace(
            record,
            tier="A",
            risk=None,
            measure="none",
            why=record.why | words,
            reasons=[],
            worst_session=None,
            history=None,
        )
    elif (floored := record.why.get("measure_floor")) and not effects.measures:
        tier = floored["tier"]
        record = replace(record, tier=tier, measure=policy.measures.of(tier))
    else:
        return night
    return replace(night, operators={operator: record})
