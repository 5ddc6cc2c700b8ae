"""Capacity of patrols, floors, overrides and the bound on false discoveries."""

from __future__ import annotations

from dataclasses import replace

from serving.tiers.decision import decide
from serving.tiers.evidence import TIERS
from tests.serving.tiers.operators import BASE, POLICY, WIDE, crowd_of, one


def test_capacity_keeps_the_most_harmful():
    """Capacity keeps the most harmful and moves the others one tier milder."""
    crowd = [replace(BASE, operator_id=f"o{i}", risk=0.9, influence=i / 100) for i in range(100)]
    made = {d.operator_id: d for d in decide(crowd, POLICY, "m")}
    assert [d for d in made if made[d].tier == "D"] == [f"o{i}" for i in range(96, 100)]
    assert (
        sum(d.tier == "C" for d in made.values()) == 6
        and sum(d.tier == "B" for d in made.values()) == 15
    )
    assert "容量" in made["o50"].why_zh and "capacity" in made["o50"].why_en


def test_unselected_operators_stay_at_review():
    """The bound on false discoveries keeps the unselected at a review, and leaves an ordinary
    one out.

    p = .9 is too common for a review; .002 is not, but one in 101 is selected at 5 % only from .05
    / 101 on.
    """
    crowd = [replace(BASE, operator_id=f"o{i}", risk=0.9, p_value=0.9) for i in range(100)]
    lone = replace(BASE, operator_id="x", risk=0.9, p_value=0.002)
    assert {d.operator_id: d.tier for d in decide([*crowd, lone], WIDE, "m")} == {
        f"o{i}": "A" for i in range(100)
    } | {"x": "B"}
    chosen = replace(lone, p_value=0.05 / 101)
    assert decide([*crowd, chosen], WIDE, "m")[-1].tier == "D"
    few = replace(lone, p_value=0.02, is_extreme=True)
    assert decide([*crowd, few], WIDE, "m")[-1].tier == "B"
    assert decide([*crowd, replace(few, risk=0.1)], WIDE, "m")[-1].tier == "A"


def test_unknown_influence_is_medium_and_unknown_risk_harmless():
    """An unknown influence counts as the middle, and an unknown risk has no harm."""
    assert one(risk=0.5, influence=None).expected_harm == 0.25
    assert (
        one(risk=None).expected_harm is None and one(risk=0.5, influence=0.2).expected_harm == 0.1
    )


def test_key_operators_are_tier_d_and_the_most_influential():
    edge = 1.0 - POLICY.influence.key_share
    assert (
        one(risk=0.0, influence=edge).is_key_operator
        and not one(risk=0.0, influence=edge - 1e-9).is_key_operator
    )
    assert (
        one(risk=0.9, influence=0.1).is_key_operator
        and not one(risk=0.5, influence=None).is_key_operator
    )


def tiers_of(rows, policy=POLICY) -> dict[str, list[str]]:
    made = decide(rows, policy, "m")
    return {t: sorted(d.operator_id for d in made if d.tier == t) for t in TIERS}


ONLY_D = replace(
    POLICY, tiers=replace(POLICY.tiers, capacity_B=1.0, capacity_C=1.0, capacity_D=0.04)
)


def test_each_stratum_has_its_own_patrol():
    """Each region and category has its own patrol, and the small ones share one.

    Of 50 a stratum has floor(.04 x 50) = 2 places; three of 20 share floor(.04 x 60) = 2, the most
    harmful of all of them first.
    """
    got = tiers_of(crowd_of({"a": 50, "b": 50, "c": 20, "d": 20, "e": 20}), ONLY_D)
    assert got["D"] == ["a048", "a049", "b048", "b049", "c019", "d019"]  # ties of harm by name


def test_a_stratum_is_large_enough_from_its_first_whole_place_on():
    """25 x .04 = 1 place of its own; 24 are too few and share the rest's one."""
    assert tiers_of(crowd_of({"a": 25, "b": 24, "c": 1}), ONLY_D)["D"] == ["a024", "b023"]
    assert tiers_of(crowd_of({"a": 24, "b": 24}), ONLY_D)["D"] == [
        "a023"
    ]  # 48 x .04 = 1.9: one place for all
    assert tiers_of(crowd_of({"a": 1}), ONLY_D)["D"] == ["a000"]  # patrol always has one place


def test_the_whole_has_a_capacity_of_its_own():
    """Two strata of 37 have one place each; all 74 of them have floor(2.96) = 2; a rest of one more does not make a third."""
    assert tiers_of(crowd_of({"a": 37, "b": 36, "z": 1}), ONLY_D)["D"] == ["a036", "b035"]


def test_those_without_a_place_in_d_still_compete_for_c_and_b():
    got = tiers_of(crowd_of({"": 100}))
    assert [len(got[t]) for t in "DCBA"] == [4, 6, 15, 75]
    milder = [*crowd_of({"": 99}), replace(BASE, operator_id="low", risk=0.0, influence=1.0)]
    assert (
        len(tiers_of(milder)["D"]) == 4 and "low" in tiers_of(milder)["A"]
    )  # one who proposes nothing takes no place


def test_of_equal_harm_the_furthest_out_come_first_then_the_name():
    out = (("x", 20.0), ("y", 30.0), ("z", 30.0), *((f"q{i}", 0.0) for i in range(5)))
    rows = [
        replace(BASE, operator_id=n, risk=None, deviating_groups=2, anomaly_score=d) for n, d in out
    ]
    assert tiers_of(rows)["B"] == ["y", "z"]


def test_a_floor_raises_and_never_lowers_and_takes_no_place():
    assert (
        one(risk=0.0, floor="B").tier == "B"
        and one(risk=0.9, floor="B").tier == "D"
        and one(risk=0.0, floor="C").measure == "warn"
    )
    rows = [replace(BASE, operator_id=f"o{i}", risk=0.0, floor="C") for i in range(50)]
    assert len(tiers_of(rows)["C"]) == 50


def test_an_override_is_the_last_word_in_both_directions():
    assert one(risk=0.9, override="A").tier == "A" and one(risk=0.0, override="D", floor="B").tier == "D" and one(risk=0.9, override="A", floor="C").tier == "A"  # fmt: skip
