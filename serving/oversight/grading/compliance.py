"""The compliance record of operators and networks as a share of 0 to 1, 1 for a clean record.

Measures taken here, dispositions, notices, public lists and verified complaints take points away,
and points come back with time. A measure that was lifted because it was mended counts less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from serving.oversight.complaints.cases import ComplaintDecision, verified_complaints
from serving.oversight.credit import decayed_score
from serving.oversight.measures.state import LIFTED, OPERATOR, MeasureState
from serving.oversight.notices.listings import TABLE as LISTINGS
from serving.oversight.notices.listings import listing_events
from serving.policy.schema import Policy

Tables = Mapping[str, Any]
# tables that a compliance record rests on
RECORDS = ("dispositions", "notices", "complaints", LISTINGS)
COLUMNS = ["operator_id", "at", "points"]


@dataclass(frozen=True)
class TakenMeasures:
    """Measures taken here: those of people, and the automatic ones of the night before.

    `automatic` has columns operator_id, measure and at. `decided` are complaints decided here,
    `verified` all complaints found right (`verified_complaints`).
    """

    by_people: MeasureState
    automatic: pd.DataFrame
    decided: Mapping[str, ComplaintDecision] = field(default_factory=dict)
    verified: pd.DataFrame = field(default_factory=lambda: verified_complaints(None, {}))

    def rows(self, kind: str, at: datetime, policy: Policy) -> pd.DataFrame:
        """Measures against subjects of a kind that count at a moment, with their points."""
        out = []
        for m in self.by_people.standing(at):
            if m.subject_kind == kind:
                repaired = policy.compliance.repaired_share if m.status(at) == LIFTED else 1.0
                points = repaired * measure_points(m.code, policy)
                out.append((m.subject_id, pd.Timestamp(m.taken_at), points))
        if kind == OPERATOR:
            for r in self.automatic.itertuples(index=False):
                out.append((r.operator_id, pd.Timestamp(r.at), measure_points(r.measure, policy)))
        return pd.DataFrame(out, columns=COLUMNS)


def measure_points(code: str, policy: Policy) -> float:
    """Points that a measure takes away; a code that is not on the ladder counts as one step."""
    known = any(s.code == code for s in policy.ladder)
    return policy.credit.disposition_points * (policy.severity(code) if known else 1.0)


def compliance_events(
    tables: Tables, taken: TakenMeasures, as_of: datetime, policy: Policy
) -> pd.DataFrame:
    """Points that count against operators: columns operator_id, at, points."""
    parts = [taken.rows(OPERATOR, as_of, policy), listing_events(tables, as_of, policy)]
    if "dispositions" in tables:
        d = tables["dispositions"].select("operator_id", "measure", "at").to_pandas()
        parts.append(d.assign(points=[measure_points(m, policy) for m in d["measure"]]))
    if "notices" in tables:
        n = tables["notices"].select("operator_id", "issuer", "at").to_pandas()
        regulator = n["issuer"] == "regulator"
        points = np.where(
            regulator, policy.credit.notice_points, policy.compliance.platform_notice_points
        )
        parts.append(n.assign(points=points))
    each = policy.compliance.verified_complaint_points
    parts.append(taken.verified.assign(points=each))
    known = [p[COLUMNS] for p in parts if len(p)]
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=COLUMNS)


def compliance(
    tables: Tables, index: pd.Index, taken: TakenMeasures, as_of: datetime, policy: Policy
) -> pd.Series:
    """Compliance record of each operator, 0 to 1; NaN where no record is delivered or kept.

    Parameters
    ----------
    tables
        The lake as of the night.
    index
        Operators.
    taken
        Measures taken here.
    as_of, policy
        Moment and policy of the night.
    """
    events = compliance_events(tables, taken, as_of, policy)
    if events.empty:
        known = any(name in tables for name in RECORDS)
        return pd.Series(1.0 if known else np.nan, index=index)
    half_life = policy.credit.half_life_days
    events = events.assign(at=pd.to_datetime(events["at"]))
    score = decayed_score(events, events["points"].astype(float), index, as_of, half_life) / 100.0
    if any(name in tables for name in RECORDS):
        return score
    # without records, nothing is known of operators that no measure names
    return score.where(index.isin(events["operator_id"]))


def automatic_measures(
    published: pd.DataFrame | None, state: MeasureState, at: datetime
) -> pd.DataFrame:
    """Automatic measures of the night before that no won appeal took away.

    Parameters
    ----------
    published
        Rows of `measures` of the night before; None on a first night.
    state, at
        Measures and appeals, and the moment of tonight.

    Returns
    -------
    DataFrame
        Columns operator_id, measure, at.
    """
    if published is None or published.empty:
        return pd.DataFrame(columns=["operator_id", "measure", "at"])
    taken = published[published["automatic"] & (published["status"] == "in_force")]
    start = pd.to_datetime(taken["effective_from"])
    cleared = [
        state.clears(operator, begun.to_pydatetime(), at)
        for operator, begun in zip(taken["operator_id"], start, strict=True)
    ]
    kept = taken[~np.array(cleared, dtype=bool)]
    return pd.DataFrame(
        {"operator_id": kept["operator_id"], "measure": kept["code"], "at": kept["effective_from"]}
    ).reset_index(drop=True)
