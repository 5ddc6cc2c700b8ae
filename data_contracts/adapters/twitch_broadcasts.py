"""Broadcasts of July 2019 with their public counters.

A channel is the operator and the room. Counters go to `session_totals` as shown. A broadcast is
received at its end, and its category is the first of its games. There are no minutes, accounts of
viewers or orders.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_contracts.adapters.source import read


def tables(source: Path) -> dict[str, pd.DataFrame]:
    """Contract tables of `broadcasts.parquet`; of equal starts of a channel the longest is kept."""
    raw = read(source / "broadcasts.parquet")
    raw = raw.sort_values(["channel", "start", "length_min"]).drop_duplicates(
        ["channel", "start"], keep="last"
    )
    raw = raw[raw["length_min"].notna()].reset_index(drop=True)
    ended = raw["start"] + pd.to_timedelta(raw["length_min"], unit="min")
    minute = raw["channel"] + "-" + raw["start"].dt.strftime("%Y%m%dT%H%M")
    # A stream that drops and starts again within a minute is two broadcasts.
    restarted = minute.duplicated(keep=False)
    session = minute.where(~restarted, minute + raw["start"].dt.strftime("%S.%f"))
    sessions = pd.DataFrame(
        {
            "session_id": session,
            "room_id": raw["channel"],
            "operator_id": raw["channel"],
            "category": raw["games"].str.split(",").str[0].str.slice(0, 400).replace("", None),
            "started_at": raw["start"],
            "ended_at": ended,
            "received_at": ended,
        }
    )
    totals = pd.DataFrame(
        {
            "session_id": session,
            "views": raw["views"].where(raw["views"] >= 0),
            "watch_minutes": raw["watch_min"],
            "average_viewers": raw["avg_viewers"],
            "peak_viewers": raw["peak_viewers"].astype(float),
            "follows": raw["followers_gained"],
            "received_at": ended,
        }
    )
    operators = pd.DataFrame({"operator_id": sorted(raw["channel"].unique())})
    operators["received_at"] = raw["start"].min().normalize()
    return {"sessions": sessions, "session_totals": totals, "operators": operators}
