"""Claims about patrol capacity, by stratum and in all."""

from __future__ import annotations

from dataclasses import replace

from serving.tiers.decision import decide
from tests.serving.tiers.cases import (
    BASE,
    ONLY_D,
    POLICY,
    crowd_of,
    tiers_of,
)


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


def test_each_stratum_has_its_own_patrol():
    """Each region and category has its own patrol, and the small ones share one.

    Of 50 a stratum has floor(.04 x 50) = 2 places. Three of 20 share floor(.04 x 60) = 2, the most
    harmful of them first.
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
    """Two strata of 37 have one place each; all 74 have floor(2.96) = 2; a rest adds none."""
    assert tiers_of(crowd_of({"a": 37, "b": 36, "z": 1}), ONLY_D)["D"] == ["a036", "b035"]


def test_those_without_a_place_in_d_still_compete_for_c_and_b():
    """Those without a place in D still compete for C and B."""
    got = tiers_of(crowd_of({"": 100}))
    assert [len(got[t]) for t in "DCBA"] == [4, 6, 15, 75]
    milder = [*crowd_of({"": 99}), replace(BASE, operator_id="low", risk=0.0, influence=1.0)]
    assert (
        len(tiers_of(milder)["D"]) == 4 and "low" in tiers_of(milder)["A"]
    )  # one who proposes nothing takes no place


def test_of_equal_harm_the_furthest_out_come_first_then_the_name():
    """Operators of equal harm are ordered by anomaly score, then by name."""
    out = (("x", 20.0), ("y", 30.0), ("z", 30.0), *((f"q{i}", 0.0) for i in range(5)))
    rows = [
        replace(BASE, operator_id=n, risk=None, deviating_groups=2, anomaly_score=d) for n, d in out
    ]
    assert tiers_of(rows)["B"] == ["y", "z"]
