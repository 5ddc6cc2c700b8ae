"""Claims about the words of a decision."""

from __future__ import annotations

from dataclasses import replace

from serving.tiers.decision import decide
from serving.tiers.evidence import OperatorEvidence
from tests.serving.tiers.cases import (
    PAST,
    POLICY,
    crowd_of,
    one,
)


def test_the_words_of_a_decision_say_each_thing_that_made_it():
    r = one(risk=0.5, p_value=0.004)
    assert (r.why_zh, r.why_en) == (
        "风险 0.50；诚实运营者中 0.40% 同样可疑",
        "risk 0.50; 0.40% of honest operators look as suspicious",
    )
    r = one(risk=None, deviating_groups=3, anomaly_score=21.25, sessions=0.0, orders=0.0)
    assert (r.why_zh, r.why_en) == ("无校准模型；3 组证据明显偏离同类运营者，异常分 21.2（18 起可复核）；历史不足，只复核", "no calibrated model; 3 groups of evidence deviate from comparable operators, anomaly score 21.2 (reviewed from 18); too little history, reviewed only")  # fmt: skip
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


def test_a_decision_says_what_of_its_risk_sessions_and_orders_showed():
    """Nobody should read 0.62 beside reasons that account for 0.35."""
    s = OperatorEvidence("o", 0.62, 0.5, 3, 10.0, 10.0, p_value=0.001, own_risk=0.35)
    d = decide([s], POLICY, "v1")[0]
    assert "0.62 (0.35 by its own signals" in d.why_en and "仅凭自身指标为 0.35" in d.why_zh
    same = decide([replace(s, own_risk=0.62)], POLICY, "v1")[0]
    assert "own signals" not in same.why_en and same.tier == d.tier
