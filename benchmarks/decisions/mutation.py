"""Mutation score of the code of tiers and policy, and branch coverage, under their own tests."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.harness.figures import row

COMMAND = "make bench"
ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("tiers", "policy")
MUTATED = tuple(
    str(path.relative_to(ROOT))
    for room in ROOMS
    for path in sorted((ROOT / "serving" / room).glob("*.py"))
    if path.name != "__init__.py"
)
TESTS = ("tests/__init__.py", "tests/serving/__init__.py", *(f"tests/serving/{r}" for r in ROOMS))
PACKAGES = ("serving", "data_contracts", "features", "training")


def workplace(folder: Path) -> None:
    """Copy what tests of tiers and policy need, because mutmut changes files."""
    for name in (*PACKAGES, *TESTS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    lines = [
        "[mutmut]",
        "source_paths=" + "\n    ".join(MUTATED),
        "also_copy=" + "\n    ".join([*PACKAGES, "tests"]),
        "pytest_add_cli_args_test_selection=tests",
        "",
    ]
    (folder / "setup.cfg").write_text("\n".join(lines), "utf-8")


def rows(say: Any) -> list[dict[str, Any]]:
    """Mutation score and branch coverage; no rows where mutmut or pytest-cov is missing."""
    if find_spec("mutmut") is None or find_spec("pytest_cov") is None:
        say(
            "mutmut or pytest-cov is not installed (make bench installs them): the rows of "
            "mutation are left out"
        )
        return []
    say("mutants of tiers and policy")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workplace(folder)
        mutmut = [str(Path(sys.executable).with_name("mutmut"))]
        subprocess.run(
            [*mutmut, "run", "--max-children", "2"], cwd=folder, capture_output=True, check=False
        )
        subprocess.run([*mutmut, "export-cicd-stats"], cwd=folder, capture_output=True, check=True)
        stats = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text())
        modules = [f"--cov={m.removesuffix('.py').replace('/', '.')}" for m in MUTATED]
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "tests",
                *modules,
                "--cov-branch",
                "--cov-report=json",
            ],
            cwd=folder,
            capture_output=True,
            check=True,
        )
        covered = json.loads((folder / "coverage.json").read_text())["totals"]
    killed = stats["killed"] + stats["timeout"] + stats["segfault"]
    score = killed / stats["total"]
    branches = covered["covered_branches"] / covered["num_branches"]
    return [
        row(
            "mutation",
            f"Mutants of tiers and policy that their tests kill, of {stats['total']}",
            score,
            COMMAND,
            ">= 0.90",
            holds=score >= 0.9,
            why=None if score >= 0.9 else f"{stats['survived']} survive",
        ),
        row(
            "branches",
            f"Branches of tiers and policy that their tests take, of {covered['num_branches']}",
            branches,
            COMMAND,
            "1",
            holds=branches == 1,
            why=None if branches == 1 else f"{covered['missing_branches']} are never taken",
        ),
    ]
