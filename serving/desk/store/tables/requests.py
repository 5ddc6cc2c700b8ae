"""Requests that acted, with their answers: the same key twice acts once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from serving.desk.store.schema import Base, UtcDateTime


class RequestRow(Base):
    """A request by its idempotency key; `status` is null while it is in work."""

    __tablename__ = "requests"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)  # account, or a visit
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))  # of method, path and form
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    status: Mapped[int | None]
    headers: Mapped[list[list[str]] | None] = mapped_column(JSON)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
