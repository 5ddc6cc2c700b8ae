"""Intervals of shares and ratios: whole groups are drawn, and what no draw can show is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.harness.intervals import f1, ratio_interval, share_interval


def test_zero_of_a_small_group_proves_little():
    """None of a small group does not prove a small share; none of a larger group proves more."""
    assert share_interval(0, 30) == [
        0.0,
        pytest.approx(1 - 0.05 ** (1 / 30)),
    ]  # the most of which none of thirty is a twentieth's chance
    assert share_interval(0, 3000)[1] < 0.001 < share_interval(0, 300)[1]
    low, high = share_interval(2, 29)
    assert low < 2 / 29 < high


def test_sessions_of_few_operators_say_less_than_as_many_of_many():
    """Sessions of few operators give a wider interval than as many of many operators."""
    flagged = np.tile([True] * 10 + [False] * 10, 10)
    together = ratio_interval(
        flagged, np.ones(200), np.repeat(np.arange(20), 10)
    )  # each operator's ten sessions are alike
    apart = ratio_interval(flagged, np.ones(200), np.arange(200))
    assert together[0] < apart[0] < 0.5 < apart[1] < together[1]


def test_extreme_shares_are_bounded_by_the_number_of_groups():
    """A share of all or of none is bounded by how many groups there are."""
    whose = np.repeat(np.arange(6), 50)
    assert ratio_interval(np.ones(300), np.ones(300), whose) == share_interval(6, 6)
    assert ratio_interval(np.zeros(300), np.ones(300), whose) == share_interval(0, 6)


def test_what_a_ratio_is_over_may_be_uneven_or_missing_in_a_group():
    """The denominator of a ratio may be uneven or missing in a group."""
    selected, right, whose = (
        np.array([9, 0, 1, 4]),
        np.array([8, 0, 0, 4]),
        np.array(["a", "b", "c", "d"]),
    )
    low, high = ratio_interval(right, selected, whose)
    assert 0.0 <= low < 12 / 14 < high <= 1.0
    assert np.isnan(ratio_interval(np.zeros(2), np.zeros(2), ["a", "b"])).all()


def test_an_interval_of_differences_may_lie_below_nothing():
    """An interval of differences may lie below zero."""
    away = np.array([-0.2, -0.1, -0.15, -0.1, -0.12])
    low, high = ratio_interval(away, np.ones(5), np.arange(5))
    assert low < away.mean() < high < 0.0


def test_the_same_input_gives_the_same_interval():
    """The same input gives the same interval."""
    rng = np.random.default_rng(1)
    flagged, whose = rng.random(500) < 0.3, rng.integers(0, 40, 500)
    order = rng.permutation(500)
    assert ratio_interval(flagged, np.ones(500), whose) == ratio_interval(
        flagged[order], np.ones(500), whose[order]
    )


def test_f1_counts_what_is_found_and_what_is_true_and_draws_whose_they_are():
    """F1 counts found and true accounts, and its interval draws their owners."""
    found, true = {("a", 1), ("a", 2), ("b", 3), ("c", 5)}, {("a", 1), ("a", 2), ("b", 4), ("c", 5)}
    value, interval = f1(found, true, lambda pair: pair[0])
    assert value == 2 * 3 / 8 and interval[0] < value <= interval[1] == 1.0
    assert f1({1, 2}, {1, 2}) == (1.0, share_interval(2, 2))
