"""Appeals as the inbox lists them: the clock, what a verdict would do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from data_contracts.lake import Lake
from serving.oversight.appeals.appeal_decisions import VERDICTS, Accusation, accusation_of
from serving.oversight.appeals.appeal_record import Appeal, list_appeals
from serving.oversight.measures.state import WON
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.signed_acts import acts_of
from serving.policy.schema import Policy

OPEN, LATE, DECIDED = "open", "late", "decided"
SOON_DAYS = 3  # an appeal that is due within these days is marked


@dataclass(frozen=True)
class AppealLine:
    """An appeal in the list, with its clock: time left, negative once it is late."""

    appeal: Appeal
    status: str
    left: timedelta

    @property
    def is_soon(self) -> bool:
        """Whether it is open and due within days."""
        return self.status == OPEN and self.left <= timedelta(days=SOON_DAYS)


@dataclass(frozen=True)
class Consequences:
    """Consequences of a verdict.

    Attributes
    ----------
    measure_id
        The measure that is lifted; None where there is none, or it stands.
    label
        Verdict of the labels: cleared or confirmed.
    entities
        Kind and id of the sessions and orders that get a label.
    failed_reasons
        Signals that failed, counted in the next model card.
    labels_from, label_weight
        When the labels count, and how much.
    """

    measure_id: str | None = None
    label: str = ""
    entities: list[tuple[str, str]] = field(default_factory=list)
    failed_reasons: list[str] = field(default_factory=list)
    labels_from: datetime | None = None
    label_weight: float = 1.0


def appeal_lines(lake: Lake, now: datetime) -> list[AppealLine]:
    """All appeals: open ones first, the earliest due first; then decided ones, the last first."""
    lines = [_line(a, now) for a in list_appeals(lake, now)]
    waiting = [x for x in lines if x.status != DECIDED]
    decided = [x for x in lines if x.status == DECIDED]
    return [
        *sorted(waiting, key=lambda x: x.appeal.due_at),
        *sorted(decided, key=lambda x: x.appeal.decided_at or "", reverse=True),
    ]


def find_appeal(lake: Lake, appeal_id: str, now: datetime) -> AppealLine | None:
    """One appeal with its clock."""
    found = next((a for a in list_appeals(lake, now) if a.appeal_id == appeal_id), None)
    return None if found is None else _line(found, now)


def expected_consequences(
    lake: Lake, appeal: Appeal, now: datetime, policy: Policy
) -> Consequences:
    """Consequences of the appeal, if it is won now."""
    accusation: Accusation = accusation_of(lake, appeal)
    return Consequences(
        appeal.measure_id,
        VERDICTS[WON],
        list(accusation.entities),
        list(accusation.reasons),
        now + timedelta(days=policy.appeal.label_delay_days),
        policy.appeal.label_weight,
    )


def recorded_consequences(lake: Lake, appeal: Appeal) -> Consequences | None:
    """Consequences of a decided appeal, by the record; None while it is open."""
    lines = (r for r in acts_of(lake, lake.appeals) if r["appeal_id"] == appeal.appeal_id)
    decided = next((r for r in lines if r["event"] == "decided"), None)
    if decided is None:
        return None
    counted = decided.get("labels_from")
    return Consequences(
        appeal.measure_id if decided["verdict"] == WON else None,
        VERDICTS[decided["verdict"]],
        [(str(kind), str(entity)) for kind, entity in decided.get("entities", [])],
        list(decided.get("failed_reasons", [])),
        None if counted is None else datetime.fromisoformat(counted),
        float(decided.get("label_weight", 1.0)),
    )


def may_decide(lake: Lake, appeal: Appeal, name: str) -> bool:
    """Whether a person neither opened an appeal nor took or approved the measure."""
    if appeal.opened_by == name:
        return False
    if appeal.measure_id is None:
        return True
    record = read_measures(lake).measures[appeal.measure_id].record
    return name not in (record["by"], record["approver"])


def _line(appeal: Appeal, now: datetime) -> AppealLine:
    left = datetime.fromisoformat(appeal.due_at) - now
    if appeal.verdict is not None:
        return AppealLine(appeal, DECIDED, left)
    return AppealLine(appeal, LATE if left < timedelta() else OPEN, left)
