"""Measures of the detection page, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.detection.attack_costs import attacker, expected_price
from benchmarks.detection.unseen_schemes import hits, recall
from benchmarks.public_sets.nab import normalised


def test_nab_takes_the_best_threshold():
    """NAB takes the best of all thresholds, and a silent detector scores nothing."""
    windows = np.array([2, 2])
    assert normalised(np.array([[-2.0, -2.0]]), windows) == 0.0  # every window missed
    assert normalised(np.array([[2.0, 2.0]]), windows) == 100.0
    assert (
        normalised(np.array([[-2.0, -2.0], [2.0, -2.0], [0.0, -1.0]]), windows) == 50.0
    )  # one threshold for all series


def test_what_stays_unseen_costs_the_sessions_that_were_seen_as_well():
    """The cost of a missed case counts the sessions that were caught as well."""
    price = np.array([10.0, 20.0, 30.0, 40.0])
    assert expected_price(price, np.array([1, 1, 1, 1])) == 25.0
    assert expected_price(price, np.array([0, 0, 0, 1])) == 100.0
    assert (
        expected_price(price, np.array([0, 0, 0, 0])) == 200.0
    )  # none missed of four: an eighth at most is taken for missed


def test_attack_cost_is_of_the_cheapest_scheme():
    """The attacker takes the cheapest scheme, and its price has an interval."""
    names = [f"s{i}" for i in range(40)]
    planted = pd.DataFrame(
        {"scheme": ["flash_views"] * 20 + ["pool_cooldown"] * 20, "evasion": 0}, index=names
    )
    size = pd.DataFrame(
        {"views": 300.0, "false": 100.0, "hours": 10.0, "likes": 0.0, "inflation": 0.5}, index=names
    )
    size.loc[names[20:], "hours"] = 30.0
    score = pd.Series(
        [2.0] * 15 + [0.0] * 5 + [0.0] * 20, index=names
    )  # a quarter of the first is missed, all of the second
    rows, table = attacker(score, 1.0, size, planted)
    (found,) = rows
    assert (
        "pool_cooldown" in found["what"]
    )  # 30 hours for one that stays unseen, where the others need 40
    assert found["value"] == pytest.approx(30 * 0.49 / 200 * 1000)
    low, high = found["interval"]
    assert low <= found["value"] <= high and low > 0
    assert table.rows[0][:4] == ["20-50 %", "pool_cooldown, 0", 20, 1.0]


def test_one_in_a_hundred_of_the_rivals_sets_the_bar():
    """The score that one in a hundred rivals exceeds is the bar."""
    score = pd.Series(
        np.r_[np.arange(101), 98.5, 99.5], index=[*(f"r{i}" for i in range(101)), "a", "b"]
    )
    here, rivals = pd.Index(["a", "b"]), score.index[:101]
    assert (
        hits(score, here, rivals).tolist() == [False, True] and recall(score, here, rivals) == 0.5
    )
