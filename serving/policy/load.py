"""Reads `policy.toml` whole and refuses it when a key is missing or unknown."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import MISSING, fields
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from data_contracts.errors import SteelyardError
from serving.policy.case_policy import AppealPolicy, ComplaintPolicy, FindingPolicy
from serving.policy.desk_policy import CasePolicy
from serving.policy.grading_policy import (
    CompliancePolicy,
    IdentityPolicy,
    InfluencePolicy,
    NetworkPolicy,
    PatrolPolicy,
)
from serving.policy.ladder import (
    ARTICLE_12_CODES,
    LawPolicy,
    ProportionalityPolicy,
    Step,
    ValidityPolicy,
)
from serving.policy.legal_basis import load_law
from serving.policy.notice_policy import ListingPolicy, NoticePolicy, ReminderPolicy
from serving.policy.retention_policy import RetentionPolicy
from serving.policy.schema import (
    AttributionPolicy,
    AuditPolicy,
    BoostPolicy,
    CreditPolicy,
    Entitlement,
    FloorPolicy,
    MeasurePolicy,
    NightPolicy,
    Policy,
    PromotionPolicy,
    TierPolicy,
)
from serving.policy.service_policy import ServicePolicy


class BadPolicy(SteelyardError):
    """The policy file cannot be followed."""

    exit_code = 7


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
    "appeal": AppealPolicy,
    "complaints": ComplaintPolicy,
    "cases": CasePolicy,
    "promotion": PromotionPolicy,
    "proportionality": ProportionalityPolicy,
    "law": LawPolicy,
    "validity": ValidityPolicy,
    "service": ServicePolicy,
    "compliance": CompliancePolicy,
    "patrol": PatrolPolicy,
    "identity": IdentityPolicy,
    "mcn": NetworkPolicy,
    "notices": NoticePolicy,
    "reminders": ReminderPolicy,
    "listings": ListingPolicy,
}
LIST_KEYS = (
    *("strictest", "life_and_health", "barring_codes"),
    *("codes", "holidays", "working_weekends"),
)
BOOST_LEVELS = ("PASS", "REVIEW", "REJECT")
MIN_APPEAL_DAYS = {"EU": 183}  # complaints are open for six months there


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file, or the one in the package when no path is given.

    Raises
    ------
    BadPolicy
        The file is no policy, or its parts contradict each other.
    """
    source = path or resources.files("serving.policy") / "policy.toml"
    try:
        text = source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy(f"policy {source} cannot be read: {error}") from error
    return policy_of_text(text, path or "policy.toml")


def policy_of_text(text: str, place: object) -> Policy:
    """Parse the text of a policy; `place` names it in the message. Raises BadPolicy."""
    try:
        return parse_policy(text)
    except BadPolicy:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BadPolicy(f"policy {place}: {error!r}") from error


def parse_policy(text: str) -> Policy:
    """Parse the text of a policy file.

    Raises
    ------
    BadPolicy
        Parts of the policy contradict each other.
    KeyError, TypeError, tomllib.TOMLDecodeError
        The text is no policy.
    """
    document = tomllib.loads(text)
    sections = {name: _section(document, name, kind) for name, kind in SECTIONS.items()}
    policy = Policy(
        version=document["version"],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        ladder=tuple(Step(**s) for s in document["ladder"]),
        entitlements=tuple(
            Entitlement(e["level"], float(e["from"]), tuple(e["allows"]))
            for e in document["entitlements"]
        ),
        text=text,
        rules=load_law(sections["law"].jurisdiction),
        **sections,
    )
    _check_tiers(policy.tiers)
    _check_night(policy.night)
    _check_measures(policy)
    _check_retention(policy.retention)
    _check_validity(policy)
    _check_grading(policy)
    if problem := policy.service.problem():
        raise BadPolicy(problem)
    return policy


def _section(document: dict[str, Any], name: str, kind: type) -> Any:
    """A section; keys with a default may be left out, as policies of earlier versions do."""
    given, known = document.get(name, {}), {f.name for f in fields(kind)}
    needed = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    if not needed <= set(given) <= known:
        raise BadPolicy(
            f"policy [{name}]: missing {sorted(needed - set(given))}, "
            f"unknown {sorted(set(given) - known)}"
        )
    return kind(**{k: tuple(v) if k in LIST_KEYS else v for k, v in given.items()})


