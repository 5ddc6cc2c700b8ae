"""Idempotency keys: a form that is sent twice acts once, and is answered twice alike. ADR-0312."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from serving.desk.store.database import Database
from serving.desk.store.tables.requests import RequestRow

KEY_FORM = re.compile(r"[A-Za-z0-9_-]{16,64}")
RETENTION_HOURS = 24
LONGEST_WORK_SECONDS = 60  # after so long a request without an answer was interrupted
MAX_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True)
class Answer:
    """The answer of a request: status, headers and body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True)
class Begun:
    """The outcome of asking to begin: exactly one of the fields says what to do.

    `may_act`: this request acts. `answer`: it acted before. `in_work`: another one acts now.
    `differs`: the key was used for another form. `interrupted`: the first one left no answer.
    """

    may_act: bool = False
    answer: Answer | None = None
    in_work: bool = False
    differs: bool = False
    interrupted: bool = False


def begin(database: Database, owner: str, key: str, digest: str, now: datetime) -> Begun:
    """Ask to act under a key. Of two requests at once, one may act."""
    with database.transaction() as session:
        row = session.get(RequestRow, (owner, key))
        if row is None:
            expired = RequestRow.begun_at < now - timedelta(hours=RETENTION_HOURS)
            session.execute(delete(RequestRow).where(expired))
            session.add(RequestRow(owner=owner, key=key, digest=digest, begun_at=now))
            return Begun(may_act=True)
        if row.digest != digest:
            return Begun(differs=True)
        if row.status is None:
            is_late = now - row.begun_at > timedelta(seconds=LONGEST_WORK_SECONDS)
            return Begun(interrupted=is_late, in_work=not is_late)
        headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in row.headers or []]
        return Begun(answer=Answer(row.status, headers, row.body or b""))


def finish(database: Database, owner: str, key: str, answer: Answer) -> None:
    """Keep the answer of a request that acted."""
    with database.transaction() as session:
        row = session.get(RequestRow, (owner, key))
        if row is not None:
            row.status = answer.status
            row.headers = [[k.decode("latin-1"), v.decode("latin-1")] for k, v in answer.headers]
            row.body = answer.body


def abandon(database: Database, owner: str, key: str) -> None:
    """Forget a request that did not act, so that it can be sent again."""
    with database.transaction() as session:
        row = session.get(RequestRow, (owner, key))
        if row is not None:
            session.delete(row)
