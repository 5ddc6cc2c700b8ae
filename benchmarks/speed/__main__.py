"""`make bench-speed`: writes docs/benchmarks/speed.md and .json.

Parts that are named are measured alone: their rows take the place of those on the page, with their
own command and revision.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from benchmarks.harness import worlds
from benchmarks.harness.figures import Row
from benchmarks.harness.figures_page import About, rows_of_parts, write
from benchmarks.speed import boost_check_load, endpoints, graphs, night, series
from benchmarks.speed.services import start
from training.release.code_version import revision

PAGE = "speed"
COMMAND = "make bench-speed"
PART_COMMAND = "python -m benchmarks.speed"
ABOUT = About(
    title="Speed, compared with peer libraries",
    measured="CPU seconds unless a row says otherwise; medians of five interleaved repeats, "
    "ratios within one round, on two noisy cores.",
    intervals="Intervals are the least and the most of five repeats, which hold the median with "
    "94 %; those of average precision are drawn over operators.",
    records=("0176-speed-figures.md",),
    command=COMMAND,
)
PEERS = ("UGFraud", "graphspot", "igraph", "polars", "pycatch22", "tsfresh")
OF_LIBRARIES = {"graphs": graphs.rows, "series": series.rows}
OF_MODELS: dict[str, Callable[..., list[Row]]] = {
    "night": night.rows,
    "endpoints": endpoints.rows,
    "boost": boost_check_load.rows,
    "start": start.rows,
}
PARTS = (*OF_LIBRARIES, *OF_MODELS)


def measured(part: str, say: Callable[..., None], models: Path) -> list[Row]:
    """Rows of one part."""
    if part in OF_LIBRARIES:
        return OF_LIBRARIES[part](say, all(find_spec(name) for name in PEERS))
    return OF_MODELS[part](say, models)


def main() -> None:
    """Measure and write the page."""
    parser = ArgumentParser(
        prog=PART_COMMAND, description=__doc__, epilog=f"Example: {PART_COMMAND} boost start"
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"All, or {', '.join(PARTS)}.")
    parser.add_argument("-o", "--output", type=Path, help="Write the rows here, not to the page.")
    given = parser.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    console, models = Console(), worlds.OUTPUT_FOLDER / "models"
    parts = list(given.parts or PARTS)
    if not all(find_spec(name) for name in PEERS):
        console.print(
            "peers are not installed: their rows are left out (make bench-speed installs them)"
        )
    if not models.is_dir():
        parts = [p for p in parts if p not in OF_MODELS]
        console.print(
            f"no models at {models}: make bench trains them; the rows of the doors are left out"
        )
    rows = []
    for part in parts:
        found = measured(part, console.print, models)
        own = {"command": f"{PART_COMMAND} {part}", "revision": revision()} if given.parts else {}
        rows += [r | own for r in found]
    if given.output:
        given.output.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return
    write(PAGE, ABOUT, rows_of_parts(PAGE, rows) if given.parts else rows)
    console.print("docs/benchmarks/speed.md")


if __name__ == "__main__":
    main()
