"""Claims about the words of a decision."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from serving.tiers.decision import decide
from serving.tiers.evidence import OperatorEvidence
from serving.tiers.false_discovery import AccusationBound
from tests.serving.tiers.cases import (
    BASE,
    PAST,
    POLICY,
    WIDE,
    crowd_of,
    one,
)


def test_the_words_of_a_decision_say_each_thing_that_made_it():
    """The words of a decision name each ground of it."""
    r = one(risk=0.4, p_value=0.004)
    assert (r.why_zh, r.why_en) == (
        "风险 0.40；诚实运营者中 0.40% 同样可疑",
        "risk 0.40; 0.40% of honest operators look as suspicious",
    )
    r = one(risk=0.5, p_value=0.004)
    assert (r.why_zh, r.why_en) == (
        "风险 0.50；诚实运营者中 0.40% 同样可疑；按误判上界入选（入选者中预期诚实的至多 5%）",
        "risk 0.50; 0.40% of honest operators look as suspicious; selected by the bound on false "
        "discoveries (at most 5% of the selected are expected to be honest)",
    )
    r = one(
        risk=None, p_value=None, deviating_groups=3, anomaly_score=21.25, sessions=0.0, orders=0.0
    )
    assert (r.why_zh, r.why_en) == (
        "无校准模型；3 组证据明显偏离同类运营者，异常评分 21.2（2 组且 18 起可复核）；"
        "历史不足，只复核",
        "no calibrated model; 3 groups of evidence deviate from comparable operators, anomaly "
        "score 21.2 (reviewed from 2 groups and 18 on); too little history, reviewed only",
    )
    r = one(risk=0.4, p_value=None, beneficiary="third_party")
    assert (r.why_zh, r.why_en) == (
        "风险 0.40；可疑订单对其不利，也可能是他人恶意刷单",
        "risk 0.40; its suspicious orders harm it, which may be a rival's doing",
    )
    quiet = {"risk": 0.0, "p_value": None}
    r = one(**PAST | {"previous_tier": "C"}, **quiet)
    assert (r.why_zh, r.why_en) == (
        "风险 0.00；仍在观察期，保持 C",
        "risk 0.00; stays in C until the clean period is over",
    )
    r = one(**quiet, floor="B")
    assert (r.why_zh, r.why_en) == (
        "风险 0.00；因通报不低于 B",
        "risk 0.00; not milder than B because of a notice",
    )
    r = one(risk=0.9, floor="B")
    assert "notice" not in r.why_en and "通报" not in r.why_zh
    r = one(**quiet, override="C")
    assert (r.why_zh, r.why_en) == ("风险 0.00；由人工定为 C", "risk 0.00; set to C by a person")
    r = one(**quiet, sessions=0.0, orders=0.0)
    assert (r.tier, r.why_zh, r.why_en) == (
        "A",
        "风险 0.00；历史不足",
        "risk 0.00; too little history",
    )
    r = one(risk=0.9, p_value=None)
    assert (r.tier, r.why_zh, r.why_en) == (
        "B",
        "风险 0.90；没有已澄清的运营者可供比较，只复核",
        "risk 0.90; no cleared operator is known to compare it with, reviewed only",
    )
    r = one(risk=0.9, p_value=0.3)
    assert r.why_en.endswith("the bound on false discoveries does not select it, reviewed only")
    assert r.why_zh.endswith("按误判上界未入选，只复核")
    none = decide([replace(BASE, risk=0.9, p_value=None)], POLICY, "m", AccusationBound(0, 19))[0]
    assert none.why_en.endswith("to compare it with (19 needed), reviewed only")
    assert none.why_zh.endswith("没有已澄清的运营者可供比较（需 19 名），只复核")
    few = replace(BASE, risk=0.9, p_value=0.3)
    r = decide([few], POLICY, "m", AccusationBound(2, 17))[0]
    assert r.why_en.endswith(
        "the bound on false discoveries cannot be met with 2 cleared operators (17 more needed), "
        "reviewed only"
    )
    assert r.why_zh.endswith("已澄清的运营者太少（2 名，还需 17 名），无法满足误判上界，只复核")
    low = decide([replace(e, p_value=None) for e in crowd_of({"": 100})], POLICY, "m")[0]
    assert (low.why_zh, low.why_en) == (
        "风险 0.90；巡查容量所限，由 B 调为 A",
        "risk 0.90; moved from B to A by patrol capacity",
    )


GRID = {
    "risk": [None, 0.1, 0.5, 0.69, 0.7, 0.999],
    "p_value": [None, 0.0001, 0.5],
    "sessions": [0.0, 30.0],
    "orders": [0.0, 100.0],
    "worst_session_probability": [None, 0.1, 0.96],
    "false_order_share": [None, 0.6],
    "beneficiary": ["unknown", "third_party", "beneficiary"],
    "contested": [False, True],
    "anomaly_score": [0.0, 20.0],
    "past": [
        {},
        {"floor": "B"},
        {"floor": "D"},
        {"override": "A"},
        {"override": "B"},
        {"override": "D"},
        {"previous_tier": "B", "previous_risk": 0.5},
        {"previous_tier": "D", "previous_risk": 0.9},
        {"previous_tier": "C", "previous_risk": None, "clean_nights": 9},
    ],
}
TIER_IN_WORDS = (
    (r"set to (\w) by a person", r"由人工定为 (\w)"),
    (r"not milder than (\w) because", r"因通报不低于 (\w)"),
    (r"stays in (\w) until", r"仍在观察期，保持 (\w)"),
)


def grid() -> list[OperatorEvidence]:
    """One operator of each combination of evidence that a clause or a rule reads."""
    rows = []
    for i, values in enumerate(product(*GRID.values())):
        more = dict(zip(GRID, values, strict=True))
        more |= more.pop("past")
        rows.append(replace(BASE, operator_id=f"o{i:06d}", deviating_groups=3, **more))
    return rows


@pytest.mark.parametrize("policy", [WIDE, POLICY], ids=["room for all", "capacity"])
def test_words_and_deed_agree(policy):
    """Whatever the evidence, the text claims the tier that was decided and no other."""
    rows = grid()
    bound = AccusationBound(3, 9)
    for e, d in zip(rows, decide(rows, policy, "m", bound), strict=True):
        only = "reviewed only" in d.why_en
        assert only == ("只复核" in d.why_zh)
        assert not only or d.tier == "B"
        chosen = "selected by the bound" in d.why_en
        assert chosen == ("按误判上界入选" in d.why_zh) == (d.selected_by == "bound")
        assert not chosen or d.tier in "CD"
        agreed = "both reach what an accusation asks" in d.why_en
        assert agreed == ("均达到指控要求" in d.why_zh) == (d.selected_by == "agreement")
        assert not agreed or d.tier == "C"
        for en, zh in TIER_IN_WORDS:
            said, also = re.search(en, d.why_en), re.search(zh, d.why_zh)
            assert (said is None) == (also is None)
            assert said is None or said[1] == also[1] == d.tier
        moved = re.search(r"moved from (\w) to (\w) by patrol", d.why_en)
        assert moved is None or (moved[2] == d.proposed < moved[1])
        if d.tier in "CD":  # only the bound, agreement, the clean period, a notice or a person
            assert d.selected_by in ("bound", "agreement", "clean_period", "notice", "override")
            assert chosen or agreed or re.search("set to|not milder|stays in", d.why_en)
        if d.tier == "B" and e.risk is not None and e.risk >= policy.tiers.C:
            why = "reviewed only|patrol capacity|notice|clean period|by a person|rival's doing"
            assert re.search(why, d.why_en), d.why_en
        if d.selected_by == "none":
            assert d.tier == "A"
        if d.tier == "A" and d.selected_by != "override" and not moved:
            assert e.risk is None or e.risk < policy.tiers.review_precision


def test_a_decision_says_what_of_its_risk_sessions_and_orders_showed():
    """Nobody should read 0.62 beside reasons that account for 0.35."""
    s = OperatorEvidence("o", 0.62, 0.5, 3, 10.0, 10.0, p_value=0.001, own_risk=0.35)
    d = decide([s], POLICY, "v1")[0]
    assert "0.62 (0.35 by its own signals" in d.why_en and "仅凭自身指标为 0.35" in d.why_zh
    same = decide([replace(s, own_risk=0.62)], POLICY, "v1")[0]
    assert "own signals" not in same.why_en and same.tier == d.tier
