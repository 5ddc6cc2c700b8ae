"""Nights without single views: counters by minute, interactions and orders are delivered."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.harness.figures import figure_row
from benchmarks.harness.judgement import Judgement, rank_scores, signals_and_truth
from serving.scoring.nightly_models import MODEL_OF, why_inapplicable
from serving.scoring.operator_history import evidence_columns
from serving.scoring.posterior import ScoringContext, posterior
from serving.scoring.scope import OWNED
from training.evaluation.metrics import average_precision
from training.models.registry import BY_NAME
from training.release.artefact import load

MISSING_TABLES = ("views",)
SESSIONS, ORDERS, OPERATORS = (MODEL_OF[e] for e in ("session", "order", "operator"))


def without_views(models: Path, lake: Path, as_of: datetime, command: str) -> list[dict[str, Any]]:
    """Average precision without views: of a night, by own signals alone, without labels."""
    rows = []
    showed: list[pd.DataFrame] = []
    for name in (SESSIONS, ORDERS, OPERATORS):
        signals, guilty, group = signals_and_truth(lake, BY_NAME[name], as_of, MISSING_TABLES)
        home = load(models, name)
        owned = home.model.entity in OWNED
        released = home.rebased_on(signals, group if owned else None)
        why = why_inapplicable(home, signals)
        context = ScoringContext(
            signals,
            group if owned else None,
            history=None if owned or not showed else pd.concat(showed, axis=1),
        )
        columns = posterior(released, context)[["raw", "own", "pooled"]]
        raw, own, probability = columns.to_numpy().T
        if owned and why is None:
            alone = pd.Series(own, signals.index)
            showed.append(evidence_columns(home.model.entity, alone, group))
        found = {"as a night ranks them": rank_scores(probability, raw)}
        found |= {"own signals alone": raw} if name == OPERATORS else {}
        by_method = Judgement(released, signals, guilty, group).scores_by_method()
        found["no labels"] = by_method["no labels"]
        if name == ORDERS:
            continue  # hardly any of their signals are of views
        for how, score in found.items():
            asked = (
                ", which a night does not ask there"
                if why is not None and how != "no labels"
                else ""
            )
            figure = average_precision(guilty, score, group.reset_index(drop=True))
            rows.append(
                figure_row(
                    f"{lake.name}-without-views-{name}-{how}",
                    f"{lake.name} without single views: `{name}`{asked}, {how}: average precision "
                    f"({int(guilty.sum())} of {len(guilty)})",
                    figure,
                    command,
                )
            )
    return rows
