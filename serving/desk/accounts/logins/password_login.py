"""Logging in by a password, and setting one: the services behind the pages."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from serving.desk.accounts.account import Account
from serving.desk.accounts.audit_log import write_audit
from serving.desk.accounts.directory import (
    AccountRefused,
    NewAccount,
    account_of_row,
    add_account,
    end_login_sessions,
)
from serving.desk.accounts.logins import invitations, limits
from serving.desk.accounts.logins.sessions import open_login
from serving.desk.accounts.passwords import is_password, password_digest, password_fault
from serving.desk.accounts.permissions import ADMINISTRATOR, AUDITOR, VIEWER
from serving.desk.accounts.personal_keys import make_key, unwrap_key, wrap_key
from serving.desk.desk import Desk
from serving.desk.store.tables.accounts import AccountRow
from serving.ledger.ledger_key import LedgerKey
from serving.oversight.people.admissions import admit
from serving.oversight.people.roster import read_roster
from serving.oversight.people.signers import Signer

FIRST_ROLES = (VIEWER, AUDITOR, ADMINISTRATOR)


@dataclass(frozen=True)
class Browser:
    """The browser that asks: its address, the name that it gives itself, and its language."""

    address: str
    name: str
    language: str = "zh"


@dataclass(frozen=True)
class Opened:
    """A login that succeeded: the token of the cookie, its session, and the personal key."""

    token: str
    login_id: str
    account: Account
    key: LedgerKey | None


def log_in(desk: Desk, name: str, password: str, browser: Browser) -> Opened:
    """Log in by a password. Raises AccountRefused, the same for every kind of failure."""
    now, name = desk.clock(), name.strip()[:80]
    with desk.database.snapshot() as session:
        if limits.is_limited(session, name, browser.address, now):
            raise AccountRefused("login.too_often", "too many failed logins")
        row = session.scalar(select(AccountRow).where(AccountRow.name == name))
        usable = row is not None and row.disabled_at is None
        digest = row.password_digest if row is not None and usable else None
    if not is_password(password, digest) or row is None:
        with desk.database.transaction() as session:
            limits.count_failure(session, name, browser.address, now)
            write_audit(session, None, "login_failed", row.name if row else "-", now)
        raise AccountRefused("login.failed", "name or password is wrong")
    key = unwrap_key(row.wrapped_key, password.encode()) if row.wrapped_key else None
    with desk.database.transaction() as session:
        limits.forget_failures(session, name, browser.address)
        token, login_id = open_login(session, row.id, browser.name, now)
        account = account_of_row(row)
        write_audit(session, account, "login", login_id, now)
    return Opened(token, login_id, account, key)


def open_key(desk: Desk, account: Account, password: str, browser: Browser) -> LedgerKey:
    """The personal key of an account that is logged in, by its password. Raises AccountRefused."""
    now = desk.clock()
    with desk.database.snapshot() as session:
        if limits.is_limited(session, account.name, browser.address, now):
            raise AccountRefused("login.too_often", "too many failed logins")
        row = session.get_one(AccountRow, account.id)
    key = None
    if is_password(password, row.password_digest) and row.wrapped_key:
        key = unwrap_key(row.wrapped_key, password.encode())
    if key is None:
        with desk.database.transaction() as session:
            limits.count_failure(session, account.name, browser.address, now)
        raise AccountRefused("account.wrong_password", "the password is wrong")
    return key


def accept_invitation(
    desk: Desk, token: str, name: str, password: str, *, language: str | None = None
) -> Account:
    """Make the first account, or set the password of an account, by a one-time token.

    The account keeps the language in which its user read the page. A new password makes a new
    personal key: the old one cannot be opened without the old password. Where the lake knows no
    persons, the first account becomes its first person.

    Raises
    ------
    AccountRefused
        The token is over, or name or password are not fit.
    """
    key = make_key()
    with desk.database.transaction() as session:
        now = desk.clock()
        row = invitations.invitation_of(session, token, now)
        if row is None:
            raise AccountRefused("login.link_over", "this link was used, or its time is over")
        is_first = row.account_id is None
        if is_first:
            account = add_account(session, NewAccount(name, FIRST_ROLES), now)
        else:
            account = session.get_one(AccountRow, row.account_id)
        fault = password_fault(password, account.name)
        if fault is not None:
            raise AccountRefused(fault, "the password is not fit")
        row.used_at = now
        account.language = language or account.language
        account.password_digest = password_digest(password)
        account.public_key = key.public.raw
        account.wrapped_key = wrap_key(key, password.encode())
        end_login_sessions(session, account.id, now)
        made = account_of_row(account)
        write_audit(session, made, "password_set", account.name, now)
        if is_first and read_roster(desk.lake).is_empty:
            signer = Signer(made.name, key)
            admit(desk.lake, made.name, [ADMINISTRATOR], key.public, signer, desk.naive_now())
    return made


def change_password(desk: Desk, account_id: str, old: str, new: str, but_login: str) -> None:
    """Change a password with the old one; other logins then end. Raises AccountRefused."""
    with desk.database.snapshot() as session:
        row = session.get_one(AccountRow, account_id)
    if not is_password(old, row.password_digest):
        raise AccountRefused("account.wrong_password", "the old password is wrong")
    fault = password_fault(new, row.name)
    if fault is not None:
        raise AccountRefused(fault, "the password is not fit")
    digest = password_digest(new)
    key = unwrap_key(row.wrapped_key, old.encode()) if row.wrapped_key else None
    wrapped = wrap_key(key, new.encode()) if key is not None else row.wrapped_key
    now = desk.clock()
    with desk.database.transaction() as session:
        fresh = session.get_one(AccountRow, account_id)
        if fresh.password_digest != row.password_digest:
            raise AccountRefused("account.wrong_password", "the password was changed meanwhile")
        fresh.password_digest, fresh.wrapped_key = digest, wrapped
        end_login_sessions(session, account_id, now, but=but_login)
        write_audit(session, account_of_row(fresh), "password_set", fresh.name, now)
