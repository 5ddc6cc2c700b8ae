"""Transition from the tier before: the clean period, floors and overrides, and the cause."""

from __future__ import annotations

from serving.policy.schema import Policy
from serving.tiers.evidence import TIERS, OperatorEvidence
from serving.tiers.proposal import NOTHING, review_basis


def apply_clean_period(e: OperatorEvidence, proposed: str, policy: Policy) -> str:
    """Move to a worse tier at once, to a milder one after the clean period, a step at a time."""
    if e.is_cleared or e.previous_tier is None or proposed >= e.previous_tier:
        return proposed  # an accusation that an appeal found wrong is not carried on
    if e.risk is None and review_basis(e, policy) == NOTHING and e.previous_risk is not None:
        return e.previous_tier  # a risk that became unknown moves nothing
    if e.clean_nights + 1 < policy.tiers.clean_nights:
        return e.previous_tier
    return max(proposed, TIERS[TIERS.index(e.previous_tier) - 1])


def apply_floor_and_override(e: OperatorEvidence, tier: str) -> str:
    """Raise a tier to the floor of a notice. An override replaces both until it expires."""
    return e.override or max(tier, e.floor or "A")


def cause_of_change(e: OperatorEvidence, tier: str, policy: Policy, model: str) -> str:
    """Cause of a move: a person, a notice, an appeal, the policy, or the change's largest part."""
    if e.previous_tier is None or tier == e.previous_tier:
        return "none"
    if e.override is not None:
        return "override"
    if e.floor == tier:
        return "notice"
    if e.is_cleared:
        return "appeal"
    if e.previous_policy != policy.version:
        return "policy"
    if e.risk_change is not None and any(e.risk_change):
        parts = zip(map(abs, e.risk_change), ("behaviour", "data", "model"), strict=True)
        return max(parts)[1]
    if e.previous_model != model:
        return "model"
    return "data" if e.risk is None or e.previous_risk is None else "behaviour"
