"""Pages of figures: all rows in JSON, and a page of one screen that is made from it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.harness.figures import Row
from benchmarks.harness.page_text import page_text, summary_text
from training.release.code_version import revision

FOLDER = Path("docs/benchmarks")
PACKAGES = (
    "duckdb",
    "ibis-framework",
    "lightgbm",
    "numba",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
)
PEER_LIBRARIES = (
    "graphspot",
    "igraph",
    "mutmut",
    "networkx",
    "polars",
    "pycatch22",
    "pyod",
    "tsfresh",
    "UGFraud",
)


@dataclass(frozen=True)
class About:
    """The text of a page beside its figures.

    Parameters
    ----------
    title : str
        Title of the page.
    measured : str
        What was measured, in a sentence or two.
    intervals : str
        What the intervals are.
    records : tuple of str
        Files of decision records that tell how the figures came about.
    command : str
        The command that measures the whole page; that of its first row where it is empty.
    """

    title: str
    measured: str
    intervals: str
    records: tuple[str, ...] = ()
    command: str = ""


@dataclass(frozen=True)
class Table:
    """A table without goals that only the JSON holds."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: list[list[Any]] = field(default_factory=list)


def machine() -> dict[str, Any]:
    """Cores, processor and Python of this machine."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Versions of packages that figures rest on, and of peer libraries that are installed."""
    found = {p: importlib.metadata.version(p) for p in PACKAGES}
    for library in PEER_LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[library] = importlib.metadata.version(library)
    return found


def write(
    name: str,
    about: About,
    rows: list[Row],
    *,
    tables: tuple[Table, ...] = (),
    measured_on: dict[str, Any] | None = None,
) -> None:
    """Write the JSON of a page, the page and the summary.

    Parameters
    ----------
    name : str
        Name of the page.
    about : About
        Title and description.
    rows : list of dict
        Rows of `benchmarks.harness.figures`.
    tables : tuple of Table
        Further tables for the JSON.
    measured_on : dict, optional
        The machine of the measurement, where it is not this one.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    twin = {
        "title": about.title,
        "measured": about.measured,
        "intervals": about.intervals,
        "records": list(about.records),
        "command": about.command or rows[0]["command"],
        "machine": measured_on or machine(),
        "versions": versions(),
        "revision": revision(),
        "rows": rows,
        "tables": [
            {"title": t.title, "note": t.note, "columns": list(t.columns), "rows": t.rows}
            for t in tables
        ],
    }
    text = json.dumps(twin, indent=1, ensure_ascii=False) + "\n"
    (FOLDER / f"{name}.json").write_text(text, "utf-8")
    update_pages()


def earlier_rows(name: str) -> list[Row]:
    """Rows of a page as it stands, each with its revision; none where there is no page."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        return []
    twin = json.loads(path.read_text("utf-8"))
    return [{"revision": twin["revision"]} | r for r in twin["rows"]]


def rows_of_parts(name: str, rows: list[Row]) -> list[Row]:
    """Rows of a page, where these take the place of rows with their ids, or stand at the end."""
    new = {r["id"]: r for r in rows}
    return [new.pop(r["id"], r) for r in earlier_rows(name)] + list(new.values())


def pages(folder: Path = FOLDER) -> dict[Path, str]:
    """Every page of a folder and the summary, as their JSON says they must be."""
    paths = sorted(folder.glob("*.json"))
    twins = {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
    found = {folder / f"{name}.md": page_text(name, twin) for name, twin in twins.items()}
    return found | {folder / "summary.md": summary_text(twins)}


def update_pages() -> None:
    """Write every page again from its JSON."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")


def stale_pages() -> list[Path]:
    """Pages that are not those of their JSON."""
    return [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]


def main() -> int:
    """Write the pages from their JSON, or with `--check` name those that are stale."""
    parser = ArgumentParser(
        prog="python -m benchmarks.harness.figures_page",
        description=__doc__,
        epilog="Example: python -m benchmarks.harness.figures_page --check",
    )
    parser.add_argument("--check", action="store_true", help="Name stale pages; write nothing.")
    if not parser.parse_args().check:
        update_pages()
        return 0
    stale = stale_pages()
    for path in stale:
        sys.stderr.write(f"{path} is stale: run make docs\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
