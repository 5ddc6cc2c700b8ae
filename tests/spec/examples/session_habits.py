"""Worked examples of sessions against their operator's earlier sessions."""

from __future__ import annotations

import pandas as pd

from features.signals.sessions import own_level
from tests.spec.tables import ACTION, at, cases_on, rows, sessions

# four sessions of ten minutes, one after another; the last differs from the three before
ROOM = sessions("s0", "s1", "s2", "s3").assign(
    operator_id="o",
    started_at=[at(600 * k) for k in range(4)],
    ended_at=[at(600 * k + 600) for k in range(4)],
)
VIEWS = [
    line
    for k in range(3)
    for line in (
        f"s{k} a feed t{600 * k} t{600 * k + 60}",
        f"s{k} b share t{600 * k + 20} t{600 * k + 60}",
    )
] + ["s3 a share t1800 t2390", "s3 b share t1800 t2390"]
COMMENTS = [
    line
    for k in range(3)
    for line in (f"s{k} a comment t{600 * k + 5} 1 x", f"s{k} b comment t{600 * k + 30} 1 y")
] + ["s3 a comment t1805 1 x", "s3 b comment t1806 1 x"]
TABLES: dict[str, pd.DataFrame] = {
    "sessions": ROOM,
    "views": rows("session_id account_id entry_source joined_at left_at", *VIEWS),
    "interactions": rows(ACTION + " text_hash", *COMMENTS),
}

CASES = cases_on(
    TABLES,
    (
        "half of each earlier session's comments were its commonest text, now all are",
        own_level.commonest_text_share_above_own_level,
        {"s3": 0.5},
    ),
    (
        "half of each earlier session's views came by a share link, now all did",
        own_level.share_link_view_share_above_own_level,
        {"s3": 0.5},
    ),
    (
        "no view of the earlier sessions stayed to the end, now all did",
        own_level.whole_session_stay_share_above_own_level,
        {"s3": 1.0},
    ),
    (
        "joins of the earlier sessions came one by one, now in the same ten seconds",
        own_level.busiest_step_join_share_above_own_level,
        {"s3": 0.5},
    ),
)
