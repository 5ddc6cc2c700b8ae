"""Assessments of running sessions and the answers that follow from them, in memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import numpy as np

from serving.gate import decision
from serving.gate.assessments.identity import Identity
from serving.gate.assessments.live_assessment import LiveAssessment, assess_live
from serving.gate.assessments.service_scope import apply_scope, apply_streamers
from serving.gate.dependencies.minute_rows import MinutesInvalid, rows_from_blob
from serving.gate.dependencies.night_in_force import NightCache
from serving.gate.dependencies.policy_in_force import PolicyCache
from serving.gate.night_cache import PublishedNight
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
MAX_REMEMBERED_SESSIONS = 65_536  # whose minutes were received; some 10 MB

T = TypeVar("T")


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
    """A running session as assessed from its minutes beside the night and policy then in force.

    `gaps` are codes of what was not looked at. `answers` are cached by operator and gaps.
    """

    blob: bytes
    live: LiveAssessment
    night: PublishedNight
    policy: Policy
    gaps: tuple[str, ...] = ()
    answers: dict[tuple[str, ...], CachedAnswer] = field(default_factory=dict)


class AssessmentCache:
    """Assessments of running sessions.

    A session is assessed again when its blob differs, so new minutes need no invalidation. All are
    forgotten when another night is published, because they are compared with its sessions, and when
    another policy is in force. The number of minutes that were received is remembered, so that lost
    minutes are named.
    """

    def __init__(self, live: Released | None, policies: PolicyCache, night: NightCache) -> None:
        self.live, self.policies, self.night = live, policies, night
        self.policy = policies.current()
        self.version = f"{LIVE_MODEL}@{live.version}" if live else None
        self.state: PublishedNight | None = None
        self.tonight = live
        self.known: OrderedDict[str, SessionAssessment] = OrderedDict()
        self.received: OrderedDict[str, int] = OrderedDict()
        self.measures = MeasureCache(night.lake)

    def current(self) -> PublishedNight:
        """The night in force; its sessions are the peers of the live model from now on.

        The policy in force is taken as well.
        """
        policy = self.policies.current()
        if policy is not self.policy:
            self.policy, self.night.stale_hours = policy, policy.boost.stale_hours
            self.known.clear()
        state = self.night.current()
        if state is not self.state:
            self.state = state
            self.tonight = self.live and self.live.with_peers(state.peer_snapshots.get(LIVE_MODEL))
            self.known.clear()
        return state

    def without_session(self, gap: str) -> SessionAssessment:
        """The assessment of no session; `gap` says why there is none."""
        return SessionAssessment(
            b"", LiveAssessment(None, [], 0), self.current(), self.policy, (gap,)
        )

    def assess(self, rows: np.ndarray, blob: bytes = b"") -> SessionAssessment:
        """Assess minutes, shape (minutes, 15), without caching."""
        night = self.current()
        policy = self.policy
        live = assess_live(rows, self.tonight, policy)
        gaps = {*self.model_gaps(), *([live.gap] if live.gap else [])}
        return SessionAssessment(blob, live, night, policy, tuple(sorted(gaps)))

    def model_gaps(self) -> list[str]:
        """Gaps of the live model in the night in force, whatever the session."""
        if self.tonight is None:
            return ["live_model_missing"]
        found = ["live_model_missing"] if self._live_model_lost() else []
        return [*found, "peers_missing"] if self.tonight.trees.peers is None else found

    def _live_model_lost(self) -> bool:
        """Whether the night has a live model of the platform's own, and the prior stands in."""
        own = self.state is not None and LIVE_MODEL in self.state.own_models
        return own and self.tonight is not None and self.tonight.is_prior

    def of_session(self, session: str, blob: bytes, received: int) -> SessionAssessment:
        """The assessment of a stored session, from the cache where its minutes are the same.

        Parameters
        ----------
        session, blob
            The session and its stored minutes.
        received
            Minutes that had been received before the store was asked; fewer are a loss.
        """
        self.current()
        found = self.known.get(session)
        if found is not None and found.blob == blob:
            return found
        try:
            rows = rows_from_blob(blob)
        except MinutesInvalid:
            return self.without_session("minutes_invalid")
        assessment = self.assess(rows, blob)
        if len(rows) < received:
            assessment = replace(assessment, gaps=(*assessment.gaps, "minutes_lost"))
        _remember(self.received, session, max(received, len(rows)), MAX_REMEMBERED_SESSIONS)
        _remember(self.known, session, assessment, MAX_CACHED_SESSIONS)
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
        effects: BoostEffects = NO_EFFECTS,
        streamers: tuple[str, ...] = (),
    ) -> CachedAnswer:
        """The answer on an operator and its running session, computed once for each state.

        `streamers` are those that the request names.
        """
        more, live, policy = assessment.gaps, assessment.live, assessment.policy
        if effects.cleared_session is not None:
            more, live = (*more, "session_cleared"), LiveAssessment(None, [], live.minutes)
        if not self.measures.state.is_intact:
            more = (*more, "measures_unverified")
        known = assessment.night.streamers
        if streamers and not known:
            more = (*more, "streamers_not_delivered")
        gaps = decision.gaps_of(assessment.night, policy, now, more)
        identity = assessment.night.identities.get(operator)
        state = "" if identity is None else identity.code(policy, now)
        named = {s: known.get(s, Identity(None)) for s in streamers} if known else {}
        states = [f"{s}:{named[s].codes(policy, now)}" for s in sorted(named)]
        key = (operator, state, *states, *gaps, *effects.key)
        found = assessment.answers.get(key)
        if found is None:
            night = night_with_effects(assessment.night, operator, effects, policy)
            body = decision.answer_body(operator, night, live, self.version, policy, gaps)
            credit = assessment.night.credit.get(operator)
            body = apply_scope(body, credit, identity, policy, now)
            body = apply_streamers(body, named, policy, now)
            body = apply_effects(body, effects, policy)
            found = CachedAnswer(body, msgspec.json.encode(body)[1:-1])
            assessment.answers[key] = found
        return found


def night_with_effects(
    night: PublishedNight, operator: str, effects: BoostEffects, policy: Policy
) -> PublishedNight:
    """A night as it bears on an operator after won appeals and measures that ended.

    A won appeal takes the night's accusation away, or what it says of one session. A tier that a
    measure raised falls back once no measure against the operator is in force.
    """
    record = night.operators.get(operator)
    if record is None:
        return night
    worst = record.worst_session
    if worst is not None and worst.session_id == effects.cleared_session:
        record = replace(record, worst_session=None)
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
            is_cleared=True,
        )
    elif (floored := record.why.get("measure_floor")) and not effects.measures:
        tier = floored["tier"]
        record = replace(record, tier=tier, measure=policy.measures.of(tier))
    elif record is night.operators[operator]:
        return night
    return replace(night, operators={operator: record})


def _remember(memory: OrderedDict[str, T], session: str, value: T, most: int) -> None:
    """Keep a value of a session, and forget the session that was kept longest ago."""
    memory[session] = value
    memory.move_to_end(session)
    if len(memory) > most:
        memory.popitem(last=False)
