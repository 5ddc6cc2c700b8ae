"""The record of policies, and the policy that is in force on a date.

`LAKE/journal/policies.jsonl` is a chain of proposals, approvals and withdrawals, each signed by
another person (ADR-0340). A lake without an approved policy follows the one in the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.people.proposals import with_approvals
from serving.oversight.people.signed_acts import acts_of
from serving.policy.load import load_policy, policy_of_text
from serving.policy.schema import Policy

PROPOSED, SCHEDULED, IN_FORCE = "proposed", "scheduled", "in_force"
REPLACED, WITHDRAWN, REFUSED = "replaced", "withdrawn", "refused"
KIND = "policy"


@dataclass(frozen=True)
class RecordedPolicy:
    """A policy as the record has it. `ended_by` withdrew it, or refused the proposal."""

    policy_id: str
    version: str
    sha256: str
    text: str
    effective_from: date
    reason: str
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    ended_by: str | None = None

    def status(self, on: date, in_force: str | None) -> str:
        """Status on a date; `in_force` is the id of the policy that binds then."""
        if self.approved_at is None:
            return REFUSED if self.ended_by else PROPOSED
        if self.ended_by:
            return WITHDRAWN
        if on < self.effective_from:
            return SCHEDULED
        return IN_FORCE if self.policy_id == in_force else REPLACED


def recorded_policies(folder: LakeOrFolder) -> list[RecordedPolicy]:
    """All policies of the record, oldest proposal first. Raises LedgerDamaged."""
    lake = Lake.open(folder)
    if not lake.policies.exists():
        return []
    records = acts_of(lake, lake.policies)
    effective, _ = with_approvals(records)
    approved = {r["policy_id"]: r for r in effective if "policy_id" in r}
    ended = {r["outcome_of"]: r["by"] for r in records if "outcome_of" in r}
    return [
        _recorded(approved.get(r["policy_id"], r), ended.get(r["policy_id"]))
        for r in records
        if "policy_id" in r
    ]


def policy_in_force(folder: LakeOrFolder, on: date) -> Policy:
    """The policy that binds on a date: the approved one that took effect last.

    Raises
    ------
    BadPolicy
        This version of the product cannot follow it.
    LedgerDamaged
        The record is damaged.
    """
    found = recorded_in_force(recorded_policies(folder), on)
    return load_policy() if found is None else parsed_policy(found)


def recorded_in_force(policies: list[RecordedPolicy], on: date) -> RecordedPolicy | None:
    """The recorded policy that binds on a date; None where it is the one of the package."""
    binding = [
        p
        for p in policies
        if p.approved_at is not None and p.ended_by is None and p.effective_from <= on
    ]
    return max(binding, key=lambda p: (p.effective_from, p.approved_at), default=None)


def parsed_policy(recorded: RecordedPolicy) -> Policy:
    """A recorded policy as this version of the product follows it. Raises BadPolicy."""
    return _parsed(recorded.text, recorded.policy_id)


@lru_cache(maxsize=16)
def _parsed(text: str, place: str) -> Policy:
    return policy_of_text(text, place)


def _recorded(r: dict[str, Any], ended_by: str | None) -> RecordedPolicy:
    approved = r.get("approved_at")
    return RecordedPolicy(
        r["policy_id"],
        r["version"],
        r["policy_sha256"],
        r["text"],
        date.fromisoformat(r["effective_from"]),
        r["reason"],
        r["by"],
        datetime.fromisoformat(r["proposed_at"]),
        r.get("approver"),
        None if approved is None else datetime.fromisoformat(approved),
        ended_by,
    )
