"""Minutes of sessions as arrays for the kernels, the same at night and while a session runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from features.declaration import Signal
from features.engine.kernel_runner import run_kernels
from features.engine.minute_kernels import COLUMNS
from features.engine.snapshot import Snapshot

RAID_MINUTES = 10  # that a raid explains
MAX_MINUTES_PER_BLOCK = 500_000  # held as arrays at a time (ADR-0180)


def minutes_frame(snapshot: Snapshot, only: Any | None) -> pd.DataFrame:
    """Room minutes with their granted causes, sorted by session and minute."""
    return _framed(_minutes(snapshot, only), granted_spans(snapshot))


def _minutes(snapshot: Snapshot, only: Any | None) -> Any:
    """Room minutes of some sessions, all when None, as an Ibis table."""
    m = snapshot["room_minutes"]
    return m if only is None else m.semi_join(only, "session_id")


def _framed(m: Any, granted_causes: pd.DataFrame) -> pd.DataFrame:
    frame = (
        m.drop("received_at").to_pandas().sort_values(["session_id", "minute"], ignore_index=True)
    )
    granted, minute = np.zeros(len(frame)), frame["minute"].to_numpy()
    first = frame.drop_duplicates("session_id").set_index("session_id").index
    bounds = np.append(np.flatnonzero(~frame["session_id"].duplicated().to_numpy()), len(frame))
    place = {session: i for i, session in enumerate(first)}
    for session, start, stop in granted_causes.itertuples(index=False):
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


def minute_blocks(
    snapshot: Snapshot, only: Any | None, size: int = MAX_MINUTES_PER_BLOCK
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Minutes of sessions as `ragged` gives them, in blocks of at most `size` rows.

    No session is cut, so a block holds one session at least.
    """
    m, causes = _minutes(snapshot, only), granted_spans(snapshot)
    counted = m.group_by("session_id").aggregate(rows=m.count()).to_pandas()
    counted = counted.sort_values("session_id", ignore_index=True)
    if counted["rows"].sum() <= size:
        yield ragged(_framed(m, causes))
        return
    ids, rows = counted["session_id"].tolist(), counted["rows"].tolist()
    first, n_rows = 0, 0
    for i, n in enumerate([*rows, size + 1]):
        if n_rows and n_rows + n > size:
            block = m.filter(m.session_id.between(ids[first], ids[i - 1]))
            yield ragged(_framed(block, causes))
            first, n_rows = i, 0
        n_rows += n


def minute_signals(signals: list[Signal], snapshot: Snapshot, only: Any | None) -> pd.DataFrame:
    """Values of the kernels' signals, indexed by session."""
    parts = [
        pd.DataFrame(
            run_kernels(values, offsets, tuple(signals)),
            index=pd.Index(ids, name="session_id"),
            columns=[s.name for s in signals],
        )
        for ids, values, offsets in minute_blocks(snapshot, only)
    ]
    return pd.concat(parts) if len(parts) > 1 else parts[0]
