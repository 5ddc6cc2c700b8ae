"""What operators' sessions of two weeks showed, by which a running one of theirs is judged beside its own minutes.

A night scores its sessions by everything that is known of them, of which a running one shows little; what those of the nights before
showed is at hand when the gate is asked. The gate takes it for a reason to look, never to refuse (`gate.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.lake import Lake
from features.declaration import SESSION
from features.engine.snapshot import Snapshot
from serving.scoring import scope
from serving.scoring.nightly_scores import MODEL_OF, STANDS_IN, Scored

NIGHTS = 14
COLUMNS = ["entity_id", "own_probability"]


def published_before(
    lake: Lake, before: str | None, tables: Snapshot, as_of: datetime
) -> pd.Series:
    """Probabilities by their own signals of the sessions of two weeks, as the nights before published them: index session."""
    folders = scope.nights_before(lake, before, NIGHTS - 1)
    if not folders or "sessions" not in tables:
        return pd.Series(dtype=float)
    known = pd.concat([_published(folder) for folder in folders])
    s = tables["sessions"]
    lately = s.filter(s.received_at >= as_of - timedelta(days=NIGHTS)).session_id.to_pandas()
    return known[~known.index.duplicated() & known.index.isin(set(lately))].sort_index()


def operator_sessions(sessions: Scored | None) -> pd.DataFrame:
    """Sessions of operators in two weeks and how many of them are held inflated: rows of their contract less the run's stamp.

    Sessions that this night compared with are scored by it, older ones as the nights before published them. Without a model nothing
    is held of sessions, and there are no rows; where no single view was looked at no session is named.
    """
    if sessions is None or sessions.released is None:
        return pd.DataFrame()
    both = sessions.shown.join(sessions.worst)
    return both.rename_axis("operator_id").reset_index().astype({"sessions": np.int64})


def _published(folder: Path) -> pd.Series:
    """Probabilities by their own signals of the sessions of a published night; nights of earlier versions kept none."""
    path = folder / "scores.parquet"
    if not set(COLUMNS) <= set(pq.read_schema(path).names):
        return pd.Series(dtype=float)
    mine = [
        ("entity_kind", "=", SESSION),
        ("model", "in", [MODEL_OF[SESSION], STANDS_IN[MODEL_OF[SESSION]]]),
    ]
    return (
        pq.read_table(path, columns=COLUMNS, filters=mine)
        .to_pandas()
        .set_index("entity_id")["own_probability"]
        .dropna()
    )
