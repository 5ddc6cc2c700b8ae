"""Claims about conditions on the evidence of one operator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from serving.tiers.evidence import attribution, beneficiary_of
from tests.serving.tiers.cases import (
    BASE,
    POLICY,
    WIDE,
    one,
)


@pytest.mark.parametrize(
    ("low", "high", "run_down", "said"),
    [
        (0.05, 0.05, None, "unknown"),
        (0.9, 0.0, 0.49, "unknown"),
        (0.0, 0.9, 0.5, "third_party"),
        (None, None, 0.5, "third_party"),
        (0.02, 0.08, None, "beneficiary"),
        (0.02, 0.08, 0.49, "beneficiary"),
        (0.02, 0.0799, 0.0, "unknown"),
        (0.021, 0.079, None, "unknown"),
        (0.0, 0.9, None, "beneficiary"),
        (None, 0.9, None, "unknown"),
        (0.9, None, None, "unknown"),
    ],
)
def test_beneficiary_follows_ratings_and_cancellations(low, high, run_down, said):
    """The beneficiary is named from enough ratings on one side, and a rival from rushes of
    cancellations."""
    assert beneficiary_of(low, high, run_down, POLICY) == said


@pytest.mark.parametrize(
    ("sign", "risk", "mostly_orders", "said"),
    [
        ("beneficiary", 0.8, True, "beneficiary"),
        ("beneficiary", 0.79, True, "unknown"),
        ("beneficiary", 0.99, False, "unknown"),
        ("beneficiary", None, True, "unknown"),
        ("third_party", 0.1, False, "third_party"),
        ("unknown", 0.99, True, "unknown"),
    ],
)
def test_a_beneficiary_is_named_above_a_precision(sign, risk, mostly_orders, said):
    """Good ratings name an operator only where its risk, mostly for orders, is high enough."""
    assert POLICY.attribution.precision == 0.8
    e = replace(BASE, beneficiary=sign, risk=risk, mostly_orders=mostly_orders)
    assert attribution(e, POLICY) == said


def test_history_counts_what_is_known_and_nothing_is_no_history():
    """Known sessions, orders or views are history; without any it is a cold start."""
    cold = replace(WIDE, tiers=replace(WIDE.tiers, cold_sessions=1, cold_orders=1))
    assert one(cold, sessions=None, orders=None).cold_start
    assert (
        not one(cold, sessions=1.0, orders=None).cold_start
        and not one(cold, sessions=None, orders=1.0).cold_start
    )
    few = replace(WIDE, tiers=replace(WIDE.tiers, cold_views=100, cold_orders=20))
    assert (
        one(few, sessions=30.0, orders=19.0, views=99.0).cold_start
        and not one(few, sessions=30.0, orders=19.0, views=100.0).cold_start
    )
    assert (
        not one(few, sessions=30.0, orders=20.0, views=99.0).cold_start
        and not one(few, sessions=30.0, orders=19.0, views=None).cold_start
    )


def test_unknown_influence_is_medium_and_unknown_risk_harmless():
    """An unknown influence counts as the middle, and an unknown risk has no harm."""
    assert one(risk=0.5, influence=None).expected_harm == 0.25
    assert (
        one(risk=None).expected_harm is None and one(risk=0.5, influence=0.2).expected_harm == 0.1
    )


def test_key_operators_are_tier_d_and_the_most_influential():
    """Key operators are those of tier D and the most influential."""
    edge = 1.0 - POLICY.influence.key_share
    assert (
        one(risk=0.0, influence=edge).is_key_operator
        and not one(risk=0.0, influence=edge - 1e-9).is_key_operator
    )
    assert (
        one(risk=0.9, influence=0.1).is_key_operator
        and not one(risk=0.5, influence=None).is_key_operator
    )
