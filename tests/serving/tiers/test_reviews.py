"""Claims about reviews: what asks for one, and that it is spent where most is found."""

from __future__ import annotations

from dataclasses import replace

from serving.tiers.decision import decide
from tests.serving.tiers.cases import BASE, POLICY, WIDE, one, tier


def test_two_evidence_groups_make_a_review_without_a_model():
    """Without a calibrated model, two evidence groups and an anomaly score of eighteen make a
    review and no more."""
    assert tier(risk=None, deviating_groups=1, anomaly_score=99.0) == "A"
    assert tier(risk=None, deviating_groups=9, anomaly_score=17.999) == "A"
    assert tier(risk=None, deviating_groups=2, anomaly_score=18.0) == "B"
    assert tier(risk=None, deviating_groups=50, anomaly_score=900.0) == "B"


def test_operator_of_an_inflated_session_is_reviewed():
    """A session that is inflated beyond doubt makes a review; with a risk of C it accuses."""
    assert (
        tier(risk=0.01, worst_session_probability=0.949) == "A"
        and tier(risk=0.01, worst_session_probability=0.95) == "B"
        and tier(risk=0.01, worst_session_probability=None) == "A"
    )
    assert (
        tier(risk=0.01, worst_session_probability=1.0, p_value=0.9) == "B"
        and tier(risk=0.01, worst_session_probability=1.0, p_value=None) == "B"
        and tier(risk=None, worst_session_probability=1.0, p_value=None) == "B"
        and tier(risk=0.9, worst_session_probability=1.0, p_value=0.9) == "C"
        and tier(risk=0.9, worst_session_probability=1.0) == "D"
    )
    assert (
        tier(risk=0.01, worst_session_probability=0.99, sessions=1.0, orders=0.0)
        == tier(risk=0.01, worst_session_probability=0.99, contested=True)
        == "B"
    )
    said = decide(
        [
            replace(
                BASE, risk=0.01, p_value=None, worst_session_probability=0.97, worst_session="s7"
            )
        ],
        WIDE,
        "m1",
    )[0]
    assert (said.why_zh, said.why_en) == (
        "风险 0.01；场次 s7 虚增的可能性为 0.97",
        "risk 0.01; its session s7 is inflated with probability 0.97",
    )
    said = decide(
        [
            replace(
                BASE, risk=0.01, p_value=None, worst_session_probability=0.9951, worst_session="s7"
            )
        ],
        WIDE,
        "m1",
    )[0]
    assert said.why_zh.endswith("虚增的可能性超过 0.99") and said.why_en.endswith(
        "is inflated with probability above 0.99"
    )
    milder = {"previous_tier": "B", "previous_risk": 0.5, "clean_nights": 99}
    assert (
        tier(risk=0.01, worst_session_probability=0.97, **milder) == "B"
        and tier(risk=0.01, worst_session_probability=0.5, **milder) == "A"
    )


def test_anomaly_moves_no_operator_whose_risk_is_known():
    """An anomaly says what a risk cannot only where there is no risk, and accuses in no case."""
    out = {"deviating_groups": 2, "anomaly_score": 18.0}
    assert tier(risk=None, **out) == "B" and tier(risk=None, **out, is_extreme=True) == "B"
    assert tier(risk=0.01, **out) == "A" and tier(risk=0.499, **out, is_extreme=True) == "A"
    said = one(risk=0.01, p_value=None, **out)
    assert said.why_en == (
        "risk 0.01; 2 groups of evidence deviate from comparable operators, anomaly score 18.0"
    )


def test_review_needs_no_cleared_operator():
    """Without a p-value, and with a common one, a risk makes a review and no accusation."""
    for p in (None, 0.051, 0.9):
        made = one(risk=0.9, p_value=p)
        assert (made.tier, made.selected_by, made.measure) == ("B", "risk", "popup")
        assert one(risk=0.499, p_value=p).tier == "A"


def test_reviewed_operators_have_the_expected_precision():
    """Of those reviewed for their risk at least the policy's share is expected to cheat.

    It holds of every subset, so capacity cannot break it.
    """
    rows = [
        replace(BASE, operator_id=f"o{i:03d}", risk=i / 400, influence=i % 7 / 7, p_value=None)
        for i in range(400)
    ]
    for policy in (WIDE, POLICY):
        made = [d for d in decide(rows, policy, "m") if d.tier == "B"]
        risks = [rows[int(d.operator_id[1:])].risk for d in made]
        assert len(made) == (200 if policy is WIDE else 100)
        assert min(risks) >= policy.tiers.review_precision


def test_orders_or_sessions_alone_make_a_review():
    """Orders that are expected to be false make a review, whatever sessions look like."""
    at = POLICY.tiers.review_precision
    for name, basis in (("false_order_share", "orders"), ("false_session_share", "sessions")):
        for risk in (None, 0.01):
            clean = {"risk": risk, "p_value": None, "worst_session_probability": 0.01}
            made = one(**clean, **{name: at})
            assert (made.tier, made.selected_by) == ("B", basis)
            assert one(**clean, **{name: at - 1e-9}).tier == "A"
        without = {"sessions": None, "views": None, "orders": 500.0, "risk": None}
        assert one(**without, **{name: 0.9}).tier == "B"
    assert "an estimated 57% of its recent orders are false" in one(false_order_share=0.57).why_en
    assert "近期订单估计有 57% 虚假" in one(false_order_share=0.57).why_zh
    assert "an estimated 60% of its recent sessions" in one(false_session_share=0.6).why_en
    nothing = replace(WIDE, tiers=replace(WIDE.tiers, review_precision=0.0))
    assert one(nothing, risk=None).tier == "A"  # unknown shares move nothing


def test_capacity_goes_to_the_surest_evidence():
    """An operator reviewed for its orders competes by them, not by its small risk."""
    rows = [replace(BASE, operator_id=f"r{i}", risk=0.6, p_value=None) for i in range(4)]
    rows.append(replace(BASE, operator_id="o", risk=0.01, p_value=None, false_order_share=0.9))
    made = {d.operator_id: d.tier for d in decide(rows, POLICY, "m")}
    assert made["o"] == "B" and sum(t == "B" for t in made.values()) == 1
