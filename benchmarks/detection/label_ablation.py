"""Trees trained by ground truth or without a scheme, scored as a night scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from benchmarks.end_to_end import DAYS
from benchmarks.harness import worlds
from benchmarks.harness.judgement import Judgement, signals_and_truth
from simulation.schemes import TYPOLOGY
from training.dataset.frame import Dataset
from training.estimator.combination import Combination
from training.fitting.trees import fit_trees
from training.models.session_inflation import MODEL as SESSIONS

AS_OF = datetime.combine(worlds.START, datetime.min.time()) + timedelta(days=DAYS)


def scores_by_trees(one: Judgement, trees: Combination) -> pd.Series:
    """Scores of a night by other trees with the released calibration."""
    owner = one.owner.to_numpy() if one.is_pooled else None
    other = replace(
        one.released, trees=trees.rebased_on(one.signals[trees.columns].to_numpy(), owner)
    )
    return pd.Series(
        replace(one, released=other).scores_and_probabilities()[0], index=one.signals.index
    )


def fully_labelled() -> Dataset:
    """Every session of the training world with its ground truth as a verdict."""
    lake = worlds.training_lake()
    signals, truth, group = signals_and_truth(lake, SESSIONS, AS_OF)
    scheme = worlds.fraudulent_sessions(lake)["scheme"].reindex(signals.index)
    labels = pd.DataFrame(
        {"confirmed": truth, "audited": False, "typology": scheme.map(TYPOLOGY).to_numpy()}
    )
    night, entity = pd.Timestamp(AS_OF), pd.Series(signals.index)
    signals = signals.reset_index(drop=True)
    received, nights = pd.Series(dtype=object), pd.Series([night] * len(signals))
    return Dataset(
        signals,
        labels,
        received,
        group.reset_index(drop=True),
        nights,
        entity,
        group.to_numpy(dtype=object),
        {night: signals},
        {night: group.to_numpy(dtype=object)},
    )


def scores_by_truth(
    one: Judgement, everything: Dataset, rows: np.ndarray | None = None
) -> pd.Series:
    """Scores by trees trained on the ground truth of all sessions, or of those of a mask."""
    rows = np.ones(len(everything), dtype=bool) if rows is None else rows
    return scores_by_trees(one, fit_trees(SESSIONS, everything, rows))
