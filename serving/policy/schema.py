"""Schema of the policy: one class per section of `policy.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from serving.policy.case_policy import AppealPolicy, ComplaintPolicy, FindingPolicy
from serving.policy.desk_policy import CasePolicy
from serving.policy.grading_policy import (
    CompliancePolicy,
    IdentityPolicy,
    InfluencePolicy,
    NetworkPolicy,
    PatrolPolicy,
)
from serving.policy.ladder import LawPolicy, ProportionalityPolicy, Step, ValidityPolicy
from serving.policy.legal_basis import Law
from serving.policy.notice_policy import ListingPolicy, NoticePolicy, ReminderPolicy
from serving.policy.retention_policy import RetentionPolicy
from serving.policy.service_policy import ServicePolicy


@dataclass(frozen=True)
class TierPolicy:
    """Bounds of the tiers, capacities of patrol and what an accusation needs."""

    review_precision: float
    C: float
    D: float
    capacity_B: float
    capacity_C: float
    capacity_D: float
    clean_nights: int
    cold_sessions: int
    cold_views: int
    cold_orders: int
    review_facts: int
    review_far: float
    review_deviance: float
    review_session: float
    accuse_session: float
    false_discovery: float
    accuse_by_agreement: bool = False


@dataclass(frozen=True)
class NightPolicy:
    """Limits of a night: its least rows, and the reasons, views and accounts that it publishes."""

    short_share: float
    explain_top: int
    explain_from: float
    reasons: int
    false_view: float
    account_share: float


@dataclass(frozen=True)
class BoostPolicy:
    """Bounds of the online boost check."""

    review: float
    reject: float
    stale_hours: float
    least_minutes: int
    valid_minutes: int
    not_entitled: str = "PASS"


@dataclass(frozen=True)
class AttributionPolicy:
    """Shares of ratings by which a beneficiary of suspicious orders is named, and how surely.

    `precision` 0 names every operator whose ratings praise, as policies before 2026.16 did.
    """

    least_rated: float
    third_party: float
    beneficiary: float
    precision: float = 0.0


@dataclass(frozen=True)
class FloorPolicy:
    """Mildest tier of an operator with a notice, by issuer."""

    days: int
    regulator: str
    platform: str
    elsewhere: str
    limiting_measure: str = "B"
    refusing_measure: str = "C"


@dataclass(frozen=True)
class MeasurePolicy:
    """Measure of each tier, and which measures need a person or two detectors."""

    A: str
    B: str
    C: str
    D: str
    days: int
    human_only: list[str]
    two_detectors: list[str]
    detector_risk: float
    detector_tail: float

    def of(self, tier: str) -> str:
        """The measure that a tier suggests."""
        return str(getattr(self, tier))


@dataclass(frozen=True)
class CreditPolicy:
    """Weights and half-lives of the credit score."""

    ratings: float
    complaints: float
    handling: float
    notices: float
    prior_ratings: float
    prior_orders: float
    complaint_half: float
    disposition_points: float
    notice_points: float
    half_life_days: float
    least_orders: int = 0


@dataclass(frozen=True)
class Entitlement:
    """A level of credit, the points from which it holds, and what it allows."""

    level: str
    least: float
    allows: tuple[str, ...]


@dataclass(frozen=True)
class AuditPolicy:
    """Size of the random audit, and bounds of drift."""

    sessions: int
    psi: float
    least: int


@dataclass(frozen=True)
class PromotionPolicy:
    """Criteria by which a challenger becomes champion.

    Policies before 2026.16 name no prices: attack costs are not judged by them. Those before
    2026.20 flag from 0.5 on.
    """

    gain: float
    worst_loss: float
    group_loss: float
    least_rows: int
    viewer_hour_price: float = float("nan")
    like_price: float = float("nan")
    order_price: float = float("nan")
    flag_probability: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a probability by which no row, or every row, is flagged. Raises ValueError."""
        if not 0 < self.flag_probability < 1:
            raise ValueError("[promotion]: flag_probability is above 0 and below 1")


@dataclass(frozen=True)
class Policy:
    """The policy in force. `version` names it; `sha256` is the digest of the file."""

    version: str
    sha256: str
    tiers: TierPolicy
    night: NightPolicy
    boost: BoostPolicy
    attribution: AttributionPolicy
    influence: InfluencePolicy
    floors: FloorPolicy
    measures: MeasurePolicy
    ladder: tuple[Step, ...]
    credit: CreditPolicy
    entitlements: tuple[Entitlement, ...]
    findings: FindingPolicy
    retention: RetentionPolicy
    audit: AuditPolicy
    promotion: PromotionPolicy
    service: ServicePolicy
    appeal: AppealPolicy
    complaints: ComplaintPolicy
    cases: CasePolicy
    text: str
    proportionality: ProportionalityPolicy
    law: LawPolicy
    validity: ValidityPolicy
    compliance: CompliancePolicy
    patrol: PatrolPolicy
    identity: IdentityPolicy
    mcn: NetworkPolicy
    notices: NoticePolicy
    reminders: ReminderPolicy
    listings: ListingPolicy
    rules: Law

    @property
    def appeal_route(self) -> str:
        """The route of an operator's appeal, in English."""
        return self.appeal.route

    @property
    def appeal_route_zh(self) -> str:
        """The route of an operator's appeal, in Chinese."""
        return self.appeal.route_zh

    @property
    def appeal_days(self) -> int:
        """Days within which an appeal is to be decided."""
        return self.appeal.days

    @property
    def appeal_open_days(self) -> int:
        """Days for which an appeal may be opened."""
        return self.appeal.open_days or self.appeal.days

    def step(self, code: str) -> int:
        """Place of a measure on the ladder, from 1; 0 for `none`."""
        return 0 if code == "none" else [s.code for s in self.ladder].index(code) + 1

    def ladder_step(self, code: str) -> Step:
        """The step of a code. Raises ValueError for one that is not on the ladder."""
        return self.ladder[self.step(code) - 1]

    def severity(self, code: str) -> float:
        """Weight of a measure; its place on the ladder where the policy names no other."""
        weight = self.ladder_step(code).severity
        return float(self.step(code)) if weight is None else weight

    def cite(self, kind: str, name: str, on: date) -> str:
        """Articles in force on a date for a `measure`, `typology` or `duty`, in one line."""
        return self.rules.cite(kind, name, on, self.law.cite_unverified)
