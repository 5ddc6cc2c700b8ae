"""Evidence on each operator of a night, gathered for the decision on its tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import BY_NAME
from features.declaration import OPERATOR, ORDER, SESSION
from features.engine.snapshot import Snapshot
from features.peers.anomaly_score import anomaly_contributions, deviating_group_counts
from serving.oversight.influence import influence
from serving.oversight.measures.state import Measure, WonAppeal
from serving.oversight.overrides import Override
from serving.policy.schema import Policy
from serving.scoring.entity_scores import EntityScores
from serving.tiers.evidence import OperatorEvidence, after_won_appeal, beneficiary_of

# Shares of suspicious orders and of ratings, in the order of `beneficiary_of`.
RATING_SHARES = (
    "suspicious_low_rating_share",
    "suspicious_high_rating_share",
    "cancelled_rush_low_rating_share",
)


@dataclass(frozen=True)
class SupervisionInputs:
    """Further inputs of a decision, each by operator.

    Attributes
    ----------
    components
        Components of supervision (`influence.components`).
    stratum
        Region and category as one name.
    floors
        Mildest tier that a notice allows.
    overrides
        Overrides in force.
    risk_change
        Parts of the change of risk.
    p_values, is_extreme
        Conformal p-values, and whether hardly any honest operator looks as suspicious; None where
        no honest operators are known.
    worst_sessions
        Most probable session (`EntityScores.worst`); None where no session was scored.
    false_shares
        Expected share of false ones among recent sessions and orders, by kind of entity; a kind is
        absent where it has no calibrated probabilities.
    cleared
        Expected number of honest operators in the reference set of the p-values.
    measure_floors
        Mildest tier that a measure in force allows.
    grounds
        Grounds of patrol (`patrol_grounds`); operators without any are absent.
    won_appeals
        Latest appeal that was won within the evidence window.
    measures_of_others
        Measures in force against its network or its streamers; they raise no tier (ADR-0378).
    """

    components: pd.DataFrame
    stratum: dict[str, str]
    floors: dict[str, str]
    overrides: dict[str, Override]
    risk_change: pd.DataFrame
    p_values: pd.Series | None = None
    is_extreme: pd.Series | None = None
    worst_sessions: pd.DataFrame | None = None
    false_shares: Mapping[str, pd.Series] = field(default_factory=dict)
    cleared: float = 0.0
    measure_floors: Mapping[str, str] = field(default_factory=dict)
    grounds: Mapping[str, list[str]] = field(default_factory=dict)
    won_appeals: Mapping[str, WonAppeal] = field(default_factory=dict)
    measures_of_others: Mapping[str, list[Measure]] = field(default_factory=dict)

    def floor(self, operator: str) -> str | None:
        """Mildest tier that notices and measures allow; None without either."""
        both = [f for f in (self.floors.get(operator), self.measure_floors.get(operator)) if f]
        return max(both, default=None)


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


def gather_evidence(
    operators: EntityScores,
    inputs: SupervisionInputs,
    previous: Mapping[str, Mapping[str, Any]],
    policy: Policy,
) -> list[OperatorEvidence]:
    """Evidence on each operator, in the order of the scores.

    Parameters
    ----------
    operators
        Scores of operators.
    inputs
        Further inputs by operator.
    previous
        What the night before decided (`previous_decisions`).
    policy
        The policy in force.
    """
    s = operators.signals
    probability, own = operators.probability, operators.model_rows["own_probability"]
    weight = influence(inputs.components, policy.influence)
    groups = deviating_group_counts(s, BY_NAME, policy.tiers.review_far)
    anomaly = anomaly_contributions(s, BY_NAME, OPERATOR).sum(axis=1)
    about_orders, shares = operators.model_rows["mostly_orders"], inputs.false_shares
    out = []
    for operator in s.index:
        low, high, in_rushes = (_known(s.at[operator, name]) for name in RATING_SHARES)
        beneficiary = beneficiary_of(low, high, in_rushes, policy)
        mostly_orders = bool(about_orders.get(operator, False))
        override = inputs.overrides.get(operator)
        worst = _row(inputs.worst_sessions, operator)
        change = _row(inputs.risk_change, operator)
        out.append(
            OperatorEvidence(
                operator,
                _known(probability[operator]),
                _known(weight.get(operator, np.nan)),
                int(groups[operator]),
                _known(s.at[operator, "operator_session_count"]),
                _known(s.at[operator, "operator_order_count"]),
                beneficiary,
                _known(_value(inputs.p_values, operator, np.nan)),
                bool(_value(inputs.is_extreme, operator, False)),
                views=_known(s.at[operator, "operator_view_count"]),
                anomaly_score=float(anomaly[operator]),
                own_risk=_known(own[operator]),
                worst_session_probability=(
                    None if worst is None else _known(worst["worst_probability"])
                ),
                worst_session="" if worst is None else str(worst["worst_session"]),
                false_session_share=_known(_value(shares.get(SESSION), operator, np.nan)),
                false_order_share=_known(_value(shares.get(ORDER), operator, np.nan)),
                stratum=inputs.stratum.get(operator, ""),
                floor=inputs.floor(operator),
                override=override.tier if override else None,
                contested=mostly_orders and beneficiary != "beneficiary",
                mostly_orders=mostly_orders,
                risk_change=None if change is None else _parts(change),
                **previous.get(operator, {}),
            )
        )
    return [after_won_appeal(e) if e.operator_id in inputs.won_appeals else e for e in out]


def _parts(change: pd.Series) -> tuple[float, float, float]:
    behaviour, data, model = np.nan_to_num(change.to_numpy(dtype=float)).tolist()
    return behaviour, data, model


def _known(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _row(frame: pd.DataFrame | None, operator: str) -> pd.Series | None:
    return None if frame is None or operator not in frame.index else frame.loc[operator]


def _value(values: pd.Series | None, operator: str, otherwise: Any) -> Any:
    return otherwise if values is None else values.get(operator, otherwise)
