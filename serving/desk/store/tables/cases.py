"""Cases and the acts on them: a projection of the record `LAKE/journal/cases.jsonl`. ADR-0330."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from serving.desk.store.schema import Base, UtcDateTime


class CaseRow(Base):
    """A case as it stands after all acts that count.

    Attributes
    ----------
    kind, subject_id, operator_id
        What it is about (operator or session), and the operator that owns it.
    origin, known_verdict, known_typology
        Why it was opened, and what is known of a golden case. No reviewer sees them before it
        decided.
    blind_weight
        Place of a session in the queue, drawn by chance; null for an operator.
    version
        Number of the last line of the record about it.
    words
        Text that the search finds it by, in lower case.
    """

    __tablename__ = "cases"

    case_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text, index=True)
    operator_id: Mapped[str] = mapped_column(Text, index=True)
    origin: Mapped[str] = mapped_column(Text)
    known_verdict: Mapped[str | None] = mapped_column(Text)
    known_typology: Mapped[str | None] = mapped_column(Text)
    blind_weight: Mapped[float | None]
    opened_night: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    status: Mapped[str] = mapped_column(Text, index=True)
    holder: Mapped[str | None] = mapped_column(Text)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assignee: Mapped[str | None] = mapped_column(Text)
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verdict: Mapped[str | None] = mapped_column(Text)
    typology: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_tier: Mapped[str | None] = mapped_column(Text)
    minutes: Mapped[float]
    version: Mapped[int]
    words: Mapped[str] = mapped_column(Text)


class ActRow(Base):
    """A line of the record that counts. `body` is its JSON; `once` the key of the form it is of."""

    __tablename__ = "case_acts"

    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    act_id: Mapped[str] = mapped_column(Text, unique=True)
    act: Mapped[str] = mapped_column(Text, index=True)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    once: Mapped[str | None] = mapped_column(Text, unique=True)
    body: Mapped[str] = mapped_column(Text)


class ActCaseRow(Base):
    """A case that an act is about. `entry` is JSON of what the act says of this case alone."""

    __tablename__ = "case_act_cases"
    __table_args__ = (Index("ix_case_act_cases_case_id_line", "case_id", "line"),)

    line: Mapped[int] = mapped_column(ForeignKey("case_acts.line"), primary_key=True)
    case_id: Mapped[str] = mapped_column(Text, primary_key=True)
    entry: Mapped[str | None] = mapped_column(Text)


class CaseLabelRow(Base):
    """A label of a case, and until when it holds; null for ever."""

    __tablename__ = "case_labels"

    case_id: Mapped[str] = mapped_column(Text, primary_key=True)
    label: Mapped[str] = mapped_column(Text, primary_key=True)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MentionRow(Base):
    """A person whom a note names."""

    __tablename__ = "case_mentions"

    line: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    case_id: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AttachmentRow(Base):
    """A file that was attached to a case, by its digest."""

    __tablename__ = "case_attachments"

    case_id: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    line: Mapped[int]


class RecordPositionRow(Base):
    """The state of the projection: the last record, and the night of the operators below."""

    __tablename__ = "case_record_position"

    file: Mapped[str] = mapped_column(Text, primary_key=True)
    lines: Mapped[int]
    size: Mapped[int]
    head: Mapped[str] = mapped_column(Text)
    night: Mapped[str | None] = mapped_column(Text)
    run_id: Mapped[str | None] = mapped_column(Text)
