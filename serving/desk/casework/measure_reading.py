"""The state of measures for pages: read again only when a record of it changed."""

from __future__ import annotations

import threading
from pathlib import Path

from data_contracts.lake import Lake
from serving.oversight.measures.state import MeasureState
from serving.oversight.measures.state_reading import read_measures

Stamp = tuple[tuple[int, int], ...]
_known: dict[Path, tuple[Stamp, MeasureState]] = {}
_lock = threading.Lock()


def measures_known(lake: Lake) -> MeasureState:
    """The state of measures of a lake now. Every signature is checked when a record changes."""
    stamp = tuple(_stamp(p) for p in (lake.measures, lake.appeals, lake.people))
    with _lock:
        found = _known.get(lake.root)
        if found is not None and found[0] == stamp:
            return found[1]
        state = read_measures(lake)
        _known[lake.root] = (stamp, state)
        return state


def _stamp(path: Path) -> tuple[int, int]:
    if not path.exists():
        return (0, 0)
    found = path.stat()
    return found.st_mtime_ns, found.st_size
