"""`make bench-speed`: writes docs/benchmarks/speed.md and .json."""

from __future__ import annotations

from importlib.util import find_spec

from rich.console import Console

from benchmarks.harness import worlds
from benchmarks.harness.figures_page import takes_nothing, write
from benchmarks.speed import boost_check_load, endpoints, graphs, night, series

TEXT = """
Medians of five interleaved repeats in one run, CPU seconds unless a row says otherwise; ratios are of the same round. Intervals are the least and the most of the repeats, between which the median of five lies with 94 %, whatever their distribution; those of average precision are drawn over operators.
A difference of densities is exact and has none. Nights and peaks of memory are repeated in processes of their own, kernels and peers in one; two noisy cores.
Seeds: graphs, actions and series 0, values that are averaged over neighbours 1, rows for trees 0 and 1, worlds 101 and 202; the load's order of requests is not seeded.
Polars computes the same signals as ours, and both are compared before they are timed; catch22 and tsfresh compute their own. Peers are installed by the same command from their own lock file: UGFraud, graphspot, igraph, networkx, Polars, catch22, tsfresh.
wrk asks the boost check and both no-ops in turns. A check is measured twice: of sessions whose minutes came by `PUT`, when they were looked at, which is the way of
a running service; and of so many sessions in turn that the service has forgotten each, so that every check runs kernels and the model again.
**Nights are slow by what they look at.** They compare the sessions of a fortnight with tonight's, and look at the single views of up to a thousand sessions (half a million views beside tonight's): 56 and 44 times the floor. On the three pages before, each of one night, it was 54 and 50, 54 and 41, then 55 and 30 (44 and 48 when they
looked at tonight's views alone), while the large night took 483, 897, 556 and 520 s and its floor some 10, 22, 18 and 12: of five nights of one machine it is the floor that moves most, so that the 30 of the page before, on this very machine, says more of its one floor than of its night. No single place is left that would halve it: of 584 CPU seconds of a large night beside other work, orders' scores took 49, reading and cutting the tables 45, single views 42, stays 40, lockstep 37,
what audiences left elsewhere 26, blocks of buyers 25, writing 22, and some fifty relations the rest. Codes of twelve bytes instead of ids of nineteen were tried: grouping got a third faster, and coding cost what that saved. So the ceiling of this design is some thirty to forty times the floor; a goal of eight would take a tenth of the relations.
**The boost check waits for the disk**: a sync takes half a millisecond here, so that a single connection cannot have more than some thousand checks a second; the rest is some 50 us of Python (95 before) beside the framework's 115, asyncio's waking of who waited, and the reading of SQLite.
What a check answers is worked out when minutes come, the journal keeps where answers lie instead of the answers, and who is on the way to the journal comes along in one sync. At 1, 16 and 64 connections it had .26, .35 and .47 of the tuned no-op on the page before, .29, .42 and .51, .25, .45 and .48 and .27, .50 and .60 on those before that, and .28 and .43 (16 and 64) before all of it: a tenth either way is within what machines do, and within what five rounds of one machine show.
At one connection the sync decides. Its p99 of 1.5 ms there is .04 of the tuned no-op's only because the no-op has 41.5 ms (35.8, 42.7 and 4.8 on the pages before; with 4.8 the ratio was 1.6). It is no delayed acknowledgement: asked alone on the quiet machine, the same no-op had 49.6 ms in its first four seconds and .3 ms in its next four,
and what it waits for was not found. Ratios of p99 say little: at 16 connections five rounds lie between .2 and 3.8.
In a service of its own, with fifty sessions stored, the first runs had 4,900 and 5,400 a
second; with nine thousand stored and a growing journal the same code has what stands above, and why was not found: the CPU of a request grows by a sixth in the service, and not in process.
Of a check of a session that the service has forgotten, SHAP values of a session that is shown reasons take 1.6 ms, where it is.
**Kernels run in one compiled pass** (`features/engine/kernel_runner.py`) since 2026-11-27: a third of their time had been calls from Python, one a session and kernel (tsfresh 99.5 times before).
Before that: sums and largest values four side by side, for additions wait for one another; medians of counts by counting them off; periods four minutes a step; columns that are contiguous copied as they are, as Polars' are.
**A night of a hundred million views** is on a page of its own ([night](night.md)): it ends, in 16 GB and some 80 minutes beside other work.
"""


def main() -> None:
    takes_nothing(__doc__, "python -m benchmarks.speed")
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
    models = worlds.OUT / "models"
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
    write("speed", "Speed, beside peers", rows, TEXT)
    console.print("docs/benchmarks/speed.md")


if __name__ == "__main__":
    main()
