"""One-time links: the first account of a desk, and the passwords of all others."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from serving.desk.accounts.tokens import make_token, token_digest
from serving.desk.store.tables.accounts import AccountRow, InvitationRow

FIRST_ACCOUNT_HOURS, INVITATION_HOURS = 24, 72


def has_accounts(session: Session) -> bool:
    """Whether the desk has an account."""
    return bool(session.scalar(select(func.count()).select_from(AccountRow)))


def invite_first(session: Session, now: datetime) -> str | None:
    """The token that makes the first account; None where there is an account.

    An earlier token of this kind ends.
    """
    if has_accounts(session):
        return None
    return _invite(session, None, now, FIRST_ACCOUNT_HOURS)


def invite(session: Session, account_id: str, now: datetime) -> str:
    """A token by which the user of an account sets its password; an earlier one ends."""
    return _invite(session, account_id, now, INVITATION_HOURS)


def _invite(session: Session, account_id: str | None, now: datetime, hours: int) -> str:
    for earlier in session.scalars(
        select(InvitationRow).where(
            InvitationRow.account_id.is_(None)
            if account_id is None
            else InvitationRow.account_id == account_id,
            InvitationRow.used_at.is_(None),
        )
    ):
        earlier.used_at = now
    token = make_token()
    session.add(
        InvitationRow(
            token_digest=token_digest(token),
            account_id=account_id,
            expires_at=now + timedelta(hours=hours),
        )
    )
    return token


def invitation_of(session: Session, token: str, now: datetime) -> InvitationRow | None:
    """The invitation of a token; None when it was used or is over."""
    row = session.get(InvitationRow, token_digest(token))
    if row is None or row.used_at is not None or now >= row.expires_at:
        return None
    if row.account_id is None and has_accounts(session):
        return None
    return row
