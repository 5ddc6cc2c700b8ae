"""Decision on each operator of a night: a pure function of the evidence and the policy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from serving.policy.schema import Policy
from serving.tiers.capacity import apply_capacity
from serving.tiers.evidence import OperatorEvidence, expected_harm, has_little_history
from serving.tiers.explanation import Outcome, explain
from serving.tiers.false_discovery import AccusationBound, accusation_bound, benjamini_hochberg
from serving.tiers.hysteresis import (
    apply_clean_period,
    apply_floor_and_override,
    cause_of_change,
)
from serving.tiers.proposal import NOTHING, RISK, Proposal, is_accusable, propose_tier

# What a tier rests on where it is not tonight's evidence.
CLEAN_PERIOD, NOTICE, OVERRIDE = "clean_period", "notice", "override"


@dataclass(frozen=True)
class Decision:
    """A tier with what led to it.

    `proposed` is the tier before the clean period. The next night counts clean nights by it.
    `selected_by` is the basis of the tier: the bound on false discoveries, agreement of risk and
    session, or evidence for a review. It may also be the clean period, a notice, an override, or
    nothing.
    """

    operator_id: str
    tier: str
    proposed: str
    selected_by: str
    is_key_operator: bool
    expected_harm: float | None
    measure: str
    needs_human: bool
    cold_start: bool
    cause: str
    why_zh: str
    why_en: str


def decide(
    operators: list[OperatorEvidence],
    policy: Policy,
    model: str,
    bound: AccusationBound | None = None,
) -> list[Decision]:
    """Decide all operators of a night, in the order given.

    Parameters
    ----------
    operators
        Evidence on each operator, each operator once.
    policy
        The policy in force.
    model
        Version of the model that gave the risks, to tell a change of model from one of behaviour.
    bound
        Whether the bound can be met (`bound_of_night`), for the words of decisions.
    """
    proposals, within_capacity = _propose(operators, policy, _select(operators, policy))
    key_influence = 1.0 - policy.influence.key_share
    decisions = []
    for e in operators:
        proposal, proposed = proposals[e.operator_id], within_capacity[e.operator_id]
        after_clean_period = apply_clean_period(e, proposed, policy)
        tier = apply_floor_and_override(e, after_clean_period)
        measure = policy.measures.of(tier)
        selected_by = _basis(e, proposal, proposed, after_clean_period)
        zh, en = explain(e, Outcome(proposal, proposed, tier, selected_by, bound), policy)
        decisions.append(
            Decision(
                e.operator_id,
                tier,
                proposed,
                selected_by,
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


def bound_of_night(
    operators: list[OperatorEvidence], policy: Policy, cleared: float
) -> AccusationBound:
    """Whether the bound on false discoveries can select any operator of a night.

    Parameters
    ----------
    operators
        Evidence on each operator.
    policy
        The policy in force.
    cleared
        Expected number of honest operators in the reference set.

    Returns
    -------
    AccusationBound
        For as many candidates as there are tonight and as have a place in C; where there are none,
        for all places.
    """
    tested = sum(e.p_value is not None for e in operators) or len(operators)
    candidates = sum(is_accusable(e, policy) for e in operators)
    places = max(1, math.floor(policy.tiers.capacity_C * len(operators)))
    reach = min(candidates or places, places)
    return accusation_bound(tested, reach, cleared, policy.tiers.false_discovery)


def _select(operators: list[OperatorEvidence], policy: Policy) -> frozenset[str]:
    """Operators that the bound selects, so that it holds of those with a place in C and D.

    Operators without a place count among the tests and not among the discoveries (ADR-0191).
    """
    p_values = {e.operator_id: e.p_value for e in operators if e.p_value is not None}
    level = policy.tiers.false_discovery
    candidates = {e.operator_id for e in operators if is_accusable(e, policy)}
    selected = benjamini_hochberg(p_values, level, candidates)
    _, within_capacity = _propose(operators, policy, selected)
    placed = {operator for operator in selected if within_capacity[operator] >= "C"}
    still_selected = benjamini_hochberg(p_values, level, placed)
    return selected if still_selected == placed else still_selected


def _propose(
    operators: list[OperatorEvidence], policy: Policy, selected: frozenset[str]
) -> tuple[dict[str, Proposal], dict[str, str]]:
    """Proposals by evidence, and tiers within capacity."""
    proposals = {e.operator_id: propose_tier(e, policy, selected) for e in operators}
    by_evidence = {operator: p.tier for operator, p in proposals.items()}
    return proposals, apply_capacity(operators, by_evidence, policy)


def _basis(e: OperatorEvidence, proposal: Proposal, proposed: str, after_clean_period: str) -> str:
    """The basis of the final tier."""
    if e.override is not None:
        return OVERRIDE
    if (e.floor or "A") > after_clean_period:
        return NOTICE
    if after_clean_period != proposed:
        return CLEAN_PERIOD
    if proposed == "A":
        return NOTHING
    return RISK if proposed == "B" and proposal.tier > "B" else proposal.selected_by
