"""GitHub stars, which are bought as likes are: a repository's month is a session, a star a like.

Times are known for the published events only, counts for whole months. The marks of the set
(`clustered`, `fake`) are not read. There are no views, minutes or orders.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_contracts.adapters.source import read


def tables(source: Path) -> dict[str, pd.DataFrame]:
    """Contract tables of `repo_months_clustered.parquet` and `fake_star_events.parquet`."""
    months = read(source / "repo_months_clustered.parquet")
    events = read(source / "fake_star_events.parquet")
    at = events["starred_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    events = events.assign(at=at, month=at.dt.strftime("%Y-%m"))
    known = pd.concat([months[["repo", "month"]], events[["repo", "month"]]]).drop_duplicates()
    known = known.merge(
        months[["repo", "month", "n_stars"]].drop_duplicates(["repo", "month"]), how="left"
    ).sort_values(["repo", "month"])
    start = pd.to_datetime(known["month"] + "-01")
    ended = start + pd.offsets.MonthBegin(1)
    session = known["repo"] + ":" + known["month"]
    sessions = pd.DataFrame(
        {
            "session_id": session,
            "room_id": known["repo"],
            "operator_id": known["repo"],
            "started_at": start,
            "ended_at": ended,
            "received_at": ended,
        }
    )
    totals = pd.DataFrame(
        {"session_id": session, "likes": known["n_stars"].astype("Int64"), "received_at": ended}
    )
    totals = totals[totals["likes"].notna()]
    likes = pd.DataFrame(
        {
            "session_id": events["repo"] + ":" + events["month"],
            "account_id": events["actor"],
            "kind": "like",
            "at": events["at"],
            "count": 1,
            "text_hash": None,
            "received_at": events["at"],
        }
    )
    return {"sessions": sessions, "session_totals": totals, "interactions": likes}
