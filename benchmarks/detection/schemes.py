"""Detection on the unseen world: schemes, attack costs, false views and calibration."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.detection.attack_costs import attacker, inflation
from benchmarks.detection.label_ablation import AS_OF, fully_labelled, scores_by_truth
from benchmarks.detection.single_views import false_views
from benchmarks.detection.unseen_schemes import (
    FALSE_ALARM_RATE,
    MIN_ENTITIES_PER_SCHEME,
    unseen_orders,
    unseen_schemes,
)
from benchmarks.end_to_end import DAYS, UNSEEN_SEED
from benchmarks.harness import worlds
from benchmarks.harness.figures import Row, figure_row, recall_at_precision, share_row
from benchmarks.harness.figures_page import Table
from benchmarks.harness.judgement import Judgement, judge, planted_entities
from features.declaration import ORDER
from features.engine.snapshot import Snapshot
from serving.scoring.scope import MIN_COMPARED_SESSIONS
from simulation.schemes import ENGAGEMENT_SCHEMES, VIEW_SCHEMES
from training.dataset.frame import Dataset
from training.estimator.calibration import expected_calibration_error
from training.evaluation.metrics import Figure, bootstrapped
from training.models.order_brushing import MODEL as ORDERS
from training.models.session_inflation import MODEL as SESSIONS

COMMAND = "make bench-detection"


def by_scheme(
    score: pd.Series, planted: pd.DataFrame, bar: float, owner: pd.Series
) -> tuple[list[dict[str, Any]], Table]:
    """Recall at 1 % false alarms by scheme, intensity and evasion."""
    table = planted.join(score.rename("score"), how="inner")
    table["hit"] = table["score"] > bar
    table["strength"] = pd.cut(
        table["intensity"].astype(float),
        [0, 0.2, 0.5, 1.0, 10.0],
        labels=["to 20 %", "20-50 %", "50-100 %", "above"],
    )
    rows = [
        share_row(
            f"recall-{scheme}",
            f"`{scheme}`: recall of {len(g)} sessions at 1 % false alarms, seed {UNSEEN_SEED}",
            g["hit"],
            COMMAND,
            cluster=owner.loc[g.index],
        )
        for scheme, g in table.groupby("scheme")
        if len(g) >= MIN_ENTITIES_PER_SCHEME
    ]
    cells = [
        [scheme, strength, int(evasion), len(g), round(float(g["hit"].mean()), 2)]
        for (scheme, strength, evasion), g in table.groupby(
            ["scheme", "strength", "evasion"], observed=True
        )
    ]
    columns = ("scheme", "intensity", "evasion", "planted", "found")
    note = "Recall at the score that 1 % of honest sessions exceed."
    return rows, Table("Recall by scheme, intensity and evasion", note, columns, cells)


def _asked(
    sessions: pd.Index, size: pd.DataFrame, planted: pd.DataFrame
) -> list[tuple[str, str, pd.Index, float]]:
    """Groups that goals are about: id, words, sessions, and the goal of recall."""
    views = planted.index[planted["scheme"].isin(VIEW_SCHEMES)].intersection(sessions)
    farms = planted.index[planted["scheme"].isin(ENGAGEMENT_SCHEMES)].intersection(sessions)
    inflated = size.loc[views, "inflation"]
    return [
        ("botted-50", "Sessions with views inflated by 50 % or more", views[inflated >= 0.5], 0.90),
        (
            "botted-15",
            "Sessions with views inflated by 15 to 30 %",
            views[(inflated >= 0.15) & (inflated < 0.3)],
            0.60,
        ),
        ("farms", "Sessions with bought likes, follows or comments", farms, 0.95),
    ]


def _recalls(
    score: pd.Series,
    honest: pd.Index,
    asked: list[tuple[str, str, pd.Index, float]],
    owner: pd.Series,
) -> list[Figure]:
    """Recall of each group at 99 % precision against honest sessions, with operators resampled."""
    out = []
    for _, _, members, _ in asked:
        index = honest.append(members)
        truth = np.isin(index, members).astype(int)
        out.append(
            bootstrapped(
                partial(recall_at_precision, precision=0.99),
                truth,
                score.loc[index].to_numpy(),
                owner.loc[index],
            )
        )
    return out


def untouched(lake: Path, sessions: pd.Index) -> pd.Index:
    """Those of some sessions in which nothing was planted, bought orders neither."""
    return sessions.difference(
        pd.Index(worlds.ground_truth(lake, "sessions")["session_id"]), sort=False
    )


def goals(
    score: pd.Series,
    guilty: pd.Series,
    size: pd.DataFrame,
    planted: pd.DataFrame,
    one: Judgement,
    everything: Dataset,
) -> list[dict[str, Any]]:
    """Recall of inflated sessions and of farms at 99 % precision, with a ceiling.

    The ceiling is the same trees, taught by the ground truth of every session of the training
    world; they are not released. Negatives are sessions in which nothing was planted. Brushers
    watch before they order, so a session with bought orders has false views without a scheme of
    views. It is neither positive nor negative; rows `-brushed` count it as honest.
    """
    lake = worlds.simulated_lake("medium", UNSEEN_SEED)
    clean = score.index[~guilty.reindex(score.index).to_numpy(dtype=bool)]
    honest = untouched(lake, clean)
    asked = _asked(score.index, size, planted)
    best = scores_by_truth(one, everything)
    out = []
    found = (
        _recalls(s, rivals, asked, one.owner)
        for s, rivals in ((score, honest), (best, honest), (score, clean))
    )
    figures = zip(asked, *found, strict=True)
    for (name, words, members, goal), value, most, with_brushed in figures:
        why = (
            f"Verdicts of {DAYS} days are few and 2 % of them are wrong. Taught by the ground "
            f"truth of all {len(everything)} sessions, the same trees reach {most.value:.3f}."
        )
        out.append(
            figure_row(
                name,
                f"{words} ({len(members)}): recall at 99 % precision",
                value,
                COMMAND,
                f">= {goal}",
                why=why,
            )
        )
        out.append(
            figure_row(
                f"{name}-brushed",
                f"{words}: the same, sessions whose only false views are those of brushers "
                "counted as honest",
                with_brushed,
                COMMAND,
            )
        )
        out.append(
            figure_row(
                f"{name}-ceiling",
                f"{words}: the same, taught by planted truth of the training world (a ceiling; "
                "not released)",
                most,
                COMMAND,
            )
        )
    return out


def _calibration_error(truth: np.ndarray, probability: np.ndarray) -> float:
    return expected_calibration_error(probability, truth, np.ones(len(truth)))


def rows(models: Path, say: Any) -> tuple[list[Row], tuple[Table, ...]]:
    """All rows and tables of the unseen world."""
    lake = worlds.simulated_lake("medium", UNSEEN_SEED)
    say("judging sessions of the unseen world")
    one = judge(models, lake, SESSIONS.name, AS_OF)
    signals, guilty = one.signals, one.fraud
    score, probability = (pd.Series(x, index=signals.index) for x in one.scores_and_probabilities())
    bad = pd.Series(guilty.astype(bool), index=signals.index)
    honest = signals.index[~bad]
    bar = float(score.loc[honest].quantile(1 - FALSE_ALARM_RATE))
    planted = worlds.fraudulent_sessions(lake)
    size = inflation(lake, signals.index)
    out, table = by_scheme(score, planted, bar, one.owner)
    costs, curve = attacker(score, bar, size, planted)
    everything = fully_labelled()
    out += goals(score, bad, size, planted, one, everything)
    out += unseen_schemes(honest, untouched(lake, honest), planted, one, everything, say)
    out += (
        unseen_orders(judge(models, lake, ORDERS.name, AS_OF), planted_entities(lake, ORDER), say)
        + costs
    )
    say("single views of the unseen world")
    rng = np.random.default_rng(7)
    some = pd.Index(
        sorted(rng.choice(signals.index, min(MIN_COMPARED_SESSIONS, len(signals)), replace=False))
    )
    out += false_views(
        models, Snapshot.open(lake, AS_OF), worlds.ground_truth(lake, "views"), some, one
    )
    error = bootstrapped(
        _calibration_error, guilty.astype(float), probability.to_numpy(), one.owner
    )
    why = (
        "Calibrated on verdicts of another world: 2 % are wrong, and few find the smallest frauds."
    )
    what = (
        "`session_inflation` on the unseen world, against planted truth: expected calibration "
        "error, ten bins of equal mass"
    )
    return [*out, figure_row("ece-session_inflation", what, error, COMMAND, "<= 0.02", why=why)], (
        table,
        curve,
    )
