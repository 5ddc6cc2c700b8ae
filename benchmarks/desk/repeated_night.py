"""A night of many operators: the rows of a small one in memory, repeated under other ids."""

from __future__ import annotations

from data_contracts.lake import Lake
from serving.desk.nights import NIGHTS, read_ahead
from serving.desk.web.addresses import url

REPEATED_TABLES = {  # of a night in memory, with their columns of ids
    "corrected_figures": ("entity_id",),
    "false_views": ("view_id", "session_id"),
    "history": ("operator_id",),
    "operator_orders": ("operator_id",),
    "operator_sessions": ("operator_id",),
    "operators": ("operator_id",),
    "orders": ("order_id", "operator_id", "session_id"),
    "scores": ("entity_id", "operator_id"),
    "sessions": ("session_id", "operator_id"),
    "signals": ("entity_id",),
    "tier_decisions": ("operator_id",),
}


def repeat_night(lake: Lake, operators: int) -> None:
    """Repeat the rows of the newest night in memory until it has as many operators."""
    tables = NIGHTS.open(lake)
    known = tables.count("SELECT count(*) FROM tier_decisions")
    copies = -(-operators // known)
    for name, keys in REPEATED_TABLES.items():
        renamed = ", ".join(f"{key} || '-' || i AS {key}" for key in keys)
        tables.rows(
            f"INSERT INTO {name} SELECT s.* REPLACE ({renamed}) FROM {name} s, range(1, ?) r(i)",
            copies,
        )
    read_ahead(lake).join()


def night_paths(lake: Lake) -> dict[str, str]:
    """Paths of pages about the newest night, by name."""
    tables = NIGHTS.open(lake)
    riskiest = "SELECT operator_id AS id FROM tier_decisions ORDER BY risk DESC NULLS LAST"
    longest = "SELECT session_id AS id FROM sessions ORDER BY ended_at - started_at DESC"
    operator, session_id = ((tables.first(sql) or {})["id"] for sql in (riskiest, longest))
    return {
        "operators": "/operators",
        "operator": url("operators", operator),
        "orders": url("operators", operator, "orders"),
        "session": url("sessions", session_id),
        "search": url("search", q=operator[-6:]),
        "complaints": "/complaints",
        "credit": "/credit",
        "appeals": "/appeals",
        "nights": "/nights",
    }
