"""The policy in force: `policy.toml`, read whole and refused when a key is missing or unknown."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from data_contracts.errors import SteelyardError


class BadPolicy(SteelyardError):
    """The policy file is not one that can be followed."""

    exit_code = 7


@dataclass(frozen=True)
class TierPolicy:
    B: float
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
    review_honest: float
    false_discovery: float


@dataclass(frozen=True)
class NightPolicy:
    short_share: float
    explain_top: int
    explain_from: float
    reasons: int


@dataclass(frozen=True)
class BoostPolicy:
    review: float
    reject: float
    stale_hours: float
    least_minutes: int
    valid_minutes: int


@dataclass(frozen=True)
class AttributionPolicy:
    least_rated: float
    third_party: float
    beneficiary: float


@dataclass(frozen=True)
class InfluencePolicy:
    key_share: float
    visits: float
    marketing: float
    other: float


@dataclass(frozen=True)
class FloorPolicy:
    days: int
    regulator: str
    platform: str
    elsewhere: str


@dataclass(frozen=True)
class MeasurePolicy:
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
class Step:
    """One step of the ladder of measures."""

    code: str
    article: str
    zh: str
    en: str


@dataclass(frozen=True)
class CreditPolicy:
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


@dataclass(frozen=True)
class Entitlement:
    """A level of credit: from how many points, and what it allows."""

    level: str
    least: float
    allows: tuple[str, ...]


@dataclass(frozen=True)
class FindingPolicy:
    bad_stars: int
    least_bad: int
    p_value: float
    known_days: int


@dataclass(frozen=True)
class RetentionPolicy:
    live_content: int
    trade: int
    record: int
    key_operator_live_content: int
    tables: dict[str, str]

    def days(self, table: str) -> int:
        """Days for which a table's rows are kept at least."""
        return int(getattr(self, self.tables[table]))


@dataclass(frozen=True)
class AuditPolicy:
    sessions: int
    psi: float
    least: int


@dataclass(frozen=True)
class PromotionPolicy:
    gain: float
    worst_loss: float
    group_loss: float
    least_rows: int


@dataclass(frozen=True)
class Policy:
    """What supervisors decided. `version` names it in every output; `sha256` is the digest of the file."""

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
    appeal_route: str
    appeal_route_zh: str
    appeal_days: int
    text: str

    def step(self, code: str) -> int:
        """Place of a code on the ladder, from 1; 0 for none."""
        return 0 if code == "none" else [s.code for s in self.ladder].index(code) + 1


def _section(document: dict[str, Any], name: str, kind: type) -> Any:
    given, wanted = set(document.get(name, {})), {f.name for f in fields(kind)}
    if given != wanted:
        raise BadPolicy(
            f"policy [{name}]: missing {sorted(wanted - given)}, unknown {sorted(given - wanted)}"
        )
    return kind(**document[name])


SECTIONS: dict[str, type] = {
    "tiers": TierPolicy,
    "night": NightPolicy,
    "boost": BoostPolicy,
    "attribution": AttributionPolicy,
    "influence": InfluencePolicy,
    "floors": FloorPolicy,
    "measures": MeasurePolicy,
    "credit": CreditPolicy,
    "findings": FindingPolicy,
    "retention": RetentionPolicy,
    "audit": AuditPolicy,
    "promotion": PromotionPolicy,
}


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file, the one in the package when none is named. Raises BadPolicy."""
    text = (
        path.read_text("utf-8")
        if path
        else (resources.files("serving.policy") / "policy.toml").read_text("utf-8")
    )
    try:
        return parsed(text)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadPolicy(f"policy {path or 'policy.toml'}: {error!r}") from error


def parsed(text: str) -> Policy:
    """A policy from its text. Raises BadPolicy where it contradicts itself, KeyError or TOMLDecodeError where it is no policy."""
    document = tomllib.loads(text)
    policy = Policy(
        version=document["version"],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        ladder=tuple(Step(**s) for s in document["ladder"]),
        entitlements=tuple(
            Entitlement(e["level"], float(e["from"]), tuple(e["allows"]))
            for e in document["entitlements"]
        ),
        appeal_route=document["appeal"]["route"],
        appeal_route_zh=document["appeal"]["route_zh"],
        appeal_days=document["appeal"]["days"],
        text=text,
        **{name: _section(document, name, kind) for name, kind in SECTIONS.items()},
    )
    _consistent(policy)
    return policy


def _consistent(policy: Policy) -> None:
    """Raise BadPolicy where the parts of a policy do not fit each other."""
    t, codes = policy.tiers, [s.code for s in policy.ladder]
    if not 0 <= t.B <= t.C <= t.D <= 1:
        raise BadPolicy("policy [tiers]: need 0 <= B <= C <= D <= 1")
    if not 0 <= t.capacity_D <= t.capacity_C <= t.capacity_B <= 1:
        raise BadPolicy("policy [tiers]: need 0 <= capacity_D <= capacity_C <= capacity_B <= 1")
    if not all(
        0 < share <= 1
        for share in (t.review_session, t.accuse_session, t.review_honest, t.false_discovery)
    ):
        raise BadPolicy(
            "policy [tiers]: review_session, accuse_session, review_honest and false_discovery are above 0, at most 1"
        )
    m = policy.measures
    unknown = {m.A, m.B, m.C, m.D, *m.human_only, *m.two_detectors} - {"none", *codes}
    if unknown or len(set(codes)) < len(codes):
        raise BadPolicy(
            f"policy [[ladder]]: each code once, and none of the measures outside it: {sorted(unknown)}"
        )
    if any(m.of(tier) in m.human_only for tier in "ABCD"):
        raise BadPolicy(
            "policy [measures]: a tier may not suggest a measure that only a person may take"
        )
    if not set(policy.retention.tables.values()) <= {"live_content", "trade", "record"}:
        raise BadPolicy("policy [retention.tables]: a class is live_content, trade or record")
    if (
        policy.retention.live_content < 60
        or min(policy.retention.trade, policy.retention.record) < 1095
    ):
        raise BadPolicy(
            "policy [retention]: live content is kept 60 days and records of trade 1095 days at least"
        )
