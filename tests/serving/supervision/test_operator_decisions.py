"""Claims about rows of decisions: earlier policies, and shares of false sessions and orders."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from features.declaration import ORDER, SESSION
from serving.supervision.night_tables import false_shares
from serving.supervision.operator_decisions import policy_steps
from serving.tiers.decision import decide
from tests.serving.tiers.cases import BASE, POLICY


def test_an_earlier_policy_of_other_keys_leaves_its_part_unknown():
    """A policy that an earlier version wrote cannot be followed, so its part is unknown, not 0."""
    decisions = decide([BASE], POLICY, "m")
    earlier = POLICY.text.replace("review_precision = 0.5", "B = 0.15\nreview_honest = 0.005")
    assert policy_steps([BASE], decisions, earlier, POLICY, "m") is None
    assert policy_steps([BASE], decisions, POLICY.text, POLICY, "m") == {}
    stricter = POLICY.text.replace("C = 0.50\n", "C = 0.60\n")
    assert policy_steps([BASE], decisions, stricter, POLICY, "m") == {"o": 1}


def scores(probability: list[float | None], owner: list[str], field: str) -> SimpleNamespace:
    index = [f"e{i}" for i in range(len(probability))]
    found = pd.Series(probability, index=index, dtype=float)
    context = SimpleNamespace(owner=pd.Series(owner, index=index))
    return SimpleNamespace(**{field: found}, context=context)


def test_false_shares_are_means_of_calibrated_probabilities():
    """An operator with few orders has no share, nor has one whose probabilities are unknown."""
    fewest = POLICY.tiers.cold_orders
    owner = ["many"] * fewest + ["few"] * (fewest - 1)
    orders = scores([0.5, 0.7] * (fewest // 2) + [1.0] * (fewest - 1), owner, "probability")
    sessions = scores([0.2, 0.4, 0.9], ["o"] * 3, "view_adjusted")
    found = false_shares({SESSION: sessions, ORDER: orders}, POLICY.tiers)
    assert found[ORDER].to_dict() == {"many": pytest.approx(0.6)}
    assert found[SESSION].to_dict() == {"o": pytest.approx(0.5)}
    unknown = scores([None] * 30, ["o"] * 30, "probability")
    assert false_shares({ORDER: unknown}, POLICY.tiers) == {}
