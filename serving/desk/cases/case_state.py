"""The state of a case: a pure fold over the lines of the record that are about it.

An act that was taken back is left out of the fold, so that the state is what it would be without
it. The record keeps both lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

Line = dict[str, Any]

OPENED, CLAIMED, RELEASED, HANDED, ASSIGNED = "opened", "claimed", "released", "handed", "assigned"
SNOOZED, WOKEN, LABELLED, UNLABELLED = "snoozed", "woken", "labelled", "unlabelled"
NOTED, ATTACHED, DECIDED, UNDONE = "noted", "attached", "decided", "undone"
MEASURE_PROPOSED, MEASURE_APPROVED = "measure_proposed", "measure_approved"
WATCHED, UNWATCHED = "watched", "unwatched"
FILTER_SAVED, FILTER_REMOVED = "filter_saved", "filter_removed"
RULE_SET, RULE_REMOVED, CAPACITY_SET = "rule_set", "rule_removed", "capacity_set"
LIST_ACTS: tuple[str, ...] = (WATCHED, UNWATCHED, FILTER_SAVED, FILTER_REMOVED)
LIST_ACTS += (RULE_SET, RULE_REMOVED, CAPACITY_SET)
MAX_SITTING_MINUTES = 120.0  # a claim that lasts longer was not worked on all the time
OPEN, IN_WORK, CLOSED = "open", "claimed", "decided"
OPERATOR, SESSION = "operator", "session"
PATROL, AUDIT, GOLDEN = "patrol", "random_audit", "golden"


@dataclass(frozen=True)
class CaseLine:
    """A line of the record as one case sees it: its number, its body, and the case's own entry."""

    number: int
    body: Line
    entry: Line | None = None

    @property
    def at(self) -> datetime:
        """The moment of the act, naive UTC."""
        return datetime.fromisoformat(self.body["at"])


