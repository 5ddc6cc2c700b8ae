"""Signals of sessions as they stood while they ran."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import SESSION
from features.engine.kernel_runner import run_kernels
from features.engine.minute_arrays import minute_blocks
from features.engine.snapshot import Snapshot
from training.declaration import Model


def prefix_signals(
    snapshot: Snapshot, model: Model, sessions: list[str]
) -> tuple[pd.DataFrame, pd.Index]:
    """Signals of sessions after each prefix of a model, and at their end.

    Returns
    -------
    tuple
        Signals, shape (rows, signals), and the session of each row. A session shorter than a prefix
        has no row for it.
    """
    frames, kept = [], []
    for ids, values, offsets in minute_blocks(snapshot, snapshot.scope(sessions, SESSION)):
        lengths = np.diff(offsets)
        for cut in (*model.prefix_minutes, None):
            long = np.flatnonzero(lengths > (cut or 0))
            ends = offsets[long] + (np.full(len(long), cut) if cut else lengths[long])
            rows = np.concatenate(
                [
                    np.zeros(0, dtype=np.int64),
                    *(np.arange(a, b) for a, b in zip(offsets[long], ends, strict=True)),
                ]
            )
            part = values[np.asarray(rows, dtype=np.int64)]
            starts = np.concatenate([[0], np.cumsum(ends - offsets[long])]).astype(np.int64)
            out = run_kernels(part, starts, model.signals)
            frames.append(pd.DataFrame(out, columns=model.columns))
            kept.append(np.asarray(ids)[long])
    return pd.concat(frames, ignore_index=True), pd.Index(np.concatenate(kept))
