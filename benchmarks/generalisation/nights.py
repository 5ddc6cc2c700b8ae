"""The product's own nights on worlds of families left out: tiers and corrected figures."""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.generalisation.learn_prior import progress
from benchmarks.generalisation.learning.left_out_priors import folder_without
from benchmarks.generalisation.left_out import judge_world
from benchmarks.generalisation.night_judgement import Truth, figures, tiers
from benchmarks.generalisation.real_sets.carriers import CARRIERS, COMMAND, Carried, public_data
from benchmarks.generalisation.worlds import JUDGED_SEEDS, frames_of_world, lake_of
from benchmarks.harness.figures import row
from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from serving.scoring.scope import moment_of
from simulation.families.registry import FAMILIES, family_named, truth_folder
from training.estimator.prior import prior_in
from training.fitting.fit import TooFewLabels
from training.train import train

NIGHT_SEED = JUDGED_SEEDS[0]
MAX_VERDICTS = 200
TAUGHT_FAMILIES = ("bazaar", "followers_market", "half_rotten", "second_platform")
TAUGHT_MODELS = ("session_inflation", "order_brushing", "operator_rank")


def last_night(lake: Path) -> date:
    """Last date on which as many sessions, or orders, were received as on most days."""
    name = "sessions" if Lake.open(lake).files("sessions") else "orders"
    parts = [pq.read_table(p, columns=["received_at"]) for p in Lake.open(lake).files(name)]
    days = pd.to_datetime(pa.concat_tables(parts)["received_at"].to_pandas()).dt.date
    counts = days.value_counts()
    return max(counts.index[counts >= counts.median()])


def judged_night(name: str, verdicts: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tiers and corrected figures of one night of a family that taught nothing.

    Parameters
    ----------
    name
        The family.
    verdicts
        0 to score by the prior alone, else the most verdicts of the lake's own that teach.
    """
    start, family = time.monotonic(), family_named(name)
    lake = lake_of(family, NIGHT_SEED)
    night = last_night(lake)
    with tempfile.TemporaryDirectory() as scratch, prior_in(folder_without(name)):
        copy, models = Path(scratch) / lake.name, Path(scratch) / "models"
        shutil.copytree(lake, copy, ignore=shutil.ignore_patterns("runs", "outcomes*"))
        if verdicts:
            teach(lake, copy, models, night, verdicts)
        nightly(copy, night, models if models.exists() else None, load_policy())
        truth = Truth.read(truth_folder(lake))
        found = tiers(copy, truth, moment_of(night)), figures(copy, truth)
    place = {"family": name, "world": lake.name, "verdicts": verdicts}
    progress(f"night of {lake.name}, {verdicts} verdicts: {time.monotonic() - start:.0f} s")
    return found[0].reset_index().assign(**place), found[1].assign(**place)


def teach(lake: Path, copy: Path, models: Path, night: date, verdicts: int) -> None:
    """Train the models of a copy of a lake on some of the outcomes known by a night."""
    files = Lake.open(lake).files("outcomes")
    if not files:
        return
    whole = pa.concat_tables([pq.read_table(p) for p in files]).to_pandas()
    known = whole[pd.to_datetime(whole["received_at"]) < moment_of(night)]
    kept = known.sort_values(["decided_at", "entity_id"]).tail(verdicts)
    Lake.open(copy).write_by_day("outcomes", kept.reset_index(drop=True))
    for name in TAUGHT_MODELS:
        try:
            train(copy, models, moment_of(night), [name], promote=True)
        except TooFewLabels as reason:
            progress(f"{lake.name}: {reason}")


def tasks() -> list[tuple[str, int]]:
    """Families and verdicts of all nights, the longest first."""
    return [(name, MAX_VERDICTS) for name in TAUGHT_FAMILIES] + [(f.name, 0) for f in FAMILIES]


def safely_judged(task: tuple[str, int]) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """The night of a task; None, saying why, where the product refuses it."""
    try:
        return judged_night(*task)
    except SteelyardError as reason:
        progress(f"night of {task[0]}: refused: {reason}")
        return None


Work = tuple[str, Any]


def judged(work: Work) -> Any:
    """One piece of work in a process of its own: a world, a night or a carrier."""
    part, what = work
    found: Any = None
    start = time.monotonic()
    if part == "nights":
        return safely_judged(what)
    if part == "carriers":
        found = _carried(what)
    else:
        name, seed = what
        found = judge_world(frames_of_world(family_named(name), seed))
    progress(f"{part} {what}: {time.monotonic() - start:.0f} s")
    return found


def _carried(number: int) -> Carried:
    """Rows of a carrier; one that says why where it is absent or the product refuses it."""
    folder, carrier = public_data(), CARRIERS[number]
    what = f"Carrier {carrier.__name__}"
    if folder is None:
        return Carried([row(what, what, "skipped: no STEELYARD_PUBLIC_DATA", COMMAND)], [])
    try:
        return carrier(folder)
    except SteelyardError as reason:
        refused = row(what, what, "refused", COMMAND, "scored", holds=False, why=str(reason))
        return Carried([refused], [])


def work_of(part: str) -> list[Any]:
    """Pieces of work of a part."""
    if part == "nights":
        return tasks()
    if part == "carriers":
        return list(range(len(CARRIERS)))
    return [(f.name, seed) for seed in JUDGED_SEEDS for f in FAMILIES]
