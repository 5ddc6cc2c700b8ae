"""Cases, the acts on them, lists that people keep, and the operators of the newest night."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from serving.desk.store.schema import UtcDateTime

revision, down_revision = "0002", "0001"


def text(name: str, **options: Any) -> sa.Column:
    """A column of text that is never null, unless it says so."""
    return sa.Column(name, sa.Text, **({"nullable": False} | options))


def moment(name: str, **options: Any) -> sa.Column:
    """A column of moments that is never null, unless it says so."""
    return sa.Column(name, UtcDateTime, **({"nullable": False} | options))


def upgrade() -> None:
    """Make the tables of cases."""
    _make_cases()
    _make_acts()
    _make_lists()
    op.create_table(
        "night_operators",
        text("operator_id", primary_key=True),
        text("tier"),
        *(sa.Column(name, sa.Float) for name in ("risk", "influence", "harm")),
        sa.Column("weight", sa.Float, nullable=False),
        text("measure"),
        text("typology"),
        text("mcn_id", nullable=True),
        *(text(n) for n in ("region", "category", "floor", "reasons", "why_zh", "why_en")),
    )
    op.create_index("ix_night_operators_tier", "night_operators", ["tier"])


def _make_cases() -> None:
    op.create_table(
        "cases",
        text("case_id", primary_key=True),
        *(text(name) for name in ("kind", "subject_id", "operator_id", "origin")),
        text("known_verdict", nullable=True),
        text("known_typology", nullable=True),
        sa.Column("blind_weight", sa.Float),
        text("opened_night"),
        moment("opened_at"),
        moment("due_at"),
        text("status"),
        text("holder", nullable=True),
        moment("claimed_at", nullable=True),
        text("assignee", nullable=True),
        moment("snoozed_until", nullable=True),
        text("verdict", nullable=True),
        text("typology", nullable=True),
        moment("decided_at", nullable=True),
        text("decided_by", nullable=True),
        text("decided_tier", nullable=True),
        sa.Column("minutes", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        text("words"),
    )
    for column in ("subject_id", "operator_id", "due_at", "status"):
        op.create_index(f"ix_cases_{column}", "cases", [column])
    op.create_table(
        "case_labels",
        text("case_id", primary_key=True),
        text("label", primary_key=True),
        moment("until", nullable=True),
    )
    op.create_table(
        "case_mentions",
        sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
        text("person", primary_key=True),
        text("case_id", primary_key=True),
        moment("at"),
    )
    op.create_index("ix_case_mentions_person", "case_mentions", ["person"])
    op.create_table(
        "case_attachments",
        text("case_id", primary_key=True),
        text("sha256", primary_key=True),
        text("name"),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
    )


def _make_acts() -> None:
    op.create_table(
        "case_acts",
        sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
        text("act_id"),
        text("act"),
        text("by"),
        moment("at"),
        text("once", nullable=True),
        text("body"),
        sa.UniqueConstraint("act_id", name="uq_case_acts_act_id"),
        sa.UniqueConstraint("once", name="uq_case_acts_once"),
    )
    op.create_index("ix_case_acts_act", "case_acts", ["act"])
    op.create_table(
        "case_act_cases",
        sa.Column("line", sa.Integer, sa.ForeignKey("case_acts.line"), primary_key=True),
        text("case_id", primary_key=True),
        text("entry", nullable=True),
    )
    op.create_index("ix_case_act_cases_case_id_line", "case_act_cases", ["case_id", "line"])
    op.create_table(
        "case_record_position",
        text("file", primary_key=True),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        text("head"),
        text("night", nullable=True),
        text("run_id", nullable=True),
    )


def _make_lists() -> None:
    op.create_table(
        "case_watches",
        text("watchlist", primary_key=True),
        text("operator_id", primary_key=True),
        text("by"),
        moment("at"),
        text("reason"),
        moment("until", nullable=True),
    )
    op.create_table(
        "case_saved_filters",
        text("by", primary_key=True),
        text("name", primary_key=True),
        text("query"),
    )
    op.create_table(
        "case_assignment_rules",
        text("rule_id", primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        text("column"),
        text("value"),
        text("persons"),
    )
    op.create_table(
        "case_capacities",
        text("person", primary_key=True),
        sa.Column("minutes", sa.Integer, nullable=False),
    )
