"""What sets the false views of one session apart is learnt from those that are sure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.posteriors import view_mixture, view_mixture_em

VIEWS, FALSE, KNOWN = 400, 100, 40


def session(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Six attributes of the views of an honest session, and of one with a farm.

    The first hundred views are of the farm and look alike. The classifier knows forty of them.
    """
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(2 * VIEWS, 6))
    values[VIEWS : VIEWS + FALSE] += 4.0
    ratio = np.full(2 * VIEWS, 0.3)
    ratio[VIEWS : VIEWS + KNOWN] = 50.0
    return values, ratio


def found(
    values: np.ndarray, ratio: np.ndarray, inflated: float = 0.99
) -> tuple[np.ndarray, np.ndarray]:
    """Ratios after the pass, and posteriors by them."""
    start, p = np.array([0, VIEWS, 2 * VIEWS]), np.array([0.01, inflated])
    before = view_mixture.false_shares_of(
        view_mixture.mixtures(ratio, start), ratio, start, p
    ).posterior
    views = view_mixture_em.bin_attributes(values, np.arange(2 * VIEWS) < VIEWS)
    moved = view_mixture_em.refine_ratios(views, ratio, start, before, p)
    return moved, view_mixture.false_shares_of(
        view_mixture.mixtures(moved, start), moved, start, p
    ).posterior


def test_unknown_false_views_are_found_by_their_session():
    """False views that the classifier does not know are found by the known ones of their
    session."""
    values, ratio = session()
    called = found(values, ratio)[1][VIEWS:] >= view_mixture.FALSE_VIEW_THRESHOLD
    assert called[KNOWN:FALSE].mean() > 0.9 and called[FALSE:].mean() < 0.02
    start = np.array([0, VIEWS, 2 * VIEWS])
    without = view_mixture.false_shares_of(
        view_mixture.mixtures(ratio, start), ratio, start, np.array([0.01, 0.99])
    ).posterior
    assert not (without[VIEWS + KNOWN :] >= view_mixture.FALSE_VIEW_THRESHOLD).any()


@pytest.mark.parametrize("inflated", [0.0, 0.5, 0.899])
def test_a_session_that_is_not_held_inflated_surely_teaches_nothing(inflated):
    """A session that is not surely inflated teaches nothing."""
    values, ratio = session()
    assert np.array_equal(found(values, ratio, inflated)[0], ratio)


def test_few_expected_false_views_teach_nothing():
    """Fewer than twenty views that are expected to be false teach nothing."""
    values, ratio = session()
    ratio[VIEWS + 15 :] = 0.01
    moved, _ = found(values, ratio)
    assert np.array_equal(moved, ratio)


def test_where_false_views_are_like_the_others_nothing_is_learnt_of_them():
    """Nothing is learned of false views that look like the others."""
    values, ratio = session()
    values[VIEWS : VIEWS + FALSE] -= 4.0
    called = found(values, ratio)[1][VIEWS:] >= view_mixture.FALSE_VIEW_THRESHOLD
    assert called[:KNOWN].mean() > 0.9 and called[KNOWN:].mean() < 0.05


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.0, 0.5))
def test_view_mixture_ignores_order_and_keeps_unknown(seed, unknown):
    """Views may come in any order, and an unknown attribute counts as unknown."""
    values, ratio = session(3)
    rng = np.random.default_rng(seed)
    values[rng.random(values.shape) < unknown] = np.nan
    order = np.concatenate([np.arange(VIEWS), VIEWS + rng.permutation(VIEWS)])
    moved, posterior = found(values, ratio)
    shuffled, again = found(values[order], ratio[order])
    assert np.allclose(moved[order], shuffled, rtol=1e-9) and np.allclose(
        posterior[order], again, rtol=1e-9
    )
    assert (
        np.isfinite(moved).all()
        and (moved <= view_mixture.MAX_LIKELIHOOD_RATIO).all()
        and (moved >= 1.0 / view_mixture.MAX_LIKELIHOOD_RATIO).all()
    )


def test_no_honest_session_and_an_attribute_that_nobody_knows_are_no_fault():
    """A lack of honest sessions, or of a known attribute, raises no error."""
    values, ratio = session()
    values[:, 1] = np.nan
    start, p = np.array([0, VIEWS, 2 * VIEWS]), np.array([0.99, 0.99])
    views = view_mixture_em.bin_attributes(values, np.zeros(2 * VIEWS, dtype=bool))
    moved = view_mixture_em.refine_ratios(views, ratio, start, np.where(ratio > 1.0, 0.9, 0.1), p)
    assert np.isfinite(moved).all() and views.honest_shares.sum() == 0
