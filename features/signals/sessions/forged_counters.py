"""Sessions by the public counters of a whole session, beside forgeries of themselves (`injected.py`)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.declaration import SESSION, Signal, derived, relation, signal
from features.detectors.counter_forgery import ENGAGEMENT_SHAPES, VIEW_SHAPES, odds

FIELDS = {"viewers": "average_viewers", "peak": "peak_viewers", "views": "views", "likes": "likes", "comments": "comments", "follows": "follows"}  # fmt: skip


@derived(
    reads=("sessions", "session_totals"),
    columns={"session_id": "string", "operator_id": "string", "views": "double", "acts": "double"},
)
def forgery_odds(sessions, session_totals) -> pd.DataFrame:
    """Log-odds that a session's counters are forged: its views, and its follows, likes and comments; NaN where they say nothing."""
    t = session_totals.select("session_id", **FIELDS)
    t = (
        sessions.select("session_id", "operator_id", "category", "started_at", "ended_at")
        .join(t, "session_id")
        .to_pandas()
    )
    t = t.sort_values(["operator_id", "started_at", "session_id"], ignore_index=True)
    t = t.assign(
        hours=(t["ended_at"] - t["started_at"]).dt.total_seconds() / 3600.0,
        **{k: t[k].astype(float) for k in FIELDS},
    )
    out = t[["session_id", "operator_id"]].assign(
        views=odds(t, VIEW_SHAPES), acts=odds(t, ENGAGEMENT_SHAPES)
    )
    return out[np.isfinite(out["views"]) | np.isfinite(out["acts"])].reset_index(drop=True)


@relation(SESSION, reads=("sessions", "session_totals"), needs=(forgery_odds,))
def session_forgery(sessions, session_totals, found):
    """Sessions with their odds."""
    return found


def _odds(source, typology, zh, en, blind):
    return signal(
        source,
        unit="log-odds",
        typology=typology,
        direction=1,
        alarm=2.0,
        zh=zh,
        en=en,
        blind=blind,
    )


@_odds(
    session_forgery,
    "view_fraud",
    "观看与在线计数更像注水后的样子（对数几率 {value:.1f}）",
    "its views and viewers look more like forged counters than like published ones (log-odds {value:.1f})",
    "A room that grows, or an event, departs from its past in the same way.",
)
def forged_view_odds(t):
    """Log-odds that the session's viewers, peak and views are forged, for equal numbers of forged and published sessions."""
    return t.views.max()


@_odds(
    session_forgery,
    "engagement_fraud",
    "关注、点赞与评论计数更像注水后的样子（对数几率 {value:.1f}）",
    "its follows, likes and comments look more like forged counters than like published ones (log-odds {value:.1f})",
    "New channels gain follows fast.",
)
def forged_engagement_odds(t):
    """Log-odds that the session's follows, likes and comments are forged, for equal numbers of forged and published sessions."""
    return t.acts.max()


SIGNALS: tuple[Signal, ...] = (forged_view_odds, forged_engagement_odds)
