"""Every duty of the law has a row, with a test and a command that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import typer

from serving.cli.main import app
from serving.oversight.duty_register import FINES, duties, duties_page
from serving.policy.legal_basis import JURISDICTIONS, load_law

ROOT = Path(__file__).parents[3]
COMMAND = typer.main.get_command(app)
WORDS = {"LAKE", "MODELS", "OPERATOR", "ORDER", "NIGHT"}


def named_articles(source):
    """Instrument and article of each part of a source; None for all articles of it."""
    for part in re.sub(r" \((US|EU) set\)| \[verify\]", "", source).split("; "):
        law = next((i for i in instruments() if part.startswith(i)), None)
        for article in part.removeprefix(law or part).split(","):
            yield law, article.strip() or None


@cache
def instruments():
    """Articles of each instrument that came into force."""
    every = (i for j in JURISDICTIONS for i in load_law(j).instruments.values())
    return {i.id: tuple(i.articles) for i in every if not i.is_draft}


def test_every_article_has_a_duty():
    """An article of the law files is in a row, or imposes fines alone."""
    named = {pair for d in duties() for pair in named_articles(d.source)}
    missing = [
        f"{law} {article}"
        for law, articles in instruments().items()
        for article in articles
        if not {(law, article), (law, None), (law, article.split(" ")[0])} & named
    ]
    assert missing == list(FINES)


@pytest.mark.parametrize("duty", duties(), ids=lambda d: d.source)
def test_a_duty_has_a_test_and_a_command(duty):
    """Both exist: the tests by their names, the commands with their options."""
    assert duty.tests and duty.commands
    for test in duty.tests:
        file, name = test.split("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert name in {f.name for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}, test
    for command in duty.commands:
        first, *words = command.split()
        found = COMMAND
        while words and words[0] in getattr(found, "commands", {}):
            found = found.commands[words.pop(0)]
        options = {o for p in found.params for o in p.opts}
        assert first == "steelyard" and not hasattr(found, "commands"), command
        assert {w for w in words if w.startswith("--")} <= options, command


def test_the_page_is_by_articles_in_force():
    """No draft is a source, and the page has a row for each duty."""
    assert not any("CAC-2020" in d.source for d in duties())
    assert sum(line.startswith("| ") for line in duties_page().splitlines()) == len(duties()) + 1
