"""Log-odds that the public counters of a session are forged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.declaration import derived
from features.detectors.counter_forgery import forgery_log_odds
from features.detectors.inflation_shapes import ENGAGEMENT_SHAPES, VIEW_SHAPES

COUNTER_COLUMNS = {
    "viewers": "average_viewers",
    "peak": "peak_viewers",
    "views": "views",
    "likes": "likes",
    "comments": "comments",
    "follows": "follows",
}


@derived(
    reads=("sessions", "session_totals"),
    columns={"session_id": "string", "operator_id": "string", "views": "double", "acts": "double"},
)
def forgery_odds(sessions: Any, session_totals: Any) -> pd.DataFrame:
    """Log-odds that a session's counters are forged.

    `views` is about its views, `acts` about its follows, likes and comments. NaN is unknown.
    """
    t = session_totals.select("session_id", **COUNTER_COLUMNS)
    t = (
        sessions.select("session_id", "operator_id", "category", "started_at", "ended_at")
        .join(t, "session_id")
        .to_pandas()
    )
    t = t.sort_values(["operator_id", "started_at", "session_id"], ignore_index=True)
    t = t.assign(
        hours=(t["ended_at"] - t["started_at"]).dt.total_seconds() / 3600.0,
        **{k: t[k].astype(float) for k in COUNTER_COLUMNS},
    )
    out = t[["session_id", "operator_id"]].assign(
        views=forgery_log_odds(t, VIEW_SHAPES), acts=forgery_log_odds(t, ENGAGEMENT_SHAPES)
    )
    return out[np.isfinite(out["views"]) | np.isfinite(out["acts"])].reset_index(drop=True)
