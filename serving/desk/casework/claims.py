"""Claims: who works on a case, and who gets it next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from serving.desk.cases.case_record import Act, perform
from serving.desk.cases.case_state import (
    ASSIGNED,
    CLAIMED,
    CLOSED,
    HANDED,
    RELEASED,
    SNOOZED,
    WOKEN,
    CaseState,
    Line,
)
from serving.desk.cases.refusals import CaseRefused
from serving.desk.desk import Desk
from serving.oversight.people.signers import Author, author_name

MAX_SNOOZE_DAYS = 30
States = Mapping[str, CaseState]


@dataclass(frozen=True)
class Chosen:
    """Cases that a person acts on: which versions of which, by whom, by which key of a form."""

    cases: Sequence[str]
    author: Author
    versions: Mapping[str, int] = field(default_factory=dict)
    once: str = ""

    @property
    def person(self) -> str:
        """Name of the person."""
        return author_name(self.author)


def holder_of(state: CaseState, desk: Desk) -> str | None:
    """The person who holds a case now; a claim lapses some hours after it was made."""
    if state.holder is None or state.claimed_at is None:
        return None
    lapses = state.claimed_at + timedelta(hours=desk.policy.cases.claim_hours)
    return state.holder if desk.naive_now() < lapses else None


def claim(desk: Desk, chosen: Chosen) -> Line:
    """Claim cases: nobody else works on them then. Raises CaseRefused."""

    def guard(states: States) -> None:
        require_open(states)
        _require_not_held_by_another(states, desk, chosen.person)

    return perform(desk, _act(CLAIMED, chosen), guard)


def release(desk: Desk, chosen: Chosen) -> Line:
    """Give claimed cases back to the queue. Raises CaseRefused."""
    return perform(desk, _act(RELEASED, chosen), lambda s: require_held(s, desk, chosen.person))


def hand_over(desk: Desk, chosen: Chosen, to: str, reason: str) -> Line:
    """Hand claimed cases to another person, with words for them. Raises CaseRefused."""
    _require_person(to)
    act = _act(HANDED, chosen, {"to": to, "reason": reason})
    return perform(desk, act, lambda s: require_held(s, desk, chosen.person))


def assign(desk: Desk, chosen: Chosen, to: str) -> Line:
    """Assign cases to a person as a lead; a claim of another person ends. Raises CaseRefused."""
    _require_person(to)
    return perform(desk, _act(ASSIGNED, chosen, {"to": to}), require_open)


def snooze(desk: Desk, chosen: Chosen, until: datetime, reason: str) -> Line:
    """Put cases out of the queue until a moment (naive UTC). Raises CaseRefused."""
    now = desk.naive_now()
    if not now < until <= now + timedelta(days=MAX_SNOOZE_DAYS):
        raise CaseRefused("cases.refused.snooze_range", days=MAX_SNOOZE_DAYS)
    if not reason.strip():
        raise CaseRefused("cases.refused.no_reason")

    def guard(states: States) -> None:
        require_open(states)
        _require_not_held_by_another(states, desk, chosen.person)

    body = {"until": until.isoformat(timespec="seconds"), "reason": reason}
    return perform(desk, _act(SNOOZED, chosen, body), guard)


def wake(desk: Desk, chosen: Chosen) -> Line:
    """Bring snoozed cases back before their time. Raises CaseRefused."""
    return perform(desk, _act(WOKEN, chosen), require_open)


def require_open(states: States) -> None:
    """Require that no case is decided. Raises CaseRefused."""
    for s in states.values():
        if s.status == CLOSED:
            by = (s.decision or {}).get("by", "")
            raise CaseRefused("cases.refused.decided", case=s.case_id, by=by, at=s.decided_at)


def require_held(states: States, desk: Desk, person: str) -> None:
    """Require that a person holds all cases. Raises CaseRefused."""
    require_open(states)
    _require_not_held_by_another(states, desk, person)
    for s in states.values():
        if holder_of(s, desk) != person:
            raise CaseRefused("cases.refused.not_claimed", case=s.case_id)


def _require_not_held_by_another(states: States, desk: Desk, person: str) -> None:
    for s in states.values():
        holder = holder_of(s, desk)
        if holder not in (None, person):
            raise CaseRefused("cases.refused.held", case=s.case_id, by=holder, at=s.claimed_at)


def _require_person(name: str) -> None:
    if not name.strip():
        raise CaseRefused("cases.refused.no_person")


def _act(kind: str, chosen: Chosen, body: Mapping[str, object] | None = None) -> Act:
    return Act(
        kind,
        chosen.author,
        chosen.cases,
        body or {},
        versions=chosen.versions,
        once=chosen.once,
    )
