"""Drafts of the policy and their replays, links to notices, webhooks."""

import sqlalchemy as sa
from alembic import op

from serving.desk.store.schema import UtcDateTime

revision, down_revision = "0003", "0001"


def upgrade() -> None:
    """Make the tables of the laboratory and of the inboxes."""
    op.create_table(
        "policy_drafts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("base_text", sa.Text, nullable=False),
        sa.Column("author_name", sa.String(80), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("policy_id", sa.String(32)),
    )
    op.create_index("ix_policy_drafts_updated_at", "policy_drafts", ["updated_at"])
    op.create_table(
        "policy_replays",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("draft_id", sa.String(32), sa.ForeignKey("policy_drafts.id"), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("nights", sa.Integer, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("nights_done", sa.Integer, nullable=False),
        sa.Column("process", sa.String(32), nullable=False),
        sa.Column("started_by", sa.String(80), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.Text),
    )
    op.create_index("ix_policy_replays_draft_id", "policy_replays", ["draft_id"])
    op.create_index("ix_policy_replays_started_at", "policy_replays", ["started_at"])
    op.create_table(
        "notice_links",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("operator_id", sa.Text, nullable=False),
        sa.Column("measure_id", sa.String(32)),
        sa.Column("night", sa.String(10)),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("revoked_at", UtcDateTime),
        sa.Column("read_count", sa.Integer, nullable=False),
        sa.Column("read_at", UtcDateTime),
        sa.UniqueConstraint("token_digest", name="uq_notice_links_token_digest"),
    )
    op.create_index("ix_notice_links_operator_id", "notice_links", ["operator_id"])
    op.create_index("ix_notice_links_made_at", "notice_links", ["made_at"])
    op.create_table(
        "webhook_targets",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kinds", sa.JSON, nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("disabled_at", UtcDateTime),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("target_id", sa.String(32), sa.ForeignKey("webhook_targets.id"), nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("occurred_at", UtcDateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("delivered_at", UtcDateTime),
        sa.Column("last_status", sa.Integer),
        sa.Column("last_error", sa.Text),
        sa.UniqueConstraint(
            "target_id", "event_id", name="uq_webhook_deliveries_target_id_event_id"
        ),
    )
    op.create_index("ix_webhook_deliveries_due_at", "webhook_deliveries", ["due_at"])
