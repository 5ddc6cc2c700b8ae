"""Former place of the store of minutes of running sessions; it goes with the next release."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

DEPRECATED = {
    "EmbeddedStore": ("serving.gate.dependencies.sqlite_store", "SqliteMinuteStore"),
    "StoreDown": ("serving.gate.dependencies.minute_store", "MinuteStoreUnavailable"),
    "as_row": ("serving.gate.dependencies.minute_rows", "minute_to_row"),
}


def __getattr__(name: str) -> Any:
    """Return a deprecated name with a warning."""
    if name not in DEPRECATED:
        raise AttributeError(f"module 'serving.running' has no attribute {name!r}")
    module, instead = DEPRECATED[name]
    warnings.warn(
        f"serving.running.{name} goes with the next release: use {module}.{instead}",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(import_module(module), instead)
