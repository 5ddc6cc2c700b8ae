"""Claims about tails of the cleared, and about the second finder that reads them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from features.departures import learn
from features.rarity import FEWEST, NEAR, TAIL, from_json, tails_of
from tests.test_departures import session_rows
from training.fit import trees_of
from training.models.session_inflation import MODEL as SESSIONS
from training.release import read_trees, text_of
from training.trees import LIFTED, sigmoid

COLUMNS = ["view_count", "flash_view_share", "stay_spread_ratio", "likes_per_liker_ratio"]
BOTH = ("view_fraud", "engagement_fraud")


def cleared(n: int = 4000) -> np.ndarray:
    """Sessions whose likes of a liker have an exponential tail from the median on: one spread is what one in e exceeds."""
    rng = np.random.default_rng(3)
    return np.column_stack([np.full(n, 100.0), rng.normal(0.1, 0.03, n), rng.normal(1.0, 0.1, n), 40.0 + rng.exponential(4.0, n)])


def test_the_probability_beyond_a_value_is_that_of_the_tail_it_was_drawn_from():
    values = cleared()
    found = learn(COLUMNS, values, None)
    tails = tails_of(COLUMNS, found.of(values), BOTH)
    far = np.array([[100.0, 0.1, 1.0, 40.0 + 4.0 * k] for k in (6.0, 8.0, 10.0)])  # 64, 72 and 80 likes, the alarm is at 60
    np.testing.assert_allclose(tails.nats(far, found)[:, 3], (6.0, 8.0, 10.0), rtol=0.2)


def test_a_value_far_from_its_alarm_is_not_rare_however_far_it_lies_from_peers():
    values = cleared()
    values[:, 1] = np.where(np.arange(len(values)) % 50 == 0, 0.001, 0.0)  # hardly anybody has any, the alarm is at .3
    found = learn(COLUMNS, values, None)
    tails = tails_of(COLUMNS, found.of(values), BOTH)
    below, reached = tails.nats(np.array([[100.0, NEAR * 0.3 - 1e-6, 1.0, 42.0], [100.0, NEAR * 0.3 + 1e-6, 1.0, 42.0]]), found)[:, 1]
    assert below == 0.0 < 9.0 < reached


def test_nothing_is_rare_on_the_innocent_side_when_unknown_or_against_another_typology():
    values = cleared()
    found = learn(COLUMNS, values, None)
    rows = np.array([[100.0, 0.1, 9.0, 0.0], [100.0, np.nan, np.nan, np.nan]])
    assert not tails_of(COLUMNS, found.of(values), BOTH).nats(rows, found).any()
    assert not tails_of(COLUMNS, found.of(values), ("view_fraud",)).nats(np.array([[100.0, 0.1, 1.0, 1e4]]), found).any()
    assert tails_of(COLUMNS, found.of(values[: FEWEST - 1]), BOTH) is None


def test_about_the_share_of_the_tail_of_fresh_entities_lies_in_it():
    found = learn(COLUMNS, cleared(), None)
    tails = tails_of(COLUMNS, found.of(cleared()), BOTH)
    likes = 40.0 + np.random.default_rng(9).exponential(4.0, 3000)
    fresh = np.column_stack([np.full(3000, 100.0), np.full(3000, 0.1), np.full(3000, 1.0), likes])
    near = fresh[:, 3] >= 40.0 + 2.8 + NEAR * (60.0 - 42.8)
    lying = tails.nats(fresh, found)[:, 3] > 0
    assert not lying[~near].any() and 0.0 < lying.mean() < TAIL


def test_tails_survive_being_written():
    values = cleared()
    found = learn(COLUMNS, values, None)
    tails = tails_of(COLUMNS, found.of(values), BOTH)
    again = from_json(json.loads(json.dumps(tails.as_json())))
    np.testing.assert_array_equal(tails.nats(values, found), again.nats(values, found))


@pytest.fixture(scope="module")
def trees():
    data = session_rows(700)
    return trees_of(SESSIONS, SESSIONS.columns, data, np.ones(len(data), dtype=bool))


def unheard_of(trees, n: int = 5) -> np.ndarray:
    """Honest sessions but for a trace that no verdict ever showed: nine views in ten through proxies."""
    rows = np.zeros((n, len(trees.columns)))
    rows[:, trees.columns.index("view_count")] = 300.0
    rows[:, trees.columns.index("proxy_view_share")] = 40.0
    return rows


def test_a_trace_without_verdicts_lifts_a_score_and_is_its_reason_and_its_typology(trees):
    rows = unheard_of(trees)
    alone = replace(trees, tails=None)
    assert sigmoid(alone.raw(rows)).max() < LIFTED <= sigmoid(trees.raw(rows)).min() < LIFTED + 0.01
    assert (trees.contributions(rows).argmax(axis=1) == trees.columns.index("proxy_view_share")).all()
    shares = trees.shares(rows)
    assert (shares[:, trees.typologies.index("view_fraud")] > 0.9).all() and (shares <= 1.0 + 1e-9).all()


def test_what_lifts_a_score_is_all_that_it_adds_to_the_reasons(trees):
    rows, alone = unheard_of(trees), replace(trees, tails=None)
    more = (trees.contributions(rows) - alone.contributions(rows)).sum(axis=1)
    np.testing.assert_allclose(more, trees.raw(rows) - alone.raw(rows))


def test_a_score_that_is_high_already_stays_and_files_give_the_same_lift(trees):
    data = session_rows(700)
    found = data.signals[(data.labels["confirmed"] == 1).to_numpy()].to_numpy()
    high = replace(trees, tails=None).raw(found)
    sure = sigmoid(high) > LIFTED + 0.01
    np.testing.assert_array_equal(trees.raw(found)[sure], high[sure])
    again, _ = read_trees(text_of(trees, trees), trees.columns, trees.columns)
    rows = unheard_of(trees)
    np.testing.assert_array_equal(trees.raw(rows), again.raw(rows))
