"""A verdict on one typology leaves the prior of the others as it is."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from training.dataset.frame import Dataset
from training.fitting import trees
from training.fitting.trees import fit_trees, inputs_of, without_verdicts
from training.models.registry import BY_NAME

MODEL, N = BY_NAME["session_inflation"], 240


def dataset(typology, **labels):
    rng = np.random.default_rng(1)
    signals = pd.DataFrame(rng.normal(0, 1, (N, len(MODEL.columns))), columns=MODEL.columns)
    confirmed = (signals[MODEL.columns[0]] + rng.normal(0, 1, N) > 0.8).astype(int)
    given = pd.DataFrame({"confirmed": confirmed, "audited": False, "typology": typology})
    return Dataset(
        signals,
        given.assign(**labels),
        pd.Series([pd.Timestamp("2026-01-01")] * N),
        pd.Series([str(i) for i in range(N)]),
        pd.Series([datetime(2026, 1, 1)] * N),
    )


@pytest.fixture
def prior(monkeypatch):
    """A prior of two ensembles, taught by half of the typologies each."""
    monkeypatch.setattr(trees, "load_prior", lambda _name: None)
    data = dataset(np.resize(["view_fraud", "engagement_fraud"], N))
    combination = fit_trees(MODEL, data, np.ones(N, dtype=bool))
    monkeypatch.setattr(trees, "load_prior", lambda _name: SimpleNamespace(combination=combination))
    return combination


def added(data):
    """Log-odds that the second stage adds, shape (n, typologies)."""
    every = np.ones(len(data), dtype=bool)
    found = fit_trees(MODEL, data, every)
    assert len(found.stages) == 2
    return found.stages[1].log_odds(inputs_of(without_verdicts(MODEL), data))


@pytest.mark.usefixtures("prior")
def test_a_typology_without_verdicts_stays_the_prior():
    """Sixty verdicts on false views move views, and engagement not at all."""
    views, engagement = added(dataset("view_fraud")).T
    assert np.ptp(views) > 0.1 and not engagement.any()


@pytest.mark.usefixtures("prior")
def test_a_bag_teaches_its_own_typology_alone():
    """A verdict on an operator for engagement says nothing of false views."""
    bags = {"bag": [f"operator:{i % 30}" for i in range(N)], "direct": False, "weight": 0.03}
    views, engagement = added(dataset("engagement_fraud", **bags)).T
    assert not views.any() and engagement.any()
