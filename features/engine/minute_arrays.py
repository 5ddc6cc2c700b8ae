"""Minutes of sessions as arrays for the kernels, the same at night and while a session runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.declaration import Signal
from features.engine.kernel_runner import run_kernels
from features.engine.minute_kernels import COLUMNS
from features.engine.snapshot import Snapshot

RAID_MINUTES = 10  # that a raid explains


def minutes_frame(snapshot: Snapshot, only: Any | None) -> pd.DataFrame:
    """Room minutes with their granted causes, sorted by session and minute."""
    m = snapshot["room_minutes"]
    if only is not None:
        m = m.semi_join(only, "session_id")
    frame = (
        m.drop("received_at").to_pandas().sort_values(["session_id", "minute"], ignore_index=True)
    )
    granted, minute = np.zeros(len(frame)), frame["minute"].to_numpy()
    first = frame.drop_duplicates("session_id").set_index("session_id").index
    bounds = np.append(np.flatnonzero(~frame["session_id"].duplicated().to_numpy()), len(frame))
    place = {session: i for i, session in enumerate(first)}
    for session, start, stop in granted_spans(snapshot).itertuples(index=False):
        i = place.get(session)
        if i is not None:
            rows = slice(bounds[i], bounds[i + 1])
            granted[rows] = np.maximum(
                granted[rows], (minute[rows] >= start) & (minute[rows] <= stop)
            )
    return frame.assign(granted=granted)


def granted_spans(snapshot: Snapshot) -> pd.DataFrame:
    """Minutes of a session that a boost or a raid explains: session_id, first, last."""
    sessions = snapshot["sessions"].select("session_id", "started_at")
    parts = []
    if "boosts" in snapshot:
        b = (
            snapshot["boosts"]
            .join(sessions, "session_id")
            .select("session_id", "started_at", "starts_at", "ends_at")
            .to_pandas()
        )
        parts.append(
            pd.DataFrame(
                {
                    "session_id": b["session_id"],
                    "first": (b["starts_at"] - b["started_at"]).dt.total_seconds() // 60,
                    "last": (b["ends_at"] - b["started_at"]).dt.total_seconds() // 60 + 1,
                }
            )
        )
    if "room_links" in snapshot:
        links = snapshot["room_links"].select("at", session_id="to_session_id")
        r = links.join(sessions, "session_id").select("session_id", "started_at", "at").to_pandas()
        first = (r["at"] - r["started_at"]).dt.total_seconds() // 60
        parts.append(
            pd.DataFrame(
                {"session_id": r["session_id"], "first": first, "last": first + RAID_MINUTES}
            )
        )
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["session_id", "first", "last"])
    )


def ragged(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted minutes as session ids, values and offsets.

    Values are float64, shape (rows, 15), each column contiguous.
    """
    starts = ~frame["session_id"].duplicated().to_numpy()
    ids = frame["session_id"].to_numpy(dtype=object)[starts]
    values = np.asfortranarray(frame[list(COLUMNS)].to_numpy(dtype=float, na_value=np.nan))
    return ids, values, np.append(np.flatnonzero(starts), len(frame)).astype(np.int64)


def minute_signals(signals: list[Signal], snapshot: Snapshot, only: Any | None) -> pd.DataFrame:
    """Values of the kernels' signals, indexed by session."""
    ids, values, offsets = ragged(minutes_frame(snapshot, only))
    out = run_kernels(values, offsets, tuple(signals))
    return pd.DataFrame(
        out, index=pd.Index(ids, name="session_id"), columns=[s.name for s in signals]
    )