def _check_tiers(t: TierPolicy) -> None:
    if not 0 <= t.review_precision <= t.C <= t.D <= 1:
        raise BadPolicy("policy [tiers]: need 0 <= review_precision <= C <= D <= 1")
    if not 0 <= t.capacity_D <= t.capacity_C <= t.capacity_B <= 1:
        raise BadPolicy("policy [tiers]: need 0 <= capacity_D <= capacity_C <= capacity_B <= 1")
    shares = (t.review_session, t.accuse_session, t.false_discovery)
    if not all(0 < share <= 1 for share in shares):
        raise BadPolicy(
            "policy [tiers]: review_session, accuse_session and false_discovery are above 0, "
            "at most 1"
        )


def _check_night(night: NightPolicy) -> None:
    if not 0 < night.false_view <= 1:
        raise BadPolicy("policy [night]: false_view is above 0, at most 1")
    if not 0 <= night.account_share <= 1:
        raise BadPolicy("policy [night]: account_share is 0 to 1")


def _check_measures(policy: Policy) -> None:
    m, codes = policy.measures, [s.code for s in policy.ladder]
    unknown = {m.A, m.B, m.C, m.D, *m.human_only, *m.two_detectors} - {"none", *codes}
    if unknown or len(set(codes)) < len(codes):
        raise BadPolicy(
            "policy [[ladder]]: each code once, and none of the measures outside it: "
            f"{sorted(unknown)}"
        )
    for s in policy.ladder:
        if s.boost not in ("none", "review", "refuse") or s.counts_as not in (
            "",
            *ARTICLE_12_CODES,
        ):
            raise BadPolicy(
                f"policy [[ladder]] {s.code}: boost is none, review or refuse, and counts_as one "
                f"of {', '.join(ARTICLE_12_CODES)}"
            )
    if not {*policy.proportionality.strictest, *policy.reminders.codes} <= set(codes):
        raise BadPolicy(
            "policy [proportionality] strictest and [reminders] codes name codes of the ladder"
        )
    if any(m.of(tier) in m.human_only for tier in "ABCD"):
        raise BadPolicy(
            "policy [measures]: a tier may not suggest a measure that only a person may take"
        )


def _check_retention(retention: RetentionPolicy) -> None:
    if not set(retention.tables.values()) <= {"live_content", "trade", "record"}:
        raise BadPolicy("policy [retention.tables]: a class is live_content, trade or record")
    if retention.trade_years < 3:
        raise BadPolicy("policy [retention]: trade_years is 3 or more")
    if retention.live_content < 60 or min(retention.trade, retention.record) < 1095:
        raise BadPolicy(
            "policy [retention]: live content is kept 60 days and records of trade 1095 days "
            "at least"
        )


def _check_grading(policy: Policy) -> None:
    i = policy.identity
    levels = {policy.boost.not_entitled, i.overdue, i.under_age, i.not_labelled}
    if not levels <= set(BOOST_LEVELS):
        raise BadPolicy(
            "policy [boost] not_entitled and [identity] overdue, under_age and not_labelled are "
            f"one of {BOOST_LEVELS}"
        )
    if not policy.mcn.a >= policy.mcn.b >= policy.mcn.c:
        raise BadPolicy("policy [mcn]: need a >= b >= c")


def _check_validity(policy: Policy) -> None:
    v = policy.validity
    if v.effective_from is not None:
        days = v.important_notice_days if v.important else v.notice_days
        announced = v.announced_on
        if announced is None or announced + timedelta(days=days) > v.effective_from:
            raise BadPolicy(
                f"policy [validity]: a change takes effect {days} days after it was announced "
                "or later"
            )
    least = MIN_APPEAL_DAYS.get(policy.law.jurisdiction, 1)
    if policy.appeal_open_days < least:
        raise BadPolicy(
            f"policy [appeal]: open_days is {least} or more in {policy.law.jurisdiction}"
        )
