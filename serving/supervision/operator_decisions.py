"""From tonight's scores and the night before to the standing of each operator, and its decision."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from features.catalogue import BY_NAME
from features.declaration import OPERATOR
from features.engine.snapshot import Snapshot
from features.peers.anomaly_score import anomaly_contributions, deviating_group_counts
from serving.oversight.influence import COMPONENTS, influence
from serving.oversight.overrides import Override
from serving.policy.load import parse_policy
from serving.policy.schema import Policy
from serving.scoring.entity_scores import DEVIANCE
from serving.scoring.nightly_scores import Scored
from serving.supervision.risk_change import as_json, policy_before, ways_down
from serving.tiers.decision import Decision, decide
from serving.tiers.evidence import TIERS, OperatorEvidence, beneficiary_of
from training.release.artefact import Released

RATINGS = (
    "suspicious_low_rating_share",
    "suspicious_high_rating_share",
    "cancelled_rush_low_rating_share",
)  # as `beneficiary_of` takes them


def _value(x: float) -> float | None:
    return None if not np.isfinite(x) else float(x)


@dataclass(frozen=True)
class Context:
    """What is known beside tonight's scores, each by operator: components of supervision, region and category, floors,
    overrides in force, parts of the change of risk, conformal p-values, whether hardly one honest operator looks as suspicious, and the
    session of each that is most probably inflated (`Scored.worst`)."""

    parts: pd.DataFrame
    stratum: dict[str, str]
    floors: dict[str, str]
    overrides: dict[str, Override]
    split: pd.DataFrame
    p_values: pd.Series | None = None
    rarest: pd.Series | None = None
    worst: pd.DataFrame | None = None


def strata(tables: Snapshot) -> dict[str, str]:
    """Region and category of each operator, as one name."""
    if "operators" not in tables:
        return {}
    o = (
        tables["operators"]
        .select("operator_id", "region", "category")
        .to_pandas()
        .set_index("operator_id")
        .fillna("unknown")
    )
    return (o["region"] + "|" + o["category"]).to_dict()


def standings_of(
    operators: Scored, context: Context, past: dict[str, dict], policy: Policy
) -> list[OperatorEvidence]:
    """What is known of each operator tonight."""
    s, trained = operators.signals, operators.main != DEVIANCE
    probability = operators.probability()
    own = operators.judged["own_probability"]
    weight = influence(context.parts, policy.influence)
    facts, deviance = (
        deviating_group_counts(s, BY_NAME, policy.tiers.review_far),
        anomaly_contributions(s, BY_NAME, OPERATOR).sum(axis=1),
    )
    about_orders = operators.judged["mostly_orders"]
    out = []
    for operator in s.index:
        low, high, run_down = (_value(s.at[operator, name]) for name in RATINGS)
        gains = beneficiary_of(low, high, run_down, policy)
        held = context.overrides.get(operator)
        worst = (
            context.worst.loc[operator]
            if context.worst is not None and operator in context.worst.index
            else None
        )
        parts = context.split.loc[operator] if operator in context.split.index else None
        by_orders = bool(about_orders.get(operator, False))
        out.append(
            OperatorEvidence(
                operator,
                _value(probability[operator]) if trained else None,
                _value(weight.get(operator, np.nan)),
                int(facts[operator]),
                _value(s.at[operator, "operator_session_count"]),
                _value(s.at[operator, "operator_order_count"]),
                gains,
                None
                if context.p_values is None
                else _value(context.p_values.get(operator, np.nan)),
                context.rarest is not None and bool(context.rarest.get(operator, False)),
                views=_value(s.at[operator, "operator_view_count"]),
                anomaly_score=float(deviance[operator]),
                own_risk=_value(own[operator]) if trained else None,
                worst_session_probability=None
                if worst is None
                else _value(worst["worst_probability"]),
                worst_session="" if worst is None else str(worst["worst_session"]),
                stratum=context.stratum.get(operator, ""),
                floor=context.floors.get(operator),
                override=held.tier if held else None,
                contested=by_orders and gains != "beneficiary",
                mostly_orders=by_orders,
                risk_change=None
                if parts is None
                else tuple(np.nan_to_num(parts.to_numpy(dtype=float)).tolist()),
                **past.get(operator, {}),
            )
        )
    return out


def decide_night(
    lake: Lake,
    before: str | None,
    operators: Scored,
    context: Context,
    model: Released | None,
    policy: Policy,
) -> pd.DataFrame:
    """Tier decisions of a night as rows of their contract, less the run's stamp."""
    main = operators.judged
    version = str(main["model_version"].iloc[0]) if len(main) else "none"
    standings = standings_of(operators, context, past_of(lake, before), policy)
    made = decide(standings, policy, version)
    down = ways_down(pd.Series({d.operator_id: d.tier for d in made}), operators, model, policy)
    steps = _policy_steps(standings, made, policy_before(lake, before), policy, version)
    rows = []
    for standing, d in zip(standings, made, strict=True):
        milder = standing.previous_tier is not None and d.proposed < standing.previous_tier
        split = (
            as_json(context.split.loc[d.operator_id])
            if d.operator_id in context.split.index
            else None
        )
        held = context.overrides.get(d.operator_id)
        parts = context.parts.loc[d.operator_id]
        rows.append(
            {
                "operator_id": d.operator_id,
                "tier": d.tier,
                "previous_tier": standing.previous_tier,
                "is_key_operator": d.is_key_operator,
                "risk": standing.risk,
                **{f"component_{name}": float(parts[name]) for name in COMPONENTS},
                "influence": standing.influence,
                "expected_harm": d.expected_harm,
                "measure": d.measure,
                "needs_human": d.needs_human,
                "cold_start": d.cold_start,
                "cause": d.cause,
                "attribution": standing.beneficiary,
                "p_value": standing.p_value,
                "why": json.dumps(
                    {
                        "zh": d.why_zh,
                        "en": d.why_en,
                        "proposed": d.proposed,
                        "facts": standing.deviating_groups,
                        "deviance": standing.anomaly_score,
                        "session": None
                        if standing.worst_session_probability is None
                        else {
                            "id": standing.worst_session,
                            "probability": standing.worst_session_probability,
                        },
                        "rarest": standing.is_extreme,
                        "contested": standing.contested,
                        "by_orders": standing.mostly_orders,
                        "clean": standing.clean_nights + 1
                        if milder and d.tier == standing.previous_tier
                        else 0,
                        "stratum": standing.stratum,
                        "floor": standing.floor,
                        "override": asdict(held) if held else None,
                        "split": None
                        if split is None
                        else split | {"policy": steps.get(d.operator_id, 0)},
                        "down": down.get(d.operator_id),
                    },
                    ensure_ascii=False,
                ),
                "model_version": version,
            }
        )
    frame = pd.DataFrame(rows)
    for column in ("risk", "influence", "expected_harm", "p_value"):
        frame[column] = frame[column].astype(float)
    return frame


def _policy_steps(
    standings: list[OperatorEvidence],
    made: list[Decision],
    before: str | None,
    policy: Policy,
    version: str,
) -> dict[str, int]:
    """Tiers by which tonight's policy is stricter (+) or milder (-) than the one of the night before, on tonight's standings."""
    if before is None or before == policy.text:
        return {}
    old = decide(standings, parse_policy(before), version)
    return {
        d.operator_id: TIERS.index(d.tier) - TIERS.index(o.tier)
        for d, o in zip(made, old, strict=True)
        if d.tier != o.tier
    }


def past_of(lake: Lake, before: str | None) -> dict[str, dict]:
    """Last night's standing of each operator."""
    if before is None:
        return {}
    frame = pq.read_table(lake.run(before) / "tier_decisions.parquet").to_pandas()
    out = {}
    for row in frame.itertuples(index=False):
        out[row.operator_id] = {
            "previous_tier": row.tier,
            "previous_risk": None if pd.isna(row.risk) else float(row.risk),
            "previous_model": row.model_version,
            "previous_policy": row.policy_version,
            "clean_nights": json.loads(row.why)["clean"],
        }
    return out
