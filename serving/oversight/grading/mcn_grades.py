"""Grades of networks (MCN Rules 10): compliance, contracted accounts, follows, credit of accounts.

The grade follows from the mean compliance and credit of the accounts and from the measures against
the network itself. A network among the largest is graded a step stricter unless it is in A.
"""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pandas as pd

from features.engine.snapshot import Snapshot
from serving.oversight.credit import decayed_score
from serving.oversight.findings import mcn_rollup
from serving.oversight.grading.compliance import TakenMeasures
from serving.oversight.measures.state import MCN
from serving.policy.schema import Policy

GRADES = "ABCD"
FOLLOWERS_WORDS = (
    "粉丝数以28日内修正后的新增关注计：数据湖不含粉丝总数",
    "followers are counted as the corrected follows of 28 days: the lake holds no number of them",
)


def mcn_grades(
    tables: Snapshot,
    decisions: pd.DataFrame,
    figures: pd.DataFrame,
    taken: TakenMeasures,
    as_of: datetime,
    policy: Policy,
) -> pd.DataFrame:
    """Rows of the contract `mcns` without the columns that stamp the run.

    Parameters
    ----------
    tables
        The lake as of the night.
    decisions
        Rows of `tier_decisions`.
    figures
        Corrected figures; the follows of accounts are taken from them.
    taken
        Measures taken here.
    as_of, policy
        Moment and policy of the night.
    """
    found = mcn_rollup(tables, decisions)
    if found.empty:
        return found.assign(follows=[], compliance=[], credit=[], grade=[], grade_why=[])
    member = tables["operators"].select("operator_id", "mcn_id").to_pandas().dropna()
    names = ["operator_id", "component_compliance", "component_credit"]
    accounts = decisions[names].merge(member, on="operator_id").assign(follows=np.nan)
    if not figures.empty:
        f = figures[(figures["entity_kind"] == "operator") & (figures["measure"] == "follows")]
        accounts["follows"] = accounts["operator_id"].map(f.set_index("entity_id")["estimate"])
    by_network = accounts.groupby("mcn_id")
    rows = found.set_index("mcn_id")
    rows["follows"] = by_network["follows"].sum(min_count=1)
    rows["compliance"] = by_network["component_compliance"].mean() * own_record(
        rows.index, taken, as_of, policy
    )
    rows["credit"] = by_network["component_credit"].mean()
    graded = [grade_of(r.compliance, r.credit, policy) for r in rows.itertuples()]
    large = is_large(rows, policy.mcn.large_share)
    rows["grade"] = [_stricter(g) if big else g for g, big in zip(graded, large, strict=True)]
    rows["grade_why"] = [
        json.dumps({"before_size": g, "is_large": bool(big), "basis": "MCN Rules 10"})
        for g, big in zip(graded, large, strict=True)
    ]
    return rows.reset_index()


def own_record(
    networks: pd.Index, taken: TakenMeasures, as_of: datetime, policy: Policy
) -> pd.Series:
    """Compliance record of networks themselves, 0 to 1; 1 where no measure names a network."""
    events = taken.rows(MCN, as_of, policy)
    if events.empty:
        return pd.Series(1.0, index=networks)
    half_life = policy.credit.half_life_days
    return decayed_score(events, events["points"], networks, as_of, half_life) / 100.0


def grade_of(compliance: float, credit: float, policy: Policy) -> str | None:
    """Grade by weighted compliance and credit, those that are known; None where neither is."""
    weight = {"compliance": policy.mcn.compliance, "credit": policy.mcn.credit}
    given = {"compliance": compliance, "credit": credit}
    known = [name for name, value in given.items() if np.isfinite(value)]
    total = sum(weight[name] for name in known)
    if total <= 0:
        return None
    points = 100.0 * sum(weight[name] * given[name] for name in known) / total
    bounds = (policy.mcn.a, policy.mcn.b, policy.mcn.c)
    return GRADES[sum(points < bound for bound in bounds)]


def is_large(rows: pd.DataFrame, share: float) -> pd.Series:
    """Whether a network is among the largest share by accounts and follows."""
    size = rows[["operators", "follows"]].rank(pct=True).mean(axis=1)
    return size.rank(pct=True, method="min") > 1.0 - share


def _stricter(grade: str | None) -> str | None:
    if grade is None or grade == "A":
        return grade
    return GRADES[min(GRADES.index(grade) + 1, len(GRADES) - 1)]
