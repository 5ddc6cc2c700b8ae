"""The plan of the house is counted: folders, files, depth, names of modules and of tests."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = [
    "data_contracts",
    "simulation",
    "features",
    "training",
    "serving",
    "steelyard",
    "benchmarks",
    "tests",
]
MAX_FILES_PER_FOLDER = 12
MAX_LINES_PER_FILE = 250
MAX_FOLDERS_BELOW_FLOOR = 3
MAX_TEST_NAME_CHARACTERS = 70
DRAWERS = {"utils", "util", "helpers", "helper", "base", "common", "misc"}

# Every exception stands here with its reason. The tests below fail as soon as one is no longer
# needed.
LARGE_FOLDERS: dict[str, str] = {}
LONG_FILES: dict[str, str] = {}


def sources() -> list[Path]:
    """Every Python file of the floors, relative to the root."""
    return sorted(p.relative_to(ROOT) for floor in FLOORS for p in (ROOT / floor).rglob("*.py"))


def hold(found: dict[str, int], listed: dict[str, str], limit: str) -> None:
    """Fail on what is over the limit and not listed, and on what is listed and not over it."""
    unlisted = {place: size for place, size in found.items() if place not in listed}
    assert not unlisted, f"{limit}: {unlisted}"
    unneeded = sorted(set(listed) - set(found))
    assert not unneeded, f"no longer needed, remove from tests/test_layout.py: {unneeded}"


def test_folders_hold_one_idea() -> None:
    """No folder has more than twelve Python files, but for those listed with a reason."""
    counts = Counter(str(path.parent) for path in sources())
    over = {folder: n for folder, n in counts.items() if n > MAX_FILES_PER_FOLDER}
    hold(over, LARGE_FOLDERS, f"more than {MAX_FILES_PER_FOLDER} Python files")


def test_files_are_short() -> None:
    """No file has more than 250 lines, but for those listed with a reason."""
    lines = {str(path): len((ROOT / path).read_text().splitlines()) for path in sources()}
    over = {path: n for path, n in lines.items() if n > MAX_LINES_PER_FILE}
    hold(over, LONG_FILES, f"more than {MAX_LINES_PER_FILE} lines")


def test_folders_are_shallow() -> None:
    """No folder lies more than three deep below its floor."""
    deep = [str(path) for path in sources() if len(path.parent.parts) - 1 > MAX_FOLDERS_BELOW_FLOOR]
    assert not deep


def test_no_drawers() -> None:
    """No module or folder has a name that says nothing of what is inside."""
    drawers = [str(path) for path in sources() if DRAWERS & {*path.parent.parts, path.stem}]
    assert not drawers


@pytest.mark.parametrize("path", [p for p in sources() if p.parts[0] == "tests"], ids=str)
def test_names_of_tests_are_short(path: Path) -> None:
    """Test names have at most seventy characters; the claim in full is the docstring."""
    tests = [
        node
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]
    assert [t.name for t in tests if len(t.name) > MAX_TEST_NAME_CHARACTERS] == []
    assert [t.name for t in tests if not ast.get_docstring(t)] == []
