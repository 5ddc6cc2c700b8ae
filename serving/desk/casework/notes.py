"""Notes with mentions, and labels with an expiry."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from serving.desk.cases.case_record import Act, perform
from serving.desk.cases.case_state import LABELLED, NOTED, UNLABELLED, Line
from serving.desk.cases.refusals import CaseRefused
from serving.desk.casework.claims import Chosen
from serving.desk.desk import Desk
from serving.desk.store.tables.cases import ActRow, MentionRow

MAX_NOTE_CHARACTERS = 4000
MAX_LABEL_CHARACTERS = 40
MENTION = re.compile(r"@([^\s@,;:!?，。；：！？、（）()]+)")


@dataclass(frozen=True)
class Mention:
    """A note that names a person: on which case, by whom, when, and its text."""

    case_id: str
    by: str
    at: datetime
    text: str


def add_note(desk: Desk, chosen: Chosen, text: str, known: Collection[str]) -> Line:
    """Add a note to cases; `@name` mentions a known person. Raises CaseRefused."""
    words = text.strip()
    if not words:
        raise CaseRefused("cases.refused.empty_note")
    if len(words) > MAX_NOTE_CHARACTERS:
        raise CaseRefused("cases.refused.long_note", most=MAX_NOTE_CHARACTERS)
    body = {"text": words, "mentions": mentions_in(words, known)}
    act = Act(NOTED, chosen.author, chosen.cases, body, once=chosen.once)
    return perform(desk, act)


def mentions_in(text: str, known: Collection[str]) -> list[str]:
    """Known persons whom a text mentions, each once; a full stop after a name is none of it."""
    named = (m.rstrip(".") for m in MENTION.findall(text))
    return list(dict.fromkeys(n for n in named if n in known))


def mentions_of(session: Session, person: str, limit: int = 50) -> tuple[list[Mention], int]:
    """The newest notes that mention a person, and how many there are in all."""
    of_person = MentionRow.person == person
    total = session.scalar(select(func.count()).select_from(MentionRow).where(of_person)) or 0
    query = (
        select(MentionRow.case_id, ActRow.by, ActRow.at, ActRow.body)
        .join(ActRow, ActRow.line == MentionRow.line)
        .where(of_person)
        .order_by(MentionRow.line.desc(), MentionRow.case_id)
        .limit(limit)
    )
    found = [
        Mention(case_id, by, at, json.loads(body)["text"])
        for case_id, by, at, body in session.execute(query)
    ]
    return found, total


def add_label(desk: Desk, chosen: Chosen, label: str, until: datetime | None) -> Line:
    """Label cases, until a moment (naive UTC) or for ever. Raises CaseRefused."""
    name = label.strip()
    if not name or len(name) > MAX_LABEL_CHARACTERS:
        raise CaseRefused("cases.refused.label", most=MAX_LABEL_CHARACTERS)
    if until is not None and until <= desk.naive_now():
        raise CaseRefused("cases.refused.past")
    body = {"label": name, "until": until.isoformat(timespec="seconds") if until else None}
    return perform(desk, Act(LABELLED, chosen.author, chosen.cases, body, once=chosen.once))


def remove_label(desk: Desk, chosen: Chosen, label: str) -> Line:
    """Take a label off cases."""
    body = {"label": label.strip()}
    return perform(desk, Act(UNLABELLED, chosen.author, chosen.cases, body, once=chosen.once))
