"""Claims about the doubt that trees leave of what no verdict showed them, and about deviances that speak for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.features.peers.test_baseline import session_rows
from training.estimator.ensemble import sigmoid
from training.fitting import consistent, trees_of
from training.models.registry import BY_NAME
from training.release.artefact import read_trees, text_of

SESSIONS = BY_NAME["session_inflation"]
DOUBT = SESSIONS.doubt


@pytest.fixture(scope="module")
def data():
    return session_rows(700)


@pytest.fixture(scope="module")
def trees(data):
    return trees_of(SESSIONS, SESSIONS.columns, data, np.ones(len(data), dtype=bool))


def deviating(trees, points: float, n: int = 5) -> np.ndarray:
    """Sessions that trees clear, which lie out by so many points more than usual over signals of engagement."""
    rows = np.zeros((n, len(trees.columns)))
    rows[:, trees.columns.index("view_count")] = 300.0
    column = trees.columns.index("session_engagement_deviance")
    rows[:, column] = trees.peers.medians(rows)[:, column] + points
    return rows


def test_logit_floor_keeps_order(data, trees):
    """No typology is cleared below the logit floor, and what is cleared keeps its order."""
    values, bare = data.signals.to_numpy(), replace(trees, lean=0.0, doubt=None)
    before, after = (
        bare._by_trees(bare.inputs(values)),
        trees._doubted(bare._by_trees(bare.inputs(values))),
    )
    assert before.min() < DOUBT - 1.0 and after.min() > DOUBT
    for j in range(before.shape[1]):
        np.testing.assert_array_equal(
            np.argsort(after[:, j], kind="stable"), np.argsort(before[:, j], kind="stable")
        )


def test_trees_that_are_sure_are_hardly_moved_by_the_doubt(data, trees):
    values, without = data.signals.to_numpy(), replace(trees, doubt=None)
    sure = sigmoid(without.raw(values)) > 0.9
    assert sure.sum() > 20
    np.testing.assert_allclose(trees.raw(values)[sure], without.raw(values)[sure], atol=0.2)


def test_scheme_without_verdicts_is_found_by_anomaly(
    trees,
):
    """A scheme without verdicts is found by its anomaly score where trees would have cleared it."""
    usual, far, without = deviating(trees, 0.0), deviating(trees, 25.0), replace(trees, doubt=None)
    assert sigmoid(without.raw(far)).max() < 0.5 < sigmoid(trees.raw(far)).min()
    assert sigmoid(trees.raw(usual)).max() < 0.3


def test_its_reason_is_the_deviance_and_its_typology_that_of_the_deviance(trees):
    rows = deviating(trees, 25.0)
    pushed = trees.contributions(rows)
    assert (pushed.argmax(axis=1) == trees.columns.index("session_engagement_deviance")).all()
    shares = trees.shares(rows)
    assert (shares.argmax(axis=1) == trees.typologies.index("engagement_fraud")).all()
    np.testing.assert_array_equal(
        shares, replace(trees, doubt=None).shares(rows)
    )  # a doubt speaks for no typology


def test_reasons_below_the_logit_floor_are_scaled(data, trees):
    """A signal that speaks against counts by what the logit floor leaves of it.

    Where trees clear far below the doubt next to nothing is left to explain; where they are sure
    all of it is.
    """
    values, bare = data.signals.to_numpy(), replace(trees, lean=0.0, doubt=None)
    low = bare._by_trees(bare.inputs(values)).max(axis=1) < DOUBT - 1.0
    whole, left = (
        np.abs(t.contributions(values)).sum(axis=1) for t in (bare, replace(trees, lean=0.0))
    )
    assert low.any() and (left[low] < 0.5 * whole[low]).all()
    sure = sigmoid(bare.raw(values)) > 0.95
    np.testing.assert_allclose(left[sure], whole[sure], rtol=0.1)


def test_verdicts_are_held_against_trees_as_sure_as_they_are(data):
    everything = np.ones(len(data), dtype=bool)
    np.testing.assert_array_equal(
        consistent(SESSIONS, data, everything),
        consistent(replace(SESSIONS, doubt=None), data, everything),
    )


def test_the_doubt_survives_being_written(data, trees):
    again, _ = read_trees(text_of(trees, trees), trees.columns, trees.columns)
    assert again.doubt == trees.doubt == DOUBT < 0
    np.testing.assert_array_equal(
        again.raw(data.signals.to_numpy()), trees.raw(data.signals.to_numpy())
    )
