"""Reads `policy.toml` whole and refuses it when a key is missing or unknown."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

from data_contracts.errors import SteelyardError
from serving.policy.schema import (
    AttributionPolicy,
    AuditPolicy,
    BoostPolicy,
    CreditPolicy,
    Entitlement,
    FindingPolicy,
    FloorPolicy,
    InfluencePolicy,
    MeasurePolicy,
    NightPolicy,
    Policy,
    PromotionPolicy,
    RetentionPolicy,
    Step,
    TierPolicy,
)


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
    "promotion": PromotionPolicy,
}


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
    _check_tiers(policy.tiers)
    _check_night(policy.night)
    _check_measures(policy)
    _check_retention(policy.retention)
    return policy


def _section(document: dict[str, Any], name: str, kind: type) -> Any:
    given, wanted = set(document.get(name, {})), {f.name for f in fields(kind)}
    if given != wanted:
        raise BadPolicy(
            f"policy [{name}]: missing {sorted(wanted - given)}, unknown {sorted(given - wanted)}"
        )
    return kind(**document[name])


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
    if any(m.of(tier) in m.human_only for tier in "ABCD"):
        raise BadPolicy(
            "policy [measures]: a tier may not suggest a measure that only a person may take"
        )


def _check_retention(retention: RetentionPolicy) -> None:
    if not set(retention.tables.values()) <= {"live_content", "trade", "record"}:
        raise BadPolicy("policy [retention.tables]: a class is live_content, trade or record")
    if retention.live_content < 60 or min(retention.trade, retention.record) < 1095:
        raise BadPolicy(
            "policy [retention]: live content is kept 60 days and records of trade 1095 days "
            "at least"
        )
