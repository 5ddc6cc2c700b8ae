"""Decision on each operator of a night: a pure function of the evidence and the policy."""

from __future__ import annotations

from dataclasses import dataclass

from serving.policy.schema import Policy
from serving.tiers.capacity import apply_capacity
from serving.tiers.evidence import (
    OperatorEvidence,
    expected_harm,
    has_inflated_session,
    has_little_history,
    is_anomalous,
    lacks_inflated_session,
)
from serving.tiers.explanation import explain
from serving.tiers.false_discovery import benjamini_hochberg
from serving.tiers.hysteresis import (
    apply_clean_period,
    apply_floor_and_override,
    cause_of_change,
)


@dataclass(frozen=True)
class Decision:
    """A tier with what led to it.

    `proposed` is the tier before the clean period. The next night counts clean nights by it.
    """

    operator_id: str
    tier: str
    proposed: str
    is_key_operator: bool
    expected_harm: float | None
    measure: str
    needs_human: bool
    cold_start: bool
    cause: str
    why_zh: str
    why_en: str


def decide(operators: list[OperatorEvidence], policy: Policy, model: str) -> list[Decision]:
    """Decide all operators of a night, in the order given.

    Parameters
    ----------
    operators
        Evidence on each operator, each operator once.
    policy
        The policy in force.
    model
        Version of the model that gave the risks, to tell a change of model from one of behaviour.
    """
    selected = benjamini_hochberg(
        {e.operator_id: e.p_value for e in operators if e.p_value is not None},
        policy.tiers.false_discovery,
    )
    by_risk = {e.operator_id: propose_tier(e, policy, selected) for e in operators}
    proposed = apply_capacity(operators, by_risk, policy)
    key_influence = 1.0 - policy.influence.key_share
    decisions = []
    for e in operators:
        mine = proposed[e.operator_id]
        tier = apply_floor_and_override(e, apply_clean_period(e, mine, policy))
        measure = policy.measures.of(tier)
        zh, en = explain(e, tier, mine, by_risk[e.operator_id], policy)
        decisions.append(
            Decision(
                e.operator_id,
                tier,
                mine,
                tier == "D" or (e.influence is not None and e.influence >= key_influence),
                expected_harm(e),
                measure,
                measure in policy.measures.human_only,
                has_little_history(e, policy),
                cause_of_change(e, tier, policy, model),
                zh,
                en,
            )
        )
    return decisions


def propose_tier(e: OperatorEvidence, policy: Policy, selected: frozenset[str]) -> str:
    """Propose a tier by tonight's evidence, before capacity and the clean period.

    Parameters
    ----------
    e
        Evidence on one operator.
    policy
        The policy in force.
    selected
        Operators selected under the bound on false discoveries (ADR-0054). The bound does not
        apply without a p-value, nor to an extreme operator that is anomalous as well: a small
        reference set has no small p-values.
    """
    t = policy.tiers
    reviewed = is_anomalous(e, policy) or has_inflated_session(e, policy)
    if e.risk is None:
        return "B" if reviewed else "A"
    tier = "D" if e.risk >= t.D else "C" if e.risk >= t.C else "B" if e.risk >= t.B else "A"
    if e.p_value is not None and e.p_value > t.review_honest and not e.is_extreme:
        tier = "A"
    elif (
        e.p_value is not None
        and e.operator_id not in selected
        and not (e.is_extreme and is_anomalous(e, policy))
    ):
        tier = min(tier, "B")
    if reviewed:
        tier = max(tier, "B")
    reviewed_at_most = (
        has_little_history(e, policy) or e.contested or lacks_inflated_session(e, policy)
    )
    return min(tier, "B") if reviewed_at_most else tier
