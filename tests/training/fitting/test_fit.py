"""Fitting needs verdicts, and trees are monotone."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from training.dataset.frame import Dataset
from training.fitting.cross_fitting import with_view_labels
from training.fitting.fit import TooFewLabels, fit
from training.fitting.trees import fit_trees
from training.models.registry import BY_NAME


def test_too_few_verdicts_are_refused_with_the_count():
    """Too few verdicts are refused with the count."""
    model = BY_NAME["order_brushing"]
    empty = Dataset(
        pd.DataFrame(np.zeros((5, len(model.columns))), columns=model.columns),
        pd.DataFrame({"confirmed": [1, 0, 0, 0, 0], "audited": False, "typology": "order_fraud"}),
        pd.Series([pd.Timestamp("2026-01-01")] * 5),
        pd.Series(list("abcde")),
        pd.Series([datetime(2026, 1, 1)] * 5),
    )
    with pytest.raises(TooFewLabels, match="1 confirmed and 4 cleared"):
        fit(model, empty)


def test_more_of_a_suspicious_signal_never_lowers_the_score():
    """More of a suspicious signal never lowers the score."""
    model = BY_NAME["order_brushing"]
    rng = np.random.default_rng(3)
    n = 600
    signals = pd.DataFrame(rng.normal(0, 1, (n, len(model.columns))), columns=model.columns)
    confirmed = (signals["payer_buyer_count"] + rng.normal(0, 1, n) > 0.8).astype(int)
    data = Dataset(
        signals,
        pd.DataFrame({"confirmed": confirmed, "audited": False, "typology": "view_fraud"}),
        pd.Series([pd.Timestamp("2026-01-01")] * n),
        pd.Series([str(i) for i in range(n)]),
        pd.Series([datetime(2026, 1, 1)] * n),
    )
    trees = fit_trees(model, data, np.ones(n, dtype=bool))
    row = np.tile(signals.iloc[0].to_numpy(), (50, 1))
    row[:, model.columns.index("payer_buyer_count")] = np.linspace(-3, 3, 50)
    assert (np.diff(trees.raw(row)) >= 0).all()


def test_a_view_model_learns_the_false_views_and_not_the_sessions():
    """Sixty sessions of 80 views, half of them confirmed, with a third of their views false."""
    model = BY_NAME["view_authenticity"]
    rng = np.random.default_rng(5)
    session = np.repeat(np.arange(60), 80)
    confirmed = (session % 2).astype(int)
    false = (confirmed == 1) & (rng.random(len(session)) < 0.33)
    signals = pd.DataFrame(
        rng.normal(0, 1, (len(session), len(model.columns))), columns=model.columns
    )
    signals["view_join_phase"] = session / 60.0  # names the session, and says nothing of a view
    signals["view_remaining_stay_share"] += 4.0 * false
    data = Dataset(
        signals,
        pd.DataFrame({"confirmed": confirmed, "audited": False, "typology": "view_fraud"}),
        pd.Series([pd.Timestamp("2026-01-01")] * len(session)),
        pd.Series([f"g{s}" for s in session]),
        pd.Series([datetime(2026, 1, 1)] * len(session)),
        pd.Series([f"s{s}" for s in session]),
    )
    labels = with_view_labels(model, data).labels["false"].to_numpy(dtype=bool)
    assert false[confirmed == 1].mean() < 0.4  # what the verdicts of sessions alone would say
    assert false[labels].mean() > 0.75 and labels[false].mean() > 0.8


def test_no_view_looks_better_for_more_of_what_is_suspicious():
    """Trees of views do not learn from chance that machines' networks are innocent."""
    model, rng, n = BY_NAME["view_authenticity"], np.random.default_rng(6), 4000
    signals = pd.DataFrame(rng.normal(0, 1, (n, len(model.columns))), columns=model.columns)
    false = rng.random(n) < np.where(signals["view_datacentre_or_proxy"] > 0, 0.1, 0.6)
    labels = pd.DataFrame(
        {"confirmed": 1, "audited": False, "typology": "view_fraud", "false": false.astype(int)}
    )
    one, night = pd.Series(["x"] * n), pd.Series([pd.Timestamp("2026-01-01")] * n)
    data = Dataset(signals, labels, night, one, night, one)
    trees = fit_trees(model, data, np.ones(n, dtype=bool))
    more = signals.assign(view_datacentre_or_proxy=signals["view_datacentre_or_proxy"] + 3.0)
    assert (trees.raw(more.to_numpy()) >= trees.raw(signals.to_numpy()) - 1e-12).all()
    sooner = signals.assign(view_account_age=signals["view_account_age"] - 3.0)
    assert (trees.raw(sooner.to_numpy()) >= trees.raw(signals.to_numpy()) - 1e-12).all()
