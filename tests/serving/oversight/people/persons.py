"""Persons of tests, with keys of their own."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_contracts.lake import Lake
from serving.ledger.hash_chain import append_record
from serving.ledger.ledger_key import LedgerKey
from serving.oversight.people.admissions import admit
from serving.oversight.people.roster import OFFICER
from serving.oversight.people.signers import Signer, act_author

T0 = datetime(2026, 1, 19, 12)
ROLES = {"desk": ["officer"], "lead": ["officer", "approver"], "judge": ["reviewer"]}


def signer(name: str) -> Signer:
    """A person with a new key."""
    return Signer(name, LedgerKey(Ed25519PrivateKey.generate()))


def admit_office(lake, now: datetime = T0) -> dict[str, Signer]:
    """Admit an administrator, an officer, an approver and a reviewer; returns them by name."""
    opened, people = Lake.open(lake), {name: signer(name) for name in ("root", *ROLES)}
    root = people["root"]
    admit(opened, "root", ["administrator"], root.key.public, root, now)
    for name, roles in ROLES.items():
        admit(opened, name, roles, people[name].key.public, root, now)
    return people


def record_measure(lake, by: Signer, operator: str, code: str, at: datetime, days: int = 30) -> str:
    """Sign a measure of a lake without a night, as proposed where `code` is grave; its id."""
    body = {
        "measure_id": f"m-{operator}-{code}",
        "operator_id": operator,
        "subject_kind": "operator",
        "subject_id": operator,
        "code": code,
        "by": by.name,
        "approver": None,
        "reason": "two rooms of bots",
        "policy_version": "1",
        "model_version": "none",
        "appeal_route": "desk",
        "article": "Order 117 12 ¶1",
        "facts": {"zh": "事实", "en": "facts"},
        "evidence": {},
        "signals": [],
        "days": days,
    }
    terms = {
        "effective_from": at.isoformat(timespec="seconds"),
        "effective_to": (at + timedelta(days=days)).isoformat(timespec="seconds"),
        "appeal_due": (at + timedelta(days=15)).isoformat(timespec="seconds"),
    }
    if code != "warn":
        terms = {"proposed_at": at.isoformat(timespec="seconds")}
    opened = Lake.open(lake)
    author = act_author(opened, by, opened.measures, (OFFICER,))
    append_record(opened.measures, body | terms, author.sign)
    return body["measure_id"]
