"""Decisions on complaints: a reviewer verifies one or finds it unfounded, and signs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from data_contracts.contract import contract
from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from serving.oversight.complaints.cases import (
    complaint_cases,
    complaint_decisions,
    status_of,
)
from serving.oversight.people.roster import REVIEWER
from serving.oversight.people.signers import Author, act_author, author_name, record_act
from serving.oversight.whole_tables import whole_tables
from serving.policy.schema import Policy

CASE_TABLES = ("complaints", "orders")  # orders tell who complains
LABELS = {"fake_traffic": "view_fraud"}  # kinds of complaints that say something of a typology


class BadComplaint(SteelyardError):
    """A complaint cannot be decided as asked."""

    exit_code = 20


@dataclass(frozen=True)
class Finding:
    """A reviewer's finding on a complaint, with its reason."""

    is_verified: bool
    by: Author
    reason: str


def list_complaints(folder: LakeOrFolder, now: datetime, policy: Policy) -> list[dict[str, Any]]:
    """All complaints as cases at a moment, the earliest due first."""
    lake = Lake.open(folder)
    if not lake.files("complaints"):
        return []
    decisions = complaint_decisions(lake)
    with whole_tables(lake, CASE_TABLES, now) as tables:
        cases = complaint_cases(tables, decisions, policy.complaints)
    rows = []
    for complaint, case in cases.sort_values(["due_at"], kind="stable").iterrows():
        decision = decisions.get(str(complaint))
        rows.append(
            {
                "complaint_id": complaint,
                "operator_id": case["operator_id"],
                "kind": case["kind"],
                "status": status_of(case, now),
                "due_at": case["due_at"].isoformat(),
                "opened_at": case["opened_at"].isoformat(),
                "order_id": _text(case["order_id"]),
                "complainant_id": _text(case["complainant_id"]),
                "decided_by": decision.by if decision else None,
                "reason": decision.reason if decision else None,
            }
        )
    return rows


def decide_complaint(
    folder: LakeOrFolder, complaint_id: str, finding: Finding, now: datetime, policy: Policy
) -> dict[str, Any]:
    """Find a complaint verified or unfounded; returns the case.

    A verified complaint of false traffic becomes a row of `outcomes` on the operator. The same
    finding again changes nothing; another one counts instead from then on.

    Raises
    ------
    BadComplaint
        There is no such complaint, or no reason. Nothing is written then.
    NotAuthenticated
        The author is no reviewer.
    """
    lake = Lake.open(folder)
    case = _case(lake, complaint_id, now, policy)
    if not finding.reason.strip() or not author_name(finding.by).strip():
        raise BadComplaint("a finding on a complaint needs its --reason and who signs it")
    author = act_author(lake, finding.by, lake.complaint_decisions, (REVIEWER,))
    before = complaint_decisions(lake).get(complaint_id)
    if before is not None and before.is_verified == finding.is_verified:
        return case
    record = {
        "event": "decided",
        "complaint_id": complaint_id,
        "operator_id": case["operator_id"],
        "is_verified": finding.is_verified,
        "reason": finding.reason,
        "decided_by": author.name,
        "decided_at": now.isoformat(timespec="seconds"),
    }
    record_act(lake, lake.complaint_decisions, record, author)
    if case["kind"] in LABELS and (finding.is_verified or before is not None):
        _write_outcome(lake, case, finding.is_verified, now)
    return _case(lake, complaint_id, now, policy)


def _case(lake: Lake, complaint_id: str, now: datetime, policy: Policy) -> dict[str, Any]:
    cases = list_complaints(lake, now, policy)
    found = next((c for c in cases if c["complaint_id"] == complaint_id), None)
    if found is None:
        raise BadComplaint(
            f"no complaint {complaint_id} was delivered; list them with: "
            f"steelyard complaint list {lake}"
        )
    return found


def _write_outcome(lake: Lake, case: dict[str, Any], is_verified: bool, now: datetime) -> None:
    row = {
        "entity_kind": "operator",
        "entity_id": case["operator_id"],
        "typology": LABELS[case["kind"]],
        "verdict": "confirmed" if is_verified else "cleared",
        "decided_at": now,
        "source": "complaint",
        "received_at": now,
    }
    columns = [c.name for c in contract("outcomes").columns]
    identity = f"complaint {case['complaint_id']} {is_verified}"
    part = int(hashlib.sha256(identity.encode()).hexdigest()[:6], 16)
    lake.append_day("outcomes", now.date(), pd.DataFrame([row]).reindex(columns=columns), part=part)


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
