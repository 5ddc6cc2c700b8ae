"""Publication of a policy: proposed by one person, approved by another, announced ahead."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.people.roster import POLICY_MAKER
from serving.oversight.people.signers import ActAuthor, Signer, act_author, record_act
from serving.oversight.policies.policy_record import (
    KIND,
    RecordedPolicy,
    policy_in_force,
    recorded_policies,
)
from serving.policy.load import BadPolicy, policy_of_text
from serving.policy.schema import Policy


class BadPublication(BadPolicy):
    """A policy cannot be proposed, approved or withdrawn as asked. `code` names why.

    Codes: no_reason, no_dates, short_notice, same_version, not_waiting, same_person, in_force.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class PolicyProposal:
    """The whole text of a policy, why it is proposed, and who signs."""

    text: str
    reason: str
    by: Signer


def earliest_start(policy: Policy, announced: date) -> date:
    """First day on which a policy may bind that is announced on a day."""
    v = policy.validity
    return announced + timedelta(days=v.important_notice_days if v.important else v.notice_days)


def propose_policy(folder: LakeOrFolder, proposal: PolicyProposal, now: datetime) -> RecordedPolicy:
    """Propose a policy. The same text that waits already is returned as it is.

    Raises
    ------
    BadPolicy
        The text is no policy (BadPolicy), or cannot be proposed as it is (BadPublication).
    NotAuthenticated
        The author has no such role.
    """
    lake = Lake.open(folder)
    policy = policy_of_text(proposal.text, "proposal")
    author = act_author(lake, proposal.by, lake.policies, (POLICY_MAKER,))
    known = recorded_policies(lake)
    waiting = (p for p in known if p.approved_at is None and p.ended_by is None)
    if same := next((p for p in waiting if p.sha256 == policy.sha256), None):
        return same
    if not proposal.reason.strip():
        raise BadPublication("no_reason", "a policy is proposed with a reason")
    if policy.validity.effective_from is None:
        raise BadPublication("no_dates", "a policy that is proposed has announced_on and a start")
    _require_notice(policy, now)
    taken = {p.version for p in known if not p.ended_by}
    if policy.version in taken | {policy_in_force(lake, now.date()).version}:
        raise BadPublication("same_version", f"version {policy.version} is taken; raise it")
    at = _text(now)
    identity = f"{policy.sha256}|{at}"
    record = {
        "kind": KIND,
        "policy_id": "y" + hashlib.sha256(identity.encode()).hexdigest()[:12],
        "version": policy.version,
        "policy_sha256": policy.sha256,
        "text": proposal.text,
        "effective_from": policy.validity.effective_from.isoformat(),
        "reason": proposal.reason,
        "by": author.name,
        "proposed_at": at,
    }
    record_act(lake, lake.policies, record, author)
    return find_policy(lake, record["policy_id"])


def approve_policy(
    folder: LakeOrFolder, policy_id: str, by: Signer, now: datetime
) -> RecordedPolicy:
    """Approve the proposal of another person; it binds from its start on.

    One that this person approved before is returned as it is.

    Raises
    ------
    BadPublication
        It does not wait, the same person proposed it, or its notice would be too short by now.
    NotAuthenticated
        The author has no such role.
    """
    lake = Lake.open(folder)
    author = act_author(lake, by, lake.policies, (POLICY_MAKER,))
    found = find_policy(lake, policy_id)
    if found.approved_by == author.name and not found.ended_by:
        return found
    if found.approved_at is not None or found.ended_by:
        raise BadPublication("not_waiting", f"policy {policy_id} does not wait for approval")
    if found.proposed_by == author.name:
        raise BadPublication(
            "same_person", f"{author.name} proposed {policy_id}; another person has to approve it"
        )
    _require_notice(policy_of_text(found.text, policy_id), now)
    line = {
        "kind": KIND,
        "approve_of": policy_id,
        "by": author.name,
        "at": _text(now),
        "terms": {"approved_at": _text(now)},
    }
    record_act(lake, lake.policies, line, author)
    return find_policy(lake, policy_id)


def withdraw_policy(
    folder: LakeOrFolder, policy_id: str, by: Signer, reason: str, now: datetime
) -> RecordedPolicy:
    """Refuse a proposal, or withdraw an approved policy before its start.

    Raises
    ------
    BadPublication
        It is in force or was ended before, or there is no reason.
    NotAuthenticated
        The author has no such role.
    """
    lake = Lake.open(folder)
    author: ActAuthor = act_author(lake, by, lake.policies, (POLICY_MAKER,))
    found = find_policy(lake, policy_id)
    if found.ended_by:
        return found
    if found.approved_at is not None and found.effective_from <= now.date():
        raise BadPublication(
            "in_force", f"policy {policy_id} took effect; propose another that replaces it"
        )
    if not reason.strip():
        raise BadPublication("no_reason", "a withdrawal needs a reason")
    line = {
        "kind": KIND,
        "outcome_of": policy_id,
        "outcome": "withdrawn",
        "by": author.name,
        "reason": reason,
        "at": _text(now),
    }
    record_act(lake, lake.policies, line, author)
    return find_policy(lake, policy_id)


def find_policy(lake: Lake, policy_id: str) -> RecordedPolicy:
    """A policy of the record. Raises BadPublication for one that is not known."""
    found = next((p for p in recorded_policies(lake) if p.policy_id == policy_id), None)
    if found is None:
        raise BadPublication("not_waiting", f"there is no policy {policy_id} in {lake}")
    return found


def _require_notice(policy: Policy, now: datetime) -> None:
    first, start = earliest_start(policy, now.date()), policy.validity.effective_from
    if start is None or start < first:
        raise BadPublication(
            "short_notice", f"a policy that is announced today takes effect on {first} or later"
        )


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
