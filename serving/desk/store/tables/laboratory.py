"""Drafts of the policy, and their replays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from serving.desk.store.schema import Base, UtcDateTime


class PolicyDraftRow(Base):
    """A draft of the policy; `revision` grows with each change, so a stale page is noticed."""

    __tablename__ = "policy_drafts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    base_text: Mapped[str] = mapped_column(Text)  # the policy in force that it began from
    author_name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revision: Mapped[int]
    policy_id: Mapped[str | None] = mapped_column(String(32))  # once it was proposed


class PolicyReplayRow(Base):
    """A replay of a draft: under way, done, or failed with a message."""

    __tablename__ = "policy_replays"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("policy_drafts.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    nights: Mapped[int]
    status: Mapped[str] = mapped_column(String(12))  # running, done or failed
    nights_done: Mapped[int]
    process: Mapped[str] = mapped_column(String(32))
    started_by: Mapped[str] = mapped_column(String(80))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
