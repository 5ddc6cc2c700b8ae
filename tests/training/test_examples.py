"""Examples in docstrings of training and data contracts run as they stand."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "data_contracts.lake",
        "training.dataset.sampling",
        "training.estimator.calibration",
        "training.estimator.conformal",
        "training.evaluation.attack_cost",
    ],
)
def test_examples_run(module):
    """Each module has an example, and it gives what it says."""
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted and not found.failed
