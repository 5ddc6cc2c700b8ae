"""Login sessions: kept on the server, ended by time, by the user or by an administrator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.accounts.account import Account
from serving.desk.accounts.directory import account_of_row
from serving.desk.accounts.tokens import make_id, make_token, token_digest
from serving.desk.store.database import Database
from serving.desk.store.tables.accounts import AccountRow
from serving.desk.store.tables.logins import LoginSessionRow

IDLE_MINUTES, ABSOLUTE_HOURS = 60, 12
SECONDS_BETWEEN_TOUCHES = 60  # the use of a session is written at most so often
MAX_BROWSER_CHARACTERS = 120


@dataclass(frozen=True)
class Login:
    """A login session that is in force."""

    id: str
    account: Account
    wrapped_key: bytes | None
    has_password: bool


def open_login(session: Session, account_id: str, browser: str, now: datetime) -> tuple[str, str]:
    """Begin a login session; returns its token, of which no copy is kept, and its id."""
    token, login_id = make_token(), make_id()
    session.add(
        LoginSessionRow(
            id=login_id,
            token_digest=token_digest(token),
            account_id=account_id,
            browser=browser[:MAX_BROWSER_CHARACTERS],
            created_at=now,
            used_at=now,
            expires_at=now + timedelta(hours=ABSOLUTE_HOURS),
        )
    )
    return token, login_id


def login_of(database: Database, token: str, now: datetime) -> Login | None:
    """The login session of a token; None when it ended, or its account is disabled."""
    with database.snapshot() as session:
        found = session.execute(
            select(LoginSessionRow, AccountRow)
            .join(AccountRow, AccountRow.id == LoginSessionRow.account_id)
            .where(LoginSessionRow.token_digest == token_digest(token))
        ).one_or_none()
        if found is None:
            return None
        row, account = found
        if not is_in_force(row, now) or account.disabled_at is not None:
            return None
        login = Login(
            row.id,
            account_of_row(account),
            account.wrapped_key,
            account.password_digest is not None,
        )
        is_due = now - row.used_at >= timedelta(seconds=SECONDS_BETWEEN_TOUCHES)
    if is_due:
        with database.transaction() as session:
            fresh = session.get(LoginSessionRow, login.id)
            if fresh is not None:
                fresh.used_at = max(fresh.used_at, now)
    return login


def is_in_force(row: LoginSessionRow, now: datetime) -> bool:
    """Whether a login session was neither revoked nor ended by time."""
    is_idle = now - row.used_at >= timedelta(minutes=IDLE_MINUTES)
    return row.revoked_at is None and now < row.expires_at and not is_idle


def list_logins(session: Session, account_id: str, now: datetime) -> list[LoginSessionRow]:
    """Login sessions of an account that are in force, the last used first."""
    rows = session.scalars(
        select(LoginSessionRow)
        .where(LoginSessionRow.account_id == account_id)
        .order_by(LoginSessionRow.used_at.desc())
    )
    return [r for r in rows if is_in_force(r, now)]


def revoke_login(session: Session, account_id: str, login_id: str, now: datetime) -> bool:
    """Revoke a login session of an account; returns whether it was in force."""
    row = session.get(LoginSessionRow, login_id)
    if row is None or row.account_id != account_id or not is_in_force(row, now):
        return False
    row.revoked_at = now
    return True
