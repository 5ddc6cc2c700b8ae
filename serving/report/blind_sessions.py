"""Sessions that people judge blind, as a night knows them: the report shows no figure of them.

See ADR-0388.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from serving.dossiers.night_tables import NightTables
from serving.tiers.evidence import TIERS

TRUSTED_SOURCES = ("random_audit", "appeal", "complaint")  # a patrol's own verdict checks nothing
AUDITED_SQL = "SELECT entity_id FROM audit_sample WHERE entity_kind = 'session'"
JUDGED_SQL = """SELECT entity_id FROM outcomes
                WHERE entity_kind = 'session' AND list_contains(?::VARCHAR[], source)
                GROUP BY 1 HAVING count(DISTINCT verdict) = 1"""
OWNERS_SQL = """SELECT s.session_id, s.operator_id, d.tier FROM sessions s
                JOIN tier_decisions d USING (operator_id)
                WHERE list_contains(?::VARCHAR[], s.session_id) ORDER BY 1"""


@dataclass(frozen=True)
class BlindSessions:
    """Sessions whose figures are hidden, and operators whose own figures would tell of them.

    `sessions_of` are the hidden sessions of each operator.
    """

    sessions: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    sessions_of: dict[str, tuple[str, ...]] = field(default_factory=dict)


def blind_sessions(
    tables: NightTables, record: Iterable[dict[str, Any]], *, has_golden_cases: bool
) -> BlindSessions:
    """Sessions that are judged blind at a night's moment, or may be drawn for it.

    Parameters
    ----------
    tables
        The night, with its sample for the random audit.
    record
        Lines of the record of cases; later ones than the night's moment are left out.
    has_golden_cases
        Whether sessions with a known verdict are dealt out as checks of the desk.
    """
    found = {r["entity_id"] for r in tables.rows(AUDITED_SQL)}
    if has_golden_cases:
        found |= {r["entity_id"] for r in tables.rows(JUDGED_SQL, list(TRUSTED_SOURCES))}
    cases = _cases_before(record, tables.as_of)
    found |= {s for (kind, s), is_open in cases.items() if kind == "session" and is_open}
    found -= {s for (kind, s), is_open in cases.items() if kind == "session" and not is_open}
    sessions_of: dict[str, tuple[str, ...]] = {}
    operators = set()
    for row in tables.rows(OWNERS_SQL, sorted(found)):
        operator = row["operator_id"]
        sessions_of[operator] = (*sessions_of.get(operator, ()), row["session_id"])
        if row["tier"] == TIERS[0] and ("operator", operator) not in cases:
            operators.add(operator)  # one with a case of its own shows its figures there
    return BlindSessions(frozenset(found), frozenset(operators), sessions_of)


def _cases_before(record: Iterable[dict[str, Any]], as_of: datetime) -> dict[tuple[str, str], bool]:
    """Kind and subject of each case that was opened before a moment, and whether it is open.

    A disposition that was taken back for one of its cases opens all of them, so that none shows.
    """
    lines = [r for r in record if "act" in r and datetime.fromisoformat(r["at"]) < as_of]
    undone: set[str] = set()
    for line in reversed(lines):
        if line["act"] == "undone" and line["act_id"] not in undone:
            undone.update(line["undo_of"])
    subjects: dict[str, tuple[str, str]] = {}
    decided: set[str] = set()
    for line in lines:
        if line["act"] == "opened":
            entries = line["entries"].items()
            subjects |= {c: (e["kind"], e["subject_id"]) for c, e in entries}
        elif line["act"] == "decided" and line["act_id"] not in undone:
            decided.update(line["cases"])
    return {subject: case_id not in decided for case_id, subject in subjects.items()}
