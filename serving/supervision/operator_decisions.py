"""Tier decisions of a night as rows of their contract."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from serving.oversight.influence import COMPONENTS
from serving.oversight.measures.subjects import words_of_others
from serving.policy.load import BadPolicy, parse_policy
from serving.policy.schema import Policy
from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext
from serving.supervision.counterfactuals import counterfactuals
from serving.supervision.operator_evidence import SupervisionInputs, gather_evidence
from serving.supervision.previous_night import previous_decisions, previous_policy
from serving.supervision.risk_change import change_json
from serving.supervision.risk_intervals import risk_intervals
from serving.tiers.decision import Decision, bound_of_night, decide
from serving.tiers.evidence import TIERS, OperatorEvidence, attribution
from serving.tiers.false_discovery import AccusationBound
from serving.tiers.hysteresis import apply_clean_period, apply_floor_and_override

MAX_MEASURES_OF_OTHERS = 5  # a reason has a largest length

COLUMNS = (
    *("operator_id", "tier", "selected_by", "previous_tier", "is_key_operator", "risk"),
    *(f"component_{name}" for name in COMPONENTS),
    *("influence", "expected_harm", "measure", "needs_human", "cold_start", "cause"),
    *("attribution", "p_value", "why", "model_version"),
)


def decision_rows(
    context: NightContext, operators: EntityScores, inputs: SupervisionInputs
) -> tuple[pd.DataFrame, AccusationBound]:
    """Decide all operators: rows of `tier_decisions` less the run's stamp, and the bound.

    Parameters
    ----------
    context
        Context of the night.
    operators
        Scores of operators.
    inputs
        Further inputs by operator.
    """
    policy, rows = context.policy, operators.model_rows
    version = str(rows["model_version"].iloc[0]) if len(rows) else "none"
    previous = previous_decisions(context.previous)
    evidence = gather_evidence(operators, inputs, previous, policy)
    bound = bound_of_night(evidence, policy, inputs.cleared)
    decisions = decide(evidence, policy, version, bound)
    tiers = pd.Series({d.operator_id: d.tier for d in decisions})
    below = counterfactuals(tiers, operators, policy)
    intervals = risk_intervals(tiers, operators)
    before = previous_policy(context.previous)
    steps = policy_steps(evidence, decisions, before, policy, version)
    out = []
    for e, d in zip(evidence, decisions, strict=True):
        change = None
        if d.operator_id in inputs.risk_change.index:
            change = change_json(inputs.risk_change.loc[d.operator_id])
            change |= {"policy": None if steps is None else steps.get(d.operator_id, 0)}
        override = inputs.overrides.get(d.operator_id)
        why = _why(e, d) | {
            "override": asdict(override) if override else None,
            "split": change,
            "down": below.get(d.operator_id),
            "grounds": inputs.grounds.get(d.operator_id, []),
            "risk_interval": intervals.get(d.operator_id),
        }
        if d.operator_id in inputs.measure_floors:
            why |= {"measure_floor": tier_without_measures(e, d, inputs, policy)}
        if others := inputs.measures_of_others.get(d.operator_id):
            why |= {"measures_of_others": words_of_others(others[:MAX_MEASURES_OF_OTHERS], policy)}
        if (won := inputs.won_appeals.get(d.operator_id)) is not None:
            why |= {"appeal_won": {"id": won.appeal_id, "at": won.at.isoformat()}}
        row = _row(e, d, inputs.components.loc[d.operator_id], why)
        row |= {"attribution": attribution(e, policy), "model_version": version}
        out.append({name: row[name] for name in COLUMNS})
    frame = pd.DataFrame(out)
    for column in ("risk", "influence", "expected_harm", "p_value"):
        frame[column] = frame[column].astype(float)
    return frame, bound


def clean_nights_after(e: OperatorEvidence, d: Decision) -> int:
    """Nights in a row with a milder proposal, tonight included; 0 when the tier moved."""
    milder = e.previous_tier is not None and d.proposed < e.previous_tier
    return e.clean_nights + 1 if milder and d.tier == e.previous_tier else 0


def tier_without_measures(
    e: OperatorEvidence, d: Decision, inputs: SupervisionInputs, policy: Policy
) -> dict[str, Any]:
    """Tier and clean nights of an operator, had no measure raised its tier (ADR-0280)."""
    notices_only = replace(e, floor=inputs.floors.get(e.operator_id))
    tier = apply_floor_and_override(notices_only, apply_clean_period(e, d.proposed, policy))
    return {"tier": tier, "clean": clean_nights_after(e, replace(d, tier=tier))}


def policy_steps(
    evidence: list[OperatorEvidence],
    decisions: list[Decision],
    previous_policy: str | None,
    policy: Policy,
    model: str,
) -> dict[str, int] | None:
    """Tiers by which the policy is stricter (+) or milder (-) than the one of the night before.

    Both are applied to tonight's evidence. Operators without a difference are absent. None where
    an earlier version wrote a policy whose keys are no longer known.
    """
    if previous_policy is None or previous_policy == policy.text:
        return {}
    try:
        before = parse_policy(previous_policy)
    except BadPolicy:
        return None
    old = decide(evidence, before, model)
    return {
        d.operator_id: TIERS.index(d.tier) - TIERS.index(o.tier)
        for d, o in zip(decisions, old, strict=True)
        if d.tier != o.tier
    }


def _why(e: OperatorEvidence, d: Decision) -> dict[str, Any]:
    """The grounds of a decision, under the keys of the contract."""
    session = None
    if e.worst_session_probability is not None:
        session = {"id": e.worst_session, "probability": e.worst_session_probability}
    return {
        "zh": d.why_zh,
        "en": d.why_en,
        "proposed": d.proposed,
        "facts": e.deviating_groups,
        "deviance": e.anomaly_score,
        "session": session,
        "false_sessions": e.false_session_share,
        "false_orders": e.false_order_share,
        "rarest": e.is_extreme,
        "contested": e.contested,
        "by_orders": e.mostly_orders,
        "clean": clean_nights_after(e, d),
        "stratum": e.stratum,
        "floor": e.floor,
    }


def _row(
    e: OperatorEvidence, d: Decision, components: pd.Series, why: dict[str, Any]
) -> dict[str, Any]:
    return {
        "operator_id": d.operator_id,
        "tier": d.tier,
        "selected_by": d.selected_by,
        "previous_tier": e.previous_tier,
        "is_key_operator": d.is_key_operator,
        "risk": e.risk,
        **{f"component_{name}": float(components[name]) for name in COMPONENTS},
        "influence": e.influence,
        "expected_harm": d.expected_harm,
        "measure": d.measure,
        "needs_human": d.needs_human,
        "cold_start": d.cold_start,
        "cause": d.cause,
        "p_value": e.p_value,
        "why": json.dumps(why, ensure_ascii=False),
    }
