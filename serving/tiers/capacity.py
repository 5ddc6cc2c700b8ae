"""Patrol capacity: how many operators a tier can hold, by stratum and in all."""

from __future__ import annotations

import math
from collections import Counter

from serving.policy.schema import Policy
from serving.tiers.evidence import OperatorEvidence, patrol_priority

SMALL_STRATA = "~"  # strata that are too small for a place of their own share one patrol


def apply_capacity(
    operators: list[OperatorEvidence], proposed: dict[str, str], policy: Policy
) -> dict[str, str]:
    """Move proposals of least priority beyond capacity one tier milder, from D down to B.

    Capacity is a share of each region and category, of the small ones together, and of all
    operators.
    """
    order = sorted(
        operators, key=lambda e: (-patrol_priority(e, policy), -e.anomaly_score, e.operator_id)
    )
    out = dict(proposed)
    for tier, milder, share in (
        ("D", "C", policy.tiers.capacity_D),
        ("C", "B", policy.tiers.capacity_C),
        ("B", "A", policy.tiers.capacity_B),
    ):
        patrol, places = _patrols(operators, share)
        places_left = max(1, math.floor(share * len(operators)))
        for e in order:
            if out[e.operator_id] < tier:
                continue
            if places[patrol[e.stratum]] > 0 and places_left > 0:
                places[patrol[e.stratum]] -= 1
                places_left -= 1
            else:
                out[e.operator_id] = milder
    return out


def _patrols(
    operators: list[OperatorEvidence], share: float
) -> tuple[dict[str, str], dict[str, int]]:
    """Patrol of each stratum, and places of each patrol."""
    sizes = Counter(e.stratum for e in operators)
    patrol = {
        name: name if math.floor(share * n) >= 1 else SMALL_STRATA for name, n in sizes.items()
    }
    places = {name: math.floor(share * n) for name, n in sizes.items() if patrol[name] == name}
    small = sum(n for name, n in sizes.items() if patrol[name] == SMALL_STRATA)
    places[SMALL_STRATA] = max(1, math.floor(share * small))
    return patrol, places
