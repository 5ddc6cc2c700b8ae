"""Drafts of the policy: begun from the one in force, changed by one person at a time, proposed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.accounts.account import Account
from serving.desk.accounts.tokens import make_id
from serving.desk.desk import Desk
from serving.desk.laboratory.policy_text import with_value
from serving.desk.store.tables.laboratory import PolicyDraftRow
from serving.oversight.policies.policy_record import policy_in_force

MAX_TEXT_CHARACTERS = 200_000
MAX_DRAFTS_LISTED = 50


class DraftChanged(Exception):
    """Another person changed the draft since the page was opened."""


def begin_draft(desk: Desk, account: Account, title: str) -> PolicyDraftRow:
    """A new draft with the text of the policy in force and a version of its own."""
    policy = policy_in_force(desk.lake, desk.naive_now().date())
    now = desk.clock()
    text = with_value(policy.text, "", "version", f'"{next_version(policy.version)}"')
    row = PolicyDraftRow(
        id=make_id(),
        title=title.strip()[:120],
        text=text,
        base_text=policy.text,
        author_name=account.name,
        created_at=now,
        updated_at=now,
        revision=1,
    )
    with desk.database.transaction() as session:
        session.add(row)
    return row


def next_version(version: str) -> str:
    """The version after one.

    Examples
    --------
    >>> next_version("2026.17"), next_version("spring")
    ('2026.18', 'spring.1')
    """
    head, dot, tail = version.rpartition(".")
    return f"{head}{dot}{int(tail) + 1}" if tail.isdigit() else f"{version}.1"


def save_draft(
    session: Session, draft_id: str, text: str, revision: int, now: datetime
) -> PolicyDraftRow | None:
    """Replace the text of a draft that is still at a revision; None where there is no draft.

    Raises DraftChanged.
    """
    row = session.get(PolicyDraftRow, draft_id)
    if row is None:
        return None
    clean = text.replace("\r\n", "\n").rstrip("\n")[:MAX_TEXT_CHARACTERS] + "\n"
    if row.text == clean:
        return row
    if row.revision != revision:
        raise DraftChanged
    row.text, row.updated_at, row.revision = clean, now, revision + 1
    return row


def list_drafts(session: Session) -> list[PolicyDraftRow]:
    """Drafts, the last changed first."""
    newest = PolicyDraftRow.updated_at.desc()
    return list(session.scalars(select(PolicyDraftRow).order_by(newest).limit(MAX_DRAFTS_LISTED)))


def default_start(now: datetime, notice_days: int) -> str:
    """The first day on which a policy may bind that is announced tomorrow at the latest."""
    return (now.date() + timedelta(days=notice_days + 1)).isoformat()
