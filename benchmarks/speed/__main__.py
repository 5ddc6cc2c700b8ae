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
**Nights got slower, by what they look at.** They compare the sessions of a fortnight where they compared tonight's, which is most of what a night of the large world does before its orders (186 of 226 seconds): 44 and 48 times the floor, 35 and 40 before.
**The boost check waits for the disk**: a sync takes about a millisecond here, so that a single connection cannot have more than a thousand checks a second, and sixteen that wait for one sync together have 60 us of it each; the rest is some 130 us of Python beside the framework's 115.
A check of a session that the service has forgotten is slower than on the page before (714 a second at 16 connections, 986 then); why was not taken apart. Asking the model of one row takes some 135 us, 92 of them its departures from peers; of a session that is shown reasons SHAP values take 1.6 ms.
Rows of the check and of nights are of the revision before a single row went through many trees at once (`trees-row`).
**A night of a hundred million views** is on a page of its own ([night](night.md)): it ends, in 16 GB and some 80 minutes beside other work.
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
