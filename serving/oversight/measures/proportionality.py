"""Proportionality: the range of measures that facts, repetition and harm allow.

Order 117 Art. 12 ¶1 asks for a kind and degree that fit facts, nature, circumstances and harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from serving.oversight.measures.state import MeasureState
from serving.policy.schema import Policy

POINTS_OF_TIER = {"A": 0, "B": 0, "C": 1, "D": 2}
MIN_DETECTORS_FOR_FACTS = 2
MAX_REPETITION_POINTS = 2


@dataclass(frozen=True)
class Circumstances:
    """The grounds that a measure has to fit.

    Attributes
    ----------
    tier
        Tier of the subject's last decision; None for a streamer or a network.
    detectors
        Detectors that find the subject.
    expected_harm
        Risk times influence; None is unknown.
    earlier
        Measures against it that stand, within the days of the policy.
    """

    tier: str | None
    detectors: int
    expected_harm: float | None
    earlier: int


@dataclass(frozen=True)
class Proportion:
    """Codes that are allowed, mildest first, and the points that they follow from."""

    allowed: tuple[str, ...]
    fact_points: int
    repetition_points: int
    harm_points: int

    def record(self, code: str) -> dict[str, Any]:
        """The fields of the check that the record of a measure keeps."""
        return {
            "facts": self.fact_points,
            "repetition": self.repetition_points,
            "harm": self.harm_points,
            "strictest": self.allowed[-1],
            "within": code in self.allowed,
        }


def proportion(circumstances: Circumstances, policy: Policy) -> Proportion:
    """The range of codes that some circumstances allow.

    The strictest code follows from the sum of points: facts 0 to 2, repetition 0 to 2, harm 0 or 1.
    A code of the same severity as the strictest is allowed as well.
    """
    c, bounds = circumstances, policy.proportionality
    fact_points = max(
        POINTS_OF_TIER[c.tier or "A"], 2 if c.detectors >= MIN_DETECTORS_FOR_FACTS else 0
    )
    repetition = min(c.earlier, MAX_REPETITION_POINTS)
    harm = int(c.expected_harm is not None and c.expected_harm >= bounds.grave_harm)
    points = min(fact_points + repetition + harm, len(bounds.strictest) - 1)
    most = policy.severity(bounds.strictest[points])
    allowed = tuple(s.code for s in policy.ladder if policy.severity(s.code) <= most)
    return Proportion(allowed, fact_points, repetition, harm)


def earlier_measures(
    state: MeasureState, kind: str, subject: str, now: datetime, policy: Policy
) -> int:
    """Number of measures against a subject that count as repetition at a moment."""
    since = now - timedelta(days=policy.proportionality.repetition_days)
    return sum(
        (m.subject_kind, m.subject_id) == (kind, subject) and m.taken_at >= since
        for m in state.standing(now)
    )
