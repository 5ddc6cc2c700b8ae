"""Policy of grading: influence, compliance, grounds of patrol, identity, and networks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InfluencePolicy:
    """Weights of the components of influence, and the share of key operators."""

    key_share: float
    visits: float
    marketing: float
    other: float
    credit: float = 0.0
    compliance: float = 0.0
    goods: float = 0.0


@dataclass(frozen=True)
class CompliancePolicy:
    """Points that a compliance record loses besides those of measures and regulators' notices.

    Attributes
    ----------
    verified_complaint_points, platform_notice_points
        Points of one complaint that was upheld, and of one notice of a platform.
    repaired_share
        Share of its points that a measure keeps once it was lifted because it was mended.
    """

    verified_complaint_points: float = 4.0
    platform_notice_points: float = 15.0
    repaired_share: float = 0.5


@dataclass(frozen=True)
class PatrolPolicy:
    """Grounds of real-time patrol (Order 117 Art. 11).

    Attributes
    ----------
    life_and_health
        Categories of goods that concern life and health.
    violations
        Violations within the days of repetition that are repeated ones.
    """

    life_and_health: tuple[str, ...] = ()
    violations: int = 2


@dataclass(frozen=True)
class IdentityPolicy:
    """Renewal of verified identities (Order 117 Art. 8).

    Attributes
    ----------
    renewal_days
        Days after which a verification is overdue.
    overdue
        Level of a boost whose operator or streamer is overdue: PASS, REVIEW or REJECT.
    under_age
        Level where a streamer is under sixteen, or under eighteen without a guardian's consent.
    not_labelled
        Level where a figure made by artificial intelligence is not labelled.
    """

    renewal_days: int = 183
    overdue: str = "PASS"
    under_age: str = "PASS"
    not_labelled: str = "PASS"


@dataclass(frozen=True)
class NetworkPolicy:
    """Grades of networks (MCN Rules 10).

    Attributes
    ----------
    compliance, credit
        Weights of the mean compliance and credit of its accounts.
    a, b, c
        Points from which the grade is A, B or C; below c it is D.
    large_share
        Share of networks, the largest by accounts and follows, that are graded a step stricter
        unless they are in A.
    """

    compliance: float = 0.6
    credit: float = 0.4
    a: float = 90.0
    b: float = 75.0
    c: float = 60.0
    large_share: float = 0.1
