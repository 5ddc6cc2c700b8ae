"""End to end: models on a world that they were not trained on, and nights on public data."""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.harness import worlds
from benchmarks.harness.command_line import refuse_arguments
from benchmarks.harness.figures import figure_row, share_row
from benchmarks.harness.figures_page import About, Table, write
from benchmarks.harness.judgement import Judgements, judge, operator_history, planted_entities_found
from benchmarks.public_nights import retail, shopee, twitch
from data_contracts.runs import read_outbound
from features.declaration import OPERATOR, VIEW
from features.engine.snapshot import Snapshot
from features.posteriors import owner_pooling
from features.posteriors.owner_pooling import shift_probability
from serving.cli.reference_pages import CARDS
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from training.dataset.splits import side
from training.evaluation.metrics import average_precision
from training.fitting.trees import fit_trees
from training.models.registry import MODELS
from training.release.store import champions
from training.train import Trained, train

COMMAND = "make bench"
TRAINING_SEED, UNSEEN_SEED = worlds.TRAINING_SEED, 202
OPERATOR_SHARES = {"a ninth": 1 / 9, "a third": 1 / 3}  # of the operators, for the learning curve
DAYS, WEEK = 28, timedelta(days=7)
console = Console()


def trained_models(lake: Path) -> tuple[Path, list[Trained]]:
    """Models trained afresh with their model cards, and what each was fitted on."""
    models = worlds.OUTPUT_FOLDER / "models"
    shutil.rmtree(models, ignore_errors=True)
    until = datetime.combine(worlds.START, datetime.min.time()) + timedelta(days=DAYS)
    trained = train(lake, models, until, promote=True, progress=console.print)
    CARDS.mkdir(exist_ok=True)
    for name, version in champions(models).items():
        shutil.copy(models / name / version / "card.md", CARDS / f"{name}.md")
    return models, trained


def unseen_world(models: Path, lake: Path) -> tuple[list[dict[str, Any]], Judgements]:
    """Average precision of each model and its controls on another seed, and the judgements."""
    kept: Judgements = {}
    as_of, rows = datetime.combine(worlds.START, datetime.min.time()) + timedelta(days=DAYS), []
    for model in MODELS:
        if model.entity == VIEW:
            continue  # detection.md has single views
        console.print(f"judging {model.name}")
        kept[model.name] = one = judge(models, lake, model.name, as_of)
        guilty = one.fraud
        showed = operator_history(kept) if model.entity == OPERATOR else None
        for name, score in one.scores_by_method(showed).items():
            figure = average_precision(guilty, score, one.owner.reset_index(drop=True))
            rows.append(
                figure_row(
                    f"ap-{model.name}-{name}",
                    f"`{model.name}`, {name}: average precision against planted truth ({int(guilty.sum())} of {len(guilty)})",
                    figure,
                    COMMAND,
                )
            )
    return rows, kept


def running_sessions(models: Path, lake: Path, command: str = COMMAND) -> list[dict[str, Any]]:
    """Running sessions of the last week: by minutes alone, and with their operators' history."""
    as_of = datetime.combine(worlds.START, datetime.min.time()) + timedelta(days=DAYS)
    past = judge(models, lake, "session_inflation", as_of - WEEK)
    chances = past.scores_and_probabilities()[1]
    before = owner_pooling.operator_history(chances, past.owner)["log_odds"]
    one = judge(models, lake, "session_inflation_live", as_of)
    guilty, owner, alone = one.fraud, one.owner, one.scores_and_probabilities()[1]
    s = Snapshot.open(lake, as_of)["sessions"]
    late = one.signals.index.isin(s.filter(s.received_at >= as_of - WEEK).session_id.to_pandas())
    guilty, group, alone = guilty[late], owner[late].reset_index(drop=True), alone[late]
    pairs = zip(alone, group, strict=True)
    with_history = np.array([shift_probability(p, before.get(o, 0.0)) for p, o in pairs])
    rows, bar = [], load_policy().boost.review
    for name, words, p in (("minutes", "by their minutes alone", alone), ("weeks", "beside their operators' sessions of the two weeks before", with_history)):  # fmt: skip
        figure = average_precision(guilty, p, group)
        what = f"Running sessions of the last week of {lake.name}, {words}"
        rows += [
            figure_row(f"{lake.name}-running-{name}", f"{what}: average precision ({int(guilty.sum())} of {len(guilty)})", figure, command),
            share_row(f"{lake.name}-running-{name}-honest", f"{what}: share of the honest given {bar:g} or more, which is reviewed", (p >= bar)[guilty == 0], command, cluster=group[guilty == 0]),
            share_row(f"{lake.name}-running-{name}-found", f"{what}: share of the inflated given {bar:g} or more", (p >= bar)[guilty == 1], command, cluster=group[guilty == 1]),
        ]  # fmt: skip
    return rows


