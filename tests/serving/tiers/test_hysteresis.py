"""Claims about the clean period, floors, overrides and causes."""

from __future__ import annotations

from dataclasses import replace

from serving.tiers.decision import decide
from serving.tiers.evidence import after_won_appeal
from tests.serving.tiers.cases import (
    BASE,
    PAST,
    POLICY,
    WIDE,
    one,
    tier,
    tiers_of,
)


def test_worse_moves_at_once_and_better_only_after_the_clean_period():
    """A stricter tier comes at once, a milder one only after the clean period."""
    assert tier(risk=0.9, previous_tier="A") == "D"
    past = {"previous_tier": "D", "previous_risk": 0.9}
    assert tier(risk=0.01, clean_nights=5, **past) == "D"
    assert tier(risk=0.01, clean_nights=6, **past) == "C"  # one step at a time


def test_what_becomes_unknown_moves_nothing():
    """A risk that becomes unknown moves no tier."""
    assert tier(risk=None, previous_tier="C", previous_risk=0.5, clean_nights=99) == "C"


def test_a_move_names_its_cause():
    """A move names its cause."""
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


def test_a_floor_raises_and_never_lowers_and_takes_no_place():
    """A floor raises a tier, never lowers it, and takes no place of capacity."""
    assert (
        one(risk=0.0, floor="B").tier == "B"
        and one(risk=0.9, floor="B").tier == "D"
        and one(risk=0.0, floor="C").measure == "warn"
    )
    rows = [replace(BASE, operator_id=f"o{i}", risk=0.0, floor="C") for i in range(50)]
    assert len(tiers_of(rows)["C"]) == 50


def test_an_override_is_the_last_word_in_both_directions():
    """An override is the last word in both directions."""
    assert one(risk=0.9, override="A").tier == "A"
    assert one(risk=0.0, override="D", floor="B").tier == "D"
    assert one(risk=0.9, override="A", floor="C").tier == "A"


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


def test_what_becomes_unknown_and_lies_out_is_judged_by_that():
    """Where the risk becomes unknown, an anomalous operator is judged by its anomaly score."""
    past = PAST | {"previous_tier": "C", "previous_risk": 0.5}
    assert (
        one(**past, risk=None, deviating_groups=1, anomaly_score=18.0, clean_nights=99).tier == "C"
    )
    assert (
        one(**past, risk=None, deviating_groups=2, anomaly_score=25.0, clean_nights=99).tier == "B"
    )
    assert (
        one(**past | {"previous_risk": None}, risk=None, clean_nights=99).tier == "B"
    )  # it was unknown before: the clean period counts


def test_the_clean_period_ends_on_its_last_night_and_one_step_is_taken():
    """The clean period ends on its last night, and the tier falls by one step."""
    past = PAST | {"previous_tier": "D", "previous_risk": 0.9}
    assert [one(risk=0.45, clean_nights=c, **past).tier for c in (5, 6)] == ["D", "C"]
    assert one(risk=0.2, clean_nights=6, **past).tier == "C"


def test_a_won_appeal_is_the_cause_of_the_move():
    """A move after a won appeal names the appeal, and does not wait for the clean period."""
    accused = replace(BASE, **PAST | {"previous_tier": "D"}, risk=0.9, risk_change=(0.5, 0.0, 0.0))
    assert decide([accused], WIDE, "m1")[0].tier == "D"
    won = decide([after_won_appeal(accused)], WIDE, "m1")[0]
    assert (won.tier, won.cause) == ("A", "appeal")
    assert won.why_en.startswith("an appeal was won, so evidence of before does not count")
    assert won.why_zh.startswith("申诉成立，此前证据不计")
