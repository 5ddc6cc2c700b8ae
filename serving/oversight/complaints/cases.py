"""Cases: each delivered complaint with its due date by policy, and as it was decided.

A complaint is delivered, or opened here. A reviewer finds it verified or unfounded, as a signed
line of `LAKE/journal/complaints.jsonl`. Verified ones count as compliance (Order 117 Art. 20).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from data_contracts.lake import Lake
from serving.oversight.people.signed_acts import acts_of
from serving.policy.case_policy import ComplaintPolicy

OPEN, LATE, VERIFIED, UNFOUNDED, CLOSED = "open", "late", "verified", "unfounded", "closed"
Tables = Mapping[str, Any]


@dataclass(frozen=True)
class ComplaintDecision:
    """The finding of a reviewer on a complaint, and the operator that it is about."""

    is_verified: bool
    decided_at: datetime
    by: str
    reason: str
    operator_id: str = ""


def complaint_decisions(
    lake: Lake, known_before: datetime | None = None
) -> dict[str, ComplaintDecision]:
    """The last decision on each complaint, as known before a moment."""
    found = {}
    for r in acts_of(lake, lake.complaint_decisions):
        at = datetime.fromisoformat(r["decided_at"])
        if known_before is None or at < known_before:
            found[r["complaint_id"]] = ComplaintDecision(
                r["is_verified"], at, r["decided_by"], r["reason"], r["operator_id"]
            )
    return found


def complaint_cases(
    tables: Tables, decisions: Mapping[str, ComplaintDecision], policy: ComplaintPolicy
) -> pd.DataFrame:
    """All complaints of a snapshot as cases.

    Parameters
    ----------
    tables
        The snapshot; it has `complaints`.
    decisions
        What was decided here. It counts instead of what was delivered.
    policy
        Days within which a complaint is due where none are delivered.

    Returns
    -------
    pandas.DataFrame
        Index complaint_id; operator_id, order_id, kind, opened_at, due_at, closed_at, upheld (null
        while open or where its outcome was not delivered), complainant_id (buyer of the order).
    """
    columns = ("complaint_id", "operator_id", "order_id", "kind", "opened_at", "due_at")
    c = tables["complaints"].select(*columns, "closed_at", "upheld").to_pandas()
    c = c.set_index("complaint_id")
    days = [timedelta(days=policy.due_days(k)) for k in c["kind"]]
    due = c["opened_at"] + pd.Series(days, index=c.index, dtype="timedelta64[us]")
    upheld = c["upheld"].astype("boolean")
    known = [i for i in c.index if i in decisions]
    c = c.assign(due_at=c["due_at"].fillna(due), upheld=upheld)
    if known:
        closed = [pd.Timestamp(decisions[i].decided_at) for i in known]
        c.loc[known, "closed_at"] = pd.Series(closed, index=known)
        c.loc[known, "upheld"] = pd.array([decisions[i].is_verified for i in known], "boolean")
    return c.assign(complainant_id=_complainants(tables, c["order_id"]))


def verified_complaints(
    complaints: Any | None, decisions: Mapping[str, ComplaintDecision]
) -> pd.DataFrame:
    """Complaints that were found right, however old: what compliance counts.

    Parameters
    ----------
    complaints
        All complaints known, not those of a snapshot's window alone; None where none is delivered.
    decisions
        What was decided here. It counts instead of what was delivered.

    Returns
    -------
    pandas.DataFrame
        Columns operator_id and at (when it was opened; decided, where it is not delivered).
    """
    columns = ["complaint_id", "operator_id", "opened_at", "upheld"]
    c = pd.DataFrame(columns=columns)
    if complaints is not None:
        asked = complaints.upheld.fill_null(False) | complaints.complaint_id.isin(list(decisions))
        c = complaints.filter(asked).select(*columns).to_pandas()
    delivered = c["upheld"].astype("boolean").fillna(False)
    found = {
        i: decisions[i].is_verified if i in decisions else bool(upheld)
        for i, upheld in zip(c["complaint_id"], delivered, strict=True)
    }
    rows = [
        (operator, opened)
        for i, operator, opened in c[columns[:3]].itertuples(index=False)
        if found[i]
    ]
    rows += [
        (d.operator_id, pd.Timestamp(d.decided_at))
        for i, d in decisions.items()
        if d.is_verified and i not in found
    ]
    return pd.DataFrame(rows, columns=["operator_id", "at"])


def _complainants(tables: Tables, order: pd.Series) -> pd.Series:
    """The buyer of the order that each complaint is about; null where there is no order."""
    if "orders" not in tables:
        return pd.Series(None, index=order.index, dtype=object)
    wanted = order.dropna().unique().tolist()
    o = tables["orders"]
    buyers = o.filter(o.order_id.isin(wanted)).select("order_id", "buyer_id").to_pandas()
    return order.map(buyers.drop_duplicates("order_id").set_index("order_id")["buyer_id"])


def status_of(case: pd.Series, at: datetime) -> str:
    """Status of a case at a moment."""
    if pd.isna(case["closed_at"]):
        return LATE if pd.Timestamp(at) > case["due_at"] else OPEN
    if pd.isna(case["upheld"]):
        return CLOSED
    return VERIFIED if case["upheld"] else UNFOUNDED


def complaint_counts(
    tables: Tables,
    index: pd.Index,
    as_of: datetime,
    policy: ComplaintPolicy | None = None,
    decided: Mapping[str, ComplaintDecision] | None = None,
) -> pd.DataFrame | None:
    """Complaints of each operator: count, late ones, and weight; an operator with none has 0.

    A verified complaint weighs 1, an open one 0.5; one that was not closed when due weighs 1 more.
    """
    if "complaints" not in tables:
        return None
    c = complaint_cases(tables, decided or {}, policy or ComplaintPolicy())
    late = c["due_at"].notna() & (c["closed_at"].fillna(pd.Timestamp(as_of)) > c["due_at"])
    upheld = c["upheld"].astype("boolean")
    weight = (
        upheld.fillna(False).astype(float)
        + 0.5 * (c["closed_at"].isna()).astype(float)
        + late.astype(float)
    )
    frame = pd.DataFrame(
        {"operator_id": c["operator_id"], "count": 1, "late": late.astype(int), "weight": weight}
    )
    return frame.groupby("operator_id").sum().reindex(index).fillna(0)
