"""Judge the product on families of platforms and on real sets that taught it nothing.

Without arguments all parts run: priors, worlds, nights, carriers. Named parts run alone, and the
page takes the others from the last run.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.generalisation import figures_of_worlds as figures
from benchmarks.generalisation.learn_prior import progress
from benchmarks.generalisation.learning import left_out_priors
from benchmarks.generalisation.nights import Work, judged, work_of
from benchmarks.generalisation.results import keep, kept_carriers, kept_frame
from benchmarks.generalisation.worlds import JUDGED_SEEDS, lake_of
from benchmarks.harness.figures import Row
from benchmarks.harness.figures_page import About, Table, write
from simulation.families.registry import FAMILIES, truth_folder

REASONS = Path(__file__).with_name("reasons.toml")
WORKERS = 2
PARTS = ("priors", "worlds", "nights", "carriers")
ABOUT = About(
    title="Generalisation to families left out",
    measured=(
        "A prior that learned on the other families' worlds judges each family on further seeds; "
        "families of one simulator are left out together. Verdicts come half from the top of the "
        "ranking and half at random, one in twenty wrong; the operators without verdicts are "
        "judged, and each family weighs the same. Tiers, corrected figures and real sets come from "
        "the product's own nights."
    ),
    intervals="Intervals are bootstrap intervals over families, or Clopper-Pearson intervals.",
)


def run(parts: Iterable[str], judge: Callable[[Work], Any] = judged) -> None:
    """Run parts, each piece of work in one of two processes, and keep what they found."""
    wanted = list(parts)
    if "priors" in wanted:
        left_out_priors.main()
    work = [(part, what) for part in PARTS[:0:-1] if part in wanted for what in work_of(part)]
    # spawned: a fork after LightGBM's threads have run may hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        found = [pool.submit(judge, piece) for piece in work]
    failed = [(piece, f.exception()) for piece, f in zip(work, found, strict=True) if f.exception()]
    for part in PARTS[1:]:
        if part in wanted:
            pairs = zip(work, found, strict=True)
            mine = [f.result() for (p, _), f in pairs if p == part and not f.exception()]
            keep(part, mine)
    if failed:  # what did not fail is kept, and the part of what did can be run again
        raise RuntimeError(f"{len(failed)} pieces failed, first {failed[0][0]}") from failed[0][1]


def tags() -> pd.DataFrame:
    """Look-alikes of the judged worlds: columns world, operator_id, session_id, tag."""
    parts = []
    for family in FAMILIES:
        for seed in JUDGED_SEEDS:
            lake = lake_of(family, seed)
            path = truth_folder(lake) / "lookalikes.parquet"
            if path.exists():
                parts.append(pq.read_table(path).to_pandas().assign(world=lake.name))
    return pd.concat(parts, ignore_index=True)


def page() -> tuple[list[Row], tuple[Table, ...]]:
    """Rows and tables of the page, from what the parts found."""
    records, entities, tiers, corrected = (
        kept_frame(name) for name in ("records", "entities", "tiers", "figures")
    )
    carried = kept_carriers()
    rows = (
        figures.ranking_rows(records)
        + figures.probability_rows(entities)
        + figures.tier_rows(tiers)
        + figures.figure_rows(corrected)
        + [r for c in carried for r in c.rows]
    )
    reasons = tomllib.loads(REASONS.read_text("utf-8"))
    rows = [{"why": reasons[r["id"]]} | r if _missed(r, reasons) else r for r in rows]
    rankings = [[r.what, r.auroc, r.best, r.signal] for c in carried for r in c.rankings]
    note = "Published score without labels, and the best of its signals in its direction."
    real = Table("Real carriers", note, ("carrier", "auroc", "best_auroc", "signal"), rankings)
    ablations = kept_frame("ablations")
    note = (
        "Average precision, mean over families of other folds than those that taught, on worlds as "
        "they are, with tables dropped, and without peers. Teaching seeds, before ADR-0376; "
        "`python -m benchmarks.generalisation.learning.ablations` learns them."
    )
    without = Table("Ablations", note, tuple(ablations), ablations.to_numpy().tolist())
    return rows, (*figures.tables_of(records, entities, tiers, tags()), real, without)


def _missed(r: Row, reasons: dict[str, str]) -> bool:
    return r["holds"] is False and r["id"] in reasons


def main() -> None:
    """Run the parts that are named, all without a name, and write the page."""
    named = sys.argv[1:]
    if not set(named) <= {*PARTS, "page"}:
        sys.exit(f"usage: python -m benchmarks.generalisation [{' '.join((*PARTS, 'page'))}]")
    start = time.monotonic()
    run([p for p in named if p in PARTS] if named else PARTS)
    rows, tables = page()
    write("generalisation", ABOUT, rows, tables=tables)
    progress(f"docs/benchmarks/generalisation.md, {(time.monotonic() - start) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
