"""Two detectors are independent only where they share no input."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from serving.oversight.measures.independent_detectors import (
    ORDERS,
    SESSIONS,
    are_independent,
    detectors_from_reason,
    independent_pair,
    inputs_of,
)
from serving.policy.load import load_policy

POLICY = load_policy()
ALL = ("deviance", "operator_rank", ORDERS, SESSIONS)


def test_only_sessions_and_orders_share_no_input():
    """Of all pairs of detectors, one has no signal in common."""
    pairs = [p for p in combinations(ALL, 2) if are_independent(*p)]
    assert pairs == [(ORDERS, SESSIONS)] and not inputs_of(ORDERS) & inputs_of(SESSIONS)
    assert not are_independent(ORDERS, ORDERS)


def test_a_pair_is_found_among_all():
    """Detectors of operators are one voice, whatever their number."""
    assert independent_pair(["deviance", "operator_rank", ORDERS]) is None
    assert independent_pair(list(ALL)) == (ORDERS, SESSIONS)


@pytest.mark.parametrize(
    ("session", "orders", "found"),
    [(0.99, 0.9, (ORDERS, SESSIONS)), (0.99, None, (SESSIONS,)), (None, 0.1, ())],
)
def test_detectors_of_entities_follow_the_reason(session, orders, found):
    """The most probable session, and the expected share of false orders, from `why`."""
    why = {"session": None if session is None else {"id": "s", "probability": session}}
    text = json.dumps(why | {"false_orders": orders})
    assert detectors_from_reason(text, [], POLICY) == found
