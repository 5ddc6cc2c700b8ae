"""Four sessions with their chat and the concurrent viewers shown each minute.

The set gives the time of day and no date, so the sessions begin on 1970-01-01. Rows stand in order
of time; where the clock falls by half a day or more, midnight has passed. A minute with no message
has no viewer figure and is absent. Joins, likes, follows and orders are unknown.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_contracts.adapters.source import read

NOMINAL = pd.Timestamp("1970-01-01")
MIN_FALL_AT_MIDNIGHT = pd.Timedelta(hours=12)  # a smaller fall is a row out of order


def tables(source: Path) -> dict[str, pd.DataFrame]:
    """Contract tables of `messages.parquet`.

    Its columns are session, minute (HH:MM), viewers, author and message_hash.
    """
    raw = read(source / "messages.parquet")
    clock = pd.to_timedelta(raw["minute"] + ":00")
    rise = clock.groupby(raw["session"]).diff()
    midnights = (rise <= -MIN_FALL_AT_MIDNIGHT).astype(int) - (rise >= MIN_FALL_AT_MIDNIGHT)
    clock += pd.to_timedelta(midnights.groupby(raw["session"]).cumsum(), unit="D")
    first = clock.groupby(raw["session"]).transform("min")
    raw = raw.assign(
        at=NOMINAL + clock, offset=((clock - first).dt.total_seconds() // 60).astype("int64")
    )
    span = raw.groupby("session", as_index=False).agg(started_at=("at", "min"), last=("at", "max"))
    ended = span["last"] + pd.Timedelta(minutes=1)
    sessions = pd.DataFrame(
        {
            "session_id": span["session"],
            "room_id": span["session"],
            "operator_id": span["session"],
            "started_at": span["started_at"],
            "ended_at": ended,
            "received_at": ended,
        }
    )
    minutes = raw.groupby(["session", "offset"], as_index=False).agg(
        viewers=("viewers", "last"),
        comments=("author", "size"),
        commenters=("author", "nunique"),
        at=("at", "max"),
    )
    minutes = minutes.rename(
        columns={"session": "session_id", "offset": "minute", "at": "received_at"}
    )
    minutes[["viewers", "comments", "commenters"]] = minutes[
        ["viewers", "comments", "commenters"]
    ].astype(float)
    comments = pd.DataFrame(
        {
            "session_id": raw["session"],
            "account_id": raw["author"],
            "kind": "comment",
            "at": raw["at"],
            "count": 1,
            "text_hash": raw["message_hash"],
            "received_at": raw["at"],
        }
    )
    return {"sessions": sessions, "room_minutes": minutes, "interactions": comments}
