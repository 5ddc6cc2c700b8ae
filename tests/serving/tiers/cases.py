"""Operators and policies that the tests of tiers share."""

from __future__ import annotations

from dataclasses import replace

from serving.policy.load import load_policy
from serving.tiers.decision import decide
from serving.tiers.evidence import TIERS, OperatorEvidence

POLICY = load_policy()
WIDE = replace(POLICY, tiers=replace(POLICY.tiers, capacity_B=1.0, capacity_C=1.0, capacity_D=1.0))
# The bound on false discoveries selects this operator, among 500 at most.
BASE = OperatorEvidence("o", 0.5, 0.5, 0, 30.0, 100.0, p_value=0.0001)


PAST = {
    "previous_tier": "A",
    "previous_risk": 0.1,
    "previous_model": "m1",
    "previous_policy": POLICY.version,
}


ONLY_D = replace(
    POLICY, tiers=replace(POLICY.tiers, capacity_B=1.0, capacity_C=1.0, capacity_D=0.04)
)


def tier(policy=WIDE, **more) -> str:
    return decide([replace(BASE, **more)], policy, "m1")[0].tier


def one(policy=WIDE, **more):
    return decide([replace(BASE, **more)], policy, "m1")[0]


def crowd_of(sizes: dict[str, int], **more) -> list[OperatorEvidence]:
    rows = []
    for stratum, n in sizes.items():
        rows += [
            replace(
                BASE,
                operator_id=f"{stratum}{i:03d}",
                risk=0.9,
                influence=0.5 + i / 1000,
                stratum=stratum,
                **more,
            )
            for i in range(n)
        ]
    return rows


def tiers_of(rows, policy=POLICY) -> dict[str, list[str]]:
    made = decide(rows, policy, "m")
    return {t: sorted(d.operator_id for d in made if d.tier == t) for t in TIERS}
