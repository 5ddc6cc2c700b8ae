"""The record of an operator: measures, appeals, complaints, overrides."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.contract import contract
from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from serving.dossiers.night_tables import NightTables, Row
from serving.oversight.appeals.appeal_record import Appeal, list_appeals
from serving.oversight.complaints.cases import complaint_cases, complaint_decisions, status_of
from serving.oversight.measures.state import MCN, OPERATOR, MeasureState
from serving.oversight.measures.state_reading import read_measures
from serving.policy.schema import Policy


@dataclass(frozen=True)
class OperatorRecord:
    """Rows for the page, newest first.

    Attributes
    ----------
    published
        Measures that the night took or proposed, with their notices.
    taken
        Measures that people took, with their status at the moment of reading.
    appeals
        Appeals, with their verdicts.
    complaints
        Complaints, with their status.
    is_intact
        Whether every line of the record of measures and appeals counts.
    """

    published: tuple[Row, ...]
    taken: tuple[Row, ...]
    appeals: tuple[Row, ...]
    complaints: tuple[Row, ...]
    is_intact: bool


def published_record(tables: NightTables, operator_id: str) -> OperatorRecord:
    """The published night of an operator, without the day-to-day record of people."""
    return OperatorRecord(tuple(_published(tables, operator_id)), (), (), (), is_intact=True)


def operator_record(
    tables: NightTables, operator_id: str, mcn_id: str | None, now: datetime, policy: Policy
) -> OperatorRecord:
    """The record of an operator at a moment; measures of its network belong to it."""
    lake = tables.lake
    state: MeasureState = _fresh(
        tables, "taken", (lake.measures, lake.appeals), lambda: read_measures(lake)
    )
    subjects = [(OPERATOR, operator_id)] + ([(MCN, mcn_id)] if mcn_id else [])
    taken = [m for s in subjects for m in state.by_subject.get(s, ())]
    every: list[Appeal] = _fresh(
        tables, "appeals", (tables.lake.appeals,), lambda: list_appeals(tables.lake, now)
    )
    appeals = [a for a in every if a.operator_id == operator_id]
    return OperatorRecord(
        published=tuple(_published(tables, operator_id)),
        taken=tuple(
            {
                "measure_id": m.measure_id,
                "code": m.code,
                "article": m.article,
                "subject_kind": m.subject_kind,
                "taken_at": m.taken_at,
                "effective_to": m.effective_to,
                "by": m.by,
                "status": m.status(now),
                "ending": m.endings[-1] if m.endings else None,
            }
            for m in sorted(taken, key=lambda m: m.taken_at, reverse=True)
        ),
        appeals=tuple(
            vars(a)
            | {
                "opened_at": datetime.fromisoformat(a.opened_at),
                "due_at": datetime.fromisoformat(a.due_at),
                "breached": (a.decided_at or now.isoformat()) > a.due_at,
            }
            for a in reversed(appeals)
        ),
        complaints=tuple(_complaints(tables, operator_id, now, policy)),
        is_intact=state.is_intact,
    )


def _published(tables: NightTables, operator_id: str) -> list[Row]:
    """Measures of the night, with evidence as JSON gives it."""
    sql = "SELECT * FROM measures WHERE operator_id = ? ORDER BY effective_from DESC, measure_id"
    return [
        r | {k: json.loads(r[k] or "{}") for k in ("facts", "evidence", "signals")}
        for r in tables.rows(sql, operator_id)
    ]


def _complaints(tables: NightTables, operator_id: str, now: datetime, policy: Policy) -> list[Row]:
    """Complaints of an operator as cases, newest first."""
    lake = tables.lake
    if not lake.files("complaints"):
        return []
    cases: pd.DataFrame = _fresh(
        tables, "complaints", (lake.complaint_decisions,), lambda: _all_cases(tables, policy)
    )
    mine = cases[cases["operator_id"] == operator_id].sort_values("opened_at", ascending=False)
    return [
        {"complaint_id": i, "status": status_of(case, now)}
        | {k: None if pd.isna(v) else v for k, v in case.items()}
        for i, case in mine.iterrows()
    ]


def _all_cases(tables: NightTables, policy: Policy) -> pd.DataFrame:
    """All complaints known at the night's moment; complainants are left out."""
    sql = tables.lake.scan_sql(contract("complaints"), tables.as_of)
    frame = tables.frame(f"SELECT * FROM ({sql})")
    snapshot = Snapshot.from_frames({"complaints": frame}, tables.as_of)
    return complaint_cases(snapshot, complaint_decisions(tables.lake), policy.complaints)


def _fresh(tables: NightTables, name: str, paths: tuple[Path, ...], make: Callable[[], Any]) -> Any:
    """The value that `make` returns, made again when a record was written since."""
    lake: Lake = tables.lake
    states = [_state(p) for p in (*paths, lake.people)]
    key = f"{name} {states}"
    with tables.lock:
        if tables.derived.get(f"{name} state") != key:
            tables.derived[f"{name} value"] = make()
            tables.derived[f"{name} state"] = key
        return tables.derived[f"{name} value"]


def _state(path: Path) -> tuple[int, int]:
    """Size and time of a record, which change when a line is appended."""
    if not path.exists():
        return (0, 0)
    found = path.stat()
    return found.st_size, found.st_mtime_ns
