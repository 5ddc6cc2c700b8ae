"""Golden cases: sessions and operators whose verdict is known, drawn by chance (ADR-0331)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.parquet import connect
from serving.desk.cases.case_state import OPERATOR, SESSION
from serving.report.blind_sessions import TRUSTED_SOURCES


@dataclass(frozen=True)
class KnownVerdict:
    """An entity whose verdict was settled otherwise: what was found, and who owns it."""

    kind: str
    subject_id: str
    operator_id: str
    verdict: str
    typology: str


def known_verdicts(lake: Lake, before: datetime) -> list[KnownVerdict]:
    """Sessions and operators with a verdict of a trusted source, known before a moment.

    Entities whose verdicts contradict each other are left out.
    """
    if not lake.files("outcomes"):
        return []
    rows = lake.scan_sql(contract("outcomes"), before)
    sources = ", ".join(f"'{s}'" for s in TRUSTED_SOURCES)
    owner = "NULL"
    join = ""
    if lake.files("sessions"):
        sessions = lake.scan_sql(contract("sessions"), before)
        join = (
            f" LEFT JOIN (SELECT DISTINCT session_id, operator_id FROM ({sessions})) s"
            " ON o.entity_kind = 'session' AND s.session_id = o.entity_id"
        )
        owner = "any_value(s.operator_id)"
    sql = (
        "SELECT o.entity_kind, o.entity_id,"
        f" CASE o.entity_kind WHEN 'operator' THEN o.entity_id ELSE {owner} END,"
        " any_value(o.verdict), min(o.typology)"
        f" FROM ({rows}) o{join}"
        f" WHERE o.source IN ({sources}) AND o.entity_kind IN ('{SESSION}', '{OPERATOR}')"
        " GROUP BY o.entity_kind, o.entity_id HAVING count(DISTINCT o.verdict) = 1"
        " ORDER BY o.entity_kind, o.entity_id"
    )
    with connect() as connection:
        found = connection.execute(sql).fetchall()
    return [KnownVerdict(*row) for row in found if row[2] is not None]


def draw_golden(
    candidates: Collection[KnownVerdict], run_id: str, wanted: int
) -> list[KnownVerdict]:
    """As many candidates as wanted, by a digest of run and entity that nobody can choose."""
    ordered = sorted(candidates, key=lambda k: uniform_of(run_id, f"{k.kind} {k.subject_id}"))
    return ordered[:wanted]


def uniform_of(run_id: str, entity: str) -> float:
    """A number of 0 to 1 from a digest of run and entity."""
    return int(hashlib.sha256(f"{run_id}|desk|{entity}".encode()).hexdigest()[:13], 16) / 16**13
