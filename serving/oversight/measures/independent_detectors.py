"""Detectors that find an operator, and which pairs of them share no input (ADR-0305).

A grave measure may rest on two detectors only where neither reads a signal of the other. The model
of operators and the anomaly score read the same signals, so that they are one voice. The models of
sessions and of orders read no signal in common.
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pandas as pd

from features.catalogue import of_entity
from features.declaration import OPERATOR
from serving.policy.schema import Policy
from training.models.registry import BY_NAME

SESSIONS, ORDERS = "session_inflation", "order_brushing"


def inputs_of(detector: str) -> frozenset[str]:
    """Names of the signals that a detector reads, those of what is pooled into it included.

    A detector of operators sums sessions and orders up, and its risk is pooled with theirs.
    """
    if detector in (SESSIONS, ORDERS):
        return frozenset(BY_NAME[detector].columns)
    own = frozenset(s.name for s in of_entity(OPERATOR))
    return own | inputs_of(SESSIONS) | inputs_of(ORDERS)


def are_independent(one: str, other: str) -> bool:
    """Whether two detectors share no input."""
    return one != other and not inputs_of(one) & inputs_of(other)


def detectors_of_entities(why: dict[str, Any], policy: Policy) -> list[str]:
    """Detectors that find an operator by its sessions or orders, from the reason of its decision.

    The model of sessions finds it by its most probable session, that of orders by the expected
    share of false ones among its recent orders.
    """
    found = {
        SESSIONS: (why.get("session") or {}).get("probability"),
        ORDERS: why.get("false_orders"),
    }
    least = policy.measures.detector_risk
    return [name for name, value in found.items() if value is not None and value >= least]


def independent_pair(detectors: list[str]) -> tuple[str, str] | None:
    """The first two of some detectors that share no input; None where all do."""
    return next((p for p in combinations(sorted(detectors), 2) if are_independent(*p)), None)


def detectors_from_reason(why: str, by_operator: list[str], policy: Policy) -> tuple[str, ...]:
    """All detectors that find an operator: by its own signals, its sessions and its orders."""
    return tuple(sorted({*by_operator, *detectors_of_entities(json.loads(why), policy)}))


def agreeing_detectors(scores: pd.DataFrame, operator: str, policy: Policy) -> list[str]:
    """Detectors that find an operator by its own signals. They share inputs: see ADR-0305.

    A model finds it by its probability, the anomaly score by its rank among all operators.
    """
    own_scores = scores[(scores["entity_kind"] == "operator") & (scores["entity_id"] == operator)]
    ranked_entities = scores[(scores["entity_kind"] == "operator")].groupby("model").size()
    agreeing = []
    for r in own_scores.itertuples(index=False):
        rare = r.rank <= max(1, int(policy.measures.detector_tail * ranked_entities[r.model]))
        likely = (
            r.probability is not None
            and r.probability == r.probability
            and r.probability >= policy.measures.detector_risk
        )
        if likely or (r.model == "deviance" and rare and r.score > 0):
            agreeing.append(str(r.model))
    return sorted(set(agreeing))
