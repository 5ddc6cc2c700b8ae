"""Claims about models that compare with the entities of the same night."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.peers.baseline_fit import MIN_PEERS, fit_trimmed
from tests.features.peers.test_baseline import UNTIL, session_rows
from training.dataset.frame import Dataset
from training.estimator.ensemble import MIN_ENTITIES_TO_REBASE
from training.estimator.inputs import anomaly_score_columns
from training.fitting.trees import fit_trees, raw_scores
from training.models.registry import BY_NAME, MODELS
from training.release.serialisation import read_trees, release_texts

SESSIONS = BY_NAME["session_inflation"]


@pytest.fixture(scope="module")
def data() -> Dataset:
    return session_rows(600)


@pytest.fixture(scope="module")
def trees(data):
    return fit_trees(SESSIONS, SESSIONS.columns, data, np.ones(len(data), dtype=bool))


def test_a_platform_that_measures_on_another_scale_is_scored_the_same(data, trees):
    """Points of an anomaly score have the same scale on every platform."""
    values, rng = data.signals.to_numpy(), np.random.default_rng(8)
    elsewhere = values * rng.uniform(0.2, 5.0, values.shape[1]) + rng.normal(0, 3, values.shape[1])
    elsewhere = np.where(anomaly_score_columns(tuple(trees.columns)), values, elsewhere)
    here, there = trees.rebased_on(values), trees.rebased_on(elsewhere)
    np.testing.assert_allclose(there.raw(elsewhere), here.raw(values), atol=1e-6)
    assert (
        np.abs(trees.raw(elsewhere) - trees.raw(values)).max() > 1.0
    )  # by the training night's baseline it is not


def test_training_night_stays_the_baseline_where_few_are_alike(data, trees):
    """The training night stays the baseline where few are like it or too few are there."""
    values = data.signals.to_numpy()
    elsewhere = values * 3.0 + 7.0
    assert not trees.has_shifted(values) and trees.has_shifted(elsewhere)
    assert (
        trees.rebased_on(values[: MIN_ENTITIES_TO_REBASE - 1]) is trees
        and trees.rebased_on(values[:MIN_ENTITIES_TO_REBASE]).peers is not trees.peers
    )
    assert (
        trees.rebased_on(elsewhere[: MIN_PEERS - 1]) is trees
        and trees.rebased_on(elsewhere[:MIN_PEERS]).peers is not trees.peers
    )


def test_rows_of_a_training_frame_are_compared_with_their_own_night(data):
    """The second night is the first on another scale: nobody may look odd for that."""
    shifted = data.signals * 3.0 + 7.0
    first, second = pd.Timestamp(UNTIL) - pd.Timedelta(days=7), pd.Timestamp(UNTIL)
    both = Dataset(
        pd.concat([data.signals, shifted], ignore_index=True),
        pd.concat([data.labels] * 2, ignore_index=True),
        pd.concat([data.received] * 2, ignore_index=True),
        pd.concat([data.group] * 2, ignore_index=True),
        pd.Series([first] * len(data) + [second] * len(data)),
        peer_signals={first: data.signals, second: shifted},
    )
    everything = np.ones(len(both), dtype=bool)
    learnt = fit_trees(SESSIONS, SESSIONS.columns, both, everything)
    learnt = learnt.__class__(
        learnt.booster, learnt.columns, learnt.peers, learnt.typologies, learnt.use_raw_values
    )
    raw = raw_scores(learnt, both, everything)
    apart = np.abs(
        raw[: len(data)] - raw[len(data) :]
    )  # rounding puts some values on the other side of a cut between two rows
    assert np.quantile(apart, 0.85) < 1e-6 and apart.max() < 0.2
    assert np.abs(learnt.raw(data.signals.to_numpy()) - raw[: len(data)]).max() > 1.0
    expected = fit_trimmed(
        SESSIONS.signals, shifted.to_numpy(), SESSIONS.size_signal
    )  # those of the last night are released
    np.testing.assert_array_equal(learnt.peers.compared_medians, expected.compared_medians)


def test_anomaly_weight_is_added_and_is_its_own_reason(data, trees):
    """A point of anomaly score above the peers adds its weight to the log-odds of its typology
    and is its own reason."""
    values, column = data.signals.to_numpy(), trees.columns.index("session_view_anomaly_score")
    kind = trees.typologies.index("view_fraud")
    more, medians = values.copy(), trees.peers.medians(values)[:, column]
    more[:, column], values[:, column] = medians + 10.0, medians - 1.0
    before, after = (trees._per_ensemble(trees._added(x)) for x in (values, more))
    np.testing.assert_allclose(after[:, kind] - before[:, kind], 10.0 * trees.anomaly_weight)
    np.testing.assert_array_equal(after[:, 1 - kind], before[:, 1 - kind])
    assert (trees.raw(more) > trees.raw(values)).all()
    pushed = trees.contributions(more)[:, column] - trees.contributions(values)[:, column]
    np.testing.assert_allclose(pushed, 10.0 * trees.anomaly_weight)
    values[:, column] = np.nan  # unknown adds nothing
    np.testing.assert_array_equal(trees._per_ensemble(trees._added(values)), before)


def test_whether_values_are_read_survives_being_written(data, trees):
    again, _ = read_trees(release_texts(trees, trees), trees.columns, trees.columns)
    assert (
        again.use_raw_values is trees.use_raw_values is False
        and again.anomaly_weight == trees.anomaly_weight == SESSIONS.anomaly_weight > 0
    )
    values = data.signals.to_numpy()
    np.testing.assert_array_equal(
        again.rebased_on(values).raw(values), trees.rebased_on(values).raw(values)
    )


@pytest.mark.parametrize("model", [m for m in MODELS if m.peer_relative], ids=lambda m: m.name)
def test_peer_relative_model_names_a_size(model):
    """A peer-relative model names a size that it reads, and any other reads values."""
    assert model.size_signal is None or model.size_signal in model.columns
    assert model.use_raw_values or model.size_signal is not None
