"""`make bench-night`: a night of more than a hundred million views; writes docs/benchmarks/night.md and .json."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from benchmarks.end_to_end import TRAINED
from benchmarks.harness import worlds
from benchmarks.harness.figures_page import row, takes_nothing, write
from benchmarks.speed.night import apart, growth
from benchmarks.speed.tiled_lake import tiled
from data_contracts.errors import LakeProblem

COMMAND = "make bench-night"
TILES = 5
TEXT = """
The simulator holds a world in memory, so the largest is the large one. Here it lies five times side by side, each time under other names of accounts, operators,
devices and all else; only regions, networks and the texts of comments are shared. Copies are as hard as their original for whatever is done by session, operator
or account, and harder for what is sorted or joined as a whole; nothing links two copies, so that groups and rings do not grow larger than they were.
The night runs in a process of its own beside the engine's files of spilt rows; it needs about 60 GB of free disk and an hour.

**It ended for the first time on 2026-11-26**, with the models of the other pages: of its 83 minutes eight went into contracts and the engine's file of rows, 57 into signals and scores (ten of those into pairs of accounts), two into rings, eight into single views, three into figures and tiers, four into writing.
Other work ran on the same two cores, during the large night as well, which took 753 CPU seconds where a quiet machine had taken 517 ([speed](speed.md)); so the exponent is of two nights that were both disturbed, and may be
off by a tenth either way. What the 16 GB hold was not taken apart: the engine keeps to 4 GB, so it is signals and scores of the night's orders and sessions, of which there are five times as many.
"""


def rows(big: dict[str, float], small: dict[str, float]) -> list[dict[str, Any]]:
    """Rows of the page, from what `benchmarks.speed.night.one_night` found of the tiled lake and of the large world."""
    grows, ratio = float(growth(small, big)), big["cpu"] / big["floor"]
    label = f"A night with models of {big['views'] / 1e6:.0f} M views (the large world of seed {TRAINED}, {TILES} times)"
    return [
        row("night-100m-growth", f"Growth exponent of the night's CPU time from {small['views'] / 1e6:.0f} M views ({small['cpu']:.0f} s) to {big['views'] / 1e6:.0f} M ({big['cpu']:.0f} s, {big['wall']:.0f} s on the clock)", grows, COMMAND, "<= 1.1", why="what spills is read and written again"),
        row("night-100m-floor", f"{label}: CPU time over reading and grouping each input table once ({big['floor']:.0f} s)", ratio, COMMAND),
        row("night-100m-memory", "The same: peak memory in GB", big["gb"], COMMAND),
        row("night-23m-memory", f"Peak memory in GB of the night of {small['views'] / 1e6:.0f} M views", small["gb"], COMMAND, "<= 8", why="signals of the night's orders and sessions are held whole beside the engine's 4 GB"),
    ]  # fmt: skip


def main() -> None:
    takes_nothing(__doc__, "python -m benchmarks.speed.hundred")
    console = Console()
    models = worlds.OUT / "models"
    if not models.is_dir():
        raise LakeProblem(f"no models at {models}: make bench trains them")
    lake = tiled("large", TRAINED, TILES, console.print)
    console.print("a night of five large worlds")
    big = apart(lake, models)
    console.print("a large night")
    write(
        "night",
        "A night of a hundred million views",
        rows(big, apart(worlds.made("large", TRAINED), models)),
        TEXT,
    )
    console.print("docs/benchmarks/night.md")


if __name__ == "__main__":
    main()
