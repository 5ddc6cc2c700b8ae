"""Lists that people keep at the desk, and the operators of the newest night."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from serving.desk.store.schema import Base, UtcDateTime


class NightOperatorRow(Base):
    """An operator as the newest published night has it.

    Attributes
    ----------
    harm, weight
        The published expected harm; the place in the queue, which is the harm, or the patrol
        priority where no risk is known.
    floor
        What holds its tier whatever a reviewer finds: notice, measure or override; empty for none.
    reasons
        A JSON list of signals with words in both languages.
    """

    __tablename__ = "night_operators"

    operator_id: Mapped[str] = mapped_column(Text, primary_key=True)
    tier: Mapped[str] = mapped_column(Text, index=True)
    risk: Mapped[float | None]
    influence: Mapped[float | None]
    harm: Mapped[float | None]
    weight: Mapped[float]
    measure: Mapped[str] = mapped_column(Text)
    typology: Mapped[str] = mapped_column(Text)
    mcn_id: Mapped[str | None] = mapped_column(Text)
    region: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    floor: Mapped[str] = mapped_column(Text)
    reasons: Mapped[str] = mapped_column(Text)
    why_zh: Mapped[str] = mapped_column(Text)
    why_en: Mapped[str] = mapped_column(Text)


class WatchRow(Base):
    """An operator on a watchlist."""

    __tablename__ = "case_watches"

    watchlist: Mapped[str] = mapped_column(Text, primary_key=True)
    operator_id: Mapped[str] = mapped_column(Text, primary_key=True)
    by: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SavedFilterRow(Base):
    """A filter of the queue that a person saved under a name."""

    __tablename__ = "case_saved_filters"

    by: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    query: Mapped[str] = mapped_column(Text)


class AssignmentRuleRow(Base):
    """A rule that assigns new cases: where a column has a value, to persons in turn."""

    __tablename__ = "case_assignment_rules"

    rule_id: Mapped[str] = mapped_column(Text, primary_key=True)
    place: Mapped[int]
    column: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    persons: Mapped[str] = mapped_column(Text)


class CapacityRow(Base):
    """Minutes that a person has for cases on a day."""

    __tablename__ = "case_capacities"

    person: Mapped[str] = mapped_column(Text, primary_key=True)
    minutes: Mapped[int]
