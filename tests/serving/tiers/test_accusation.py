"""Claims about accusations: the bound selects, or a risk and a session agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from serving.policy.load import parse_policy
from serving.tiers.decision import bound_of_night, decide
from serving.tiers.evidence import OperatorEvidence
from serving.tiers.false_discovery import AccusationBound, bound_words
from tests.serving.tiers.cases import BASE, PAST, POLICY, WIDE, crowd_of, one


def operator(name: str, p: float | None, risk: float = 0.9) -> OperatorEvidence:
    return OperatorEvidence(name, risk, 0.5, 0, 30.0, 100.0, p_value=p)


def test_a_risk_alone_needs_the_bound_and_a_review_does_not():
    """A probable operator is reviewed whatever its p-value; for a risk alone the bound accuses."""
    crowd = [operator(f"h{i}", 0.5, 0.01) for i in range(99)]

    def tier_of(p):
        return next(
            d.tier for d in decide([*crowd, operator("o", p)], WIDE, "m") if d.operator_id == "o"
        )

    assert tier_of(0.9) == "B"
    assert tier_of(0.05 / 100 + 1e-9) == "B"
    assert tier_of(0.05 / 100) == "D"
    assert tier_of(None) == "B"  # no honest operator is known: nothing bounds an accusation


@pytest.mark.parametrize(("cleared", "level"), [(90, 0.005), (90, 0.05), (18, 0.05), (0, 0.05)])
def test_few_cleared_operators_cannot_meet_the_bound(cleared, level):
    """What is missing is exactly what lets the most suspicious operators be selected."""
    policy = replace(WIDE, tiers=replace(WIDE.tiers, false_discovery=level))
    crowd = [operator(f"h{i}", 0.9, 0.01) for i in range(280)]

    def night(n):
        least = 1.0 / (n + 1.0)
        cheats = [operator(f"c{i}", least if n else None) for i in range(20)]
        rows = [*crowd, *cheats] if n else [replace(e, p_value=None) for e in [*crowd, *cheats]]
        bound = bound_of_night(rows, policy, float(n))
        made = decide(rows, policy, "m", bound)[-20:]
        return bound, {d.tier for d in made}, made[0]

    bound, tiers, made = night(cleared)
    assert bound.cleared == cleared and bound.missing > 0 and tiers == {"B"}
    assert "reviewed only" in made.why_en and "只复核" in made.why_zh
    zh, en = bound_words(bound)
    wanted = f"{cleared} now, collect {bound.missing} more"
    assert "cannot be met with so few cleared operators" in en and wanted in en
    assert f"现有 {cleared} 名，还需 {bound.missing} 名" in zh
    enough, tiers, made = night(cleared + bound.missing)
    assert (enough.missing, tiers, bound_words(enough)) == (0, {"D"}, None)
    short, tiers, _ = night(cleared + bound.missing - 1)
    assert short.missing == 1 and tiers == {"B"}


def test_the_bound_is_told_without_a_candidate_as_well():
    """Where nobody may be accused tonight, the places in C tell how many cleared are needed."""
    rows = [operator(f"h{i}", 0.9, 0.01) for i in range(200)]
    assert bound_of_night(rows, POLICY, 90.0) == AccusationBound(90, 109)  # 200 / (.05 * 20) - 1
    assert bound_of_night(rows, POLICY, 199.0).missing == 0
    many = [operator(f"c{i}", 0.9) for i in range(200)]  # capacity leaves 20 places to them
    assert bound_of_night(many, POLICY, 90.0) == AccusationBound(90, 109)
    assert bound_of_night([], POLICY, 0.0).missing > 0


def test_the_share_is_said_in_words():
    """The words of a decision name the share."""
    made = decide([operator("o", 0.0012)], WIDE, "m")[0]
    assert "0.12% of honest operators" in made.why_en and "0.12%" in made.why_zh


def test_no_exemption_from_the_bound():
    """Neither an extreme nor an anomalous operator is accused unless the bound selects it."""
    crowd = [replace(BASE, operator_id=f"r{i}", risk=0.0, p_value=0.9) for i in range(200)]
    for more in ({}, {"is_extreme": True, "deviating_groups": 9, "anomaly_score": 99.0}):
        unselected = replace(BASE, risk=0.9, p_value=0.02, **more)
        made = decide([unselected, *crowd], WIDE, "m1")[0]
        assert (made.tier, made.selected_by) == ("B", "risk")
        chosen = decide([replace(unselected, p_value=0.05 / 201), *crowd], WIDE, "m1")[0]
        assert (chosen.tier, chosen.selected_by) == ("D", "bound")


def test_unselected_operators_stay_at_review():
    """The bound on false discoveries keeps the unselected at a review, never at less.

    One in 101 is selected at 5 % only from .05 / 101 on.
    """
    crowd = [replace(BASE, operator_id=f"o{i}", risk=0.9, p_value=0.9) for i in range(100)]
    lone = replace(BASE, operator_id="x", risk=0.9, p_value=0.002)
    assert {d.tier for d in decide([*crowd, lone], WIDE, "m")} == {"B"}
    chosen = replace(lone, p_value=0.05 / 101)
    assert decide([*crowd, chosen], WIDE, "m")[-1].tier == "D"
    assert decide([*crowd, replace(chosen, risk=0.1)], WIDE, "m")[-1].tier == "A"


def test_only_those_who_may_be_accused_count_as_discoveries():
    """Operators that the bound would select and nothing accuses do not make it easier for others.

    Two of 100 at p = .001: both together are selected (.001 <= .05 * 2 / 100), one alone is not.
    """
    crowd = [replace(BASE, operator_id=f"o{i}", risk=0.01, p_value=0.9) for i in range(98)]
    two = [replace(BASE, operator_id=n, risk=0.9, p_value=0.001) for n in "xy"]
    assert [d.tier for d in decide([*two, *crowd], WIDE, "m")[:2]] == ["D", "D"]
    for barred in ({"contested": True}, {"sessions": 0.0, "orders": 0.0}, {"risk": 0.1}):
        rows = [two[0], replace(two[1], **barred), *crowd]
        assert decide(rows, WIDE, "m")[0].tier == "B"


def test_operators_without_a_place_do_not_count_as_discoveries():
    """The bound holds of those that capacity leaves in C and D, not of those before it.

    Of 100 tested, 20 at p = .005: .005 <= .05 * 20 / 100. Capacity leaves 10, and .005 is the
    bound of exactly 10; it leaves 5, and nobody is accused.
    """
    few = replace(POLICY.tiers, capacity_C=0.05, capacity_D=0.04)
    rows = [replace(BASE, operator_id=f"o{i:03d}", risk=0.01, p_value=0.9) for i in range(80)]
    rows += [replace(BASE, operator_id=f"x{i:03d}", risk=0.6, p_value=0.005) for i in range(20)]
    made = decide(rows, POLICY, "m")
    assert [sum(d.tier == t for d in made) for t in "BC"] == [10, 10]
    assert all("patrol capacity" in d.why_en for d in made if d.tier == "B")
    made = decide(rows, replace(POLICY, tiers=few), "m")
    assert [sum(d.tier == t for d in made) for t in "BC"] == [20, 0]


UNSELECTED = {"p_value": 0.9, "worst_session": "s1", "worst_session_probability": 0.9}


@pytest.mark.parametrize(
    ("more", "tier"),
    [
        ({"risk": 0.5}, "C"),
        ({"risk": 0.99}, "C"),  # D is left to the bound
        ({"risk": 0.5, "p_value": None}, "C"),
        ({"risk": 0.5, "contested": True, "mostly_orders": True}, "C"),
        ({"risk": 0.4999}, "A"),
        ({"risk": 0.4999, "worst_session_probability": 0.95}, "B"),
        ({"risk": 0.5, "worst_session_probability": 0.8999}, "B"),
        ({"risk": 0.5, "worst_session_probability": None}, "B"),
        ({"risk": 0.5, "contested": True, "beneficiary": "third_party"}, "B"),
        ({"risk": 0.5, "sessions": 2.0, "orders": 19.0}, "B"),
        ({"risk": None, "is_cleared": True}, "A"),
    ],
)
def test_agreement_of_risk_and_session_accuses(more, tier):
    """A risk of C and a session of .9 lead to C without the bound; one alone does not."""
    made = one(**UNSELECTED | more)
    assert (made.tier, made.selected_by == "agreement") == (tier, tier == "C")
    words = "that session both reach what an accusation asks"
    assert (words in made.why_en) == (tier == "C")
    assert ("均达到指控要求" in made.why_zh) == (tier == "C")
    if tier == "C":
        assert "session s1 is inflated with probability 0.90" in made.why_en
        assert "reviewed only" not in made.why_en


def test_agreement_is_switched_by_the_policy():
    """A policy without the key, as those of before, leaves C to the bound."""
    lines = POLICY.text.splitlines(keepends=True)
    before = parse_policy("".join(x for x in lines if not x.startswith("accuse_by_agreement")))
    assert POLICY.tiers.accuse_by_agreement and not before.tiers.accuse_by_agreement
    assert one(before, risk=0.9, **UNSELECTED).tier == "B"
    chosen = UNSELECTED | {"p_value": 0.0001}
    assert one(risk=0.9, **chosen).selected_by == "bound"
    assert one(risk=0.9, **chosen).tier == "D"


def test_agreement_keeps_to_patrol_capacity():
    """Of 100 that agree, a tenth has a place in C; the rest is reviewed for its risk."""
    moved = decide(crowd_of({"": 100}, **UNSELECTED), POLICY, "m")
    assert sum(d.tier == "C" and d.selected_by == "agreement" for d in moved) == 10
    assert {d.selected_by for d in moved if d.tier == "B"} == {"risk"}


def test_a_decision_says_what_its_tier_rests_on():
    """The published basis is the bound, evidence, the clean period, a notice or a person."""
    past = PAST | {"previous_tier": "D", "previous_risk": 0.9}
    for basis, made in {
        "bound": one(risk=0.6),
        "risk": one(risk=0.6, contested=True),
        "none": one(risk=0.1),
        "clean_period": one(risk=0.1, **past),
        "notice": one(risk=0.1, floor="C"),
        "override": one(risk=0.9, override="C"),
        "anomaly": one(risk=None, deviating_groups=2, anomaly_score=18.0),
        "sessions": one(risk=0.1, worst_session_probability=0.95),
        "orders": one(risk=0.1, false_order_share=0.5),
    }.items():
        assert made.selected_by == basis
        assert ("selected by the bound" in made.why_en) == (basis == "bound")
        assert ("按误判上界入选" in made.why_zh) == (basis == "bound")
    assert one(risk=0.9, floor="B").selected_by == "bound"
    moved = decide(crowd_of({"": 100}), POLICY, "m")
    assert {d.selected_by for d in moved if d.tier == "B"} == {"risk"}
    assert {d.selected_by for d in moved if d.tier >= "C"} == {"bound"}
    assert {d.selected_by for d in moved if d.tier == "A"} == {"none"}
