"""Links of an operator to others: rings, successors of barred operators, traffic, evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass

from serving.dossiers.night_tables import NightTables, Row
from serving.dossiers.row_pages import RowPage, queried_page

PAYERS_ON_PAGE = 10
RINGS_SQL = """
    SELECT r.ring_id, r.kind, r.members, r.operators, r.density, r.significance,
           o.members AS members_here
    FROM ring_operators o JOIN rings r USING (ring_id)
    WHERE o.operator_id = ? ORDER BY o.members DESC, r.ring_id
"""
FINDINGS_SQL = """
    SELECT * FROM findings WHERE operator_id = ? OR other_id = ? ORDER BY duty, finding_id
"""


@dataclass(frozen=True)
class OperatorLinks:
    """Links of an operator.

    Attributes
    ----------
    rings
        Rings of which at least two members met it; None where the night published none of that.
    findings
        Findings that name it, as the one that did something or as the other; `evidence` is an
        object. Successors of barred operators and shared payers are among them.
    evidence_rings
        Rings that the evidence of its measures names.
    payers
        Operators at which the same payers paid, each of them for three buyers or more; `payers` is
        their number.
    same_mcn
        Number of operators of the same network, itself included; None without a network.
    """

    rings: tuple[Row, ...] | None
    findings: tuple[Row, ...]
    evidence_rings: tuple[str, ...]
    payers: RowPage
    same_mcn: int | None


def operator_links(tables: NightTables, operator_id: str) -> OperatorLinks:
    """Links of an operator from the published tables of a night."""
    rings = tuple(tables.rows(RINGS_SQL, operator_id)) if tables.has("ring_operators") else None
    findings = [
        f | {"evidence": json.loads(f["evidence"] or "{}")}
        for f in tables.rows(
            FINDINGS_SQL,
            *(operator_id, operator_id),
        )
    ]
    named: dict[str, None] = {}
    for row in tables.rows("SELECT evidence FROM measures WHERE operator_id = ?", operator_id):
        named |= dict.fromkeys(json.loads(row["evidence"] or "{}").get("rings", []))
    sql = """SELECT count(*) AS n FROM operators WHERE mcn_id =
             (SELECT max(mcn_id) FROM operators WHERE operator_id = ?)"""
    same = tables.count(sql, operator_id)
    payers = queried_page(
        tables,
        "SELECT other_id, payers FROM operator_payers WHERE operator_id = ?",
        "payers DESC, other_id",
        operator_id,
        size=PAYERS_ON_PAGE,
    )
    return OperatorLinks(rings, tuple(findings), tuple(named), payers, same or None)
