"""Complaints as the inbox lists them, and complainants whose complaints are unfounded too often."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from serving.oversight.complaints.abuse import abusive_complainants
from serving.oversight.complaints.cases import (
    CLOSED,
    LATE,
    OPEN,
    UNFOUNDED,
    VERIFIED,
    complaint_cases,
    complaint_decisions,
)
from serving.policy.schema import Policy

COMPLAINTS_PER_PAGE = 50


@dataclass(frozen=True)
class ComplaintFilter:
    """Which complaints are listed: a status, an operator; empty ones select all."""

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
    with Snapshot.open(lake, now) as tables:
        cases = complaint_cases(tables, decisions, policy.complaints)
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
