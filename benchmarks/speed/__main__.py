"""`make bench-speed`: writes docs/benchmarks/speed.md and .json."""

from __future__ import annotations

from importlib.util import find_spec

from rich.console import Console

from benchmarks import worlds
from benchmarks.page import write
from benchmarks.speed import doors, gate, graphs, night, series

TEXT = """
Medians of five interleaved repeats in one process and one run, CPU seconds (three repeats at ten million actions); two noisy cores.
Polars computes the same signals as ours, and both are compared before they are timed; catch22 and tsfresh compute their own. Peers are installed by the same command from their own lock file: UGFraud, graphspot, igraph, networkx, Polars, catch22, tsfresh.
wrk asks the boost check and both no-ops in turns. A check is measured twice: of sessions whose minutes came by `PUT`, when they were looked at, which is the way of
a running service; and of so many sessions in turn that the service has forgotten each, so that every check runs kernels and the model again.
**A night of a hundred million views does not end yet.** `make bench-night` was tried with 115 million: signals of sessions and lockstep went through (15.8 GB at most), and
after 36 minutes, beside other work, the engine was out of memory in the join of all orders of 28 days with what their buyers clicked. So the goal of growth up to
100 million views is missed, and only growth from the medium to the large world is a row.
A model of sessions is two ensembles and departures from peers now: one row of the live one takes 96 us instead of 18, which a check pays only for a session that it has forgotten. Not measured: other tree evaluators than LightGBM's own, none of which is in use.
"""


def main() -> None:
    console = Console()
    peers = all(find_spec(name) for name in ("UGFraud", "graphspot", "igraph", "polars", "pycatch22", "tsfresh"))
    if not peers:
        console.print("peers are not installed: their rows are left out (make bench-speed installs them)")
    rows = graphs.rows(console.print, peers) + series.rows(console.print, peers)
    models = worlds.OUT / "models"
    if models.is_dir():
        rows += night.rows(console.print, models) + doors.rows(console.print, models) + gate.rows(console.print, models)
    else:
        console.print(f"no models at {models}: make bench trains them; the rows of the doors are left out")
    write("speed", "Speed, beside peers", rows, TEXT)
    console.print("docs/benchmarks/speed.md")


if __name__ == "__main__":
    main()
