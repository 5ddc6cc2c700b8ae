"""Claims about deviations from peers, and about the trees that read them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from features.catalogue import BY_NAME, signals_named
from features.peers.baseline import DEVIATION_SCALE_SPREADS, from_json
from features.peers.baseline_fit import (
    LOWER_QUANTILES,
    MIN_SPREAD_FRACTION,
    UPPER_QUANTILES,
    fit,
    fit_trimmed,
)
from tests.conftest import UNTIL
from training.dataset.frame import Dataset
from training.estimator.log_odds import any_log_odds
from training.models.session_inflation import MODEL as SESSIONS

COLUMNS = ["view_count", "flash_view_share", "stay_spread_ratio", "likes_per_liker_ratio"]
SIGNALS = signals_named(COLUMNS)


def peers(n: int = 500, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = np.exp(rng.uniform(3, 8, n))
    return np.column_stack(
        [size, rng.normal(0.2, 1 / np.sqrt(size)), rng.normal(1.0, 0.1, n), rng.normal(5, 1, n)]
    )


def test_median_deviates_by_zero_and_a_spread_by_one():
    """A value at the median of its stratum deviates by nothing, and one normal spread deviates
    by one."""
    values = peers(5000)
    found = fit(SIGNALS, values, None)
    row = np.array([[100.0, np.median(values[:, 1]), 1.1, 6.0]])
    deviations = found.deviations(row)[0]
    assert (
        deviations[1] == 0.0
        and deviations[3] == pytest.approx(1.0, abs=0.15)
        and deviations[2] == pytest.approx(1.0, abs=0.15)
    )


def test_four_cheats_in_a_hundred_peers_do_not_hide_one_another():
    """Four cheats in a hundred peers do not hide one another."""
    values = peers(1000)
    values[:40, 1] += 5.0
    deviations = fit(SIGNALS, values, "view_count").deviations(values)[:, 1]
    assert (
        np.median(deviations[:40])
        > 4 * DEVIATION_SCALE_SPREADS
        > DEVIATION_SCALE_SPREADS
        > np.quantile(deviations[40:], 0.99)
    )


def test_cheating_peers_widen_the_spread_until_trimmed():
    """A tenth of peers that cheat widens the spread until peers are trimmed."""
    values = peers(1000)
    values[:100, 1] += np.random.default_rng(5).uniform(0.5, 5.0, 100)
    first, last = (f(SIGNALS, values, "view_count") for f in (fit, fit_trimmed))
    assert (last.upper_spreads[:, 1] < 0.5 * first.upper_spreads[:, 1]).all()
    found = last.deviations(values)[:100, 1]
    assert (
        (found > DEVIATION_SCALE_SPREADS).mean()
        > 0.9
        > 0.5
        > (first.deviations(values)[:100, 1] > DEVIATION_SCALE_SPREADS).mean()
    )


def test_peers_of_whom_none_cheats_settle_near_where_they_were():
    """Trimming moves a baseline of honest peers little."""
    values = peers(2000)
    first, last = (f(SIGNALS, values, "view_count") for f in (fit, fit_trimmed))
    np.testing.assert_allclose(last.compared_medians, first.compared_medians, rtol=0.05, atol=0.02)
    assert (last.upper_spreads[:, 1:] > 0.5 * first.upper_spreads[:, 1:]).all()


@pytest.mark.parametrize("n", [30, 31, 33, 500])
def test_middles_and_spreads_are_those_of_numpys_quantiles_to_the_last_bit(n):
    """Medians and spreads equal those of numpy's quantiles to the last bit."""
    x = np.random.default_rng(n).lognormal(0.0, 2.0, n)
    found = fit(signals_named(["likes_per_liker_ratio"]), x[:, None], None)
    middle, floor = np.median(x), MIN_SPREAD_FRACTION * x.std() + 1e-9
    assert found.compared_medians[0, 0] == found.peer_medians[0, 0] == middle
    assert found.upper_spreads[0, 0] == max(
        floor, *((np.quantile(x, q) - middle) / s for q, s in UPPER_QUANTILES)
    )
    assert found.lower_spreads[0, 0] == max(
        floor, *((middle - np.quantile(x, q)) / s for q, s in LOWER_QUANTILES)
    )


def test_only_the_suspicious_side_has_weight():
    """Only the suspicious side has weight, and an unknown value has none."""
    found = fit(SIGNALS, peers(), "view_count")
    row = np.array(
        [[100.0, np.nan, 0.0, 5.0], [100.0, np.nan, 2.0, 5.0], [100.0, np.nan, np.nan, np.nan]]
    )
    # a low spread of stays is suspicious, a high one is not
    low_spread, high_spread, unknown = found.weights(found.deviations(row)).sum(axis=1)
    assert low_spread > 2.0 and high_spread < 1e-3 and unknown == 0.0


def test_a_baseline_survives_being_written():
    """A baseline survives being written."""
    values = peers()
    values[:, 3] = np.nan  # never known
    found = fit(SIGNALS, values, "view_count")
    again = from_json(BY_NAME, json.loads(json.dumps(found.as_json())))
    np.testing.assert_array_equal(found.deviations(values), again.deviations(values))
    assert np.isnan(again.deviations(values)[:, 3]).all()


def session_rows(n: int = 500) -> Dataset:
    """Sessions of which a fifth are inflated in views, a fifth in likes, each with its own
    trace; others are honest."""
    rng = np.random.default_rng(4)
    signals = pd.DataFrame(rng.normal(0, 1, (n, len(SESSIONS.columns))), columns=SESSIONS.columns)
    signals["view_count"] = np.exp(rng.uniform(3, 8, n))
    kind = rng.choice(["", "view_fraud", "engagement_fraud"], n, p=[0.6, 0.2, 0.2])
    signals["flash_view_share"] += 4.0 * (kind == "view_fraud")
    signals["likes_per_liker_ratio"] += 4.0 * (kind == "engagement_fraud")
    for c, typology in (
        ("session_view_anomaly_score", "view_fraud"),
        ("session_engagement_anomaly_score", "engagement_fraud"),
    ):
        signals[c] = np.abs(signals[c]) + 6.0 * (kind == typology)
    labels = pd.DataFrame(
        {"confirmed": (kind != "").astype(int), "audited": False, "typology": kind}
    )
    when, nights = pd.Series([pd.Timestamp(UNTIL)] * n), pd.Series([UNTIL] * n)
    return Dataset(
        signals,
        labels,
        when,
        pd.Series([f"g{i}" for i in range(n)]),
        nights,
        peer_signals={pd.Timestamp(UNTIL): signals},
    )


@pytest.mark.parametrize(("one", "other"), [(0.0, 0.0), (-3.0, 2.0), (-40.0, -40.0), (9.0, -9.0)])
def test_any_of_two_is_one_less_the_chance_of_neither(one, other):
    """The probability of either of two is one less that of neither."""
    p, q = 1 / (1 + np.exp(-one)), 1 / (1 + np.exp(-other))
    wanted = np.log((p + q - p * q) / ((1 - p) * (1 - q)))
    assert any_log_odds(np.array([[one, other]]))[0] == pytest.approx(wanted, rel=1e-6)
