"""The accounts of a desk: made, listed, changed, disabled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_contracts.errors import SteelyardError
from serving.desk.accounts.account import Account
from serving.desk.accounts.permissions import ADMINISTRATOR, ROLES
from serving.desk.accounts.tokens import make_id
from serving.desk.store.tables.accounts import AccountRow
from serving.desk.store.tables.logins import LoginSessionRow

MAX_NAME_CHARACTERS = 80
LANGUAGES = ("zh", "en")
THEMES = ("auto", "light", "dark")


class AccountRefused(SteelyardError):
    """An account cannot be made or changed so; `key` names the reason in the texts of the desk."""

    exit_code = 21

    def __init__(self, key: str, words: str) -> None:
        super().__init__(words)
        self.key = key


@dataclass(frozen=True)
class NewAccount:
    """A new account; a local one gets its password by an invitation."""

    name: str
    roles: Sequence[str]
    language: str = "zh"
    issuer: str | None = None
    subject: str | None = None


def account_of_row(row: AccountRow) -> Account:
    """The account of a row."""
    return Account(row.id, row.name, tuple(row.roles), row.language, row.theme)


def add_account(session: Session, new: NewAccount, now: datetime) -> AccountRow:
    """Add an account. Raises AccountRefused."""
    name = new.name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise AccountRefused(
            "accounts.bad_name", f"a name has 1 to {MAX_NAME_CHARACTERS} printable characters"
        )
    if session.scalar(select(AccountRow).where(AccountRow.name == name)) is not None:
        raise AccountRefused("accounts.name_taken", f"there is an account {name} already")
    row = AccountRow(
        id=make_id(),
        name=name,
        roles=known_roles(new.roles),
        language=new.language if new.language in LANGUAGES else LANGUAGES[0],
        theme=THEMES[0],
        issuer=new.issuer,
        subject=new.subject,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def known_roles(roles: Sequence[str]) -> list[str]:
    """Roles in the order of their declaration. Raises AccountRefused."""
    if not set(roles) <= set(ROLES) or not roles:
        raise AccountRefused(
            "accounts.bad_roles", f"an account has one or more roles of {', '.join(ROLES)}"
        )
    return [r for r in ROLES if r in roles]


def account_named(session: Session, name: str) -> AccountRow:
    """The account of a name. Raises AccountRefused."""
    row = session.scalar(select(AccountRow).where(AccountRow.name == name))
    if row is None:
        raise AccountRefused("accounts.unknown", f"there is no account {name}")
    return row


def list_accounts(session: Session) -> list[AccountRow]:
    """All accounts, by name."""
    return list(session.scalars(select(AccountRow).order_by(AccountRow.name)))


def change_roles(session: Session, row: AccountRow, roles: Sequence[str]) -> None:
    """Give an account other roles. Raises AccountRefused."""
    wanted = known_roles(roles)
    if ADMINISTRATOR not in wanted:
        _keep_an_administrator(session, row)
    row.roles = wanted


def disable(session: Session, row: AccountRow, now: datetime) -> None:
    """Disable an account and end its login sessions. Raises AccountRefused."""
    _keep_an_administrator(session, row)
    row.disabled_at = now
    end_login_sessions(session, row.id, now)


def enable(row: AccountRow) -> None:
    """Let an account log in again."""
    row.disabled_at = None


def end_login_sessions(
    session: Session, account_id: str, now: datetime, but: str | None = None
) -> int:
    """Revoke the login sessions of an account, but one; returns how many."""
    ended = 0
    for login in session.scalars(
        select(LoginSessionRow).where(
            LoginSessionRow.account_id == account_id, LoginSessionRow.revoked_at.is_(None)
        )
    ):
        if login.id != but:
            login.revoked_at, ended = now, ended + 1
    return ended


def _keep_an_administrator(session: Session, row: AccountRow) -> None:
    """Require that a change leaves an administrator who can log in. Raises AccountRefused."""
    others = [
        a
        for a in list_accounts(session)
        if a.id != row.id and ADMINISTRATOR in a.roles and a.disabled_at is None
    ]
    if ADMINISTRATOR in row.roles and not others:
        raise AccountRefused(
            "accounts.last_administrator", f"{row.name} is the last administrator of the desk"
        )
