"""Combinations compare with a night's entities, are monotone, and survive being written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.peers.baseline_fit import fit_trimmed
from tests.features.peers.test_baseline import UNTIL, session_rows
from training.dataset.frame import Dataset
from training.estimator.combination import MIN_ENTITIES, any_ensemble
from training.fitting import trees as fitting
from training.fitting.trees import fit_trees, raw_scores
from training.models.session_inflation import MODEL as SESSIONS
from training.release.serialisation import read_trees, release_texts


@pytest.fixture(scope="module", autouse=True)
def no_prior():
    """Trees of verdicts alone, so that claims do not rest on the released prior."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "load_prior", lambda _name: None)
        yield


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Six hundred sessions of one night."""
    return session_rows(600)


@pytest.fixture(scope="module")
def trees(data):
    """Trees of all rows, with the night's sessions as peers."""
    return fit_trees(SESSIONS, data, np.ones(len(data), dtype=bool))


def test_another_scale_is_scored_the_same(data, trees):
    """A platform that measures on another scale gets the same scores, by its own peers."""
    values, rng = data.signals.to_numpy(), np.random.default_rng(8)
    scale, shift = rng.uniform(0.2, 5.0, values.shape[1]), rng.normal(0, 3, values.shape[1])
    here, there = trees.rebased_on(values), trees.rebased_on(values * scale + shift)
    moved = there.raw(values * scale + shift)
    apart = np.abs(moved - here.raw(values))  # shares are shrunk by counts that moved too
    assert np.median(apart) < 1e-6 and np.quantile(apart, 0.9) < 0.5
    assert np.abs(here.raw(values * scale + shift) - here.raw(values)).max() > 1.0


def test_too_few_entities_keep_the_peers(data, trees):
    """Fewer than MIN_ENTITIES show no peers, so those of the training night stay."""
    values = data.signals.to_numpy()
    assert trees.rebased_on(values[: MIN_ENTITIES - 1]) is trees
    assert trees.rebased_on(values[:MIN_ENTITIES]).peers is not trees.peers
    with pytest.raises(ValueError, match="rebased_on"):
        replace(trees, peers=None).raw(values)


def test_rows_are_compared_with_their_own_night(data):
    """The second night is the first on another scale, and scores the same."""
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
    learnt = fit_trees(SESSIONS, both, everything)
    raw = raw_scores(learnt, both, everything)
    assert np.quantile(np.abs(raw[: len(data)] - raw[len(data) :]), 0.85) < 1e-6
    expected = fit_trimmed(SESSIONS.signals, shifted.to_numpy(), "view_count")
    np.testing.assert_array_equal(learnt.peers.baseline.compared_medians, expected.compared_medians)


def test_more_evidence_never_lowers_a_score(data, trees):
    """Each signal on its suspicious side raises the score or leaves it."""
    row = np.tile(np.median(data.signals.to_numpy(), axis=0), (40, 1))
    for name in ("flash_view_share", "likes_per_liker_ratio", "stay_spread_ratio"):
        column = trees.columns.index(name)
        moved = row.copy()
        moved[:, column] = np.linspace(-3, 6, 40) * SESSIONS.signals[column].direction
        assert (np.diff(trees.raw(moved)) >= -1e-9).all()


def test_typologies_are_told_apart(data, trees):
    """The probability of any fraud is shared out to the typology whose traces show."""
    assert trees.typologies == ("view_fraud", "engagement_fraud")
    for j, kind in enumerate(trees.typologies):
        found = data.signals[(data.labels["typology"] == kind).to_numpy()].to_numpy()
        share = trees.typology_shares(found)
        assert np.median(share[:, j]) > 0.9 > 0.5 > np.median(share[:, 1 - j])
        assert np.median(trees.raw(found)) > 1.0
    honest = data.signals[(data.labels["typology"] == "").to_numpy()].to_numpy()
    assert np.median(trees.raw(honest)) < -1.0


def test_reasons_name_the_signal_that_made_the_score(data, trees):
    """SHAP values of rank, deviation and summaries fall to the signal that stands out."""
    found = data.signals[(data.labels["typology"] == "engagement_fraud").to_numpy()]
    push = trees.contributions(found.to_numpy()[:20])
    assert push.shape == (20, len(trees.columns))
    assert (push.argmax(axis=1) == trees.columns.index("likes_per_liker_ratio")).mean() > 0.7


def test_hidden_signals_are_unknown(data, trees):
    """The no-graph control does not see what is hidden from it."""
    blind = fit_trees(SESSIONS, data, np.ones(len(data), dtype=bool), ("likes_per_liker_ratio",))
    values = data.signals.to_numpy()
    moved = values.copy()
    moved[:, blind.columns.index("likes_per_liker_ratio")] += 100.0
    np.testing.assert_array_equal(blind.raw(moved), blind.raw(values))


def test_a_written_combination_scores_the_same(data, trees):
    """Files keep trees, offsets, sizes and peers bit for bit."""
    again, _ = read_trees(release_texts(trees, trees))
    values = data.signals.to_numpy()
    np.testing.assert_array_equal(again.raw(values), trees.raw(values))
    assert again.size_signals == trees.size_signals and again.hidden == trees.hidden


def test_verdicts_add_a_stage_to_the_prior(data, trees, monkeypatch):
    """Trees of verdicts begin from the prior's log-odds and do not replace them."""

    class Prior:
        combination = replace(trees, peers=None)

    monkeypatch.setattr(fitting, "load_prior", lambda _name: Prior)
    both = fit_trees(SESSIONS, data, np.ones(len(data), dtype=bool))
    assert both.stages[0] is trees.stages[0] and len(both.stages) == 2
    x = both.inputs(data.signals.to_numpy())
    alone = both.stages[0].log_odds(x)
    np.testing.assert_allclose(
        any_ensemble(alone + both.stages[1].log_odds(x)), both.raw(data.signals.to_numpy())
    )
