"""Write docs/benchmarks/decisions.{md,json} with the models that `benchmarks.end_to_end` trains.

Parts that are named are measured alone: their rows take the place of those on the page, with their
own command and revision.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path

from rich.console import Console

from benchmarks.decisions import duties, mutation, tampering, twenty_worlds
from benchmarks.end_to_end import DAYS, UNSEEN_SEED
from benchmarks.harness import worlds
from benchmarks.harness.figures import Row
from benchmarks.harness.figures_page import About, rows_of_parts, write
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from training.release.code_version import revision

PAGE = "decisions"
PART_COMMAND = "python -m benchmarks.decisions"
ABOUT = About(
    title="Decisions on twenty unseen worlds",
    measured="Tiers and corrected figures of worlds 900 to 919 by models of world 101; replay, "
    "tampering, mutants and duties.",
    intervals="Intervals are bootstrap intervals over worlds.",
    records=("0177-decision-figures.md",),
    command="make bench",
)
Say = Callable[..., None]


@cache
def _unseen_night(models: Path) -> Path:
    """The unseen world with its last night published."""
    lake = worlds.simulated_lake("medium", UNSEEN_SEED).resolve()
    nightly(lake, worlds.START + timedelta(days=DAYS - 1), models, load_policy())
    return lake


PARTS: dict[str, Callable[[Path, Say], list[Row]]] = {
    "worlds": twenty_worlds.rows,
    "tampering": lambda models, say: tampering.rows(_unseen_night(models), say),
    "mutation": lambda _models, say: mutation.rows(say),
    "duties": lambda models, say: duties.rows(_unseen_night(models), models, say),
}


def main() -> None:
    """Measure and write the page."""
    parser = ArgumentParser(
        prog=PART_COMMAND, description=__doc__, epilog=f"Example: {PART_COMMAND} worlds duties"
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"All, or {', '.join(PARTS)}.")
    given = parser.parse_args().parts
    if unknown := sorted(set(given) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    say, models = Console().print, (worlds.OUTPUT_FOLDER / "models").resolve()
    rows: list[Row] = []
    for part in given or PARTS:
        found = PARTS[part](models, say)
        own = {"command": f"{PART_COMMAND} {part}", "revision": revision()} if given else {}
        rows += [r | own for r in found]
    write(PAGE, ABOUT, rows_of_parts(PAGE, rows) if given else rows)
    say("docs/benchmarks/decisions.md")


if __name__ == "__main__":
    main()
