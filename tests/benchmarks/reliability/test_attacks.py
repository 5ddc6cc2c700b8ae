"""Attacks are found by name, and their rows say scale, command and whether the target is met."""

from __future__ import annotations

import inspect
import json
import sys
from importlib import import_module

import pytest

from benchmarks.harness import figures_page
from benchmarks.reliability import __main__ as command
from benchmarks.reliability.attack import Scale, attack_row


@pytest.mark.parametrize("name", command.attack_names())
def test_an_attack_takes_a_scale(name):
    """Every module of the package has one function that takes a scale and returns rows."""
    rows = import_module(f"benchmarks.reliability.{name}").rows
    assert list(inspect.signature(rows).parameters) == ["scale"]


def test_a_row_names_its_attack_scale_and_target():
    """A row names its attack, scale and target."""
    small = attack_row("kills-lost", "Lines lost", 1, "<= 0", scale=Scale.SMALL, why="at 3")
    assert (small["holds"], small["scale"], small["why"]) == (False, "small", "at 3")
    assert small["command"] == "python -m benchmarks.reliability kills --small"
    assert attack_row("x-y", "", 0, "<= 0", scale=Scale.FULL)["command"].endswith("reliability x")


def test_rows_of_other_attacks_stay_on_the_page(tmp_path, monkeypatch):
    """An attack that is run alone replaces its rows and no others."""
    page = tmp_path / "reliability.json"
    earlier = [{"id": "kills-lost", "value": 2}, {"id": "soak-mb"}]
    page.write_text(json.dumps({"revision": "old", "rows": earlier}))
    monkeypatch.setattr(figures_page, "FOLDER", tmp_path)
    rows = command.rows_with_earlier([{"id": "kills-lost", "value": 0}], ["kills"])
    assert rows == [{"id": "kills-lost", "value": 0}, {"id": "soak-mb", "revision": "old"}]


def test_an_unknown_attack_is_refused_in_words(monkeypatch, capsys):
    """An unknown attack is refused in words."""
    monkeypatch.setattr(sys, "argv", ["reliability", "nonsense"])
    with pytest.raises(SystemExit) as refused:
        command.main()
    assert refused.value.code == 2 and "no attack nonsense" in capsys.readouterr().err


def test_a_missed_target_is_the_exit_code(monkeypatch, tmp_path):
    """Small attacks write no page; `-o` keeps their rows."""
    bad = attack_row("kills-lost", "Lines lost", 1, "<= 0", scale=Scale.SMALL)
    monkeypatch.setattr(command, "attack_names", lambda: ["kills"])
    monkeypatch.setattr(command, "attacked", lambda name, scale: [bad])
    monkeypatch.setattr(command, "write", lambda *_: pytest.fail("a page was written"))
    monkeypatch.setattr(sys, "argv", ["reliability", "--small", "-o", str(tmp_path / "rows.json")])
    assert command.main() == 1
    assert json.loads((tmp_path / "rows.json").read_text())[0]["id"] == "kills-lost"
