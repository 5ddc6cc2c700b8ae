"""Tiers at their thresholds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.policy import BadPolicy, load_policy
from serving.tiers import TIERS, Standing, decide, who_gains

POLICY = load_policy()
WIDE = replace(POLICY, tiers=replace(POLICY.tiers, capacity_B=1.0, capacity_C=1.0, capacity_D=1.0))
BASE = Standing("o", 0.5, 0.5, 0, 30.0, 100.0)


def tier(policy=WIDE, **more) -> str:
    return decide([replace(BASE, **more)], policy, "m1")[0].tier


@pytest.mark.parametrize(("name", "bound"), [("B", 0.15), ("C", 0.40), ("D", 0.70)])
def test_a_tier_begins_exactly_at_its_bound(name, bound):
    assert tier(risk=bound) == name
    assert tier(risk=bound - 1e-9) == TIERS[TIERS.index(name) - 1]


def test_a_new_operator_is_reviewed_not_accused():
    assert tier(risk=0.99, sessions=2.0, orders=19.0) == "B"
    assert tier(risk=0.99, sessions=3.0, orders=19.0) == "D"
    assert tier(risk=0.99, sessions=2.0, orders=20.0) == "D"


def test_without_a_calibrated_model_two_alarms_make_a_review_and_nothing_more():
    assert tier(risk=None, alarms=1) == "A"
    assert tier(risk=None, alarms=2) == "B"
    assert tier(risk=None, alarms=50) == "B"


def test_worse_moves_at_once_and_better_only_after_the_clean_period():
    assert tier(risk=0.9, previous_tier="A") == "D"
    past = {"previous_tier": "D", "previous_risk": 0.9}
    assert tier(risk=0.01, clean=5, **past) == "D"
    assert tier(risk=0.01, clean=6, **past) == "C"  # one step at a time


def test_what_becomes_unknown_moves_nothing():
    assert tier(risk=None, alarms=0, previous_tier="C", previous_risk=0.5, clean=99) == "C"


def test_influence_raises_supervision_never_guilt():
    low, high = (decide([replace(BASE, risk=0.05, influence=i)], WIDE, "m")[0] for i in (0.1, 1.0))
    assert low.tier == high.tier == "A" and low.measure == high.measure == "none"
    assert high.is_key_operator and not low.is_key_operator


def test_capacity_keeps_the_most_harmful_and_moves_the_others_one_tier_milder():
    crowd = [replace(BASE, operator_id=f"o{i}", risk=0.9, influence=i / 100) for i in range(100)]
    made = {d.operator_id: d for d in decide(crowd, POLICY, "m")}
    assert [d for d in made if made[d].tier == "D"] == [f"o{i}" for i in range(96, 100)]
    assert sum(d.tier == "C" for d in made.values()) == 6 and sum(d.tier == "B" for d in made.values()) == 15
    assert "容量" in made["o50"].why_zh and "capacity" in made["o50"].why_en


def test_no_score_ever_blocks():
    for risk in (0.0, 0.5, 1.0):
        assert decide([replace(BASE, risk=risk)], WIDE, "m")[0].measure != "block"


def test_a_move_names_its_cause():
    past = {"previous_tier": "A", "previous_risk": 0.1, "previous_model": "m1", "previous_policy": POLICY.version}
    cause = lambda **more: decide([replace(BASE, **{**past, "risk": 0.9, **more})], WIDE, "m1")[0].cause  # noqa: E731
    assert cause() == "behaviour"
    assert cause(previous_model="m0") == "model"
    assert cause(previous_policy="old") == "policy"
    assert cause(previous_tier="D") == "none"


standings = st.lists(
    st.builds(
        Standing,
        operator_id=st.uuids().map(str),
        risk=st.none() | st.floats(0, 1),
        influence=st.none() | st.floats(0, 1),
        alarms=st.integers(0, 9),
        sessions=st.none() | st.floats(0, 50),
        orders=st.none() | st.floats(0, 500),
        previous_tier=st.none() | st.sampled_from("ABCD"),
        previous_risk=st.none() | st.floats(0, 1),
        clean=st.integers(0, 9),
    ),
    max_size=30,
    unique_by=lambda s: s.operator_id,
)


@settings(max_examples=150, deadline=None)
@given(standings, st.randoms())
def test_the_order_of_operators_does_not_matter(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    assert {d.operator_id: d for d in decide(rows, POLICY, "m")} == {d.operator_id: d for d in decide(mixed, POLICY, "m")}


@settings(max_examples=150, deadline=None)
@given(standings)
def test_more_risk_is_never_milder(rows):
    before = {d.operator_id: d.tier for d in decide(rows, WIDE, "m")}
    worse = [replace(s, risk=None if s.risk is None else min(1.0, s.risk + 0.2)) for s in rows]
    after = {d.operator_id: d.tier for d in decide(worse, WIDE, "m")}
    assert all(after[o] >= before[o] for o in before)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("B = 0.15", "B = 0.95", "0 <= B"),
        ("clean_nights = 7", "", "clean_nights"),
        ("[boost]", "[boosts]", "boost"),
        ('version = "2026.3"', "", "version"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(tmp_path, old, new, words):
    from importlib import resources

    text = (resources.files("serving") / "policy.toml").read_text("utf-8")
    path = tmp_path / "policy.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadPolicy, match=words):
        load_policy(path)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.05, 0.05, "third_party"),
        (0.05, 0.0499, "unknown"),
        (0.051, 0.049, "third_party"),
        (0.0499, 0.0501, "unknown"),
        (0.02, 0.08, "beneficiary"),
        (0.021, 0.079, "unknown"),
        (0.0, 0.9, "beneficiary"),
        (None, 0.9, "unknown"),
        (0.9, None, "unknown"),
    ],
)
def test_who_gains_is_said_from_enough_ratings_on_one_side(low, high, said):
    assert who_gains(low, high, POLICY) == said


def test_who_gains_is_said_and_moves_no_tier():
    """On the unseen world one of eight such answers is right: enough to be looked at, not to spare or to accuse."""
    made = decide([replace(BASE, risk=0.99, attribution="third_party")], WIDE, "m")[0]
    assert made.tier == "D" and "rival" in made.why_en and "恶意" in made.why_zh
