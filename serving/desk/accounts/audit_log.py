"""The audit log: each read of evidence and each change of accounts, with who and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from serving.desk.accounts.account import Account
from serving.desk.store.tables.audit import AuditRow

ANONYMOUS = "-"


@dataclass(frozen=True)
class AuditFilter:
    """A selection of lines of the audit log; an empty field selects all."""

    account_name: str = ""
    kind: str = ""
    subject: str = ""
    page: int = 1
    lines_per_page: int = 50


@dataclass(frozen=True)
class AuditPage:
    """A page of the audit log, newest first, and how many lines the filter selects."""

    lines: list[AuditRow]
    total: int


def write_audit(
    session: Session, account: Account | None, kind: str, subject: str, now: datetime
) -> None:
    """Append a line to the audit log."""
    session.add(
        AuditRow(
            at=now,
            account_id=account.id if account else None,
            account_name=account.name if account else ANONYMOUS,
            kind=kind,
            subject=subject,
        )
    )


def read_audit(session: Session, wanted: AuditFilter) -> AuditPage:
    """Lines of the audit log that a filter selects."""
    query = select(AuditRow)
    if wanted.account_name:
        query = query.where(AuditRow.account_name == wanted.account_name)
    if wanted.kind:
        query = query.where(AuditRow.kind == wanted.kind)
    if wanted.subject:
        query = query.where(AuditRow.subject == wanted.subject)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    first = (max(wanted.page, 1) - 1) * wanted.lines_per_page
    lines = session.scalars(
        query.order_by(AuditRow.id.desc()).offset(first).limit(wanted.lines_per_page)
    )
    return AuditPage(list(lines), total)
