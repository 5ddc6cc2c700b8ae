"""Sessions and orders speak of their operator by a monotone model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.estimator.entity_evidence import (
    SUMMARY_COLUMNS,
    EntityEvidence,
    entity_summaries,
    evidence_inputs,
    fit_entity_evidence,
)


def operators(seed, n=800):
    """Cheating operators have more false sessions; their own signals know less of it."""
    rng = np.random.default_rng(seed)
    cheats = rng.random(n) < 0.2
    owner = np.repeat(np.arange(n).astype(str), 8)
    false = rng.random(8 * n) < np.where(np.repeat(cheats, 8), 0.5, 0.01)
    p = np.clip(rng.beta(1 + 6 * false, 7 - 5 * false), 0.01, 0.99)
    own = 1 / (1 + np.exp(-(rng.normal(0, 1, n) + cheats - 1.5)))
    return (
        cheats.astype(float),
        own,
        entity_summaries("session", p, pd.Series(owner)).loc[np.arange(n).astype(str)],
    )


@pytest.fixture(scope="module")
def model():
    truth, own, summaries = operators(1)
    inputs = evidence_inputs(own, summaries)
    return EntityEvidence(fit_entity_evidence(inputs, truth, np.ones(len(truth))))


def test_summaries_are_of_the_entities_of_each_owner():
    p, owner = np.array([0.9, 0.6, 0.1, 0.2, 0.3]), pd.Series(["a", "a", "a", "a", None])
    found = entity_summaries("order", p, owner)
    logs = np.log(p / (1 - p))
    assert list(found.index) == ["a"]
    assert found.loc["a", "order_highest"] == pytest.approx(logs[0])
    assert found.loc["a", "order_mean_of_highest"] == pytest.approx(logs[[0, 1, 3]].mean())
    assert found.loc["a", "order_mean"] == pytest.approx(logs[:4].mean())
    assert found.loc["a", "order_probable_share"] == 0.5
    assert entity_summaries("order", np.zeros(0), pd.Series([], dtype=object)).empty


def test_the_model_ranks_cheats_above_their_own_signals(model):
    """On operators that it never saw, entities add to what own signals know."""
    from sklearn.metrics import average_precision_score

    truth, own, summaries = operators(2)
    found = model.probability(own, summaries)
    alone = average_precision_score(truth, own)
    assert average_precision_score(truth, found) > alone + 0.2
    assert found.mean() == pytest.approx(truth.mean(), abs=0.04)


def test_more_evidence_never_lowers_a_probability(model):
    _, own, summaries = operators(3)
    before = model.probability(own, summaries)
    assert (model.probability(np.minimum(own * 1.5, 0.99), summaries) >= before - 1e-12).all()
    for column in summaries:
        more = summaries.assign(**{column: summaries[column] + 0.5})
        assert (model.probability(own, more) >= before - 1e-12).all()


def test_a_platform_without_sessions_or_orders_is_scored(model):
    _, own, summaries = operators(4)
    nothing = model.probability(own, summaries[[]])
    assert np.isfinite(nothing).all() and set(summaries) < set(SUMMARY_COLUMNS)
    assert model.probability(own[:0], summaries.head(0)).shape == (0,)
