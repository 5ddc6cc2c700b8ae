"""Claims about the burst alarm: scikit-learn's conventions, the moment of an alarm, a series'
own bursts."""

from __future__ import annotations

import numpy as np
from sklearn.utils.estimator_checks import parametrize_with_checks

from benchmarks.public_sets.burst_alarm import BurstAlarm, alarms, burst_scores

EXPECTED = {
    "BurstAlarm": dict.fromkeys(
        ("check_outliers_fit_predict", "check_outliers_train"),
        "the check's data have no burst in time",
    )
}


@parametrize_with_checks(
    [BurstAlarm()], expected_failed_checks=lambda e: EXPECTED[type(e).__name__]
)
def test_scikit_learn_conventions(estimator, check):
    """The estimator keeps the conventions of scikit-learn."""
    check(estimator)


def test_a_burst_is_seen_when_it_comes_and_the_future_changes_nothing():
    """A burst is seen when it comes and the future changes nothing."""
    rng = np.random.default_rng(2)
    x = rng.poisson(50, 2000).astype(float)
    x[1700:1705] = 800
    score = burst_scores(x)
    assert score[1700] > 4 and score[:1700].max() < score[1700]
    longer = np.append(x, 10_000.0)
    np.testing.assert_array_equal(burst_scores(longer)[:2000], score)
    assert alarms(score, 4.0, 36).tolist() == [1700]


def test_a_series_that_often_bursts_is_judged_by_its_own_bursts():
    """A series that often bursts is judged by its own bursts."""
    rng = np.random.default_rng(3)
    calm, wild = (
        rng.poisson(50, 4000).astype(float),
        rng.poisson(50, 4000) + rng.pareto(1.5, 4000) * 30,
    )
    calm[3000:3006], wild[3000:3006] = 200.0, 200.0
    assert burst_scores(calm)[3000:3006].max() > 4 > 3 > burst_scores(wild)[3000:3006].max()
