"""The logit floor of schemes that no verdict showed, and the anomaly score that is added to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.features.peers.test_baseline import session_rows
from training.estimator.log_odds import sigmoid
from training.fitting.cross_fitting import consistent_labels
from training.fitting.trees import fit_trees
from training.models.registry import BY_NAME
from training.release.serialisation import read_trees, release_texts

SESSIONS = BY_NAME["session_inflation"]
FLOOR = SESSIONS.logit_floor


@pytest.fixture(scope="module")
def data():
    return session_rows(700)


@pytest.fixture(scope="module")
def trees(data):
    return fit_trees(SESSIONS, SESSIONS.columns, data, np.ones(len(data), dtype=bool))


def deviating(trees, points: float, n: int = 5) -> np.ndarray:
    """Sessions that trees clear, with so many points of anomaly score above the peer median."""
    rows = np.zeros((n, len(trees.columns)))
    rows[:, trees.columns.index("view_count")] = 300.0
    column = trees.columns.index("session_engagement_anomaly_score")
    rows[:, column] = trees.peers.medians(rows)[:, column] + points
    return rows


def test_logit_floor_keeps_order(data, trees):
    """No typology is cleared below the logit floor, and what is cleared keeps its order."""
    values, bare = data.signals.to_numpy(), replace(trees, anomaly_weight=0.0, logit_floor=None)
    before, after = (
        bare._by_trees(bare.inputs(values)),
        trees._floored(bare._by_trees(bare.inputs(values))),
    )
    assert before.min() < FLOOR - 1.0 and after.min() > FLOOR
    for j in range(before.shape[1]):
        np.testing.assert_array_equal(
            np.argsort(after[:, j], kind="stable"), np.argsort(before[:, j], kind="stable")
        )


def test_trees_that_are_sure_are_hardly_moved_by_the_floor(data, trees):
    values, without = data.signals.to_numpy(), replace(trees, logit_floor=None)
    sure = sigmoid(without.raw(values)) > 0.9
    assert sure.sum() > 20
    np.testing.assert_allclose(trees.raw(values)[sure], without.raw(values)[sure], atol=0.2)


def test_scheme_without_verdicts_is_found_by_anomaly(
    trees,
):
    """A scheme without verdicts is found by its anomaly score where trees would have cleared it."""
    at_peers, far, without = (
        deviating(trees, 0.0),
        deviating(trees, 25.0),
        replace(trees, logit_floor=None),
    )
    assert sigmoid(without.raw(far)).max() < 0.5 < sigmoid(trees.raw(far)).min()
    assert sigmoid(trees.raw(at_peers)).max() < 0.3


def test_reason_and_typology_are_those_of_the_anomaly_score(trees):
    rows = deviating(trees, 25.0)
    pushed = trees.contributions(rows)
    assert (pushed.argmax(axis=1) == trees.columns.index("session_engagement_anomaly_score")).all()
    shares = trees.typology_shares(rows)
    assert (shares.argmax(axis=1) == trees.typologies.index("engagement_fraud")).all()
    np.testing.assert_array_equal(
        shares, replace(trees, logit_floor=None).typology_shares(rows)
    )  # the floor speaks for no typology


def test_reasons_below_the_logit_floor_are_scaled(data, trees):
    """A signal that speaks against counts by what the logit floor leaves of it.

    Where trees clear far below the floor next to nothing is left to explain; where they are sure
    all of it is.
    """
    values, bare = data.signals.to_numpy(), replace(trees, anomaly_weight=0.0, logit_floor=None)
    low = bare._by_trees(bare.inputs(values)).max(axis=1) < FLOOR - 1.0
    whole, left = (
        np.abs(t.contributions(values)).sum(axis=1)
        for t in (bare, replace(trees, anomaly_weight=0.0))
    )
    assert low.any() and (left[low] < 0.5 * whole[low]).all()
    sure = sigmoid(bare.raw(values)) > 0.95
    np.testing.assert_allclose(left[sure], whole[sure], rtol=0.1)


def test_verdicts_are_held_against_trees_as_sure_as_they_are(data):
    everything = np.ones(len(data), dtype=bool)
    np.testing.assert_array_equal(
        consistent_labels(SESSIONS, data, everything),
        consistent_labels(replace(SESSIONS, logit_floor=None), data, everything),
    )


def test_the_floor_survives_being_written(data, trees):
    again, _ = read_trees(release_texts(trees, trees), trees.columns, trees.columns)
    assert again.logit_floor == trees.logit_floor == FLOOR < 0
    np.testing.assert_array_equal(
        again.raw(data.signals.to_numpy()), trees.raw(data.signals.to_numpy())
    )
