"""`make bench-speed`: writes docs/benchmarks/speed.md and .json."""

from __future__ import annotations

from importlib.util import find_spec

from rich.console import Console

from benchmarks.harness import worlds
from benchmarks.harness.command_line import refuse_arguments
from benchmarks.harness.figures_page import About, write
from benchmarks.speed import boost_check_load, endpoints, graphs, night, series

ABOUT = About(
    title="Speed, compared with peer libraries",
    measured="CPU seconds unless a row says otherwise; medians of five interleaved repeats, "
    "ratios within one round, on two noisy cores.",
    intervals="Intervals are the least and the most of five repeats, which hold the median with "
    "94 %; those of average precision are drawn over operators.",
    records=("0176-speed-figures.md",),
)


def main() -> None:
    """Measure and write the page."""
    refuse_arguments(__doc__, "python -m benchmarks.speed")
    console = Console()
    peers = all(
        find_spec(name)
        for name in ("UGFraud", "graphspot", "igraph", "polars", "pycatch22", "tsfresh")
    )
    if not peers:
        console.print(
            "peers are not installed: their rows are left out (make bench-speed installs them)"
        )
    rows = graphs.rows(console.print, peers) + series.rows(console.print, peers)
    models = worlds.OUTPUT_FOLDER / "models"
    if models.is_dir():
        rows += (
            night.rows(console.print, models)
            + endpoints.rows(console.print, models)
            + boost_check_load.rows(console.print, models)
        )
    else:
        console.print(
            f"no models at {models}: make bench trains them; the rows of the doors are left out"
        )
    write("speed", ABOUT, rows)
    console.print("docs/benchmarks/speed.md")


if __name__ == "__main__":
    main()
