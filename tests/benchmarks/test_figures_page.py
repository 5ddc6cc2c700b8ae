"""Pages of figures: goals, misses with their size and reason, and pages that follow their JSON."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from benchmarks.harness.command_line import refuse_arguments
from benchmarks.harness.figures import row, share_row
from benchmarks.harness.figures_page import About, Table, stale_pages, versions, write
from benchmarks.harness.intervals import share_interval
from benchmarks.harness.page_text import MAIN_GOALS, MAX_LINES, MAX_TABLE_ROWS, page_text

ABOUT = About("A page", "What was measured.", "What intervals are.")


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function that writes rows as a page in an empty folder and returns the page's lines."""
    monkeypatch.setattr("benchmarks.harness.figures_page.revision", lambda: "0" * 40)
    monkeypatch.chdir(tmp_path)

    def page(rows, **more) -> list[str]:
        write("page", ABOUT, rows, **more)
        return Path("docs/benchmarks/page.md").read_text("utf-8").splitlines()

    return page


@pytest.mark.parametrize(
    ("goal", "value", "holds", "met"),
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
def test_missed_goal_shows_distance_and_reason(goal, value, holds, met, written):
    """A missed goal stands on the page with how much it is missed by, and why."""
    why = "because" if holds is False else None
    lines = written([row("id", "what", value, "make bench", goal, holds=holds, why=why)])
    line = next(x for x in lines if x.startswith("| what | "))
    assert line.endswith(f"| {met} |")
    twin = json.loads(Path("docs/benchmarks/page.json").read_text("utf-8"))
    assert twin["rows"][0]["holds"] is holds


def test_a_figure_of_before_stands_in_a_last_column(written):
    """The column is there only where a row has a figure to compare with."""
    lines = written([row("a", "first", 0.5, "make", before=".4"), row("b", "second", 0.5, "make")])
    assert lines[-4].endswith("| met | before |") and lines[-3].count("|") == 7
    assert lines[-2].endswith("|  | .4 |") and lines[-1].endswith("|  |  |")
    assert not any("before" in x for x in written([row("b", "second", 0.5, "make")]))


def test_met_rows_of_a_group_are_one_line_and_missed_rows_stand_alone(written):
    """A group shows its worst met row and how many are met; a missed row is never summed up."""
    rows = [
        row(f"id {v}", f"row {v}", v, "make", ">= 0.7", [v, v], why="because", group="Schemes")
        for v in (0.9, 0.75, 0.5)
    ]
    lines = written(rows)
    assert "| Schemes: worst of 2 met | 0.750 | 0.750 to 0.750 | >= 0.7 | 2 of 3 |" in lines
    assert "| row 0.5 | 0.500 | 0.500 to 0.500 | >= 0.7 | no, by 0.2: because |" in lines
    assert not [x for x in lines if "row 0.9" in x]


def test_rows_and_tables_that_do_not_fit_are_in_the_json(written):
    """Rows without a goal leave a full page, and stay in the JSON with all tables."""
    rows = [row(f"g{i}", f"goal {i}", 1.0, "make", ">= 0.5") for i in range(MAX_TABLE_ROWS)]
    lines = written(
        [*rows, row("free", "free row", 0.3, "make")], tables=(Table("T", "n", ("a",), [[1]]),)
    )
    twin = json.loads(Path("docs/benchmarks/page.json").read_text("utf-8"))
    assert len(twin["rows"]) == MAX_TABLE_ROWS + 1 and twin["tables"][0]["rows"] == [[1]]
    assert not [x for x in lines if "free row" in x]
    assert any("All 41 rows and 1 tables" in x for x in lines)


def test_met_goals_of_the_largest_kinds_are_folded_until_a_page_fits(written):
    """Sixty goals are a page of one screen; the miss among them keeps its line."""
    rows = [row(f"kills-{i}", f"kill {i}", 1.0, "make", ">= 0.5") for i in range(40)]
    rows += [row(f"soak-{i}", f"soak {i}", 1.0, "make", ">= 0.5") for i in range(19)]
    lines = written([*rows, row("kills-late", "late kill", 0.4, "make", ">= 0.5", why="slow")])
    assert len(lines) <= MAX_LINES
    assert "| Kills: goals met, figures in the JSON |  |  |  | 40 of 41 |" in lines
    assert "| late kill | 0.400 |  | >= 0.5 | no, by 0.1: slow |" in lines
    assert "| soak 7 | 1.000 |  | >= 0.5 | yes |" in lines  # the smaller kind fits


def test_rows_with_their_own_revision_are_listed_by_command(written):
    """A page that is measured in parts names command, scale and revision of each part."""
    parts = [
        row(f"{c}-{i}", f"{c} {i}", 0, f"make {c}") | {"revision": c * 40, "scale": "full"}
        for c in "ab"
        for i in range(2)
    ]
    lines = written(parts)
    assert lines[-2:] == [f"| `make {c}` | 2 | full | `{c * 12}` |" for c in "ab"]
    assert any(
        x == "Repeat it with `make a`; each part with its own command, below." for x in lines
    )


def test_changed_page_is_stale(written):
    """A page that is not that of its JSON is named, and so is a missing summary."""
    written([row("id", "what", 0.3, "make")])
    assert stale_pages() == []
    Path("docs/benchmarks/page.md").write_text("another text", "utf-8")
    Path("docs/benchmarks/summary.md").unlink()
    assert [p.name for p in stale_pages()] == ["page.md", "summary.md"]


def test_published_pages_are_those_of_their_json():
    """Every page of docs/benchmarks and the summary are made from the JSON beside them."""
    assert stale_pages() == []


def test_every_missed_goal_is_on_its_page_of_one_screen():
    """No miss of a published page is hidden, and none of the pages is longer than a screen."""
    folder = Path("docs/benchmarks")
    summary = (folder / "summary.md").read_text("utf-8")
    assert summary.count("\n") <= MAX_LINES
    found = set()
    for path in folder.glob("*.json"):
        twin = json.loads(path.read_text("utf-8"))
        page = page_text(path.stem, twin)
        assert page.count("\n") <= MAX_LINES
        missed = sum(r["holds"] is False for r in twin["rows"])
        assert f"]({path.stem}.md)" in summary and f"| {missed} |" in summary
        for r in twin["rows"]:
            found.add(f"{path.stem}:{r['id']}")
            if r["holds"] is False:
                assert r["what"] in page and r["why"] in page
    assert found >= MAIN_GOALS


def test_share_says_why_only_where_it_is_missed():
    """The reason of a miss is kept only in rows that miss their goal."""
    hits = np.array([True] + [False] * 19)
    missed, met, free = (
        share_row("id", "what", hits, "make page", goal, why="because")
        for goal in ("<= 0.01", "<= 0.05", None)
    )
    assert (missed["value"], missed["goal"]) == (0.05, "<= 0.01")
    assert (missed["holds"], missed["why"]) == (False, "because")
    assert (met["holds"], free["holds"], free["goal"]) == (True, None, None)
    assert "why" not in met
    assert "why" not in free
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
def test_goal_that_is_a_bound_decides_by_itself(value, goal, holds):
    """A goal that is written as a bound says by itself whether a value meets it."""
    found = row("an id of words", "what", value, "make page", goal, why="because")
    assert found["holds"] is holds
    assert ("why" in found) is (holds is False)
    assert found["id"] == "an-id-of-words"


def test_row_refuses_unknown_fields():
    """A misspelt field of a row is an error and not silently left out."""
    with pytest.raises(TypeError, match="reason"):
        row("id", "what", 1.0, "make", reason="because")


def test_versions_of_peer_libraries_only_where_installed(monkeypatch):
    """Versions of peer libraries are given where they are installed and left out where not."""
    names = ("numpy", "a-library-that-does-not-exist")
    monkeypatch.setattr("benchmarks.harness.figures_page.PEER_LIBRARIES", names)
    assert versions()["numpy"] == np.__version__
    assert names[1] not in versions()


@pytest.mark.parametrize(
    "module",
    [
        "end_to_end",
        "decisions",
        "detection",
        "transfer.second_platform",
        "speed",
        "speed.hundred_million_views",
        "demo",
        "simulation_realism",
        "harness.figures_page",
    ],
)
def test_benchmark_help_does_not_begin_a_run(module, tmp_path, monkeypatch, capsys):
    """A benchmark asked for help says what it is, with an example, and does not begin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [module, "--help"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module(f"benchmarks.{module}", run_name="__main__", alter_sys=True)
    assert not stop.value.code
    assert f"Example: python -m benchmarks.{module}" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_benchmark_refuses_unknown_arguments(monkeypatch, capsys):
    """A benchmark refuses arguments that it does not have."""
    monkeypatch.setattr("sys.argv", ["end_to_end", "--seed", "7"])
    with pytest.raises(SystemExit) as stop:
        refuse_arguments("What models can do", "python -m benchmarks.end_to_end")
    assert stop.value.code == 2
    assert "--seed 7" in capsys.readouterr().err
