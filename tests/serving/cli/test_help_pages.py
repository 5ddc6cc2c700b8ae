"""Help of the command line: whole descriptions, an example for each command and group."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from serving.cli.help_pages import SECTIONS
from serving.cli.main import MENDABLE_EXIT_CODE, app

ROOT: Any = typer.main.get_command(app)


def pages(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each command and group."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from pages(inner, (*path, name))


GROUPS = [(), *((name,) for name, c in ROOT.commands.items() if hasattr(c, "commands"))]


@pytest.mark.parametrize("path", list(pages(ROOT)), ids=" ".join)
def test_each_help_has_an_example_and_whole_sentences(path):
    """No description is cut, and one line shows how it is called."""
    done = CliRunner().invoke(app, [*path, "--help"])
    assert done.exit_code == 0
    assert "Example: steelyard " in done.output or "Example: OPERATOR=$(steelyard" in done.output
    listed = done.output.partition("Options:")[2].partition("Example:")[0]
    if path in GROUPS:
        assert not any(line.endswith("...") for line in listed.splitlines())


def test_each_command_stands_below_one_heading():
    """A new command is named in `SECTIONS`."""
    named = [name for names in SECTIONS.values() for name in names]
    assert sorted(named) == sorted(ROOT.commands)


def test_too_few_addresses_are_refused_before_anything_loads(tmp_path):
    """At 700 MB of addresses OpenBLAS waits for ever while it loads; the command says so at once.

    Help needs no engine.
    """
    limit = 700 * 1024 * 1024

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "serving.cli.main", *words],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    refused = run("nightly", str(tmp_path / "lake"), "--date", "2026-01-05")
    assert refused.returncode == MENDABLE_EXIT_CODE
    assert "may address 734 MB" in refused.stderr and "run it again" in refused.stderr
    assert "Traceback" not in refused.stderr and run("nightly", "--help").returncode == 0
