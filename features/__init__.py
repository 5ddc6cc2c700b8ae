"""Signals: declared once, computed by one engine. `import features` is the analyst's door.

The catalogue and the engine are loaded when they are first asked for, so that a detector alone stays light.
"""

from __future__ import annotations

from typing import Any

DOOR = {
    "CATALOGUE": "features.catalogue",
    "compute": "features.engine.compute",
    "DenseBlocks": "features.graphs.dense_blocks",
    "Lockstep": "features.graphs.lockstep",
    "ExpectedAudience": "features.detectors.expected_audience",
}


def __getattr__(name: str) -> Any:
    if name not in DOOR:
        raise AttributeError(
            f"module 'features' has no attribute {name!r}; its door has {', '.join(DOOR)}"
        )
    from importlib import import_module

    return getattr(import_module(DOOR[name]), name)


def __dir__() -> list[str]:
    return sorted(DOOR)
