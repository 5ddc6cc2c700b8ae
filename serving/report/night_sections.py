"""Sections of the first page: the queue, changes of tier, and what the night says of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from data_contracts.verification.published_run import unfinished_run
from features.engine.snapshot import Snapshot
from serving.dossiers.night_tables import NightTables, Row
from serving.dossiers.night_view import TableFreshness
from serving.dossiers.row_pages import RowPage, page_of, queried_page
from serving.ledger.hash_chain import read_records
from serving.oversight import random_audit
from serving.report.blind_sessions import BlindSessions
from serving.scoring.night_context import NightContext
from serving.scoring.scope import nights_before
from serving.tiers.evidence import TIERS

MAX_TIER_CHANGES, MAX_QUARANTINE_ROWS, MAX_FINDINGS, MAX_MCNS, MAX_RINGS = 50, 50, 100, 50, 50
AUDITED_NIGHTS = 28
QUEUE_SQL = """
    SELECT d.* FROM tier_decisions d
    LEFT JOIN (SELECT entity_id, max(score) AS anomaly FROM scores
               WHERE entity_kind = 'operator' GROUP BY 1) s ON s.entity_id = d.operator_id
    ORDER BY d.tier DESC, d.expected_harm DESC NULLS LAST, s.anomaly DESC NULLS LAST, d.operator_id
"""
CHANGES_SQL = """SELECT * FROM tier_decisions
                 WHERE previous_tier <> tier AND NOT list_contains(?::VARCHAR[], operator_id)"""
SESSIONS_SQL = "SELECT * FROM scores WHERE entity_kind = 'session' AND leads"
SHOWN_SESSIONS_SQL = f"{SESSIONS_SQL} AND NOT list_contains(?::VARCHAR[], entity_id)"
REGION_GROUP = "region "  # as the audit names its groups


def patrol_queue(tables: NightTables, blind: BlindSessions) -> list[Row]:
    """Operators in the order of patrol: tier, expected harm, anomaly score.

    Those whose figures are hidden stand last by their ids, so that no place tells a figure.
    """
    rows = _with_objects(tables.rows(QUEUE_SQL), "why")
    hidden = [r for r in rows if r["operator_id"] in blind.operators]
    with_figures = [r for r in rows if r["operator_id"] not in blind.operators]
    return [*with_figures, *sorted(hidden, key=lambda r: str(r["operator_id"]))]


def tier_changes(tables: NightTables, blind: BlindSessions) -> RowPage:
    """Operators whose tier changed, strictest first."""
    found = queried_page(
        tables,
        CHANGES_SQL,
        "tier DESC, operator_id",
        sorted(blind.operators),
        size=MAX_TIER_CHANGES,
    )
    return replace(found, rows=tuple(_with_objects(found.rows, "why")))


def tier_flows(tables: NightTables) -> list[dict[str, Any]]:
    """Operators by tier of the night before (`new` without one), and tonight (`counts`)."""
    sql = """SELECT coalesce(previous_tier, 'new') AS was, tier, count(*) AS n
             FROM tier_decisions GROUP BY 1, 2"""
    counts = {(r["was"], r["tier"]): r["n"] for r in tables.rows(sql)}
    known = {was for was, _tier in counts}
    return [
        {"was": was, "counts": {t: counts.get((was, t), 0) for t in TIERS}}
        for was in (*TIERS, "new")
        if was in known
    ]


def rests_on(tables: NightTables) -> dict[str, int]:
    """Operators in B, C and D by what their tier rests on, the most first."""
    sql = """SELECT selected_by, count(*) AS n FROM tier_decisions WHERE tier > 'A'
             GROUP BY 1 ORDER BY 2 DESC, 1"""
    return {r["selected_by"]: r["n"] for r in tables.rows(sql)}


def ranked_sessions(tables: NightTables, blind: BlindSessions, size: int) -> RowPage:
    """The night's highest-ranked sessions that nobody judges blind, of all that were scored."""
    hidden = sorted(blind.sessions)
    found = queried_page(tables, SHOWN_SESSIONS_SQL, "rank, entity_id", hidden, size=size)
    return replace(found, total=tables.count(f"SELECT count(*) FROM ({SESSIONS_SQL})"))


def worst_sessions(tables: NightTables, blind: BlindSessions, operators: list[Row]) -> list[str]:
    """The most suspicious session of each operator, where its decision names one that shows."""
    ids = (o["why"]["session"]["id"] for o in operators if o["why"].get("session"))
    named = [i for i in ids if i not in blind.sessions]
    sql = "SELECT session_id FROM sessions WHERE list_contains(?::VARCHAR[], session_id)"
    known = {r["session_id"] for r in tables.rows(sql, named)}
    return [session_id for session_id in named if session_id in known]


def ranked_rings(tables: NightTables) -> RowPage:
    """The most significant rings."""
    found = queried_page(
        tables, "SELECT * FROM rings", "significance DESC, ring_id", size=MAX_RINGS
    )
    return replace(found, rows=tuple(_with_objects(found.rows, "evidence")))


def duties(tables: NightTables) -> dict[str, RowPage]:
    """Findings, and networks by how far they exceed the share of all in C and D."""
    findings = "SELECT * FROM findings"
    mcns = "SELECT * FROM mcns"
    return {
        "findings": queried_page(tables, findings, "duty, finding_id", size=MAX_FINDINGS),
        "mcns": queried_page(tables, mcns, "p_value NULLS LAST, mcn_id", size=MAX_MCNS),
    }


def rows_known(fresh: list[TableFreshness], tables: Snapshot) -> list[TableFreshness]:
    """Freshness with the rows that were known at the night's moment."""
    return [
        replace(f, rows=int(tables[f.table].count().execute())) if f.table in tables else f
        for f in fresh
    ]


def quarantine(lake: Lake) -> RowPage:
    """Rows that were set aside, by table and rule, the most first."""
    files = lake.files("quarantine")
    if not files:
        return RowPage((), 0)
    columns = ["table_name", "rule"]
    frame = pd.concat([pq.read_table(f, columns=columns).to_pandas() for f in files])
    counts = frame.groupby(columns).size().rename("rows").reset_index()
    counts = counts.sort_values(["rows", *columns], ascending=[False, True, True])
    return page_of(counts.to_dict("records"), size=MAX_QUARANTINE_ROWS)


def head_before(context: NightContext) -> dict[str, Any] | None:
    """Head of the ledger of decisions as the night before left it."""
    heads = [
        h for h in read_records(context.lake.decision_heads) if h["run_id"] == context.previous_run
    ]
    return heads[-1] if heads else None


def audit_figures(context: NightContext, tables: Snapshot, folder: Path) -> list[dict[str, Any]]:
    """Estimates of the random audit over four weeks; none where nothing was judged."""
    if not {"outcomes", "sessions"} <= set(tables):
        return []
    owners = tables["sessions"].select("session_id", "operator_id").to_pandas()
    earlier = nights_before(context.lake, context.previous_run, AUDITED_NIGHTS - 1)
    verdicts = random_audit.audited_verdicts(
        tables["outcomes"].to_pandas(),
        owners.set_index("session_id")["operator_id"],
        [unfinished_run(folder), *earlier],
    )
    rows = random_audit.estimates(verdicts, context.policy.boost.review).to_dict("records")
    return [r | {"region": _region(r["group"])} for r in rows]


def _region(group: str) -> str:
    return group.removeprefix(REGION_GROUP) if group.startswith(REGION_GROUP) else ""


def _with_objects(rows: Any, column: str) -> list[Row]:
    """Rows whose JSON column is an object."""
    return [r | {column: json.loads(r[column])} for r in rows]
