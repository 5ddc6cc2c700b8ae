"""Facts of the newest published night on each operator, for the queue."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from data_contracts.lake import Lake
from data_contracts.verification.published_run import PublishedRun
from serving.oversight.measures.subjects import read_affiliations
from serving.policy.schema import Policy
from serving.scoring.score_rows import ANOMALY_MODEL
from serving.tiers.evidence import OperatorEvidence, patrol_priority

TIER_COLUMNS = [
    "operator_id",
    "tier",
    "risk",
    "influence",
    "expected_harm",
    "measure",
    "attribution",
    "why",
]


def night_operators(lake: Lake, run: PublishedRun, policy: Policy) -> list[dict[str, Any]]:
    """Rows of `NightOperatorRow` for all operators of a night, in the order of their ids."""
    decisions = run.rows("tier_decisions", columns=TIER_COLUMNS).sort_values("operator_id")
    mcn_of = read_affiliations(lake).mcn_of
    reasons = _reasons(run)
    return [
        operator_row(row, policy)
        | {
            "mcn_id": mcn_of.get(row["operator_id"]),
            "reasons": reasons.get(row["operator_id"], "[]"),
        }
        for row in decisions.to_dict("records")
    ]


def operator_row(row: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """Facts of a row of `tier_decisions` on an operator, as `NightOperatorRow` has them."""
    why = json.loads(row["why"])
    harm = _number(row["expected_harm"])
    region, _, category = str(why.get("stratum") or "").partition("|")
    return {
        "operator_id": row["operator_id"],
        "tier": row["tier"],
        "risk": _number(row["risk"]),
        "influence": _number(row["influence"]),
        "harm": harm,
        "weight": patrol_priority(_evidence(row, why), policy) if harm is None else harm,
        "measure": row["measure"],
        "typology": typology_of(row, why),
        "region": region,
        "category": category,
        "floor": _floor(row, why),
        "why_zh": why["zh"],
        "why_en": why["en"],
    }


def _reasons(run: PublishedRun) -> dict[str, str]:
    """Reasons of each operator by the trained model: JSON with signal, zh and en of each."""
    filters = [("entity_kind", "==", "operator"), ("model", "!=", ANOMALY_MODEL)]
    scores = run.rows("scores", ["entity_id", "reasons"], filters)
    kept = ("signal", "zh", "en")
    return {
        r.entity_id: json.dumps(
            [{k: x[k] for k in kept} for x in json.loads(r.reasons)], ensure_ascii=False
        )
        for r in scores[scores["reasons"].notna()].itertuples(index=False)
    }


def typology_of(row: dict[str, Any], why: dict[str, Any]) -> str:
    """The typology that an operator is mostly suspected of."""
    if row["attribution"] == "third_party" or why.get("contested"):
        return "hostile_brushing"
    return "order_fraud" if why.get("by_orders") else "view_fraud"


def _evidence(row: dict[str, Any], why: dict[str, Any]) -> OperatorEvidence:
    """The parts of the evidence that patrol priority reads."""
    session = why.get("session") or {}
    return OperatorEvidence(
        operator_id=row["operator_id"],
        risk=_number(row["risk"]),
        influence=_number(row["influence"]),
        deviating_groups=int(why.get("facts") or 0),
        sessions=None,
        orders=None,
        worst_session_probability=_number(session.get("probability")),
        false_session_share=_number(why.get("false_sessions")),
        false_order_share=_number(why.get("false_orders")),
    )


def _floor(row: dict[str, Any], why: dict[str, Any]) -> str:
    """The act that fixes the tier against any finding of a reviewer; empty for none."""
    if why.get("override"):
        return "override"
    floor = why.get("floor")
    if not floor or floor < row["tier"]:
        return ""
    return "measure" if "measure_floor" in why else "notice"


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
