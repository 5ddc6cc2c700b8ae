"""References: honest entities of all families, each of which weighs the same (ADR-0192).

A row that teaches is compared with the honest entities of the other families, as a platform that
nobody knew is compared with those of all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.catalogue import signals_named
from features.declaration import OPERATOR, ORDER, SESSION
from features.peers.comparison import Comparison, compare
from training.prior.world_frames import WorldFrame

REFERENCED = (SESSION, ORDER, OPERATOR)  # kinds of entities that are compared with a reference
MAX_ROWS_PER_FAMILY = 400
STEPS_PER_LOGIT = 8  # a reference is shipped, so that it keeps fewer ranks than a night


def reference_of(
    frames: Sequence[WorldFrame], columns: list[str], size_signals: tuple[str, ...]
) -> Comparison:
    """Honest entities of frames, at most `MAX_ROWS_PER_FAMILY` of each family."""
    worlds = {f.family: sum(g.family == f.family for g in frames) for f in frames}
    parts = []
    for frame in frames:
        rows = np.flatnonzero(frame.any_fraud == 0)
        most = MAX_ROWS_PER_FAMILY // worlds[frame.family]
        values = frame.signals.reindex(columns=columns).to_numpy(dtype=float)
        parts.append(values[rows[:: max(1, -(-len(rows) // most))]])
    signals = signals_named(columns)
    return compare(signals, np.vstack(parts), size_signals, steps_per_logit=STEPS_PER_LOGIT)


def references_without(
    frames: Sequence[WorldFrame], columns: list[str], size_signals: tuple[str, ...]
) -> dict[str, Comparison]:
    """For each family the honest entities of the others; empty for kinds without a reference."""
    families = sorted({f.family for f in frames})
    if len(families) < 2 or frames[0].entity not in REFERENCED:
        return {}
    return {
        name: reference_of([f for f in frames if f.family != name], columns, size_signals)
        for name in families
    }
