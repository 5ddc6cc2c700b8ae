"""Proposal: the tier that tonight's evidence alone asks for, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from serving.policy.schema import Policy
from serving.tiers.evidence import (
    OperatorEvidence,
    has_accusing_session,
    has_false_orders,
    has_false_sessions,
    has_inflated_session,
    has_little_history,
    is_anomalous,
    lacks_inflated_session,
)

# What a proposal rests on, as published in `tier_decisions.selected_by`.
NOTHING, ANOMALY, ORDERS = "none", "anomaly", "orders"
SESSIONS, RISK, BOUND, AGREEMENT = "sessions", "risk", "bound", "agreement"

# Why a risk that reaches C makes a review only.
LITTLE_HISTORY, NO_INFLATED_SESSION = "little_history", "no_inflated_session"
UNKNOWN_BENEFICIARY, NO_P_VALUE, NOT_SELECTED = "unknown_beneficiary", "no_p_value", "not_selected"


@dataclass(frozen=True)
class Proposal:
    """A tier by tonight's evidence, before capacity and the clean period.

    Attributes
    ----------
    tier
        The tier.
    selected_by
        What it rests on: `bound` for C and D; `agreement` for C; `risk`, `sessions`, `orders` or
        `anomaly` for B; `none` for A.
    restrictions
        Why a risk that reaches C makes a review only; empty for the others.
    """

    tier: str
    selected_by: str
    restrictions: tuple[str, ...] = ()


def propose_tier(e: OperatorEvidence, policy: Policy, selected: frozenset[str]) -> Proposal:
    """Propose a tier by tonight's evidence.

    Parameters
    ----------
    e
        Evidence on one operator.
    policy
        The policy in force.
    selected
        Accusable operators that the bound on false discoveries selects (ADR-0191).
    """
    if not _reaches_accusation(e, policy):
        basis = review_basis(e, policy)
        return Proposal("A" if basis == NOTHING else "B", basis)
    restrictions = _restrictions(e, policy)
    if not restrictions and e.operator_id not in selected:
        restrictions = (NO_P_VALUE if e.p_value is None else NOT_SELECTED,)
    if restrictions:
        if agrees(e, policy):
            return Proposal("C", AGREEMENT)
        return Proposal("B", RISK, restrictions)
    return Proposal("D" if e.risk is not None and e.risk >= policy.tiers.D else "C", BOUND)


def agrees(e: OperatorEvidence, policy: Policy) -> bool:
    """Its risk and one of its sessions both reach what an accusation asks (ADR-0402).

    Orders take no part, because a rival may have placed them.
    """
    return (
        policy.tiers.accuse_by_agreement
        and _reaches_accusation(e, policy)
        and has_accusing_session(e, policy)
        and not has_little_history(e, policy)
        and e.beneficiary != "third_party"
    )


def is_accusable(e: OperatorEvidence, policy: Policy) -> bool:
    """Everything but the bound on false discoveries allows an accusation."""
    return _reaches_accusation(e, policy) and not _restrictions(e, policy)


def review_basis(e: OperatorEvidence, policy: Policy) -> str:
    """The evidence that asks for a review, `none` where nothing does (ADR-0190)."""
    if e.risk is not None and e.risk >= policy.tiers.review_precision:
        return RISK
    if has_inflated_session(e, policy) or has_false_sessions(e, policy):
        return SESSIONS
    if has_false_orders(e, policy):
        return ORDERS
    return ANOMALY if e.risk is None and is_anomalous(e, policy) else NOTHING


def _reaches_accusation(e: OperatorEvidence, policy: Policy) -> bool:
    return e.risk is not None and e.risk >= policy.tiers.C


def _restrictions(e: OperatorEvidence, policy: Policy) -> tuple[str, ...]:
    conditions = {
        LITTLE_HISTORY: has_little_history(e, policy),
        NO_INFLATED_SESSION: lacks_inflated_session(e, policy),
        UNKNOWN_BENEFICIARY: e.contested,
    }
    return tuple(name for name, holds in conditions.items() if holds)
