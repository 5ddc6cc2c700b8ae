"""Schema of the policy's sections on appeals, complaints and findings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AppealPolicy:
    """Route and times of appeals, and what a verdict on one is worth as a label.

    `cleared_days`: days for which evidence of before a won appeal accuses nobody; the window of an
    operator's evidence. `human_days`: 0 takes `days`.
    """

    route: str
    route_zh: str
    days: int
    open_days: int = 0
    human_days: int = 0
    cleared_days: int = 28
    label_delay_days: int = 7
    label_weight: float = 1.0


@dataclass(frozen=True)
class ComplaintPolicy:
    """Days within which complaints are due, and when a complainant abuses them.

    `days_of`: days of some kinds; others have `days`.
    """

    days: int = 7
    days_of: dict[str, int] = field(default_factory=dict)
    least_decided: int = 5
    p_value: float = 0.01

    def due_days(self, kind: str) -> int:
        """Days within which a complaint of a kind is to be decided."""
        return self.days_of.get(kind, self.days)


@dataclass(frozen=True)
class FindingPolicy:
    """Bounds of the findings on reviews, on known risk and on successors.

    `barring_codes`: measures after which a new account is an evasion.
    """

    bad_stars: int
    least_bad: int
    p_value: float
    known_days: int
    successor_p_value: float = 0.001
    barring_codes: tuple[str, ...] = (
        "close_account",
        "cancel_account",
        "bar_reregistration",
        "blacklist",
    )
