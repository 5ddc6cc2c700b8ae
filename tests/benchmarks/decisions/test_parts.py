"""Parts of the decisions page that are measured alone."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks.decisions import __main__ as command
from benchmarks.harness import figures_page


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A page of two rows, and parts that measure nothing."""
    rows = [{"id": i, "what": i, "goal": None, "value": 1} for i in ("mutation", "duty-1")]
    rows = [r | {"holds": None, "command": "make bench"} for r in rows]
    path = tmp_path / "decisions.json"
    twin = {"title": "t", "measured": "m", "intervals": "", "records": [], "tables": []}
    path.write_text(json.dumps(twin | {"command": "x", "revision": "old", "rows": rows}))
    monkeypatch.setattr(figures_page, "FOLDER", tmp_path)
    again = [rows[1] | {"value": 2}]
    monkeypatch.setattr(command, "PARTS", {"duties": lambda _models, _say: again})
    return path


def test_a_part_leaves_other_rows_with_their_revision(page, monkeypatch):
    """Duties measured alone replace their rows; the row of mutants keeps its revision."""
    monkeypatch.setattr(sys, "argv", ["decisions", "duties"])
    command.main()
    mutants, duty = json.loads(page.read_text())["rows"]
    assert (mutants["value"], mutants["revision"]) == (1, "old")
    assert duty["value"] == 2 and duty["revision"] != "old"
    assert duty["command"] == "python -m benchmarks.decisions duties"


def test_an_unknown_part_is_refused_in_words(monkeypatch, capsys):
    """A typing error measures nothing, and names the parts there are."""
    monkeypatch.setattr(sys, "argv", ["decisions", "mutants"])
    with pytest.raises(SystemExit) as refused:
        command.main()
    assert refused.value.code == 2 and "no part mutants" in capsys.readouterr().err
