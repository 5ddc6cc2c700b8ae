"""Examples in docstrings of graphs and detectors run as they stand."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "features.detectors.expected_audience",
        "features.detectors.inflation_shapes",
        "features.graphs.dense_blocks",
        "features.graphs.lockstep",
    ],
)
def test_examples_run(module: str) -> None:
    """Each module has an example, and it gives what it says."""
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted and not found.failed
