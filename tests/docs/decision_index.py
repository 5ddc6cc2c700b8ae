"""The index of decision records, made from the records: `python -m tests.docs.decision_index`."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"
HEAD = re.compile(r"# ADR-(\d{4}): (.+)\n\nStatus: (.+) · Date: (.+)\n")
INTRO = """# Decision records

One decision a page: context, decision, consequences, measured effect. Code names a record where it
follows one (`ADR-0017`). A record is never deleted; a newer one supersedes it. Figures are
copied from the measurement of their day. "Worlds that no page judges" were used for choosing and
are never used for a published figure.

This index is written by `python -m tests.docs.decision_index`.

| record | decision | status | date |
|---|---|---|---|
"""


class Record(NamedTuple):
    """What the head of a record says."""

    number: str
    title: str
    status: str
    date: str


def records() -> list[Path]:
    """Every record, by number."""
    return sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")


def head(path: Path) -> Record:
    """Number, title, status and date of a record."""
    found = HEAD.match(path.read_text())
    expected = "'# ADR-NNNN: title' and 'Status: … · Date: …'"
    assert found, f"{path.name} does not begin with {expected}"
    return Record(*found.groups())


def index() -> str:
    """Write the text of docs/decisions/README.md."""
    rows = [
        f"| [{number}]({path.name}) | {title} | {status} | {date} |\n"
        for path in records()
        for number, title, status, date in [head(path)]
    ]
    return INTRO + "".join(rows)


if __name__ == "__main__":
    (DECISIONS / "README.md").write_text(index())
