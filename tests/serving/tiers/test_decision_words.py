"""What a decision says: its cause, its words, who gains, and what is published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from features.catalogue import BY_NAME
from serving.scoring.reasons import Driver, mostly_about_orders
from serving.tiers.decision import decide
from serving.tiers.evidence import OperatorEvidence, beneficiary_of
from tests.serving.tiers.operators import BASE, PAST, POLICY, WIDE, crowd_of, one


def test_a_move_names_its_cause():
    past = {
        "previous_tier": "A",
        "previous_risk": 0.1,
        "previous_model": "m1",
        "previous_policy": POLICY.version,
    }

    def cause(**more):
        return decide([replace(BASE, **{**past, "risk": 0.9, **more})], WIDE, "m1")[0].cause

    assert cause() == "behaviour"
    assert cause(previous_model="m0") == "model"
    assert cause(previous_policy="old") == "policy"
    assert cause(previous_tier="D") == "none"


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


def test_who_gains_is_said_and_moves_no_tier():
    """Who harms may be a rival, or the shop's own paid show of being harmed: enough to be looked at, not to spare or to accuse."""
    made = decide([replace(BASE, risk=0.99, beneficiary="third_party")], WIDE, "m")[0]
    assert made.tier == "D" and "rival" in made.why_en and "恶意" in made.why_zh


def test_who_may_be_the_victim_of_a_rival_is_reviewed_not_accused():
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


@pytest.mark.parametrize(
    ("orders", "views", "contested"), [(0.51, 0.49, True), (0.5, 0.5, False), (0.0, 0.0, False)]
)
def test_operator_suspected_of_its_orders_is_contested(orders, views, contested):
    """An operator is contested when most of the suspicion is of its orders."""
    drivers = [
        Driver(BY_NAME["burst_order_share"], 1.0, 0.0, orders),
        Driver(BY_NAME["operator_flash_view_share"], 1.0, 0.0, views),
    ]
    assert mostly_about_orders(drivers) is contested and not mostly_about_orders([])


def test_history_counts_what_is_known_and_nothing_is_no_history():
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


def test_cause_of_a_move_is_the_largest_part():
    """The cause of a move is the person, the notice, the policy or the largest part."""
    assert one(**PAST, risk=0.0, override="C").cause == "override"
    assert one(**PAST, risk=0.0, floor="C").cause == "notice"
    assert (
        one(**PAST | {"previous_policy": "old"}, risk=0.9, risk_change=(0.5, 0.0, 0.0)).cause
        == "policy"
    )
    assert one(**PAST, risk=0.9, risk_change=(0.5, 0.1, -0.2)).cause == "behaviour"
    assert one(**PAST, risk=0.9, risk_change=(0.1, -0.5, 0.2)).cause == "data"
    assert one(**PAST, risk=0.9, risk_change=(0.1, 0.2, -0.5)).cause == "model"
    assert (
        one(**PAST | {"previous_model": "m0"}, risk=0.9, risk_change=(0.0, 0.0, 0.0)).cause
        == "model"
    )
    assert one(**PAST | {"previous_risk": None}, risk=0.9).cause == "data"
    assert one(**PAST, risk=None, deviating_groups=9, anomaly_score=90.0).cause == "data"
    assert one(risk=0.9).cause == "none"  # a first decision moved from nowhere
    assert one(**PAST | {"previous_tier": "D"}, risk=0.9, override="D").cause == "none"


def test_the_words_of_a_decision_say_each_thing_that_made_it():
    r = one(risk=0.5, p_value=0.004)
    assert (r.why_zh, r.why_en) == (
        "风险 0.50；诚实运营者中 0.40% 同样可疑",
        "risk 0.50; 0.40% of honest operators look as suspicious",
    )
    r = one(risk=None, deviating_groups=3, anomaly_score=21.25, sessions=0.0, orders=0.0)
    assert (r.why_zh, r.why_en) == ("无校准模型；3 项事实明显偏离同类，合计偏离 21.2 分；历史不足，只复核", "no calibrated model; 3 facts lie far from its peers, 21.2 points of deviance in all; too little history, reviewed only")  # fmt: skip
    r = one(risk=0.5, beneficiary="third_party")
    assert (r.why_zh, r.why_en) == ("风险 0.50；可疑订单对其不利，也可能是他人恶意刷单", "risk 0.50; its suspicious orders harm it, which may be a rival's doing")  # fmt: skip
    r = one(**PAST | {"previous_tier": "C"}, risk=0.0)
    assert (r.why_zh, r.why_en) == (
        "风险 0.00；仍在观察期，保持 C",
        "risk 0.00; stays in C until the clean period is over",
    )
    r = one(risk=0.0, floor="B")
    assert (r.why_zh, r.why_en) == (
        "风险 0.00；因通报不低于 B",
        "risk 0.00; not milder than B because of a notice",
    )
    r = one(risk=0.9, floor="B")
    assert (r.why_zh, r.why_en) == ("风险 0.90", "risk 0.90")
    r = one(risk=0.0, override="C")
    assert (r.why_zh, r.why_en) == ("风险 0.00；由人工定为 C", "risk 0.00; set to C by a person")
    low = decide(crowd_of({"": 100}), POLICY, "m")[0]
    assert (low.why_zh, low.why_en) == (
        "风险 0.90；巡查容量所限，由 D 调为 A",
        "risk 0.90; moved from D to A by patrol capacity",
    )


def test_a_decision_carries_what_the_night_publishes():
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


def test_a_decision_says_what_of_its_risk_sessions_and_orders_showed():
    """Nobody should read 0.62 beside reasons that account for 0.35."""
    s = OperatorEvidence("o", 0.62, 0.5, 3, 10.0, 10.0, p_value=0.001, own_risk=0.35)
    d = decide([s], POLICY, "v1")[0]
    assert "0.62 (0.35 by its own signals" in d.why_en and "仅凭自身指标为 0.35" in d.why_zh
    same = decide([replace(s, own_risk=0.62)], POLICY, "v1")[0]
    assert "own signals" not in same.why_en and same.tier == d.tier
