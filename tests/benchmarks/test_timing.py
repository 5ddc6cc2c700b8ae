"""Benchmarks of speed repeat in turns, compare repeat by repeat, and say how far the repeats lie
apart."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.harness import figures_page
from benchmarks.harness.timing import REPEATS, interleaved, peaks_mb, repeated_row
from benchmarks.speed import __main__ as command
from benchmarks.speed import boost_check_load, night, series
from benchmarks.speed.endpoints import quantiles
from benchmarks.speed.services import start


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


def test_a_start_is_compared_with_the_no_op_of_its_round():
    """A load that slows both starts of a round makes no difference."""
    slow = np.array([1.0, 3.0, 1.0, 2.0, 1.5])[:, None]
    spent = {"gate": [4.0, 3.6], "tuned no-op": [2.5, 2.0], "bare no-op": [0.6, 0.4]}
    rows = {r["id"]: r for r in start.rows_of_starts({k: slow * v for k, v in spent.items()})}
    assert rows["start-wall"]["interval"] == pytest.approx([1.6, 1.6])
    assert rows["start-cpu"]["value"] == pytest.approx(1.8) and rows["start-cpu"]["holds"]
    assert rows["start-bare"]["value"] == pytest.approx(9.0)
    assert rows["start-bare"]["goal"] is None
    slower = spent | {"gate": [4.0, 4.2]}
    rows = start.rows_of_starts({k: np.ones((5, 1)) * v for k, v in slower.items()})
    assert rows[0]["holds"] is False and rows[0]["why"]


def test_a_start_is_timed_until_a_service_answers(tmp_path):
    """All processes of the service count, workers apart too; one that ends shows its log."""
    bare = [sys.executable, "-m", *start.NO_OPS["bare no-op"], "--host", "127.0.0.1"]
    wall, cpu = start.start_once(bare, {}, tmp_path / "log")
    assert cpu > 0.05 and 0.05 < wall < start.MAX_START_SECONDS
    worker = "import time; end = time.process_time() + 1\nwhile time.process_time() < end: pass"
    apart = "import subprocess, sys, time; subprocess.run(sys.argv[1:], start_new_session=True)"
    parent = subprocess.Popen([sys.executable, "-c", apart, sys.executable, "-c", worker])
    while start.cpu_seconds(parent.pid) < 0.5:
        assert parent.poll() is None
    parent.wait()
    ended = [sys.executable, "-c", "raise SystemExit('no such lake')"]
    with pytest.raises(RuntimeError, match="no such lake"):
        start.start_once(ended, {}, tmp_path / "log")


def test_a_part_takes_the_place_of_its_rows_on_the_page(tmp_path, monkeypatch):
    """A part has its own command and revision; other rows keep the revision of their page."""
    page, out = tmp_path / "speed.json", tmp_path / "rows.json"
    earlier = [{"id": "boost-pace-1", "value": 1}, {"id": "night-growth", "value": 2}]
    page.write_text(json.dumps({"revision": "old", "rows": earlier}))
    monkeypatch.setattr(figures_page, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "measured", lambda part, *_: [{"id": f"{part}-pace-1"}])
    monkeypatch.setattr(command.worlds, "OUTPUT_FOLDER", tmp_path)
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(sys, "argv", ["speed", "boost", "start", "-o", str(out)])
    command.main()
    rows = json.loads(out.read_text())
    assert [r["command"] for r in rows] == [
        f"{command.PART_COMMAND} {p}" for p in ("boost", "start")
    ]
    found = figures_page.rows_of_parts(command.PAGE, rows)
    assert [r["id"] for r in found] == ["boost-pace-1", "night-growth", "start-pace-1"]
    assert found[0]["revision"] == rows[0]["revision"] and found[1]["revision"] == "old"