def learning_curve(trained: list[Trained], kept: Judgements) -> list[dict[str, Any]]:
    """Average precision by own signals of models trained on verdicts of a part of the operators."""
    rows = []
    for one in trained:
        if one.name not in kept:
            continue
        model, data, there = one.fitted.model, one.fitted.dataset, kept[one.name]
        for words, share in OPERATOR_SHARES.items():
            # Another hash than that of the folds, or a part would lie in few of them.
            some = (data.group.map(lambda g: side(f"part {g}")) < share).to_numpy()
            trees = fit_trees(model, data, some)
            values = there.signals[trees.columns].to_numpy()
            owner = there.owner.to_numpy() if there.is_pooled else None
            figure = average_precision(
                there.fraud,
                trees.rebased_on(values, owner).raw(values, owner),
                there.owner.reset_index(drop=True),
            )
            rows.append(
                figure_row(
                    f"learning-{one.name}-{round(1 / share)}",
                    f"`{one.name}` taught by {words} of the operators ({int(some.sum())} of {len(some)} rows, {int(data.labels.loc[some, 'confirmed'].sum())} confirmed): average precision by own signals",
                    figure,
                    COMMAND,
                )
            )
    return rows


def recall_by_scheme(lake: Path, kept: Judgements) -> Table:
    """Recall of sessions and orders by scheme at the score that 1 % of honest entities exceed."""
    rows = [
        [scheme, evasion, len(g), round(float(g["found"].mean()), 2)]
        for name in ("session_inflation", "order_brushing")
        for (scheme, evasion), g in planted_entities_found(lake, kept[name]).groupby(
            ["scheme", "evasion"]
        )
    ]
    note = "Recall at the score that 1 % of honest entities exceed (a description, not a policy)."
    return Table("By scheme", note, ("scheme", "evasion", "planted", "found"), rows)


def lookalikes(models: Path, lake: Path) -> Table:
    """Tiers of honest operators, by the circumstance that looks like fraud."""
    last = worlds.START + timedelta(days=DAYS - 1)
    nightly(lake, last, models, load_policy(), say=console.print)
    tiers = read_outbound(lake, "tier_decisions").set_index("operator_id")["tier"]
    honest, cheats = worlds.honest_and_cheats(lake, tiers)
    like = worlds.ground_truth(lake, "lookalikes")
    groups = [
        ("any honest", honest),
        *((n, honest[honest.index.isin(g["operator_id"])]) for n, g in like.groupby("lookalike")),
        ("operators that cheat", cheats),
    ]
    rows = [
        [name, len(group), *(round(float((group == t).mean()), 3) for t in "BCD")]
        for name, group in groups
    ]
    note = "Share of operators of the unseen world in each tier after one night."
    return Table("Honest look-alikes", note, ("circumstance", "operators", "B", "C", "D"), rows)


ABOUT = About(
    title="End to end: training, an unseen world, public sets",
    measured="Models taught by verdicts of world 101, judged on world 202 by ground truth; nights without models on public sets.",
    intervals="Intervals are bootstrap intervals over operators (over shops for Shopee), or Clopper-Pearson intervals of a share.",
    records=("0174-end-to-end-figures.md", "0175-end-to-end-steps.md"),
)


def main() -> None:
    """Train, measure and write the page."""
    refuse_arguments(__doc__, "python -m benchmarks.end_to_end")
    data = Path(os.environ.get("STEELYARD_PUBLIC_DATA", "../shared/public_data"))
    here, there = worlds.training_lake(), worlds.simulated_lake("medium", UNSEEN_SEED)
    models, trained = trained_models(here)
    rows, kept = unseen_world(models, there)
    rows += running_sessions(models, there) + learning_curve(trained, kept)
    tables = [recall_by_scheme(there, kept), lookalikes(models, there)]
    if data.is_dir():
        with tempfile.TemporaryDirectory() as scratch:
            rows += shopee(data, Path(scratch) / "shopee") + retail(data, Path(scratch) / "retail")
            tables.append(twitch(data, Path(scratch) / "twitch"))
    else:
        console.print(f"public data sets are not at {data}: their rows are left out")
    write("end_to_end", ABOUT, rows, tables=tuple(tables))
    console.print("docs/benchmarks/end_to_end.md")


if __name__ == "__main__":
    main()
