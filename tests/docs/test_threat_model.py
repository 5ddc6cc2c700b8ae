"""The threat model names tests and records that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "threat-model.md"


def test_each_threat_names_a_test_that_exists():
    """Each threat names a test that exists."""
    text = PAGE.read_text("utf-8")
    table = text.partition("## Threats and defences")[2].partition("## Not defended")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`(tests/[\w/.]+)`", row.split("|")[3])
        assert named, row
        for path in named:
            assert (ROOT / path).exists(), path


def test_each_record_that_it_links_exists():
    """Each record that it links exists."""
    for link in re.findall(r"\]\((\S+?)\)", PAGE.read_text("utf-8")):
        assert (PAGE.parent / link).exists(), link
