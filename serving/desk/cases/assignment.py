"""Assignment of new cases: the first rule that fits names persons, who get cases in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from serving.desk.cases.case_state import CLOSED, OPERATOR
from serving.desk.desk import Desk
from serving.desk.store.tables.case_lists import AssignmentRuleRow, CapacityRow
from serving.desk.store.tables.cases import CaseRow

EVERY = "every"
RULE_COLUMNS = ("tier", "typology", "mcn_id", "region", "category", "kind", EVERY)


@dataclass
class Assigner:
    """Gives new cases to persons by the rules, within their capacity of a day.

    `load` counts the open cases of each person; the person with the fewest is next.
    """

    rules: Sequence[AssignmentRuleRow]
    load: Counter[str]
    capacity: Mapping[str, int]
    default_minutes: int
    minutes_per_case: float

    @classmethod
    def of(cls, session: Session, desk: Desk) -> Assigner:
        """The assigner of a desk as it stands."""
        rules = session.scalars(select(AssignmentRuleRow).order_by(AssignmentRuleRow.place)).all()
        query = (
            select(CaseRow.assignee, func.count())
            .where(CaseRow.status != CLOSED, CaseRow.assignee.is_not(None))
            .group_by(CaseRow.assignee)
        )
        load = Counter({str(person): int(n) for person, n in session.execute(query)})
        capacity = {c.person: c.minutes for c in session.scalars(select(CapacityRow))}
        policy = desk.policy.cases
        return cls(rules, load, capacity, policy.person_minutes, policy.minutes)

    def person_for(self, kind: str, night_row: Mapping[str, Any]) -> str | None:
        """The person who gets a case; None where no rule fits or all are at capacity."""
        for rule in self.rules:
            if not _fits(rule, kind, night_row):
                continue
            persons = [p for p in rule.persons.split("\n") if self._has_room(p)]
            if persons:
                person = min(persons, key=lambda p: (self.load[p], p))
                self.load[person] += 1
                return person
        return None

    def _has_room(self, person: str) -> bool:
        minutes = self.capacity.get(person, self.default_minutes)
        return (self.load[person] + 1) * self.minutes_per_case <= minutes


def _fits(rule: AssignmentRuleRow, kind: str, night_row: Mapping[str, Any]) -> bool:
    """Whether a rule fits a case. No rule on the tier fits a session: its tier is not shown."""
    if rule.column == EVERY:
        return True
    if rule.column == "kind":
        return rule.value == kind
    if rule.column == "tier" and kind != OPERATOR:
        return False
    return str(night_row.get(rule.column) or "") == rule.value
