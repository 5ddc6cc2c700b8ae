"""The command line: help with examples, JSON beside tables, errors that say how to mend."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from data_contracts.contract import contract, outbound_names
from data_contracts.runs import read_outbound
from serving.cli import console
from serving.cli.main import app
from tests.conftest import NIGHT
from training.models.registry import BY_NAME

STEELYARD = str(Path(sys.executable).with_name("steelyard"))
COMMANDS = [(c.name or c.callback.__name__.replace("_", "-"),) for c in app.registered_commands]
COMMANDS += [
    (g.name, c.name or c.callback.__name__.replace("_", "-"))
    for g in app.registered_groups
    for c in g.typer_instance.registered_commands
]
runner = CliRunner()


def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [STEELYARD, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_an_example_and_json(command):
    """The help of every command has an example, and every command but `serve` prints JSON."""
    printed = runner.invoke(app, [*command, "--help"]).output
    assert re.search(rf"Example: (\w+=\$\()?steelyard {' '.join(command)} ", printed)
    assert "--json" in printed or command == ("serve",)  # serve runs until it is stopped


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("table", outbound_names())
def test_shown_table_fits_the_terminal(published, monkeypatch, table, width):
    """No line is longer than the terminal, no column is cut, and what is left out is named."""
    monkeypatch.setattr(console.out, "_width", width)
    printed = runner.invoke(app, ["show", table, str(published)]).output
    lines = [line for line in printed.splitlines() if line[:1] in "┃│┡└┏"]
    assert all(cell_len(line) <= width for line in lines)
    rows = len(read_outbound(published, table))
    if rows > 1:
        heads = [c.strip() for c in next(x for x in lines if x[0] == "┃").strip("┃").split("┃")]
        named = " ".join(printed.split())
        assert set(heads) <= {c.name for c in contract(table).columns}
        for column in {c.name for c in contract(table).columns} - set(heads):
            assert column in named, f"{column} is neither shown nor named"
    if rows > 15:
        assert f"15 of {rows:,} rows, --rows N for more" in printed
    assert len(printed.splitlines()) < 200


def test_named_columns_are_shown_plain(published):
    """Named columns come in that order; --plain prints values only, for a shell."""
    order = ["tier", "expected_harm"]
    worst = read_outbound(published, "tier_decisions").sort_values(order, ascending=False)
    plain = ["show", "tier_decisions", str(published), "--plain", "--columns", "tier,operator_id"]
    assert (
        runner.invoke(app, [*plain, "--rows", "1"]).output
        == "\t".join(worst[["tier", "operator_id"]].iloc[0]) + "\n"
    )
    assert len(runner.invoke(app, plain).output.splitlines()) == len(worst)
    named = ["show", "tier_decisions", str(published), "--json", "--columns", "tier", "--rows", "2"]
    assert json.loads(runner.invoke(app, named).output) == [
        {"tier": t} for t in worst["tier"].head(2)
    ]
    assert "Columns: run_id" in run(*named[:4], "--columns", "mood", code=2).stderr


def test_training_table_names_its_models(tmp_path, monkeypatch):
    """The table of `train` names the model in every row at 80 columns."""
    monkeypatch.setattr(console.out, "_width", 80)
    rows = [
        {
            "model": name,
            "verdicts": 100,
            "average_precision": "0.87 (0.80 to 0.91)",
            "run": "0" * 32,
        }
        for name in BY_NAME
    ]
    with console.out.capture() as captured:
        console.show_rows(rows, False)
    lines = captured.get().splitlines()
    assert all(any(f"│ {name} " in line for line in lines) for name in BY_NAME)
    assert "run" in lines[-1] and "--json" in lines[-1]


def test_supervision_from_the_command_line(published, models, tmp_path):
    """Supervision works from the command line."""
    lake = tmp_path / "lake"
    shutil.copytree(published, lake, ignore=shutil.ignore_patterns("online"))
    who = json.loads(run("show", "measures", str(lake), "--json").stdout)[0]["operator_id"]
    alone = ("measure", "take", str(lake), "--operator", who, "--code", "warn", "--reason", "c")
    assert "steelyard person add" in run(*alone, code=19).stderr
    early = ("--table", "orders", "--before", "2026-01-08", "--by", "a")
    assert "kept 1095 days" in run("retention", str(lake), *early, code=13).stderr
    assert (
        "no challenger"
        in run(
            "promote", str(lake), "--models", str(models), "--model", "order_brushing", code=14
        ).stderr
    )
    assert (
        json.loads(run("credit", str(lake), "--operator", who, "--json").stdout)[0]["operatorId"]
        == who
    )
    assert "no credit" in run("credit", str(lake), "--operator", "nobody", code=2).stderr
    said = json.loads(run("audit", str(lake), "--json").stdout)
    # Few of the sample have been looked at, or none.
    assert all(r["value"] is None or 0.0 <= r["value"] <= 1.0 for r in said)
    run("journal", "verify", str(lake))
    log = lake / "journal" / "decisions.jsonl"
    log.write_text(log.read_text().replace(who, "x" + who[1:], 1))
    assert "decisions.jsonl" in run("journal", "verify", str(lake), code=1).stdout


def test_the_generated_pages_are_not_stale():
    """The generated pages are not stale."""
    from serving.cli.reference_pages import pages

    for path, text in pages().items():
        assert path.read_text("utf-8") == text.rstrip() + "\n", f"{path} is stale: run make docs"


def test_a_card_of_another_declaration_is_stale(tmp_path, monkeypatch):
    """A card is stale when its question, its limits or its signals are no longer the model's."""
    from serving.cli import reference_pages

    assert reference_pages.stale_cards() == []
    cards = tmp_path / "training" / "cards"
    shutil.copytree(reference_pages.CARDS, cards)
    monkeypatch.setattr(reference_pages, "ROOT", tmp_path)
    monkeypatch.setattr(reference_pages, "CARDS", cards)
    card = cards / "order_brushing.md"
    card.write_text(card.read_text("utf-8").replace("`shop_overdue_share`", "`gone`"), "utf-8")
    assert reference_pages.stale_cards() == ["training/cards/order_brushing.md"]
    card.rename(cards / "no_such_model.md")
    assert reference_pages.stale_cards() == ["training/cards/no_such_model.md"]


