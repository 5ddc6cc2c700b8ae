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
**Nights got slower since.** They compare the sessions of a fortnight where they compared tonight's (signals of sessions of a medium world 7.8 to 16.6 CPU seconds): a night of the medium world of seed 202 took 63 CPU seconds and 59 on the clock on
2026-11-26, on an idle machine. The rows below of nights and of the boost check, which looks at what an operator's sessions had shown since, are of before.
**A night of a hundred million views has not ended yet.** `make bench-night` was tried with 113 million, beside other work: signals (the join of
orders with what their buyers clicked too, at which memory had ended before), lockstep and scores of sessions, orders and operators took 48 minutes on the clock, where a night of 23 million takes 5 to 6 as far. Then what linked accounts did
was read into memory for rings, and the process was killed at 19 GB, beside another night of 6. Since then that is asked of those alone that may be in a ring; it was not tried again. So the goal of growth up
to 100 million views is missed, and only growth from the medium to the large world is a row. The engine spilt some 50 GB.
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
