"""A night of more than a hundred million views; writes docs/benchmarks/night.md and .json."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from benchmarks.end_to_end import TRAINING_SEED
from benchmarks.harness import worlds
from benchmarks.harness.command_line import refuse_arguments
from benchmarks.harness.figures import row
from benchmarks.harness.figures_page import About, write
from benchmarks.speed.night import growth, night_in_own_process
from benchmarks.speed.tiled_lake import tiled
from data_contracts.errors import LakeProblem

COMMAND = "make bench-night"
TILES = 5
ABOUT = About(
    title="A night of a hundred million views",
    measured="One night of the large world laid five times side by side, in a process of its own; "
    "it needs 60 GB of disk and an hour.",
    intervals="Each figure is of one night, so there are no intervals.",
    records=("0176-speed-figures.md",),
)


def rows(big: dict[str, float], small: dict[str, float]) -> list[dict[str, Any]]:
    """Rows of the page, from `one_night` on the tiled lake and on the large world."""
    grows, ratio = float(growth(small, big)), big["cpu"] / big["floor"]
    label = (
        f"A night with models of {big['views'] / 1e6:.0f} M views (the large world of seed "
        f"{TRAINING_SEED}, {TILES} times)"
    )
    return [
        row(
            "night-100m-growth",
            "Growth exponent of the night's CPU time from "
            f"{small['views'] / 1e6:.0f} M views ({small['cpu']:.0f} s) to "
            f"{big['views'] / 1e6:.0f} M ({big['cpu']:.0f} s, "
            f"{big['wall']:.0f} s on the clock)",
            grows,
            COMMAND,
            "<= 1.1",
            why="What spills is read and written again.",
        ),
        row(
            "night-100m-floor",
            f"{label}: CPU time over reading and grouping each input table "
            f"once ({big['floor']:.0f} s)",
            ratio,
            COMMAND,
        ),
        row("night-100m-memory", f"{label}: peak memory in GB", big["gb"], COMMAND),
        row(
            "night-23m-memory",
            f"Peak memory in GB of the night of {small['views'] / 1e6:.0f} M views",
            small["gb"],
            COMMAND,
            "<= 8",
            why="signals of the "
            "night's orders and sessions are held whole beside the "
            "engine's 4 GB",
        ),
    ]


def main() -> None:
    """Measure and write the page."""
    refuse_arguments(__doc__, "python -m benchmarks.speed.hundred_million_views")
    console = Console()
    models = worlds.OUTPUT_FOLDER / "models"
    if not models.is_dir():
        raise LakeProblem(f"no models at {models}: make bench trains them")
    lake = tiled("large", TRAINING_SEED, TILES, console.print)
    console.print("a night of five large worlds")
    big = night_in_own_process(lake, models)
    console.print("a large night")
    write(
        "night",
        ABOUT,
        rows(big, night_in_own_process(worlds.simulated_lake("large", TRAINING_SEED), models)),
    )
    console.print("docs/benchmarks/night.md")


if __name__ == "__main__":
    main()
