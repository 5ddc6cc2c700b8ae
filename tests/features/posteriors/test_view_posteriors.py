"""Posteriors of views at the false share of their session."""

import doctest

import numpy as np
import pytest

from features.posteriors import view_posteriors
from features.posteriors.view_posteriors import posteriors_at_share


@pytest.fixture
def sessions():
    """Three sessions: few views, many views, and one that is held clean."""
    draws = np.random.default_rng(0)
    size = np.array([3, 200, 40])
    inflated = np.array([0.8, 0.97, 0.0])
    posterior = np.repeat(inflated, size) * draws.uniform(size=size.sum())
    start = np.append(0, size.cumsum())
    return posterior, start, inflated, np.array([0.5, 0.12, 0.0])


def test_mean_over_a_session_is_its_share(sessions):
    """Posteriors add up to the share of their session, and none exceeds the session's own."""
    _, start, inflated, share = sessions
    found = posteriors_at_share(*sessions)
    mean = np.add.reduceat(found, start[:-1]) / np.diff(start)
    assert mean == pytest.approx(share, abs=1e-9)
    assert (found <= np.repeat(inflated, np.diff(start)) + 1e-12).all()


def test_order_within_a_session_is_kept(sessions):
    """A view that is more suspicious than another of its session stays so."""
    posterior, start, *_ = sessions
    found = posteriors_at_share(*sessions)
    for lo, hi in [start[:2], start[1:3]]:
        assert (np.argsort(found[lo:hi]) == np.argsort(posterior[lo:hi])).all()


def test_certain_views_stay_so():
    """Of a wholly false session every view is false; of one without false views none is."""
    start = np.array([0, 2, 4])
    found = posteriors_at_share(
        np.array([0.9, 0.9, 0.4, 0.1]), start, np.array([0.9, 0.9]), np.array([0.9, 0.0])
    )
    assert found == pytest.approx([0.9, 0.9, 0.0, 0.0], abs=1e-9)


def test_no_sessions_give_no_posteriors():
    """A night without views has nothing to shift."""
    none = np.zeros(0)
    assert posteriors_at_share(none, np.zeros(1, np.int64), none, none).shape == (0,)


def test_example_of_the_module_holds():
    """The example in the docstring gives what it says."""
    found = doctest.testmod(view_posteriors)
    assert found.attempted and not found.failed
