"""Persons of tests, with keys of their own."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_contracts.lake import Lake
from serving.ledger.ledger_key import LedgerKey
from serving.oversight.people.admissions import admit
from serving.oversight.people.signers import Signer

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
