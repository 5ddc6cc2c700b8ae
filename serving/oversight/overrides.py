"""Human decisions that a night takes into account: overrides, and warnings of other platforms.

Both are hash chains under `LAKE/journal`. A night knows what was written before its moment, so that
it can be replayed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import read_outbound
from features.engine.snapshot import Snapshot
from serving.ledger.hash_chain import read_records
from serving.oversight.appeals.appeal_record import verdicts_before
from serving.oversight.complaints.cases import complaint_decisions
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.roster import APPROVER, OFFICER
from serving.oversight.people.signed_acts import acts_of
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.policy.schema import FloorPolicy
from serving.tiers.evidence import TIERS


class BadOverride(SteelyardError):
    """An override cannot be set as asked."""

    exit_code = 11


@dataclass(frozen=True)
class Override:
    """A tier that a person set until it expires; a later one replaces an earlier one."""

    operator_id: str
    tier: str
    by: str
    reason: str
    at: str
    expires_at: str


def set_override(
    folder: LakeOrFolder,
    operator: str,
    tier: str,
    by: Author,
    reason: str,
    days: int,
    now: datetime,
) -> Override:
    """Set an operator's tier until it expires. Raises BadOverride, NotAuthenticated."""
    lake = Lake.open(folder)
    if tier not in TIERS:
        raise BadOverride(f"--tier is one of {', '.join(TIERS)}, not {tier!r}")
    if not author_name(by).strip() or not reason.strip() or not 1 <= days <= 365:
        raise BadOverride("an override needs --by, --reason and --days from 1 to 365")
    if operator not in set(read_outbound(lake, "tier_decisions")["operator_id"]):
        raise BadOverride(
            f"no decision about operator {operator} was published; "
            f"look with: steelyard show tier_decisions {folder}"
        )
    author = act_author(lake, by, lake.overrides, (OFFICER, APPROVER))
    made = Override(
        operator,
        tier,
        author.name,
        reason,
        now.isoformat(timespec="seconds"),
        (now + timedelta(days=days)).isoformat(timespec="seconds"),
    )
    record_act(lake, lake.overrides, asdict(made), author)
    return made


def overrides_in_force(lake: Lake, as_of: datetime) -> dict[str, Override]:
    """Overrides in force at a moment, as known then, by operator."""
    moment, out = as_of.isoformat(timespec="seconds"), {}
    for r in acts_of(lake, lake.overrides):
        if r["at"] < moment:
            out[r["operator_id"]] = Override(**{k: r[k] for k in Override.__dataclass_fields__})
    return {k: o for k, o in out.items() if o.expires_at > moment}


def warnings_in_force(lake: Lake, as_of: datetime, days: int) -> dict[str, dict[str, Any]]:
    """Signed warnings of other platforms, by operator: imported before a moment, not too old.

    An entry that was matched with no operator here is left out. Records of earlier versions were
    imported by pseudonym.
    """
    first, moment = (as_of - timedelta(days=days)).isoformat(), as_of.isoformat()
    return {
        operator: r
        for r in read_records(lake.warnings)
        if first <= r["imported_at"] < moment
        and (operator := r.get("matched_operator_id", r["operator_id"])) is not None
    }


def notice_floors(
    tables: Snapshot, imported: dict[str, Any], as_of: datetime, policy: FloorPolicy
) -> pd.Series:
    """The mildest tier that notices and warnings allow, by operator; others are absent."""
    parts = [pd.Series(policy.elsewhere, index=pd.Index(sorted(imported), dtype="str"))]
    if "notices" in tables:
        n = tables["notices"].select("operator_id", "issuer", "at").to_pandas()
        n = n[n["at"] >= pd.Timestamp(as_of) - timedelta(days=policy.days)]
        parts.append(
            pd.Series(
                n["issuer"]
                .map({"regulator": policy.regulator, "platform": policy.platform})
                .to_numpy(),
                index=n["operator_id"],
            )
        )
    both = pd.concat(parts).dropna()
    return both.groupby(level=0).max()


def decisions_digest(lake: Lake, as_of: datetime, days: int) -> str:
    """Human decisions as known at a moment, as text that enters the identity of a night."""
    here = {k: (o.tier, o.at, o.expires_at) for k, o in overrides_in_force(lake, as_of).items()}
    there = {k: w["sha256"] for k, w in warnings_in_force(lake, as_of, days).items()}
    return (
        str(sorted(here.items()))
        + str(sorted(there.items()))
        + str(sorted(verdicts_before(lake, as_of).items()))
        + read_measures(lake, as_of).digest()
        + _complaints_digest(lake, as_of)
    )


def _complaints_digest(lake: Lake, as_of: datetime) -> str:
    """Findings of people on complaints; empty without any."""
    found = {k: d.is_verified for k, d in complaint_decisions(lake, as_of).items()}
    return str(sorted(found.items())) if found else ""
