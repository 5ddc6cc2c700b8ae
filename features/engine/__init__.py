"""The engine computes signals over a snapshot of what was known at a moment."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """Return the name by which analysts opened a lake until 0.1; it goes after 0.2."""
    if name != "duckdb_tables":
        raise AttributeError(f"module 'features.engine' has no attribute {name!r}")
    warnings.warn(
        "features.engine.duckdb_tables goes with the next release: use steelyard.open_lake",
        DeprecationWarning,
        stacklevel=2,
    )
    return import_module("features.engine.snapshot").Snapshot.open
