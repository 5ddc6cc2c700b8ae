"""The policy in force: `policy.toml`, read whole and refused when a key is missing or unknown."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from data_contracts.faults import SteelyardError


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
    cold_orders: int
    review_alarms: int
    review_tail: float
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
class Policy:
    """What supervisors decided. `version` names it in every output; `sha256` is the digest of the file."""

    version: str
    sha256: str
    tiers: TierPolicy
    night: NightPolicy
    boost: BoostPolicy
    attribution: AttributionPolicy
    key_share: float
    measure: dict[str, str]
    article: dict[str, str]
    human_only: tuple[str, ...]
    appeal_route: str
    appeal_days: int


def _section(document: dict[str, Any], name: str, kind: type) -> Any:
    given, wanted = set(document.get(name, {})), {f.name for f in fields(kind)}
    if given != wanted:
        raise BadPolicy(f"policy [{name}]: missing {sorted(wanted - given)}, unknown {sorted(given - wanted)}")
    return kind(**document[name])


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file, the one in the package when none is named. Raises BadPolicy."""
    text = path.read_text("utf-8") if path else (resources.files("serving") / "policy.toml").read_text("utf-8")
    try:
        document = tomllib.loads(text)
        tiers = _section(document, "tiers", TierPolicy)
        if not 0 <= tiers.B <= tiers.C <= tiers.D <= 1:
            raise BadPolicy("policy [tiers]: need 0 <= B <= C <= D <= 1")
        if not (0 < tiers.review_honest <= 1 and 0 < tiers.false_discovery <= 1):
            raise BadPolicy("policy [tiers]: review_honest and false_discovery are shares above 0, at most 1")
        measures = document["measures"]
        return Policy(
            version=document["version"],
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            tiers=tiers,
            night=_section(document, "night", NightPolicy),
            boost=_section(document, "boost", BoostPolicy),
            attribution=_section(document, "attribution", AttributionPolicy),
            key_share=document["influence"]["key_share"],
            measure={t: measures[t] for t in "ABCD"},
            article=dict(measures["article"]),
            human_only=tuple(measures["human_only"]),
            appeal_route=document["appeal"]["route"],
            appeal_days=document["appeal"]["days"],
        )
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise BadPolicy(f"policy {path or 'policy.toml'}: {error!r}") from error
