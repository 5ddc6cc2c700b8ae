"""Limits of failed logins: by name and address, by name, and by address."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from serving.desk.accounts.tokens import token_digest
from serving.desk.store.tables.logins import LoginFailureRow

WINDOW_MINUTES = 15
MAX_FAILURES = {"name and address": 5, "name": 30, "address": 50}


def subjects(name: str, address: str) -> dict[str, str]:
    """The keys that a failure counts for, as digests that are kept for a quarter of an hour."""
    return {
        "name and address": token_digest(f"both\n{name}\n{address}"),
        "name": token_digest(f"name\n{name}"),
        "address": token_digest(f"address\n{address}"),
    }


def is_limited(session: Session, name: str, address: str, now: datetime) -> bool:
    """Whether logins failed so often that another one has to wait."""
    since = now - timedelta(minutes=WINDOW_MINUTES)
    for kind, subject in subjects(name, address).items():
        failures = session.scalar(
            select(func.count())
            .select_from(LoginFailureRow)
            .where(LoginFailureRow.subject == subject, LoginFailureRow.at > since)
        )
        if (failures or 0) >= MAX_FAILURES[kind]:
            return True
    return False


def count_failure(session: Session, name: str, address: str, now: datetime) -> None:
    """Count a failed login, and drop those of before the window."""
    since = now - timedelta(minutes=WINDOW_MINUTES)
    session.execute(delete(LoginFailureRow).where(LoginFailureRow.at <= since))
    for subject in subjects(name, address).values():
        session.add(LoginFailureRow(subject=subject, at=now))


def forget_failures(session: Session, name: str, address: str) -> None:
    """Forget the failures of a name at an address after a login that succeeded."""
    subject = subjects(name, address)["name and address"]
    session.execute(delete(LoginFailureRow).where(LoginFailureRow.subject == subject))
