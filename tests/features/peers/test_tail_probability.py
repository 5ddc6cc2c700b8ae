"""Claims about tail probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from features.catalogue import signals_named
from features.peers.tail_probability import COMMON_SHARE, tail_scores

COLUMNS = [
    "payer_buyer_count",
    "buyer_age_days",
]  # more is suspicious of the first, less of the second
SIGNALS = signals_named(COLUMNS)


def test_tail_probability_counts_ties_by_half():
    """A value that one in a hundred has is as rare as that, and ties count half."""
    counts = np.where(np.arange(1000) < 10, 2.0, 1.0)
    out = tail_scores(SIGNALS, np.column_stack([counts, np.full(1000, 50.0)]))
    np.testing.assert_allclose(
        out[:10, 0], np.log(COMMON_SHARE / 0.0055)
    )  # ten tie: shares of 1 to 10 in a thousand, 5.5 on average
    assert not out[10:].any() and not out[:, 1].any()


def test_how_far_out_the_rarest_lies_does_not_matter():
    """The distance of the most extreme value does not matter."""
    near, far = np.arange(100.0), np.arange(100.0)
    far[-1] = 1e9
    both = [tail_scores(SIGNALS, np.column_stack([x, np.zeros(100)])) for x in (near, far)]
    np.testing.assert_array_equal(*both)


def test_the_innocent_side_and_the_unknown_add_nothing():
    """The innocent side and the unknown add nothing."""
    values = np.column_stack([np.full(100, np.nan), np.arange(100.0)])
    out = tail_scores(SIGNALS, values)
    assert not out[:, 0].any() and out[0, 1] == out[:, 1].max() > 0 == out[-1, 1]


@pytest.mark.parametrize("distinct", [3, 40, 10_000])
def test_ranks_are_those_that_scipy_gives_with_ties_at_their_average(distinct):
    """Ranks equal those of scipy, with ties at their average."""
    x = np.random.default_rng(distinct).integers(0, distinct, 500).astype(float)
    expected = np.clip(np.log(COMMON_SHARE / (rankdata(-x) / 500)), 0.0, None)
    np.testing.assert_allclose(tail_scores(SIGNALS[:1], x[:, None])[:, 0], expected, atol=1e-12)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_more_on_the_suspicious_side_is_never_less_rare(values):
    """More on the suspicious side is never less rare."""
    x = np.array(values)
    out = tail_scores(SIGNALS[:1], x[:, None])[:, 0]
    assert (np.diff(out[np.argsort(x, kind="stable")]) >= 0).all()