@dataclass(frozen=True)
class Note:
    """A note on a case; `number` is its line."""

    number: int
    by: str
    at: datetime
    text: str
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attachment:
    """A file attached to a case."""

    number: int
    by: str
    at: datetime
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class CaseState:
    """A case after its acts; the attributes are those of `CaseRow`, moments in naive UTC."""

    case_id: str
    kind: str
    subject_id: str
    operator_id: str
    origin: str
    opened_night: str
    opened_at: datetime
    due_at: datetime
    known_verdict: str | None = None
    known_typology: str | None = None
    blind_weight: float | None = None
    status: str = OPEN
    holder: str | None = None
    claimed_at: datetime | None = None
    assignee: str | None = None
    snoozed_until: datetime | None = None
    labels: tuple[tuple[str, datetime | None], ...] = ()
    notes: tuple[Note, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    decision: Line | None = None
    decided_at: datetime | None = None
    measure_ids: tuple[str, ...] = ()
    minutes: float = 0.0
    version: int = 0


def undone_acts(lines: Iterable[CaseLine]) -> set[str]:
    """Acts that were taken back, and whose taking back was not taken back itself."""
    undone: set[str] = set()
    for line in reversed(list(lines)):
        if line.body["act"] == UNDONE and line.body["act_id"] not in undone:
            undone.update(line.body["undo_of"])
    return undone


def effective_lines(lines: Iterable[CaseLine]) -> list[CaseLine]:
    """Lines without acts that were taken back, and without the taking back."""
    every = list(lines)
    undone = undone_acts(every)
    return [n for n in every if n.body["act"] != UNDONE and n.body["act_id"] not in undone]


def fold(lines: Iterable[CaseLine]) -> CaseState:
    """The state of a case from its lines, oldest first. The first opens it."""
    every = list(lines)
    effective = effective_lines(every)
    state = _opened(effective[0])
    for line in effective[1:]:
        step = STEPS.get(line.body["act"])
        state = state if step is None else step(state, line)
    return replace(state, version=every[-1].number)


def _opened(line: CaseLine) -> CaseState:
    e = line.entry or {}
    return CaseState(
        case_id=e["case_id"],
        kind=e["kind"],
        subject_id=e["subject_id"],
        operator_id=e["operator_id"],
        origin=e["origin"],
        opened_night=line.body["night"],
        opened_at=line.at,
        due_at=datetime.fromisoformat(e["due_at"]),
        known_verdict=e.get("known_verdict"),
        known_typology=e.get("known_typology"),
        blind_weight=e.get("blind_weight"),
        assignee=e.get("assignee"),
    )


def _claimed(state: CaseState, line: CaseLine) -> CaseState:
    return replace(
        _let_go(state, line.at),
        status=IN_WORK,
        holder=line.body["by"],
        claimed_at=line.at,
        snoozed_until=None,
    )


def _let_go(state: CaseState, at: datetime) -> CaseState:
    """The case without a holder; the time since the claim counts as work."""
    if state.claimed_at is None:
        return state
    spent = (at - state.claimed_at).total_seconds() / 60
    minutes = state.minutes + min(max(0.0, spent), MAX_SITTING_MINUTES)
    status = OPEN if state.status == IN_WORK else state.status
    return replace(state, status=status, holder=None, claimed_at=None, minutes=minutes)


def _released(state: CaseState, line: CaseLine) -> CaseState:
    return _let_go(state, line.at)


def _handed(state: CaseState, line: CaseLine) -> CaseState:
    return replace(_let_go(state, line.at), assignee=line.body["to"])


def _assigned(state: CaseState, line: CaseLine) -> CaseState:
    to = (line.entry or line.body)["to"]
    return replace(
        _let_go(state, line.at) if state.holder not in (None, to) else state, assignee=to
    )


def _snoozed(state: CaseState, line: CaseLine) -> CaseState:
    until = datetime.fromisoformat(line.body["until"])
    return replace(_let_go(state, line.at), snoozed_until=until)


def _woken(state: CaseState, _line: CaseLine) -> CaseState:
    return replace(state, snoozed_until=None)


def _labelled(state: CaseState, line: CaseLine) -> CaseState:
    until = line.body.get("until")
    kept = tuple(x for x in state.labels if x[0] != line.body["label"])
    added = (line.body["label"], datetime.fromisoformat(until) if until else None)
    return replace(state, labels=(*kept, added))


def _unlabelled(state: CaseState, line: CaseLine) -> CaseState:
    return replace(state, labels=tuple(x for x in state.labels if x[0] != line.body["label"]))


def _noted(state: CaseState, line: CaseLine) -> CaseState:
    b = line.body
    note = Note(line.number, b["by"], line.at, b["text"], tuple(b.get("mentions", ())))
    return replace(state, notes=(*state.notes, note))


def _attached(state: CaseState, line: CaseLine) -> CaseState:
    b = line.body
    kept = tuple(a for a in state.attachments if a.sha256 != b["digest"])
    made = Attachment(line.number, b["by"], line.at, b["name"], b["size"], b["digest"])
    return replace(state, attachments=(*kept, made))


def _decided(state: CaseState, line: CaseLine) -> CaseState:
    let_go = _let_go(state, line.at)
    own = {k: v for k, v in line.body.items() if k not in ("cases", "signed", "entries")}
    return replace(
        let_go,
        status=CLOSED,
        snoozed_until=None,
        decision=own | (line.entry or {}),
        decided_at=line.at,
    )


def _measure(state: CaseState, line: CaseLine) -> CaseState:
    found = (line.entry or line.body)["measure_id"]
    return replace(state, measure_ids=tuple(dict.fromkeys((*state.measure_ids, found))))


STEPS: dict[str, Callable[[CaseState, CaseLine], CaseState]] = {
    CLAIMED: _claimed,
    RELEASED: _released,
    HANDED: _handed,
    ASSIGNED: _assigned,
    SNOOZED: _snoozed,
    WOKEN: _woken,
    LABELLED: _labelled,
    UNLABELLED: _unlabelled,
    NOTED: _noted,
    ATTACHED: _attached,
    DECIDED: _decided,
    MEASURE_PROPOSED: _measure,
    MEASURE_APPROVED: _measure,
}
