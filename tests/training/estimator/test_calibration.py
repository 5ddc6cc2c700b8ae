"""Calibration is monotone and continuous."""

from __future__ import annotations

import numpy as np
import pytest

from training.estimator.calibration import isotonic


def test_calibration_is_monotone_and_gives_the_frequency():
    """Calibration is monotone and gives the frequency."""
    rng = np.random.default_rng(2)
    raw = rng.normal(0, 2, 4000)
    truth = (rng.random(4000) < 1 / (1 + np.exp(-raw))).astype(int)
    c = isotonic(raw, truth, np.ones(4000))
    grid = c(np.linspace(-6, 6, 100))
    assert (np.diff(grid) >= 0).all() and c(np.array([0.0]))[0] == pytest.approx(0.5, abs=0.08)


def test_close_scores_have_close_probabilities():
    """Scores that differ in their last bits have the same probability, or nearly.

    Steps would give the two sides of an edge probabilities that lie far apart.
    """
    rng = np.random.default_rng(9)
    raw = np.sort(rng.normal(0, 2, 600))
    truth = rng.random(600) < 1 / (1 + np.exp(-2 * raw))
    c = isotonic(raw, truth.astype(float), np.ones(600))
    assert np.abs(c(raw + 1e-9) - c(raw)).max() < 1e-6
    shifted = isotonic(raw + rng.normal(0, 1e-9, 600), truth.astype(float), np.ones(600))
    assert np.abs(shifted(raw) - c(raw)).max() < 1e-6
    assert len(c.raw) == len(set(c.probability)) < 60 and (np.diff(c.raw) > 0).all()
