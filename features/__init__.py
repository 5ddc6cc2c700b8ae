"""Signals: declared once, computed by one engine. Analysts import `steelyard` instead."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

# Names that analysts imported from here until 0.1, and where they lie; they go with the release
# after 0.2. They are loaded when asked for, or every import of a room would load the catalogue.
DEPRECATED = {
    "CATALOGUE": ("features.catalogue", "steelyard.SIGNALS"),
    "compute": ("features.values", "steelyard.compute"),
    "DenseBlocks": ("features.graphs.dense_blocks", "steelyard.detectors.DenseBlocks"),
    "Lockstep": ("features.graphs.lockstep", "steelyard.detectors.Lockstep"),
    "ExpectedAudience": (
        "features.detectors.expected_audience",
        "steelyard.detectors.ExpectedAudience",
    ),
}


def __getattr__(name: str) -> Any:
    """Return a deprecated name with a warning."""
    if name not in DEPRECATED:
        raise AttributeError(f"module 'features' has no attribute {name!r}")
    module, instead = DEPRECATED[name]
    warnings.warn(
        f"features.{name} goes with the next release: use {instead}",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(import_module(module), name)
