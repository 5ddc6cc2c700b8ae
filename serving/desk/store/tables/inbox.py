"""Links to notices, receivers of webhooks, and the outbox of their events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from serving.desk.store.schema import Base, UtcDateTime


class NoticeLinkRow(Base):
    """A link by which an operator reads one notice; the database has the digest of its token."""

    __tablename__ = "notice_links"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    operator_id: Mapped[str] = mapped_column(Text, index=True)
    measure_id: Mapped[str | None] = mapped_column(String(32))
    night: Mapped[str | None] = mapped_column(String(10))
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_count: Mapped[int]
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookTargetRow(Base):
    """A receiver of events: its address, the kinds it wants, and the secret that signs.

    `sealed_secret` is encrypted; `secret` is empty, and was in use before revision 0004.
    """

    __tablename__ = "webhook_targets"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    secret: Mapped[str] = mapped_column(String(64))
    sealed_secret: Mapped[bytes | None]
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookDeliveryRow(Base):
    """An event that one receiver gets; it is sent until the receiver answers with 2xx."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (UniqueConstraint("target_id", "event_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    target_id: Mapped[str] = mapped_column(ForeignKey("webhook_targets.id"))
    event_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)
