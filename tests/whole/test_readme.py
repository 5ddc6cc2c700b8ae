"""Every command of the README runs as it stands, in order, in one shell and a folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import NIGHT

ROOT = Path(__file__).resolve().parents[2]
NIGHT_IN_README = "2026-01-25"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A target of the Makefile makes its own environment; the Makefile's own tests are the others here.
NOT_RUN = re.compile(r"^make\b")
PREPARED = re.compile(r"^(\.venv/bin/)?steelyard (simulate|train)\b")


def blocks(name: str) -> list[tuple[str, str]]:
    """Language and text of the code blocks of a page, without the commands that are not run."""
    found = BLOCK.findall((ROOT / name).read_text("utf-8"))
    return [
        (language, "".join(line + "\n" for line in text.splitlines() if not NOT_RUN.match(line)))
        for language, text in found
    ]


def commands(name: str) -> list[str]:
    """Shell commands of a page, without comments."""
    lines = "".join(text for language, text in blocks(name) if language == "sh").splitlines()
    return [line for line in (re.sub(r"\s+#.*", "", line) for line in lines) if line]


def run_blocks(work: Path, found: list[tuple[str, str]]) -> None:
    """Run blocks in one shell in a folder that has an environment in `.venv`."""
    tools = work / ".venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tools / "steelyard").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m serving.cli.main "$@"\n'
    )
    for tool in tools.iterdir():
        tool.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = "set -euo pipefail\ntrap 'echo \"FAILED: $BASH_COMMAND\" >&2' ERR\n"
    script += "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
    for number, (language, text) in enumerate(found):
        if language == "sh":
            text = text.replace("localhost:3000", f"localhost:{port}")
            script += text.replace(" &\n", " > .block_service.log 2>&1 &\n")
        else:
            (work / f".block{number}.py").write_text(text)
            script += f".venv/bin/python .block{number}.py\n"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "STEELYARD_PORT": str(port), "COLUMNS": "80"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    assert max(map(len, lines)) <= 400
    allowed = {"lake", "lake.truth", "models", ".venv"}
    made = {p.name for p in work.iterdir() if not p.name.startswith(".block")}
    assert {p for p in made - allowed if Path(p).suffix not in (".zip", ".parquet")} == set()


def test_readme_commands_run(published, models, tmp_path):
    """The commands of the README run as they stand on the small world with its models."""
    shutil.copytree(published, tmp_path / "lake", ignore=shutil.ignore_patterns("online"))
    shutil.copytree(models, tmp_path / "models")
    kept = [
        (
            language,
            "".join(
                line.replace(NIGHT_IN_README, NIGHT.isoformat()) + "\n"
                for line in text.splitlines()
                if not PREPARED.match(line)
            ),
        )
        for language, text in blocks("README.md")
    ]
    assert len(commands("README.md")) >= 10
    run_blocks(tmp_path, kept)


@pytest.mark.slow
def test_readme_commands_run_from_nothing(tmp_path):
    """The commands of the README run as they stand in an empty folder, training included."""
    run_blocks(tmp_path, blocks("README.md"))


def test_readmes_have_the_same_commands():
    """The Chinese README has the commands of the English one; texts in quotes may differ."""
    chinese, english = (
        [re.sub('"[^"]*"', '""', line) for line in commands(name)]
        for name in ("README.zh-CN.md", "README.md")
    )
    assert chinese == english
