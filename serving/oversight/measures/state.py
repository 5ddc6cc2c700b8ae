"""The state of measures at a moment, computed from the chained records of measures and appeals.

A measure is in force from its taking until it expires, is lifted (by its outcome or a won appeal),
or is undone. An undone measure was never taken, for every consequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from serving.policy.schema import Policy

PROPOSED, IN_FORCE, EXPIRED = "proposed", "in_force", "expired"
LIFTED, UNDONE = "lifted", "undone"
STATUSES = (PROPOSED, IN_FORCE, EXPIRED, LIFTED, UNDONE)
OPERATOR, STREAMER, MCN = "operator", "streamer", "mcn"
SUBJECT_KINDS = (OPERATOR, STREAMER, MCN)
WON = "error"  # the verdict of an appeal that finds a false accusation


@dataclass(frozen=True)
class Ending:
    """An act that ends a measure: lifted or undone, when, by whom and why.

    `found_wrong`: a won appeal lifted it.
    """

    status: str
    at: datetime
    by: str
    reason: str
    found_wrong: bool = False


@dataclass(frozen=True)
class Measure:
    """A measure that people took, with what ended it.

    `endings` are those that the record holds, oldest first. `record` is its line.
    """

    measure_id: str
    subject_kind: str
    subject_id: str
    code: str
    article: str
    taken_at: datetime
    effective_to: datetime
    by: str
    endings: tuple[Ending, ...] = ()
    record: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def status(self, at: datetime) -> str:
        """Status at a moment: `proposed` before it was taken, then one of `STATUSES`."""
        if at < self.taken_at:
            return PROPOSED
        ended = {e.status for e in self.endings if e.at <= at and self._counts(e)}
        if ended:
            return UNDONE if UNDONE in ended else LIFTED
        return EXPIRED if at >= self.effective_to else IN_FORCE

    def _counts(self, ending: Ending) -> bool:
        """Whether an ending changes anything: what has expired cannot be lifted as mended."""
        is_mend = ending.status == LIFTED and not ending.found_wrong
        return not is_mend or ending.at < self.effective_to

    def ended_at(self) -> datetime:
        """The moment from which it is no longer in force."""
        return min([self.effective_to, *(e.at for e in self.endings)])


@dataclass(frozen=True, order=True)
class WonAppeal:
    """An appeal that was won: when, and the moment up to which evidence was found wrong."""

    at: datetime
    evidence_until: datetime
    appeal_id: str = ""


@dataclass(frozen=True)
class MeasureState:
    """All measures that people took, and the appeals that were won.

    Attributes
    ----------
    measures
        By id, oldest first.
    won_appeals
        Operator → its appeals that were won, oldest first.
    cleared_sessions
        Operator and session → appeals against answers about them that were won, oldest first.
    is_intact
        Whether the records of both follow from their first line and every act in them counts.
    pending
        Measures and undoings that another person has yet to approve, by id.
    """

    measures: dict[str, Measure] = field(default_factory=dict)
    won_appeals: dict[str, tuple[WonAppeal, ...]] = field(default_factory=dict)
    cleared_sessions: dict[tuple[str, str], tuple[WonAppeal, ...]] = field(default_factory=dict)
    is_intact: bool = True
    pending: dict[str, dict[str, Any]] = field(default_factory=dict)

    def in_force(self, at: datetime) -> list[Measure]:
        """Measures in force at a moment, oldest first."""
        return [m for m in self.measures.values() if m.status(at) == IN_FORCE]

    @cached_property
    def by_subject(self) -> dict[tuple[str, str], list[Measure]]:
        """Measures by subject (kind, id), oldest first."""
        found: dict[tuple[str, str], list[Measure]] = {}
        for m in self.measures.values():
            found.setdefault((m.subject_kind, m.subject_id), []).append(m)
        return found

    def against(self, subjects: Iterable[tuple[str, str]], at: datetime) -> list[Measure]:
        """Measures in force at a moment against any of some subjects (kind, id)."""
        found = (m for s in subjects for m in self.by_subject.get(s, ()))
        return [m for m in found if m.status(at) == IN_FORCE]

    def standing(self, at: datetime) -> list[Measure]:
        """Measures that count as compliance: taken by then, and neither undone nor failed.

        One that expired, or was lifted because it was mended, was still right.
        """
        return [m for m in self.measures.values() if m.taken_at <= at and _was_right(m, at)]

    def clears(self, operator: str, night_as_of: datetime, at: datetime) -> bool:
        """Whether an appeal of an operator was won since a night, and by a moment."""
        return any(night_as_of <= won.at <= at for won in self.won_appeals.get(operator, ()))

    def clears_session(self, operator: str, session: str | None, at: datetime) -> bool:
        """Whether an appeal against an answer about an operator's session was won by a moment."""
        won = self.cleared_sessions.get((operator, session or ""), ())
        return any(w.at <= at for w in won)

    def cleared(self, at: datetime, days: int) -> dict[str, WonAppeal]:
        """Latest won appeal of each operator that won one in some days before a moment."""
        latest = {
            operator: max(w for w in won if w.at <= at)
            for operator, won in self.won_appeals.items()
            if any(w.at <= at for w in won)
        }
        return {k: w for k, w in latest.items() if at < w.at + timedelta(days=days)}

    def floors(self, at: datetime, policy: Policy) -> dict[str, str]:
        """Mildest tier of each operator with a measure in force that touches boosts."""
        tiers: dict[str, str] = {}
        for m in self.in_force(at):
            effect = boost_effect(m.code, policy)
            if m.subject_kind == OPERATOR and effect != "none":
                floor = (
                    policy.floors.refusing_measure
                    if effect == "refuse"
                    else policy.floors.limiting_measure
                )
                tiers[m.subject_id] = max(floor, tiers.get(m.subject_id, "A"))
        return tiers

    def digest(self) -> str:
        """Text that changes with every measure, ending and won appeal; empty without any."""
        parts = [(m.measure_id, m.endings) for m in self.measures.values()]
        won = sorted(self.won_appeals.items())
        return f"{parts}{won}" if parts or won else ""


def boost_effect(code: str, policy: Policy) -> str:
    """The effect of a code on a boost: none, review or refuse; none for one that is not known."""
    return next((s.boost for s in policy.ladder if s.code == code), "none")


def _was_right(m: Measure, at: datetime) -> bool:
    return not any(e.at <= at and (e.status == UNDONE or e.found_wrong) for e in m.endings)
