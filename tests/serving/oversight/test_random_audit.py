"""Claims about the random audit, drift and the gate on models."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from features.engine.snapshot import Snapshot
from serving.nightly.pipeline import nightly
from serving.oversight.drift import median_shift, population_stability_index
from serving.oversight.random_audit import _uniform_of, estimates, inclusion_probabilities
from serving.policy.load import load_policy
from tests.conftest import NIGHT, UNTIL
from training.dataset.operator_groups import operator_groups
from training.dataset.replay import Replay, replay_dataset
from training.evaluation.attack_cost import AttackPrices, attack_costs, cost_per_missed_case
from training.evaluation.comparison import (
    PromotionCriteria,
    compare_average_precision,
    compare_share,
)
from training.promote import NotPromoted, attack_cost_rows, compare, promote
from training.release.artefact import load
from training.release.store import challengers, champions, set_challenger
from training.train import train

PRICES = AttackPrices(0.49, 0.00018, 2.0)
CRITERIA = PromotionCriteria(0.0, -0.02, 0.05, 30, PRICES, 0.5)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 100))
def test_random_audit_draws_the_size_asked_for(n, wanted):
    """Every session may be drawn, and the sample has the size that was asked for."""
    p = inclusion_probabilities(np.arange(1.0, n + 1), wanted)
    assert (p > 0).all() and (p <= 1).all() and p.sum() <= wanted + 1e-9
    assert (
        p.sum() >= min(n, wanted) * 0.5
    )  # where certainty caps the first ranks, fewer are drawn, never fewer than half


def test_the_draw_stands_on_the_run_and_nobody_can_choose_it(published):
    """The draw follows from the run, so no person can choose it."""
    sample = read_outbound(published, "audit_sample")
    run = sample["run_id"].iloc[0]
    assert all(
        _uniform_of(run, e) < p
        for e, p in zip(sample["entity_id"], sample["drawn_with"], strict=True)
    )
    assert abs(np.mean([_uniform_of("a", str(i)) for i in range(4000)]) - 0.5) < 0.03


def test_verdicts_weigh_as_one_over_their_odds():
    """One miss drawn with odds of a tenth stands for ten: recall is 10 of 20, not 10 of 11."""
    hits = pd.DataFrame(
        {"confirmed": True, "weight": 1.0, "probability": 0.9, "tier": "C"}, index=range(10)
    )
    miss = pd.DataFrame(
        {"confirmed": True, "weight": 10.0, "probability": 0.0, "tier": "A"}, index=[10]
    )
    honest = pd.DataFrame(
        {
            "confirmed": False,
            "weight": 2.0,
            "probability": [0.9] + [0.0] * 9,
            "tier": ["D"] + ["A"] * 9,
        },
        index=range(11, 21),
    )
    f = pd.concat([hits, miss, honest]).assign(
        operator_id=[f"o{i}" for i in range(21)], new=False, small=False, region="r"
    )
    got = estimates(f, 0.3).query("group == 'all'").set_index("figure")
    assert got.at["recall", "value"] == pytest.approx(0.5) and got.at[
        "recall_by_tier", "value"
    ] == pytest.approx(0.5)
    assert got.at["false_alarm", "value"] == pytest.approx(0.1) and got.at[
        "false_accusation", "value"
    ] == pytest.approx(0.1)
    assert got.at["recall", "low"] < 0.5 < got.at["recall", "high"]


def test_small_groups_are_named_without_interval():
    """A group without enough verdicts has no interval, and small groups are named."""
    row = {"weight": 1.0, "probability": 0.5, "tier": "A", "operator_id": "o", "new": True}
    f = pd.DataFrame({"confirmed": [True, False] * 5, **row, "small": False, "region": "r"})
    got = estimates(f, 0.3)
    assert set(got["group"]) == {"all", "new"} and got["low"].isna().all()


def test_the_same_spread_has_not_drifted_and_another_has():
    """An equal distribution has not drifted, and another has."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=2000)
    assert (
        population_stability_index(a, rng.normal(size=2000))
        < 0.05
        < 0.25
        < population_stability_index(a, rng.normal(1.0, 1.0, 2000))
    )
    assert median_shift(a, a + 1.349) == pytest.approx(1.0, abs=0.05)


def test_what_is_not_delivered_any_more_has_drifted():
    """A signal that is delivered no more has drifted."""
    a = np.random.default_rng(0).normal(size=500)
    assert population_stability_index(a, np.full(500, np.nan)) > 1.0 and np.isnan(
        median_shift(a, np.full(500, np.nan))
    )


def test_the_index_is_that_of_its_definition_on_two_bins():
    """Reference 50:50, tonight 75:25, with half a count a bin and an empty bin for the unknown."""
    reference, now = np.array([0.0] * 50 + [1.0] * 50), np.array([0.0] * 75 + [1.0] * 25)
    a, b = np.array([50.5, 50.5, 0.5]) / 101.5, np.array([75.5, 25.5, 0.5]) / 101.5
    assert population_stability_index(reference, now, bins=2) == pytest.approx(
        float(((b - a) * np.log(b / a)).sum())
    )


def test_worse_challenger_fails_its_first_row():
    """A challenger that ranks worse fails its first row, and one that ranks better passes."""
    rng = np.random.default_rng(1)
    truth, group = rng.integers(0, 2, 300), np.arange(300)
    weak, strong = truth + rng.normal(0, 2, 300), truth + rng.normal(0, 0.3, 300)
    assert compare_average_precision("x", (weak, strong), truth, group, CRITERIA).holds
    worse = compare_average_precision("x", (strong, weak), truth, group, CRITERIA)
    assert not worse.holds and "gains -" in worse.why
    few = compare_average_precision("x", (weak[:29], strong[:29]), truth[:29], group[:29], CRITERIA)
    assert not few.holds and "needs 30 verdicts" in few.why


