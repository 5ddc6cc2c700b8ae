"""Complaints as the inbox lists them, and complainants whose complaints are unfounded too often."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_contracts.lake import Lake
from serving.oversight.complaints.abuse import abusive_complainants
from serving.oversight.complaints.cases import (
    CLOSED,
    LATE,
    OPEN,
    UNFOUNDED,
    VERIFIED,
    ComplaintDecision,
    complaint_cases,
    complaint_decisions,
)
from serving.oversight.whole_tables import whole_tables
from serving.policy.case_policy import ComplaintPolicy
from serving.policy.schema import Policy

COMPLAINTS_PER_PAGE = 50
CASE_TABLES = ("complaints", "orders")
_known: dict[Path, tuple[tuple[object, ...], pd.DataFrame]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class ComplaintFilter:
    """A selection of complaints: a status, an operator; empty ones select all."""

    status: str = ""
    operator_id: str = ""
    page: int = 1


@dataclass(frozen=True)
class ComplaintPage:
    """A page of complaints.

    Attributes
    ----------
    lines
        Complaints as `list_complaints` has them, with `left` (a timedelta) while they are open.
    total
        How many the filter selects.
    counts
        Complaints by status, of all.
    abusive
        Findings on complainants.
    """

    lines: list[dict[str, Any]]
    total: int
    counts: dict[str, int]
    abusive: list[dict[str, Any]]


def complaint_page(
    lake: Lake, wanted: ComplaintFilter, now: datetime, policy: Policy
) -> ComplaintPage:
    """A page of complaints, late and open ones first, the earliest due first."""
    if not lake.files("complaints"):
        return ComplaintPage([], 0, {}, [])
    decisions = complaint_decisions(lake)
    cases = _known_cases(lake, decisions, now, policy.complaints)
    cases = cases.assign(status=_statuses(cases, now))
    chosen = cases
    if wanted.status:
        chosen = chosen[chosen["status"] == wanted.status]
    if wanted.operator_id:
        chosen = chosen[chosen["operator_id"] == wanted.operator_id]
    is_decided = ~chosen["status"].isin([LATE, OPEN])
    chosen = chosen.assign(is_decided=is_decided).sort_values(
        ["is_decided", "due_at"], kind="stable"
    )
    first = (max(wanted.page, 1) - 1) * COMPLAINTS_PER_PAGE
    lines = []
    for complaint, case in chosen.iloc[first : first + COMPLAINTS_PER_PAGE].iterrows():
        decision = decisions.get(str(complaint))
        lines.append(
            {
                "complaint_id": str(complaint),
                "operator_id": str(case["operator_id"]),
                "order_id": _text(case["order_id"]),
                "kind": str(case["kind"]),
                "status": case["status"],
                "opened_at": case["opened_at"].to_pydatetime(),
                "due_at": case["due_at"].to_pydatetime(),
                "left": case["due_at"].to_pydatetime() - now,
                "complainant_id": _text(case["complainant_id"]),
                "decision": decision,
            }
        )
    abusive = abusive_complainants(cases, policy.complaints)
    return ComplaintPage(lines, len(chosen), dict(Counter(cases["status"])), abusive)


def _known_cases(
    lake: Lake, decisions: dict[str, ComplaintDecision], now: datetime, policy: ComplaintPolicy
) -> pd.DataFrame:
    """Complaints as cases, read again when a file of theirs changed, and every hour.

    An hour is how long a row may wait that was delivered before it was received.
    """
    files = [f for table in CASE_TABLES for f in lake.files(table)]
    stamp = (
        tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files),
        tuple(sorted(decisions.items())),
        now.replace(minute=0, second=0, microsecond=0),
        policy,
    )
    with _lock:
        found = _known.get(lake.root)
        if found is not None and found[0] == stamp:
            return found[1]
        with whole_tables(lake, CASE_TABLES, now) as tables:
            cases = complaint_cases(tables, decisions, policy)
        _known[lake.root] = (stamp, cases)
        return cases


def _statuses(cases: pd.DataFrame, now: datetime) -> np.ndarray:
    """Status of each case, as `cases.status_of` has it of one."""
    is_open = cases["closed_at"].isna()
    upheld = cases["upheld"].astype("boolean")
    choices = [
        (is_open & (pd.Timestamp(now) > cases["due_at"]), LATE),
        (is_open, OPEN),
        (upheld.isna(), CLOSED),
        (upheld.fillna(False).astype(bool), VERIFIED),
    ]
    conditions = [np.asarray(c, dtype=bool) for c, _ in choices]
    return np.select(conditions, [name for _, name in choices], UNFOUNDED)


def _text(value: Any) -> str | None:
    return None if value is None or value != value else str(value)
