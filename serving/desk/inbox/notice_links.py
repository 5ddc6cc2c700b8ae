"""Links by which an operator reads the notice of one measure or one night's decision. ADR-0341."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from serving.desk.accounts.account import Account
from serving.desk.accounts.tokens import make_id, make_token, token_digest
from serving.desk.store.tables.inbox import NoticeLinkRow

DEFAULT_DAYS, MAX_DAYS = 30, 200
MAX_LINKS_LISTED = 50


@dataclass(frozen=True)
class NoticeSubject:
    """The subject of a link: an operator, and one measure of it or the decision of a night."""

    operator_id: str
    measure_id: str | None = None
    night: str | None = None


def make_notice_link(
    session: Session, subject: NoticeSubject, account: Account, now: datetime, days: int
) -> tuple[NoticeLinkRow, str]:
    """A link and its token, which is told this once and kept nowhere."""
    token = make_token()
    row = NoticeLinkRow(
        id=make_id(),
        token_digest=token_digest(token),
        operator_id=subject.operator_id,
        measure_id=subject.measure_id,
        night=None if subject.measure_id else subject.night,
        made_by=account.name,
        made_at=now,
        expires_at=now + timedelta(days=min(max(days, 1), MAX_DAYS)),
        read_count=0,
    )
    session.add(row)
    return row, token


def find_notice_link(session: Session, token: str, now: datetime) -> NoticeLinkRow | None:
    """The link of a token; None for one that is not known, expired or was revoked."""
    digest = token_digest(token)
    row = session.scalar(select(NoticeLinkRow).where(NoticeLinkRow.token_digest == digest))
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    return row


def count_read(session: Session, link_id: str, now: datetime) -> None:
    """Count that a notice was read."""
    session.execute(
        update(NoticeLinkRow)
        .where(NoticeLinkRow.id == link_id)
        .values(read_count=NoticeLinkRow.read_count + 1, read_at=now)
    )


def revoke_notice_link(session: Session, link_id: str, now: datetime) -> NoticeLinkRow | None:
    """Revoke a link at once; None where there is none."""
    row = session.get(NoticeLinkRow, link_id)
    if row is not None and row.revoked_at is None:
        row.revoked_at = now
    return row


def links_of(session: Session, subject: NoticeSubject | None = None) -> list[NoticeLinkRow]:
    """Links about a subject, or the last ones of all; the newest first."""
    query = select(NoticeLinkRow).order_by(NoticeLinkRow.made_at.desc()).limit(MAX_LINKS_LISTED)
    if subject is not None:
        query = query.where(NoticeLinkRow.operator_id == subject.operator_id)
        if subject.measure_id:
            query = query.where(NoticeLinkRow.measure_id == subject.measure_id)
        else:
            query = query.where(NoticeLinkRow.night == subject.night)
    return list(session.scalars(query))
