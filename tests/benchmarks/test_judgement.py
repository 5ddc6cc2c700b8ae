"""Judgements of a small world: signals, ground truth and scores of released models."""

from __future__ import annotations

import shutil
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from benchmarks.detection.single_views import false_views
from benchmarks.harness import worlds
from benchmarks.harness.judgement import judge, operator_history, planted_entities_found
from benchmarks.transfer.missing_tables import without_views
from features.engine.snapshot import Snapshot

AS_OF = datetime(2026, 1, 21)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lake(tiny, tmp_path_factory):
    """The small world with its ground truth where benchmarks look for it."""
    lake = tmp_path_factory.mktemp("judged") / "lake"
    shutil.copytree(tiny, lake, ignore=shutil.ignore_patterns("runs"))
    shutil.copytree(tiny.with_name("truth"), worlds.truth_folder(lake))
    return lake


@pytest.fixture(scope="module")
def sessions(lake, models):
    """Sessions of the small world as the nightly model judges them."""
    return judge(models, lake, "session_inflation", AS_OF)


def test_sessions_are_ranked_far_above_chance(lake, sessions):
    """The model, its controls and the anomaly score rank inflated sessions above honest ones."""
    assert set(np.unique(sessions.fraud)) == {0, 1}
    for name, score in sessions.scores_by_method().items():
        ranks = pd.Series(score).rank(pct=True)
        assert ranks[sessions.fraud == 1].mean() > 0.7, name
    found = planted_entities_found(lake, sessions)
    assert found["found"].mean() > 0.5


def test_operators_are_judged_with_the_history_of_sessions_and_orders(lake, models, sessions):
    """Sessions and orders give operators log-odds and summaries each, and scores follow them."""
    orders = judge(models, lake, "order_brushing", AS_OF)
    history = operator_history({"session_inflation": sessions, "order_brushing": orders})
    assert {"session", "order", "session_mean", "order_mean"} <= set(history.columns)
    operators = judge(models, lake, "operator_rank", AS_OF)
    with_history, _ = operators.scores_and_probabilities(history)
    without, _ = operators.scores_and_probabilities()
    assert not np.array_equal(with_history, without)
    assert pd.Series(with_history).rank(pct=True)[operators.fraud == 1].mean() > 0.7


def test_false_views_have_rows_with_intervals(lake, models, sessions):
    """Precision and recall of single views lie in their intervals."""
    some = sessions.signals.index[:200]
    tables = Snapshot.open(lake, AS_OF)
    rows = false_views(models, tables, worlds.ground_truth(lake, "views"), some, sessions)
    by_id = {r["id"]: r for r in rows}
    for name in ("views-precision", "views-recall", "views-recall-at-95"):
        low, high = by_id[name]["interval"]
        assert low <= by_id[name]["value"] <= high


def test_night_without_views_is_scored(lake, models):
    """Without single views, sessions, orders and operators still have scores."""
    rows = without_views(models, lake, AS_OF, "make bench")
    assert len(rows) >= 3
    assert all(0 <= r["value"] <= 1 for r in rows)
