"""Claims about decisions: what makes a review, and what an accusation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.tiers.decision import decide
from serving.tiers.evidence import TIERS, OperatorEvidence
from tests.serving.tiers.cases import (
    BASE,
    PAST,
    POLICY,
    WIDE,
    one,
    tier,
)


@pytest.mark.parametrize(("name", "bound"), [("B", 0.3), ("C", 0.5), ("D", 0.7)])
def test_a_tier_begins_exactly_at_its_bound(name, bound):
    """A tier begins exactly at its bound."""
    policy = replace(WIDE, tiers=replace(WIDE.tiers, review_precision=0.3))
    assert tier(policy, risk=bound) == name
    assert tier(policy, risk=bound - 1e-9) == TIERS[TIERS.index(name) - 1]


def test_a_new_operator_is_reviewed_not_accused():
    """A new operator is reviewed, not accused."""
    assert tier(risk=0.99, sessions=2.0, orders=19.0) == "B"
    assert tier(risk=0.99, sessions=3.0, orders=19.0) == "D"
    assert tier(risk=0.99, sessions=2.0, orders=20.0) == "D"


def test_views_accuse_only_with_an_inflated_session():
    """An operator suspected of its views is accused only where one session is itself inflated."""
    assert (
        tier(risk=0.9, worst_session_probability=0.9) == "D"
        and tier(risk=0.9, worst_session_probability=0.899) == "B"
        and tier(risk=0.5, worst_session_probability=0.899) == "B"
    )
    assert (
        tier(risk=0.9, worst_session_probability=None) == "D"
    )  # none was looked at: unknown moves nothing
    assert (
        tier(risk=0.9, worst_session_probability=0.1, mostly_orders=True) == "D"
        and tier(risk=0.9, worst_session_probability=0.1, deviating_groups=9, anomaly_score=99.0)
        == "B"
    )
    said = one(risk=0.9, p_value=None, worst_session_probability=0.1)
    assert (
        said.why_en == "risk 0.90; none of its sessions is inflated with probability 0.90 or more, "
        "reviewed only"
    )
    assert said.why_zh == "风险 0.90；没有场次虚增的可能性达到 0.90，只复核"
    assert (
        "reviewed only"
        not in decide([replace(BASE, risk=0.2, worst_session_probability=0.1)], WIDE, "m1")[
            0
        ].why_en
    )


def test_influence_raises_supervision_never_guilt():
    """Influence raises supervision, never guilt."""
    low, high = (decide([replace(BASE, risk=0.05, influence=i)], WIDE, "m")[0] for i in (0.1, 1.0))
    assert low.tier == high.tier == "A" and low.measure == high.measure == "none"
    assert high.is_key_operator and not low.is_key_operator


def test_no_score_ever_blocks():
    """No score ever blocks."""
    for risk in (0.0, 0.5, 1.0):
        assert decide([replace(BASE, risk=risk)], WIDE, "m")[0].measure != "block"


standings = st.lists(
    st.builds(
        OperatorEvidence,
        operator_id=st.uuids().map(str),
        risk=st.none() | st.floats(0, 1),
        influence=st.none() | st.floats(0, 1),
        deviating_groups=st.integers(0, 9),
        anomaly_score=st.floats(0, 90),
        worst_session_probability=st.none() | st.floats(0, 1),
        sessions=st.none() | st.floats(0, 50),
        orders=st.none() | st.floats(0, 500),
        p_value=st.none() | st.floats(0, 0.02),
        false_order_share=st.none() | st.floats(0, 1),
        previous_tier=st.none() | st.sampled_from("ABCD"),
        previous_risk=st.none() | st.floats(0, 1),
        clean_nights=st.integers(0, 9),
    ),
    max_size=30,
    unique_by=lambda s: s.operator_id,
)


@settings(max_examples=150, deadline=None)
@given(standings, st.randoms())
def test_the_order_of_operators_does_not_matter(rows, random):
    """The order of operators does not matter."""
    mixed = list(rows)
    random.shuffle(mixed)
    assert {d.operator_id: d for d in decide(rows, POLICY, "m")} == {
        d.operator_id: d for d in decide(mixed, POLICY, "m")
    }


@settings(max_examples=150, deadline=None)
@given(standings)
def test_more_risk_is_never_milder(rows):
    """More risk is never milder."""
    before = {d.operator_id: d.tier for d in decide(rows, WIDE, "m")}
    worse = [replace(s, risk=None if s.risk is None else min(1.0, s.risk + 0.2)) for s in rows]
    after = {d.operator_id: d.tier for d in decide(worse, WIDE, "m")}
    assert all(after[o] >= before[o] for o in before)


def test_who_gains_is_said_and_moves_no_tier():
    """Who harms may be a rival or the shop itself: enough to look, not to spare or accuse."""
    made = decide([replace(BASE, risk=0.99, beneficiary="third_party")], WIDE, "m")[0]
    assert made.tier == "D" and "rival" in made.why_en and "恶意" in made.why_zh


def test_who_may_be_the_victim_of_a_rival_is_reviewed_not_accused():
    """A possible victim of a rival is reviewed, not accused."""
    d = one(risk=0.95, contested=True)
    assert (
        d.tier == "B"
        and "who gains from its suspicious orders is not known" in d.why_en
        and "由谁受益不明" in d.why_zh
    )
    assert (
        one(risk=0.95, contested=False).tier == "D" and one(risk=0.01, contested=True).tier == "A"
    )
    known = one(risk=0.95, contested=True, beneficiary="third_party")
    assert (
        known.tier == "B"
        and "which may be a rival's doing" in known.why_en
        and "not known" not in known.why_en
    )


def test_a_decision_carries_what_the_night_publishes():
    """A decision carries what the night publishes."""
    d = one(risk=0.5, influence=0.4)
    assert (d.operator_id, d.proposed, d.expected_harm, d.measure, d.needs_human, d.cold_start) == (
        "o",
        "C",
        0.2,
        "warn",
        False,
        False,
    )
    strict = replace(WIDE, measures=replace(WIDE.measures, human_only=["warn"]))
    assert one(strict, risk=0.5).needs_human
    assert one(risk=0.01, clean_nights=0, **PAST | {"previous_tier": "D"}).proposed == "A"
