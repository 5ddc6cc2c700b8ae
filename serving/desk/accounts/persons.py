"""Accounts as persons of the lake: whose key is admitted, and the admission by an administrator."""

from __future__ import annotations

from enum import StrEnum

from serving.desk.accounts.permissions import roster_roles
from serving.desk.desk import Desk
from serving.desk.store.tables.accounts import AccountRow
from serving.ledger.ledger_key import PublicKey
from serving.oversight.people import admissions
from serving.oversight.people.roster import Roster
from serving.oversight.people.signers import Signer


class PersonState(StrEnum):
    """Whether what an account signs counts in the lake."""

    NOT_NEEDED = "not_needed"  # its roles sign nothing
    NO_KEY = "no_key"  # its user set no password yet
    NOT_ADMITTED = "not_admitted"
    OTHER_KEY = "other_key"  # the roster has an earlier key, or other roles
    ADMITTED = "admitted"


def person_roles(roles: list[str]) -> tuple[str, ...]:
    """Roles of the roster that an account needs; an administrator of the roster has no other."""
    wanted = roster_roles(roles)
    others = tuple(r for r in wanted if r != "administrator")
    return others or wanted


def person_state(row: AccountRow, roster: Roster) -> PersonState:
    """Whether what an account signs counts in the lake."""
    wanted = person_roles(row.roles)
    if not wanted:
        return PersonState.NOT_NEEDED
    if row.public_key is None:
        return PersonState.NO_KEY
    person = roster.people.get(row.name)
    if person is None:
        return PersonState.NOT_ADMITTED
    is_same = person.public_key.raw == row.public_key and set(person.roles) == set(wanted)
    return PersonState.ADMITTED if is_same else PersonState.OTHER_KEY


def admit_account(desk: Desk, row: AccountRow, by: Signer) -> bool:
    """Admit the person of an account with its key and the roles that it signs with.

    Returns whether anything changed. Raises NotAuthenticated.
    """
    key = PublicKey(row.public_key or b"")
    roles = person_roles(row.roles)
    return admissions.admit(desk.lake, row.name, roles, key, by, desk.naive_now())
