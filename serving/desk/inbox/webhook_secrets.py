"""Secrets of webhooks at rest: encrypted by the key of the server, one row each. ADR-0385."""

from __future__ import annotations

from sqlalchemy import select, text

from data_contracts.lake import Lake
from serving.desk.accounts.logins.server_key import open_sealed, seal, server_secret
from serving.desk.store.database import Database
from serving.desk.store.tables.inbox import WebhookTargetRow

PURPOSE = "steelyard desk webhook secret 1"


def seal_secret(lake: Lake, target_id: str, secret: str) -> bytes:
    """The secret of a receiver, encrypted. Raises LakeProblem where the key cannot be used."""
    return seal(server_secret(lake), _place(target_id), secret.encode())


def secret_of(lake: Lake, target: WebhookTargetRow) -> str | None:
    """The secret of a receiver; None where the key of the server is not the one that sealed it.

    Raises LakeProblem where the key cannot be used.
    """
    if target.sealed_secret is None:
        return None
    opened = open_sealed(server_secret(lake), _place(target.id), target.sealed_secret)
    return None if opened is None else opened.decode()


def seal_plain_secrets(lake: Lake, database: Database) -> int:
    """Encrypt secrets that a desk of before wrote in plain; returns how many there were.

    Raises LakeProblem where the key cannot be used.
    """
    with database.snapshot() as session:
        plain = select(WebhookTargetRow.id).where(WebhookTargetRow.sealed_secret.is_(None))
        if session.scalar(plain.limit(1)) is None:
            return 0
    is_file = database.engine.dialect.name == "sqlite"
    with database.transaction() as session:
        if is_file:  # what is overwritten leaves no copy in free pages
            session.execute(text("PRAGMA secure_delete=ON"))
        rows = session.scalars(
            select(WebhookTargetRow).where(WebhookTargetRow.sealed_secret.is_(None))
        ).all()
        for row in rows:
            row.sealed_secret = seal_secret(lake, row.id, row.secret)
            row.secret = ""
    if is_file:
        with database.engine.connect() as connection:
            connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(rows)


def _place(target_id: str) -> str:
    return f"{PURPOSE} {target_id}"
