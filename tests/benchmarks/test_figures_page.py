"""A page of figures says of a missed goal by how much it is missed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.harness.figures_page import row, share_row, takes_nothing, versions, write
from benchmarks.harness.intervals import share_interval


@pytest.mark.parametrize(
    ("goal", "value", "holds", "said"),
    [
        (">= 0.9", 0.85, False, "no, by 0.05: because"),
        ("<= 0.01", 0.0125, False, "no, by 0.0025: because"),
        ("<= 8", 54.0, False, "no, by 46: because"),
        ("-0.01 to 0.01", 0.0128, False, "no: because"),
        ("all", "1 of 2", False, "no: because"),
        (">= 0.9", 0.95, True, "yes"),
        (None, 0.2, None, ""),
    ],
)
def test_a_missed_goal_is_shown_with_how_much_and_why(
    goal, value, holds, said, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr("benchmarks.harness.figures_page.revision", lambda: "0" * 40)
    monkeypatch.chdir(tmp_path)
    write(
        "page",
        "A page",
        [
            row(
                "id",
                "what",
                value,
                "make bench",
                goal,
                holds=holds,
                why="because" if holds is False else None,
            )
        ],
        "Text.",
    )
    line = next(
        x
        for x in Path("docs/benchmarks/page.md").read_text("utf-8").splitlines()
        if x.startswith("| what | ") and "90 %" not in x
    )
    assert line.endswith(f"| {said} |")
    assert (
        json.loads(Path("docs/benchmarks/page.json").read_text("utf-8"))["rows"][0]["holds"]
        is holds
    )


def test_a_share_says_why_it_is_missed_only_where_it_is():
    among = np.array([True] + [False] * 19)
    missed, held, free = (
        share_row("id", "what", among, "make page", goal, "because")
        for goal in ("<= 0.01", "<= 0.05", None)
    )
    assert (missed["value"], missed["goal"], missed["holds"], missed["why"]) == (
        0.05,
        "<= 0.01",
        False,
        "because",
    )
    assert (
        (held["holds"], free["holds"], free["goal"]) == (True, None, None)
        and "why" not in held
        and "why" not in free
    )
    assert missed["interval"] == share_interval(1, 20)


@pytest.mark.parametrize(
    ("value", "goal", "holds"),
    [
        (0.9, ">= 0.9", True),
        (0.8999, ">= 0.9", False),
        (8, "<= 8", True),
        (-2e-6, ">= -1e-6", False),
        (0.5, None, None),
        (1, "all", None),
    ],
)
def test_a_goal_that_is_a_bound_says_itself_whether_it_holds(value, goal, holds):
    found = row("an id of words", "what", value, "make page", goal, why="because")
    assert found["holds"] is holds and ("why" in found) is (holds is False)
    assert found["id"] == "an-id-of-words"


def test_versions_of_other_libraries_are_read_where_installed(monkeypatch):
    """Versions of other libraries are printed where they are installed and left out where not."""
    monkeypatch.setattr(
        "benchmarks.harness.figures_page.PEERS", ("numpy", "a-peer-that-nobody-wrote")
    )
    assert versions()["numpy"] == np.__version__ and "a-peer-that-nobody-wrote" not in versions()


@pytest.mark.parametrize(
    "module",
    ["slice", "decisions", "detection", "market", "speed", "speed.hundred", "demo", "calibration"],
)
def test_benchmark_help_does_not_begin_a_run(module, tmp_path):
    """A benchmark asked for help says what it is, with an example, and does not begin."""
    where = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[2])
    }  # benchmarks are run from the repository and not installed
    command = [sys.executable, "-m", f"benchmarks.{module}", "--help"]
    found = subprocess.run(
        command, cwd=tmp_path, env=where, capture_output=True, text=True, timeout=300
    )
    assert found.returncode == 0, found.stderr
    assert f"Example: python -m benchmarks.{module}" in found.stdout
    assert not list(tmp_path.iterdir())


def test_a_benchmark_refuses_arguments_that_it_does_not_have(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["slice", "--seed", "7"])
    with pytest.raises(SystemExit) as told:
        takes_nothing("What the slice can do", "python -m benchmarks.slice")
    assert told.value.code == 2
    assert "--seed 7" in capsys.readouterr().err
