"""Schema of the policy's section on cases of the desk."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CasePolicy:
    """Due dates of cases, their work in minutes, and the share of cases that check the desk.

    Attributes
    ----------
    days_of
        Days within which a case is due, by the tier that it was opened in; sessions have B's.
    rest_days
        Days after a decision for which the same operator gets no new case, unless its tier is
        stricter than it was then.
    golden_share
        Share of new cases whose verdict is known already, mixed in blindly.
    minutes
        Person-minutes of a case until enough were measured.
    person_minutes
        Minutes a day of a person for whom no other number was set.
    claim_hours
        Hours after its last act at which a claim lapses.
    attachment_megabytes
        Largest attachment.
    label_delay_days
        Days after which a disposition becomes a label: until then it may be taken back.
    """

    days_of: dict[str, int] = field(default_factory=lambda: {"B": 7, "C": 3, "D": 1})
    rest_days: int = 14
    golden_share: float = 0.05
    minutes: float = 15.0
    person_minutes: int = 240
    claim_hours: int = 48
    attachment_megabytes: int = 9
    label_delay_days: int = 7

    def due_days(self, tier: str) -> int:
        """Days within which a case that is opened in a tier is due."""
        return self.days_of.get(tier, max(self.days_of.values()))
