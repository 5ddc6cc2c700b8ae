"""From tonight's scores and the night before to the standing of each operator, and its decision."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from serving.policy import Policy
from serving.scorer import DEVIANCE, alarm_count
from serving.tiers import Standing, decide, who_gains

if TYPE_CHECKING:
    from serving.nightly import Scored


def _value(x: float) -> float | None:
    return None if not np.isfinite(x) else float(x)


def influence(operators: Scored, orders: Scored | None, figures: pd.DataFrame) -> pd.Series:
    """Share of operators with less, averaged over views and orders of 28 days, each corrected by what is held false.

    Fraud must not buy influence: orders shrink by the operator's own corrected share, views by its risk.
    """
    s = operators.signals
    real = pd.Series(1.0, index=s.index)
    if len(figures):
        f = figures[(figures["entity_kind"] == "operator") & (figures["measure"] == "orders")].set_index("entity_id")
        real = (f["estimate"] / f["counted"].where(f["counted"] > 0)).reindex(s.index).fillna(1.0)
    p = operators.probability().reindex(s.index).fillna(0.0)
    sizes = {"operator_order_count": real, "operator_view_count": 1.0 - 0.5 * p}
    ranks = [(s[name] * factor).rank(pct=True) for name, factor in sizes.items() if name in s]
    known = pd.concat(ranks, axis=1) if ranks else pd.DataFrame(index=s.index)
    return known.mean(axis=1)


def decide_night(
    lake: Path,
    night: date,
    before: str | None,
    operators: Scored,
    orders: Scored | None,
    figures: pd.DataFrame,
    policy: Policy,
    p_values: pd.Series | None = None,
    rarest: pd.Series | None = None,
) -> pd.DataFrame:
    """Tier decisions of a night as rows of their contract, less the run's stamp."""
    s = operators.signals
    trained = operators.main != DEVIANCE
    main = operators.scores[operators.scores["model"] == operators.main]
    version = str(main["model_version"].iloc[0]) if len(main) else "none"
    past = _past(lake, before)
    weight = influence(operators, orders, figures)
    alarms = alarm_count(s, policy.tiers.review_tail)
    standings = []
    for operator in s.index:
        p = past.get(operator, {})
        standings.append(
            Standing(
                operator,
                _value(main.at[operator, "probability"]) if trained else None,
                _value(weight.get(operator, np.nan)),
                int(alarms[operator]),
                _value(s.at[operator, "operator_session_count"]),
                _value(s.at[operator, "operator_order_count"]),
                who_gains(
                    _value(s.at[operator, "suspicious_low_rating_share"]), _value(s.at[operator, "suspicious_high_rating_share"]), policy
                ),
                None if p_values is None else _value(p_values.get(operator, np.nan)),
                rarest is not None and bool(rarest.get(operator, False)),
                **p,
            )
        )
    made = decide(standings, policy, version)
    rows = []
    for standing, d in zip(standings, made, strict=True):
        milder = standing.previous_tier is not None and d.proposed < standing.previous_tier
        rows.append(
            {
                "operator_id": d.operator_id,
                "tier": d.tier,
                "previous_tier": standing.previous_tier,
                "is_key_operator": d.is_key_operator,
                "risk": standing.risk,
                "influence": standing.influence,
                "expected_harm": d.expected_harm,
                "measure": d.measure,
                "needs_human": d.needs_human,
                "cold_start": d.cold_start,
                "cause": d.cause,
                "attribution": standing.attribution,
                "p_value": standing.p_value,
                "why": json.dumps(
                    {
                        "zh": d.why_zh,
                        "en": d.why_en,
                        "proposed": d.proposed,
                        "alarms": standing.alarms,
                        "rarest": standing.rarest,
                        "clean": standing.clean + 1 if milder and d.tier == standing.previous_tier else 0,
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


def _past(lake: Path, before: str | None) -> dict[str, dict]:
    """Last night's standing of each operator."""
    if before is None:
        return {}
    frame = pq.read_table(lake / "runs" / before / "tier_decisions.parquet").to_pandas()
    out = {}
    for row in frame.itertuples(index=False):
        out[row.operator_id] = {
            "previous_tier": row.tier,
            "previous_risk": None if pd.isna(row.risk) else float(row.risk),
            "previous_model": row.model_version,
            "previous_policy": row.policy_version,
            "clean": json.loads(row.why)["clean"],
        }
    return out
