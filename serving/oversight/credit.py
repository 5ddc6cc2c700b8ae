"""Credit evaluation of operators: ratings, complaints, the platform's handling, notices.

Four sub-scores of 0 to 100, higher is better. Unknown parts are left out, neither good nor bad.
Credit is apart from risk and shows no signal, so it may be published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from serving.oversight.complaints.cases import ComplaintDecision, complaint_counts
from serving.oversight.measures.state import MCN, OPERATOR, Measure, MeasureState, boost_effect
from serving.oversight.notices.listings import TABLE as LISTINGS
from serving.oversight.notices.listings import listing_events
from serving.policy.schema import CreditPolicy, Policy

SUB_SCORES = ("ratings", "complaints", "handling", "notices")
Tables = Mapping[str, Any]


def ratings_score(tables: Tables, index: pd.Index, policy: CreditPolicy) -> pd.Series:
    """Mean rating as points, shrunk to the mean of all operators.

    A review that the operator removed still counts.
    """
    if not {"reviews", "orders"} <= set(tables):
        return pd.Series(np.nan, index)
    r = tables["reviews"].join(tables["orders"].select("order_id", "operator_id"), "order_id")
    got = (
        r.group_by("operator_id")
        .aggregate(n=r.count(), total=r.rating.sum())
        .to_pandas()
        .set_index("operator_id")
        .reindex(index)
    )
    overall_mean = got["total"].sum() / got["n"].sum() if got["n"].sum() else np.nan
    mean = (got["total"] + policy.prior_ratings * overall_mean) / (got["n"] + policy.prior_ratings)
    return 25.0 * (mean - 1.0)


def complaints_score(
    complaints: pd.DataFrame | None, tables: Tables, index: pd.Index, policy: CreditPolicy
) -> pd.Series:
    """Points that halve at `complaint_half` weighted complaints per hundred orders.

    The rate is shrunk to that of all operators.
    """
    orders = order_counts(tables, index)
    if complaints is None or orders is None:
        return pd.Series(np.nan, index=index)
    overall_rate = complaints["weight"].sum() / orders.sum() if orders.sum() else np.nan
    rate = (
        100.0
        * (complaints["weight"] + policy.prior_orders * overall_rate)
        / (orders + policy.prior_orders)
    )
    return 100.0 / (1.0 + rate / policy.complaint_half)


def decayed_score(
    events: pd.DataFrame, points: pd.Series, index: pd.Index, as_of: datetime, half_life: float
) -> pd.Series:
    """A hundred points minus the points of each event, which halve with time."""
    age = (pd.Timestamp(as_of) - events["at"]).dt.total_seconds() / 86400.0
    lost = (points * 0.5 ** (age.clip(lower=0) / half_life)).groupby(events["operator_id"]).sum()
    return (100.0 - lost.reindex(index).fillna(0.0)).clip(lower=0.0)


def handling_score(
    tables: Tables,
    index: pd.Index,
    as_of: datetime,
    policy: Policy,
    taken: MeasureState | None = None,
    automatic: pd.DataFrame | None = None,
) -> pd.Series:
    """Points after dispositions and the measures taken here, each weighted by its severity.

    `automatic` are those of the night before (operator_id, measure, at). A code that is not on the
    ladder counts as the first step. A measure that was undone, or that an appeal found wrong, does
    not count.
    """
    standing = [m for m in taken.standing(as_of) if m.subject_kind == OPERATOR] if taken else []
    parts = [automatic] if automatic is not None and len(automatic) else []
    if "dispositions" not in tables and not standing and not parts:
        return pd.Series(np.nan, index=index)  # nothing tells one operator from another
    if "dispositions" in tables:
        parts.append(tables["dispositions"].select("operator_id", "measure", "at").to_pandas())
    if standing:
        rows = [(m.subject_id, m.code, pd.Timestamp(m.taken_at)) for m in standing]
        parts.append(pd.DataFrame(rows, columns=["operator_id", "measure", "at"]))
    d = pd.concat(parts, ignore_index=True)
    d["at"] = pd.to_datetime(d["at"])
    known = {s.code for s in policy.ladder}
    steps = d["measure"].map(lambda m: policy.severity(m) if m in known else 1.0).astype(float)
    points = policy.credit.disposition_points * steps
    # the own record of measures is complete: whom it does not name lost no points (ADR-0354)
    return decayed_score(d, points, index, as_of, policy.credit.half_life_days)


def notices_score(tables: Tables, index: pd.Index, as_of: datetime, policy: Policy) -> pd.Series:
    """Points after the notices of regulators and the entries in public lists."""
    parts = [listing_events(tables, as_of, policy)]
    if "notices" in tables:
        n = tables["notices"].select("operator_id", "issuer", "at").to_pandas()
        parts.append(n[n["issuer"] == "regulator"].assign(points=policy.credit.notice_points))
    elif LISTINGS not in tables:
        return pd.Series(np.nan, index=index)
    known = [p[["operator_id", "at", "points"]] for p in parts if len(p)]
    if not known:
        return pd.Series(100.0, index=index)
    events = pd.concat(known, ignore_index=True)
    return decayed_score(events, events["points"], index, as_of, policy.credit.half_life_days)


def level_of(
    points: float | None, policy: Policy, orders: float | None = None
) -> tuple[str, tuple[str, ...]]:
    """Level and entitlements of a credit; None has the level of unrated operators.

    An operator with fewer `orders` than the policy asks is unrated where its points allow more.
    """
    given = -1.0 if points is None or not np.isfinite(points) else points
    ordered = sorted(policy.entitlements, key=lambda e: e.least)
    unrated, best = ordered[0], [e for e in ordered if e.least <= given][-1]
    few = orders is not None and orders < policy.credit.least_orders
    if few and not set(best.allows) <= set(unrated.allows):
        best = unrated
    return best.level, best.allows


def order_counts(tables: Tables, index: pd.Index) -> pd.Series | None:
    """Orders of each operator in the tables; None where no orders are delivered."""
    if "orders" not in tables:
        return None
    o = tables["orders"]
    found = o.group_by("operator_id").aggregate(n=o.count()).to_pandas()
    return found.set_index("operator_id")["n"].reindex(index).fillna(0)


def remaining_entitlements(
    allows: Sequence[str], measures: Sequence[Measure], policy: Policy
) -> tuple[str, ...]:
    """Entitlements of a level, less those that measures in force take: all, or the boost."""
    effects = {boost_effect(m.code, policy) for m in measures}
    if "refuse" in effects:
        return ()
    return tuple(a for a in allows if a != "boost" or "review" not in effects)


def credit(
    tables: Tables,
    operators: pd.Index,
    as_of: datetime,
    policy: Policy,
    taken: MeasureState | None = None,
    automatic: pd.DataFrame | None = None,
    decided: Mapping[str, ComplaintDecision] | None = None,
) -> pd.DataFrame:
    """Rows of the contract `credit` for some operators, without the columns that stamp the run.

    `taken`: the measures that people took. Those in force against an operator or its network take
    entitlements away. `automatic`:
    those of the night before (operator_id, measure, at), which count as handling. `decided`: what
    people found of complaints.
    """
    complaints = complaint_counts(tables, operators, as_of, policy.complaints, decided)
    parts = pd.DataFrame(
        {
            "ratings": ratings_score(tables, operators, policy.credit),
            "complaints": complaints_score(complaints, tables, operators, policy.credit),
            "handling": handling_score(tables, operators, as_of, policy, taken, automatic),
            "notices": notices_score(tables, operators, as_of, policy),
        },
        index=operators,
    ).astype(float)
    weight = np.array([getattr(policy.credit, name) for name in SUB_SCORES])
    known = parts.notna().to_numpy() * weight
    with np.errstate(invalid="ignore"):
        total = (parts.fillna(0.0).to_numpy() * weight).sum(axis=1) / known.sum(axis=1)
    orders = order_counts(tables, operators)
    counts = [None] * len(total) if orders is None else orders.tolist()
    levels = [level_of(x, policy, n) for x, n in zip(total, counts, strict=True)]
    against = _measures_against(operators, tables, as_of, taken)
    none = pd.Series(0, index=operators)
    return (
        parts.round(6)
        .assign(
            credit=np.round(total, 6),
            level=[name for name, _ in levels],
            entitlements=[
                json.dumps(remaining_entitlements(allows, against.get(o, []), policy))
                for o, (_, allows) in zip(operators, levels, strict=True)
            ],
            complaint_count=(none if complaints is None else complaints["count"]).astype("int64"),
            late_count=(none if complaints is None else complaints["late"]).astype("int64"),
        )
        .rename_axis("operator_id")
        .reset_index()
    )


def _measures_against(
    operators: pd.Index, tables: Tables, as_of: datetime, taken: MeasureState | None
) -> dict[str, list[Measure]]:
    """Measures in force against each operator or its network; operators without any are absent."""
    if taken is None or not taken.in_force(as_of):
        return {}
    mcn_of: dict[str, str] = {}
    if "operators" in tables:
        o = tables["operators"].select("operator_id", "mcn_id").to_pandas().dropna()
        mcn_of = dict(zip(o["operator_id"], o["mcn_id"], strict=True))
    found = {
        o: taken.against([(OPERATOR, o), *([(MCN, mcn_of[o])] if o in mcn_of else [])], as_of)
        for o in operators
    }
    return {o: measures for o, measures in found.items() if measures}


def public_view(
    row: dict[str, Any], policy: Policy, measures: Sequence[Measure] = ()
) -> dict[str, Any]:
    """The public part of a credit: scores, level, entitlements, route of appeal.

    `measures`: those in force against the operator or its network now. They take entitlements away,
    and one that has ended gives them back, without waiting for a night.
    """
    allows = next((e.allows for e in policy.entitlements if e.level == row["level"]), ())

    def rounded(name: str) -> float | None:
        value = row[name]
        return None if value is None or not np.isfinite(value) else round(float(value), 1)

    return {
        "operatorId": row["operator_id"],
        "credit": rounded("credit"),
        "level": row["level"],
        "subScores": {name: rounded(name) for name in SUB_SCORES},
        "complaints": {"count": int(row["complaint_count"]), "late": int(row["late_count"])},
        "entitlements": list(remaining_entitlements(allows, measures, policy)),
        "asOf": pd.Timestamp(row["as_of"]).isoformat() + "Z",
        "policyVersion": policy.version,
        "appeal": {"route": policy.appeal_route, "days": policy.appeal_days},
    }
