"""Claims about the session detectors: scikit-learn's checks, expected audiences, episodes,
attribution."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from benchmarks.public_sets.burst_episodes import find_episodes
from features.detectors.expected_audience import ExpectedAudience
from features.posteriors.view_mixture import (
    EVIDENCE_DISCOUNT,
    MAX_SESSION_LOG_ODDS,
    empirical_null,
    false_shares,
    likelihood_ratio,
    temper_ratios,
    update_sessions,
    update_with_account_history,
)

OUTLIERS = ("check_outliers_fit_predict", "check_outliers_train")
EXPECTED = {
    "ExpectedAudience": dict.fromkeys(
        OUTLIERS, "the check's data are negative, and cells hold counts"
    ),
}


@parametrize_with_checks(
    [ExpectedAudience()], expected_failed_checks=lambda e: EXPECTED[type(e).__name__]
)
def test_scikit_learn_conventions(estimator, check):
    """The estimator keeps the conventions of scikit-learn."""
    check(estimator)


def test_block_of_equal_stays_deviates():
    """A block of equal stays deviates; a larger honest audience does not."""
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.linspace(1, 8, 16) * 20, 200)
    honest = np.array([rng.multinomial(300, p) for p in shares])
    fitted = ExpectedAudience().fit(honest)
    large = rng.multinomial(30_000, shares.mean(axis=0))
    botted = honest[0].copy()
    botted[0] += 200
    assert fitted.score_samples(botted[None])[0] < np.quantile(fitted.score_samples(honest), 0.01)
    assert fitted.predict(large[None])[0] == 1
    with pytest.raises(ValueError, match="counts of views"):
        fitted.score_samples(-honest)


ORDERS = [("s", "b", 0), ("s", "b", 1800), ("s", "b", 3600), ("s", "c", 9000)]


@pytest.mark.parametrize(("last", "episodes"), [(3600, 1), (3601, 0)])
def test_three_orders_within_an_hour_are_an_episode(last, episodes):
    """Three orders by one buyer within an hour are an episode; one second more and they are not."""
    orders = pd.DataFrame(
        [("s", "b", 0), ("s", "b", 1800), ("s", "b", last), ("s", "c", 9000)],
        columns=["shop", "buyer", "at"],
    )
    found = find_episodes(orders)
    assert len(found.windows) == episodes
    if episodes:
        assert found.windows.iloc[0].to_dict() == {
            "shop": "s",
            "start": 0,
            "end": 3600,
            "orders": 3,
            "buyers": 1,
            "rate": 3.0,
        }
        assert found.brushers[["buyer", "most"]].to_numpy().tolist() == [["b", True]]


def test_many_buyers_in_an_hour_are_no_episode():
    """An hour with many buyers is no episode."""
    orders = pd.DataFrame(
        [("s", f"b{i // 2}", 10 * i) for i in range(100)], columns=["shop", "buyer", "at"]
    )
    assert find_episodes(orders).windows.empty


def sessions(shares: list[float], size: int, seed: int):
    """Odds of views with known likelihood ratio: false views lie at N(2, 1), honest ones at N(0,
    1)."""
    rng = np.random.default_rng(seed)
    false = np.concatenate([rng.random(size) < s for s in shares])
    x = rng.normal(np.where(false, 2.0, 0.0))
    ratio = np.exp(2.0 * x - 2.0)
    return false, ratio, np.arange(len(shares) + 1, dtype=np.int64) * size


def test_false_shares_are_recovered_and_their_intervals_cover():
    """False shares are recovered and their intervals cover."""
    shares = [0.0] * 40 + [0.3] * 40 + [0.7] * 40
    false, ratio, start = sessions(shares, 400, 3)
    found = false_shares(ratio, start, np.repeat([0.0, 1.0, 1.0], 40))
    true = np.add.reduceat(false.astype(float), start[:-1]) / 400
    assert np.abs(found.share - true).mean() < 0.05
    covered = (found.low <= true) & (true <= found.high)
    assert (
        covered.mean() >= 0.9
        and (found.low == found.high)[:40].all()
        and (found.certainty[:40] == 1.0).all()
    )
    assert found.certainty[40:] == pytest.approx(0.9, abs=0.04)
    assert found.posterior[false].mean() > 0.7 > 0.2 > found.posterior[~false].mean()


@pytest.mark.parametrize(("probability", "certainty"), [(0.05, 0.95), (0.3, 0.95), (0.94, 0.95)])
def test_a_session_that_may_be_honest_has_an_interval_down_to_nothing(probability, certainty):
    """A session that may be honest has an interval down to nothing."""
    found = false_shares(
        np.ones(400), np.array([0, 400]), np.array([probability])
    )  # views that say nothing
    assert found.low[0] == 0.0 and (found.high[0] == 0.0) == (probability <= 0.05)
    assert found.certainty[0] == pytest.approx(certainty, abs=0.02)
    assert 0.2 * probability < found.share[0] < 0.5 * probability
    assert found.inflated[0] == pytest.approx(probability, abs=1e-12)


def test_views_settle_whether_a_doubtful_session_was_inflated():
    """Evidence of views decides whether a doubtful session was inflated."""
    _false, ratio, start = sessions([0.5, 0.0, 0.5, 0.0, *[0.0] * 40], 400, 6)
    found = false_shares(ratio, start, np.array([0.4, 0.4, 0.0, 1.0, *[0.01] * 40]))
    assert (
        0.8 < found.inflated[0] < 0.85 and found.inflated[1] < 0.3
    )  # .4 and two more in log-odds, the most that views say
    assert found.inflated[2] == 0.0 and found.inflated[3] == 1.0
    assert (
        found.inflated[0] - 0.01 < found.posterior[:400].max() <= found.inflated[0]
        and found.posterior[400:800].max() < 0.3
    )


@given(st.integers(0, 2**32 - 1), st.floats(0.06, 0.99))
def test_session_evidence_is_discounted_and_capped(seed, probability):
    """A quarter of the weight of evidence of a session's views is added to its log-odds, two at
    most."""
    rng = np.random.default_rng(seed)
    ratio = np.exp(rng.normal(rng.uniform(-1, 0.5), 1.0, rng.integers(1, 60)))
    share = np.clip(np.arange(201) / 200, 1e-4, 1 - 1e-4)
    prior = share ** (4 * 0.3) * (1 - share) ** (4 * 0.7)
    mixed = np.prod(1 - share + share * ratio[:, None], axis=0) ** (1 / (1 + len(ratio) / 50))
    factor = np.log(np.sum(prior * mixed) / prior.sum())
    found = false_shares(ratio, np.array([0, len(ratio)]), np.array([probability])).inflated[0]
    assert np.log(found / (1 - found)) == pytest.approx(
        np.log(probability / (1 - probability)) + min(factor / 4, MAX_SESSION_LOG_ODDS), abs=1e-6
    )


def test_factors_count_beyond_those_of_honest_sessions():
    """Where honest sessions have large Bayes factors too, only a factor beyond theirs counts.

    A hundred sessions held honest with factors of 0 to 20: 19 is their null, and each above it
    counts by a nineteenth.
    """
    probability, factor = (
        np.append(np.full(101, 0.01), [0.5, 0.5, 0.5]),
        np.append(np.linspace(0.0, 20.0, 101), [15.0, 38.0, -3.8]),
    )
    found = update_sessions(probability, factor)[-3:]
    assert found == pytest.approx([0.5, 1 / (1 + np.exp(-1.0)), 1 / (1 + np.exp(0.2))])
    clean = update_sessions(probability, np.append(np.full(101, -2.0), factor[-3:]))[-3:]
    assert clean == pytest.approx(
        1 / (1 + np.exp(-np.minimum(factor[-3:] / 4, MAX_SESSION_LOG_ODDS)))
    )


def test_ratios_are_tempered_by_honest_sessions():
    """Likelihood ratios are drawn towards one as far as honest sessions show them to be too
    large.

    A classifier that gives one honest session in ten the factor of a false one counts less, and
    less again in the session's odds.
    """
    probability, factor = (
        np.full(200, 0.01),
        np.where(np.arange(200) % 10 == 0, 4.0 * EVIDENCE_DISCOUNT, -1.0),
    )
    null = empirical_null(probability, factor)
    assert (
        null == 4.0 * EVIDENCE_DISCOUNT
        and empirical_null(probability, np.full(200, -1.0)) == 0.0
        and empirical_null(probability + 0.5, factor) == 0.0
    )
    ratio = np.array([0.01, 1.0, 256.0])
    assert (
        temper_ratios(ratio, null) == pytest.approx(ratio**0.25)
        and temper_ratios(ratio, 0.5 * EVIDENCE_DISCOUNT).tolist() == ratio.tolist()
    )
    assert empirical_null(probability, np.full(200, np.nan)) == 0.0
    doubtful, said = np.array([0.3]), np.array([8.0])
    assert update_sessions(doubtful, said, null)[0] == pytest.approx(
        1 / (1 + 7 / 3 * np.exp(-8.0 / null))
    )
    assert update_sessions(doubtful, said)[0] > update_sessions(doubtful, said, null)[0] > 0.3


def test_sessions_without_assessed_views_keep_their_probability():
    """Sessions whose views were not assessed keep their probability and are not part of the
    null."""
    probability = np.array([*[0.01] * 40, 0.4, 0.4])
    factor = np.array([*[np.nan] * 20, *[-2.0] * 20, 12.0, np.nan])
    found = update_sessions(probability, factor)
    assert found[-1] == 0.4 and (found[:20] == 0.01).all()
    assert found[-2] == pytest.approx(
        1 / (1 + 1.5 * np.exp(-min(12.0 / EVIDENCE_DISCOUNT, MAX_SESSION_LOG_ODDS)))
    )


def test_of_an_account_and_its_device_the_one_that_says_more_moves_a_view():
    """A view is moved by its account or its device, by the stronger evidence."""
    posterior = np.array([0.3, 0.9, 0.3, 0.9, 0.3, *[0.001] * 200])
    session = np.array([0, 1, 0, 1, 0, *range(2, 202)])
    account = pd.Series(["a", "a", "b", "c", None, *[f"x{i}" for i in range(200)]], dtype=object)
    device = pd.Series(["d", "e", "f", "f", "g", *[f"y{i}" for i in range(200)]], dtype=object)
    found = update_with_account_history(np.ones(205), posterior, session, [account, device])
    assert found[0] > 5 and found[2] == pytest.approx(found[0]) and found[4] == pytest.approx(1.0)
    assert update_with_account_history(np.full(205, 900.0), posterior, session, [account])[0] == 1e3


def test_odds_of_confirmed_sessions_become_likelihood_ratios():
    """The odds of confirmed sessions become the likelihood ratio of false views.

    Confirmed sessions are 60 % honest: the odds never fall below that, and taking it off gives the
    ratio back.
    """
    _false, ratio, _start = sessions([0.0] * 50, 400, 4)
    odds = 7.0 * (0.6 + 0.4 * ratio)  # any constant
    found = likelihood_ratio(odds, np.ones(len(odds), bool))
    middle = (ratio > 0.2) & (ratio < 5)
    assert np.median(np.abs(np.log(found[middle] / ratio[middle]))) < 0.15
