"""Secrets of webhooks, encrypted by the key of the server."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Add the encrypted form; the desk fills it for old rows when it opens, for it has the key."""
    op.add_column("webhook_targets", sa.Column("sealed_secret", sa.LargeBinary))
