"""Tiers at their thresholds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue import BY_NAME
from serving.policy.load import BadPolicy, load_policy
from serving.scoring.reasons import Driver, mostly_about_orders
from serving.tiers.decision import decide
from serving.tiers.evidence import TIERS, OperatorEvidence, beneficiary_of

POLICY = load_policy()
WIDE = replace(POLICY, tiers=replace(POLICY.tiers, capacity_B=1.0, capacity_C=1.0, capacity_D=1.0))
BASE = OperatorEvidence("o", 0.5, 0.5, 0, 30.0, 100.0)


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


def test_two_evidence_groups_make_a_review_without_a_model():
    """Without a calibrated model, two evidence groups and an anomaly score of eighteen make a
    review and no more."""
    assert tier(risk=None, deviating_groups=1, anomaly_score=99.0) == "A"
    assert tier(risk=None, deviating_groups=9, anomaly_score=17.999) == "A"
    assert tier(risk=None, deviating_groups=2, anomaly_score=18.0) == "B"
    assert tier(risk=None, deviating_groups=50, anomaly_score=900.0) == "B"


def test_operator_of_an_inflated_session_is_reviewed():
    """The operator of a session that is inflated beyond doubt is reviewed, and not accused for
    it."""
    assert (
        tier(risk=0.01, worst_session_probability=0.949) == "A"
        and tier(risk=0.01, worst_session_probability=0.95) == "B"
        and tier(risk=0.01, worst_session_probability=None) == "A"
    )
    assert (
        tier(risk=0.01, worst_session_probability=1.0, p_value=0.9) == "B"
        and tier(risk=0.9, worst_session_probability=1.0, p_value=0.9) == "B"
        and tier(risk=0.9, worst_session_probability=1.0) == "D"
    )
    assert (
        tier(risk=0.01, worst_session_probability=0.99, sessions=1.0, orders=0.0)
        == tier(risk=0.01, worst_session_probability=0.99, contested=True)
        == "B"
    )
    said = decide(
        [replace(BASE, risk=0.01, worst_session_probability=0.97, worst_session="s7")], WIDE, "m1"
    )[0]
    assert (said.why_zh, said.why_en) == (
        "风险 0.01；场次 s7 虚增的可能性为 0.97",
        "risk 0.01; its session s7 is inflated with probability 0.97",
    )
    said = decide(
        [replace(BASE, risk=0.01, worst_session_probability=0.9951, worst_session="s7")], WIDE, "m1"
    )[0]
    assert said.why_zh.endswith("虚增的可能性超过 0.99") and said.why_en.endswith(
        "is inflated with probability above 0.99"
    )
    milder = {"previous_tier": "B", "previous_risk": 0.5, "clean_nights": 99}
    assert (
        tier(risk=0.01, worst_session_probability=0.97, **milder) == "B"
        and tier(risk=0.01, worst_session_probability=0.5, **milder) == "A"
    )


def test_extreme_operator_is_reviewed_and_accused_with_the_model():
    """An extreme operator is reviewed whatever a model says, and accused only where the model
    agrees."""
    out = {"deviating_groups": 2, "anomaly_score": 18.0}
    assert (
        tier(risk=0.01, **out) == tier(risk=0.01, p_value=0.9, **out) == "B"
        and tier(risk=0.01, p_value=0.9, deviating_groups=1, anomaly_score=18.0) == "A"
    )
    assert tier(risk=0.9, p_value=0.9, **out) == "B" and tier(risk=0.9, **out) == "D"
    rival = replace(BASE, operator_id="r", risk=0.0, p_value=0.9)
    crowd = [replace(rival, operator_id=f"r{i}") for i in range(200)]
    for p, more, wanted in (
        (0.005, out, "B"),
        (0.005, {}, "B"),
        (0.0051, out, "B"),
        (0.02, {"is_extreme": True}, "B"),
        (0.02, out | {"is_extreme": True}, "D"),
    ):
        assert (
            decide([replace(BASE, risk=0.9, p_value=p, **more), *crowd], WIDE, "m1")[0].tier
            == wanted
        )
    said = decide([replace(BASE, risk=0.01, **out)], WIDE, "m1")[0]
    assert (
        said.why_en == "risk 0.01; 2 facts lie far from its peers, 18.0 points of deviance in all"
    )


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
    said = decide([replace(BASE, risk=0.9, worst_session_probability=0.1)], WIDE, "m1")[0]
    assert (
        said.why_en
        == "risk 0.90; none of its sessions is inflated with probability 0.90 or more, reviewed only"
    )
    assert said.why_zh == "风险 0.90；没有场次虚增的可能性达到 0.90，只复核"
    assert (
        "reviewed only"
        not in decide([replace(BASE, risk=0.2, worst_session_probability=0.1)], WIDE, "m1")[
            0
        ].why_en
    )


def test_worse_moves_at_once_and_better_only_after_the_clean_period():
    assert tier(risk=0.9, previous_tier="A") == "D"
    past = {"previous_tier": "D", "previous_risk": 0.9}
    assert tier(risk=0.01, clean_nights=5, **past) == "D"
    assert tier(risk=0.01, clean_nights=6, **past) == "C"  # one step at a time


def test_what_becomes_unknown_moves_nothing():
    assert tier(risk=None, previous_tier="C", previous_risk=0.5, clean_nights=99) == "C"


def test_influence_raises_supervision_never_guilt():
    low, high = (decide([replace(BASE, risk=0.05, influence=i)], WIDE, "m")[0] for i in (0.1, 1.0))
    assert low.tier == high.tier == "A" and low.measure == high.measure == "none"
    assert high.is_key_operator and not low.is_key_operator


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


def test_no_score_ever_blocks():
    for risk in (0.0, 0.5, 1.0):
        assert decide([replace(BASE, risk=risk)], WIDE, "m")[0].measure != "block"


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
    mixed = list(rows)
    random.shuffle(mixed)
    assert {d.operator_id: d for d in decide(rows, POLICY, "m")} == {
        d.operator_id: d for d in decide(mixed, POLICY, "m")
    }


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
        ('version = "2026.12"', "", "version"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(tmp_path, old, new, words):
    from importlib import resources

    text = (resources.files("serving.policy") / "policy.toml").read_text("utf-8")
    path = tmp_path / "policy.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadPolicy, match=words):
        load_policy(path)


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


def one(policy=WIDE, **more):
    return decide([replace(BASE, **more)], policy, "m1")[0]


PAST = {
    "previous_tier": "A",
    "previous_risk": 0.1,
    "previous_model": "m1",
    "previous_policy": POLICY.version,
}


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


def crowd_of(sizes: dict[str, int], **more) -> list[OperatorEvidence]:
    rows = []
    for stratum, n in sizes.items():
        rows += [
            replace(
                BASE,
                operator_id=f"{stratum}{i:03d}",
                risk=0.9,
                influence=0.5 + i / 1000,
                stratum=stratum,
                **more,
            )
            for i in range(n)
        ]
    return rows


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


def test_what_becomes_unknown_and_lies_out_is_judged_by_that():
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
    past = PAST | {"previous_tier": "D", "previous_risk": 0.9}
    assert [one(risk=0.45, clean_nights=c, **past).tier for c in (5, 6)] == ["D", "C"]
    assert one(risk=0.2, clean_nights=6, **past).tier == "C"


def test_a_decision_says_what_of_its_risk_sessions_and_orders_showed():
    """Nobody should read 0.62 beside reasons that account for 0.35."""
    s = OperatorEvidence("o", 0.62, 0.5, 3, 10.0, 10.0, p_value=0.001, own_risk=0.35)
    d = decide([s], POLICY, "v1")[0]
    assert "0.62 (0.35 by its own signals" in d.why_en and "仅凭自身指标为 0.35" in d.why_zh
    same = decide([replace(s, own_risk=0.62)], POLICY, "v1")[0]
    assert "own signals" not in same.why_en and same.tier == d.tier
