"""Permissions of each role of the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

VIEWER, PATROL, REVIEWER, LEAD, POLICY, AUDITOR, ADMINISTRATOR = ROLES = (
    "viewer",  # reads queue, dossiers and nights
    "patrol",  # works on cases, takes mild measures, proposes grave ones
    "reviewer",  # decides appeals and complaints
    "lead",  # assigns cases, approves what another proposed
    "policy",  # edits drafts of the policy, proposes them, approves those of others
    "auditor",  # reads the audit log
    "administrator",  # makes accounts and admits persons
)
READERS = frozenset({VIEWER, PATROL, REVIEWER, LEAD, POLICY, AUDITOR})

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "queue.read": READERS,
    "nights.read": READERS | {ADMINISTRATOR},
    "evidence.read": READERS,  # dossiers, sessions, rings
    "evidence.export": frozenset({PATROL, REVIEWER, LEAD, AUDITOR}),
    "cases.work": frozenset({PATROL, REVIEWER, LEAD}),
    "cases.assign": frozenset({LEAD}),
    "quality.read": frozenset({LEAD, AUDITOR}),  # error rates on golden cases
    "measures.take": frozenset({PATROL}),
    "measures.approve": frozenset({LEAD}),
    "appeals.read": READERS,
    "appeals.decide": frozenset({REVIEWER}),
    "complaints.decide": frozenset({REVIEWER}),
    "laboratory.read": frozenset({POLICY, LEAD, AUDITOR}),
    "policy.edit": frozenset({POLICY}),
    "policy.publish": frozenset({POLICY}),
    "appeals.answer": frozenset({PATROL, REVIEWER, LEAD}),  # statements of the platform's side
    "notices.make": frozenset({REVIEWER, LEAD}),  # links by which operators read a notice
    "webhooks.manage": frozenset({ADMINISTRATOR}),
    "audit.read": frozenset({AUDITOR}),
    "accounts.manage": frozenset({ADMINISTRATOR}),
    "account.own": frozenset(ROLES),
}

# Role of the roster (serving.oversight.people) that a role of the desk signs with.
ROSTER_ROLES: Mapping[str, str] = {
    PATROL: "officer",
    LEAD: "approver",
    REVIEWER: "reviewer",
    POLICY: "policy",
    ADMINISTRATOR: "administrator",
}


def is_permitted(roles: Iterable[str], permission: str) -> bool:
    """Whether one of some roles has a permission. Raises KeyError for one that is not declared."""
    return not PERMISSIONS[permission].isdisjoint(roles)


def roster_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """Roles that a person needs in the roster of the lake to sign what its account may do."""
    return tuple(dict.fromkeys(ROSTER_ROLES[r] for r in roles if r in ROSTER_ROLES))
