"""Benchmarks of speed repeat in turns, compare repeat by repeat, and say how far the repeats lie
apart."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.harness.timing import REPEATS, interleaved, peaks_mb, repeated_row
from benchmarks.speed import boost_check_load, night, series
from benchmarks.speed.endpoints import quantiles


def test_methods_take_turns_after_each_has_run_once():
    """Methods take turns after each has run once."""
    ran: list[str] = []
    spent = interleaved({"ours": lambda: ran.append("a"), "theirs": lambda: ran.append("b")})
    assert ran == ["a", "b"] * (1 + REPEATS) and REPEATS >= 5
    assert {name: values.shape for name, values in spent.items()} == {
        "ours": (REPEATS,),
        "theirs": (REPEATS,),
    }


def test_a_row_of_repeats_is_their_median_and_says_the_least_and_the_most():
    """A row of repeats is their median, with the least and the most."""
    found = repeated_row("id", "what", np.array([3.0, 1.0, 9.0, 2.0, 4.0]), "<= 2.5", "because")
    assert (found["value"], found["interval"], found["holds"], found["why"]) == (
        3.0,
        [1.0, 9.0],
        False,
        "because",
    )


def test_fewer_than_five_repeats_are_refused():
    """Fewer than five repeats are refused."""
    with pytest.raises(ValueError, match="night-growth: 3 repeats"):
        repeated_row("night-growth", "what", np.ones(3))


def test_latencies_are_taken_in_turns_by_their_quantiles():
    """Latencies are taken in turns by their quantiles."""
    asked: list[tuple[str, int]] = []
    found = quantiles(
        {"a": (lambda i: asked.append(("a", i)), 3), "b": (lambda i: asked.append(("b", i)), 2)}
    )
    assert asked == [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1)] * REPEATS
    assert found["a"].shape == (REPEATS, 2) and (found["a"][:, 0] <= found["a"][:, 1]).all()


def test_peak_memory_is_that_of_the_code_and_of_a_process_each():
    """Peak memory is measured for the code and for a process of its own."""
    small, big = peaks_mb("import numpy"), peaks_mb("import numpy; x = numpy.ones(10_000_000)")
    assert 70 < np.median(big) - np.median(small) < 90  # 80 MB of ones


def test_ratios_are_taken_within_one_round():
    """Ratios are of the same round, so that a load that slows both makes no difference."""
    slow = np.array([1.0, 0.1, 1.0, 0.5, 1.0])  # the machine's mood in each round
    pace = {"boost check": 500.0, "unseen": 50.0, "tuned no-op": 1000.0, "default no-op": 200.0}
    found = {
        (name, n): np.column_stack([v * slow, 10.0 / slow])
        for name, v in pace.items()
        for n in boost_check_load.CONNECTIONS
    }
    rows = {r["id"]: r for r in boost_check_load._rows_of_rounds(found)}
    assert (
        rows["boost-tuned-16"]["value"],
        rows["boost-tuned-16"]["interval"],
        rows["boost-tuned-16"]["holds"],
    ) == (
        0.5,
        [0.5, 0.5],
        False,
    )
    assert rows["boost-default-64"]["value"] == 2.5 and rows["boost-default-64"]["holds"]
    assert rows["boost-p99-1"]["value"] == 1.0 and rows["boost-pace-1"]["interval"] == [50.0, 500.0]


def test_sessions_a_second_are_compared_round_by_round():
    """Sessions a second are compared round by round."""
    slow = np.array([1.0, 0.5, 1.0, 0.8, 1.0])
    pace = {"ours": 30_000 * slow, "pandas": 6000 * slow, "pandas apply": 1000 * slow}
    rows = {
        r["id"]: r
        for r in series._rows_of_rounds(pace, {"ours": 36, "pandas": 18, "pandas apply": 15})
    }
    assert rows["series-ratio-pandas-apply"]["value"] == pytest.approx(72.0)
    assert rows["series-ratio-pandas-apply"]["interval"] == pytest.approx([72.0, 72.0])
    assert rows["series-ours"]["holds"] and rows["series-ours"]["interval"] == [15_000.0, 30_000.0]


def test_night_is_compared_with_the_floor_of_its_pair():
    """A night is compared with the floor of its pair, and growth goes from pair to pair."""
    slow, ones = np.array([1.0, 1.3, 0.9, 1.0, 1.1]), np.ones(REPEATS)
    medium = {
        "cpu": 60 * slow,
        "wall": 60 * slow,
        "reasons": 3 * slow,
        "gb": 2 * ones,
        "floor": 2 * slow,
        "views": 2e6 * ones,
    }
    large = {key: 10 * values for key, values in medium.items()} | {
        "gb": 9 * ones,
        "floor": 100 * slow,
    }
    rows = {r["id"]: r for r in night._rows_of_nights({"medium": medium, "large": large})}
    assert (
        rows["night-floor-medium"]["interval"] == pytest.approx([30, 30])
        and not rows["night-floor-medium"]["holds"]
    )
    assert (
        rows["night-floor-large"]["value"] == pytest.approx(6)
        and rows["night-floor-large"]["holds"]
    )
    assert rows["night-growth"]["value"] == pytest.approx(1) and rows["night-growth"][
        "interval"
    ] == pytest.approx([1, 1])
    assert (
        rows["night-memory-medium"]["goal"] is None and rows["night-memory-large"]["holds"] is False
    )