@pytest.mark.parametrize("table", outbound_names())
def test_any_outbound_table_is_shown_as_json_and_as_parquet(published, tmp_path, table):
    """Any outbound table is shown as JSON and as Parquet."""
    rows = json.loads(runner.invoke(app, ["show", table, str(published), "--json"]).output)
    target = tmp_path / "t.parquet"
    assert (
        runner.invoke(app, ["show", table, str(published), "--parquet", str(target)]).exit_code == 0
    )
    assert len(pd.read_parquet(target)) == len(rows)


def test_table_for_a_person_says_common_values_once(published):
    """A table for a person says common values once and reasons in words."""
    printed = run("show", "tier_decisions", str(published), "--rows", "3").stdout
    assert (
        printed.startswith("in every row: run_id ") and "risk " in printed and '"zh"' not in printed
    )
    assert " rows, --rows N for more" in printed


def test_scores_are_shown_with_kind_id_model_score_probability_and_reasons(published):
    """Scores are shown with kind, id, model, score, probability and reasons."""
    rows = json.loads(
        runner.invoke(
            app, ["show", "scores", str(published), "--date", str(NIGHT), "--json"]
        ).output
    )
    assert {"entity_kind", "entity_id", "model", "score", "probability", "reasons"} <= set(rows[0])


def test_simulate_check_and_a_night_from_the_command_line(tmp_path):
    """A lake is simulated and checked, and a night is run, from the command line."""
    lake = str(tmp_path / "lake")
    made = json.loads(
        run("simulate", lake, "--seed", "3", "--size", "tiny", "--days", "5", "--json").stdout
    )[0]
    assert made["views"] > 1000 and Path(made["truth"]).is_dir()
    assert all(r["quarantined"] == 0 for r in json.loads(run("check", lake, "--json").stdout))
    first = json.loads(
        run("nightly", lake, "--from", "2026-01-08", "--to", "2026-01-08", "--json").stdout
    )
    again = json.loads(run("nightly", lake, "--date", "2026-01-08", "--json").stdout)
    assert first[0]["run"] == again[0]["run"] and again[0]["published"] == "before, unchanged"
    assert Path(first[0]["folder"], "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["check", "nowhere"], 2, "not a folder"),
        (["show", "socks", "."], 2, "Tables:"),
        (["nightly", ".", "--date", "tomorrow"], 2, "2026-01-31"),
        (["nightly", "."], 2, "--from and --to"),
        (["nightly", ".", "--from", "2026-01-05"], 2, "--from and --to"),
        (["nightly", ".", "--from", "2026-01-05", "--to", "2026-01-01"], 2, "lies after"),
        (["train", ".", "--model", "magic"], 2, "Models:"),
        (["key", ".", "--scopes", "everything"], 2, "Scopes:"),
        (["simulate", "x", "--size", "vast"], 2, "Sizes:"),
        (["serve", "."], 2, "no published night"),
    ],
)
def test_errors_are_one_line_with_what_where_and_how_to_mend(
    tmp_path, monkeypatch, arguments, code, words
):
    """Errors are one line: what, where and how to mend it."""
    monkeypatch.chdir(tmp_path)
    done = run(*arguments, code=code)
    assert (
        done.stderr.startswith("steelyard: ")
        and words in done.stderr
        and "Traceback" not in done.stderr
    )
    assert not list(tmp_path.iterdir())


def test_a_structural_break_has_its_own_exit_code(tmp_path):
    """A structural break has its own exit code."""
    pd.DataFrame({"order_id": ["r1"]}).to_parquet(tmp_path / "orders.parquet")
    assert "column session_id" in run("check", str(tmp_path), code=3).stderr