def test_a_slice_may_lose_as_much_as_the_gate_allows_and_no_more():
    """A slice may lose as much as the policy allows, and no more."""
    right, weight = np.ones(100), np.ones(100)
    for lost, holds in ((5, True), (6, False)):
        now = right.copy()
        now[:lost] = 0
        assert compare_share("x", (right, now), weight, CRITERIA).holds is holds
    few = compare_share("x", (right[:29], right[:29]), weight[:29], CRITERIA)
    assert not few.judged and few.why == "not judged: needs 30 verdicts, has 29"


def test_a_case_that_stays_unseen_costs_what_all_tries_cost():
    """A missed case costs what all tries cost."""
    price = np.array([10.0, 20.0, 30.0, 40.0])
    assert cost_per_missed_case(price, np.array([True, True, True, False])) == 100.0
    assert cost_per_missed_case(price, np.array([True, True, False, False])) == 50.0
    assert cost_per_missed_case(price, np.ones(4, dtype=bool)) == float("inf")


def test_prices_are_those_of_viewer_hours_likes_and_orders(tiny):
    """Prices are those of viewer hours, likes and orders."""
    tables = Snapshot.open(tiny, datetime(2026, 1, 21))
    price = attack_costs(tables, "session", PRICES)
    one = price.index[0]
    views = tables["views"].filter(tables["views"].session_id == one).to_pandas()
    acts = tables["interactions"].filter(tables["interactions"].session_id == one).to_pandas()
    hours = (views["left_at"] - views["joined_at"]).dt.total_seconds().sum() / 3600
    assert price[one] == pytest.approx(
        0.49 * hours + 0.00018 * acts.loc[acts["kind"] == "like", "count"].sum()
    )
    assert set(attack_costs(tables, "order", PRICES)) == {2.0}
    assert attack_costs(tables, "operator", PRICES).empty


def test_promotion_bounds_the_fall_of_attack_cost(rivals, tiny):
    """The gate says what a missed case costs and how far that may fall."""
    tables = Snapshot.open(tiny, datetime(2026, 1, 21))
    released = load(rivals[0], "session_inflation")
    replay = Replay(Lake(tiny), datetime(2026, 1, 21), operator_groups(tables))
    data = replay_dataset(replay, released.model)
    confirmed = (data.labels["confirmed"] == 1).to_numpy()
    criteria = PromotionCriteria(0.0, -0.02, 0.05, 5, PRICES, 0.5)
    all_but_one = np.ones(len(data), dtype=bool)
    all_but_one[np.flatnonzero(confirmed)[0]] = False
    half = all_but_one & (np.cumsum(confirmed) % 2 == 0)
    same, worse = (
        attack_cost_rows(tables, released.model, data, (all_but_one, now), criteria)
        for now in (all_but_one, half)
    )
    assert any(r.holds for r in same) and not any(r.fails for r in same)
    assert "a fall of 5% is allowed" in next(r.why for r in worse if r.fails)


@pytest.fixture(scope="module")
def rivals(tiny, models, tmp_path_factory):
    """The models of the small world with a challenger trained two days earlier."""
    copy = tmp_path_factory.mktemp("rivals") / "models"
    shutil.copytree(models, copy)
    old = champions(copy)["session_inflation"]
    train(tiny, copy, UNTIL - timedelta(days=2), ["session_inflation"])
    return copy, old


@pytest.mark.slow
def test_a_later_release_waits_as_challenger_and_scores_in_the_shadow(rivals, tiny, tmp_path):
    """A later release waits as challenger, and scores without deciding."""
    models, old = rivals
    assert champions(models)["session_inflation"] == old and set(challengers(models)) == {
        "session_inflation"
    }
    lake = tmp_path / "lake"
    shutil.copytree(tiny, lake, ignore=shutil.ignore_patterns("runs", "online", "journal"))
    nightly(lake, NIGHT, models, load_policy())
    shadow, scores = read_outbound(lake, "shadow_scores"), read_outbound(lake, "scores")
    assert set(shadow["model_version"]) == {challengers(models)["session_inflation"]}
    by_sessions = scores["model"] == "session_inflation"
    assert len(shadow) == by_sessions.sum()
    assert set(scores.loc[by_sessions, "model_version"]) == {old}


def test_promotion_says_no_with_the_row_that_failed_and_changes_nothing(rivals, tiny):
    """A refused promotion names the row that failed, and changes nothing."""
    models, old = rivals
    done = promote(tiny, models, "session_inflation", datetime(2026, 1, 21), CRITERIA)
    assert not done.is_promoted and done.obstacle is not None and done.obstacle.why
    assert (
        champions(models)["session_inflation"] == old
        and challengers(models)["session_inflation"] == done.version
    )
    with pytest.raises(NotPromoted, match="no challenger"):
        promote(tiny, models, "order_brushing", datetime(2026, 1, 21), CRITERIA)


def test_promotion_lets_a_better_one_pass(rivals, tiny, tmp_path, monkeypatch):
    """A better challenger is promoted."""
    models = tmp_path / "models"
    shutil.copytree(rivals[0], models)
    champion = load(models, "session_inflation")
    good = compare(tiny, (champion, champion), datetime(2026, 1, 21), CRITERIA)
    monkeypatch.setattr(
        "training.promote.compare",
        lambda *a: [replace(r, holds=True, judged=True, why="") for r in good],
    )
    version = promote(tiny, models, "session_inflation", datetime(2026, 1, 21), CRITERIA).version
    assert champions(models)["session_inflation"] == version and challengers(models) == {}
    set_challenger(models, "session_inflation", version)
    assert challengers(models) == {}  # a champion does not challenge itself
