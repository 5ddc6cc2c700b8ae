"""Pages that people write: links reach something, and decision records are complete."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.docs.decision_index import DECISIONS, ROOT, head, index, records
from tests.docs.python_api import PAGE, door
from tests.docs.worked_examples import PAGE as EXAMPLES_PAGE
from tests.docs.worked_examples import page as examples_page

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADINGS = ["## Context", "## Decision", "## Consequences", "## Measured effect"]
MAX_LINES_PER_RECORD = 60
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_reach_something(page):
    """Every relative link of a page reaches a file of the repository, and a heading in it."""
    dead = []
    for link in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert not dead


@pytest.mark.parametrize("path", records(), ids=lambda path: path.stem)
def test_record_is_complete(path):
    """A record has its head and its four parts in order, and fits on a page."""
    text = path.read_text()
    assert path.name.startswith(head(path).number)
    assert [line for line in text.splitlines() if line in HEADINGS] == HEADINGS
    assert len(text.splitlines()) <= MAX_LINES_PER_RECORD


def test_record_numbers_are_unique():
    """No two records have one number."""
    assert [
        number for number, n in Counter(head(p).number for p in records()).items() if n > 1
    ] == []


def test_decision_index_lists_every_record():
    """The index is the one that `python -m tests.docs.decision_index` writes."""
    assert (DECISIONS / "README.md").read_text() == index()


def test_worked_examples_are_printed():
    """The page of worked examples is the one that `python -m tests.docs.worked_examples` writes."""
    assert EXAMPLES_PAGE.read_text() == examples_page()


def test_records_named_anywhere_exist():
    """Every `ADR-NNNN` in code, policy, tests and pages is a record."""
    run = ["git", "grep", "-ohE", "ADR-[0-9]{4}"]
    named = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    known = {f"ADR-{head(path).number}" for path in records()}
    assert set(named.split()) - known == set()


def test_python_api_page_is_that_of_the_door():
    """The page of the Python API is the one that `python -m tests.docs.python_api` writes."""
    assert PAGE.read_text() == door()
