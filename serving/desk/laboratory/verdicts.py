"""Verdicts of people on operators: those cleared, and those found to cheat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from serving.oversight.measures.state_reading import read_measures
from training.dataset.labels import operator_verdicts
from training.models.operator_rank import MODEL

EVIDENCE_DAYS = 28  # the window of an operator's evidence


@dataclass(frozen=True)
class OperatorVerdicts:
    """Operators that people cleared and that they found, without overlap."""

    cleared: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()


def verdicts_of_period(lake: Lake, first: datetime, now: datetime) -> OperatorVerdicts:
    """Verdicts known now on operators, their sessions and orders since before a first night.

    An operator that won an appeal is cleared, although its label counts only after a delay.
    """
    won = {
        operator
        for operator, appeals in read_measures(lake).won_appeals.items()
        if any(first <= a.at <= now for a in appeals)
    }
    if not lake.files("outcomes"):
        return OperatorVerdicts(frozenset(won))
    since = pd.Timestamp(first - timedelta(days=EVIDENCE_DAYS))
    with Snapshot.open(lake, now) as tables:
        rows = operator_verdicts(tables, MODEL, since, pd.Timestamp(now))
    found = set(rows.index[rows["confirmed"] == 1].map(str)) - won
    cleared = set(rows.index[~rows["accused"].astype(bool)].map(str)) | won
    return OperatorVerdicts(frozenset(cleared - found), frozenset(found))
