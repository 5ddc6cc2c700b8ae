"""People of a desk in tests: a clock that tests set, and accounts with keys of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import select

from serving.desk.accounts import passwords
from serving.desk.accounts.directory import NewAccount, add_account, change_roles
from serving.desk.accounts.permissions import roster_roles
from serving.desk.accounts.personal_keys import make_key, wrap_key
from serving.desk.desk import Desk
from serving.desk.store.tables.accounts import AccountRow
from serving.ledger.ledger_key import LedgerKey
from serving.oversight.people.admissions import admit
from serving.oversight.people.signers import Signer

PASSWORD = "correct horse battery"
NOON = datetime(2026, 1, 21, 4, tzinfo=UTC)  # of the day after the last night, in Shanghai


@cache
def known_digest() -> str:
    """The digest of the password of all accounts of tests; argon2 takes its time."""
    return passwords.password_digest(PASSWORD)


@cache
def known_key(number: int) -> tuple[LedgerKey, bytes]:
    """The key of the account that a test makes as its n-th, and the same encrypted."""
    key = make_key()
    return key, wrap_key(key, PASSWORD.encode())


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class People:
    """Accounts of tests by name, each a person of the lake with a key of its own."""

    desk: Desk
    keys: dict[str, LedgerKey] = field(default_factory=dict)
    root: Signer | None = None

    def add(self, name: str, *roles: str) -> AccountRow:
        """An account with roles; its person is admitted with those of the roster."""
        key, wrapped = known_key(len(self.keys))
        with self.desk.database.transaction() as session:
            row = session.scalar(select(AccountRow).where(AccountRow.name == name))
            if row is not None:
                change_roles(session, row, roles)
                return row
            row = add_account(session, NewAccount(name, roles, "en"), self.desk.clock())
            row.password_digest = known_digest()
            row.public_key = key.public.raw
            row.wrapped_key = wrapped
        self.keys[name] = key
        signing = [r for r in roster_roles(roles) if r != "administrator"]
        if signing:
            admit(self.desk.lake, name, signing, key.public, self._administrator(), self._now())
        return row

    def signer(self, name: str) -> Signer:
        """Who signs as an account."""
        return Signer(name, self.keys[name])

    def _administrator(self) -> Signer:
        if self.root is None:
            self.root = Signer("root", make_key())
            first = (self.desk.lake, "root", ["administrator"], self.root.key.public)
            admit(*first, self.root, self._now())
        return self.root

    def _now(self) -> datetime:
        return self.desk.naive_now()
