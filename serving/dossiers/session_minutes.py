"""Minutes of one session with granted causes, as the night knew them, and those of its peers."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from data_contracts.contract import contract
from data_contracts.room_minutes import COUNTED_COLUMNS, REQUIRED_TABLES
from features.declaration import SESSION
from features.engine.minute_arrays import minutes_frame
from features.engine.snapshot import Snapshot
from features.engine.tables import derive_room_minutes
from serving.dossiers.night_tables import NightTables, Row

MAX_BAND_SESSIONS = 150  # sessions of the category that draw the band
EVENT_TABLES = ("views", "interactions", "orders")
PREFETCHED = "minutes of sessions"
CAUSE_TABLES = ("boosts", "room_links")


@dataclass(frozen=True)
class SessionMinutes:
    """A session by minute.

    Attributes
    ----------
    minutes
        Rows of `room_minutes` with `granted`; no rows where neither they nor views were delivered.
    windows
        Bursts without a granted cause: start, stop (minutes), series.
    band
        Expected viewers: minute, low, high; None below ten comparable sessions.
    band_sessions
        Number of comparable sessions that were asked for it.
    source
        Table that the minutes come from: `room_minutes`, or `views` where they are derived.
    """

    minutes: pd.DataFrame
    windows: tuple[Row, ...]
    band: pd.DataFrame | None
    band_sessions: int
    source: str


def session_minutes(tables: NightTables, session: Row) -> SessionMinutes:
    """Minutes of a session, its windows, and the band of sessions of its category."""
    delivered = bool(tables.lake.files("room_minutes"))
    frame, ids = _category_minutes(tables, session["category"])
    own_id = session["session_id"]
    if own_id in ids:  # it was read with the others
        minutes = frame[frame["session_id"] == own_id].reset_index(drop=True)
    else:
        minutes = minutes_of_sessions(tables, [own_id])
    others = [i for i in ids if i != own_id][:MAX_BAND_SESSIONS]
    peers, count = frame[frame["session_id"].isin(others)], len(others)
    band = expected_band(minutes, peers) if len(minutes) > 1 and len(peers) else None
    windows = suspicious_minutes(minutes) if len(minutes) else pd.DataFrame()
    return SessionMinutes(
        minutes,
        tuple(windows.to_dict("records")),
        band,
        count,
        "room_minutes" if delivered else "views",
    )


def minutes_of_sessions(tables: NightTables, session_ids: list[str]) -> pd.DataFrame:
    """Minutes of some sessions with granted causes; delivered, or derived from their events."""
    lake, (known, frame) = tables.lake, tables.derived.get(PREFETCHED, (frozenset(), None))
    if frame is not None and known.issuperset(session_ids):
        return frame[frame["session_id"].isin(session_ids)].reset_index(drop=True)
    delivered = bool(lake.files("room_minutes"))
    if not delivered and not all(lake.files(name) for name in REQUIRED_TABLES):
        return pd.DataFrame(columns=["session_id", "minute", "granted"])
    names = ("sessions", *(("room_minutes",) if delivered else EVENT_TABLES), *CAUSE_TABLES)
    engine, kept = ibis.duckdb.connect(), []
    for name in names:
        if not lake.files(name):
            continue
        key = "to_session_id" if name == "room_links" else "session_id"
        marks = ", ".join("?" * len(session_ids))
        sql = f"{lake.scan_sql(contract(name), tables.as_of)} AND {key} IN ({marks})"
        engine.con.register("incoming", tables.arrow(sql, *session_ids))
        engine.raw_sql(f"CREATE TABLE {name} AS SELECT * FROM incoming")
        kept.append(name)
    if not delivered:
        derive_room_minutes(engine, [n for n in kept if n in (*REQUIRED_TABLES, *COUNTED_COLUMNS)])
        kept.append("room_minutes")
    snapshot = Snapshot({name: engine.table(name) for name in kept}, tables.as_of)
    return minutes_frame(snapshot, None)


def prefetch_minutes(tables: NightTables, snapshot: Snapshot, session_ids: list[str]) -> None:
    """Read minutes of sessions and of their peers at once, from the lake as the night knew it."""
    if "room_minutes" not in snapshot or not session_ids:
        return
    sql = "SELECT DISTINCT category FROM sessions WHERE list_contains(?, session_id)"
    wanted = set(session_ids)
    for row in tables.rows(sql, session_ids):
        wanted.update(_latest_sessions(tables, row["category"]))
    frame = minutes_frame(snapshot, snapshot.scope(sorted(wanted), SESSION))
    tables.derived[PREFETCHED] = (frozenset(wanted), frame)


def _latest_sessions(tables: NightTables, category: str | None) -> list[str]:
    """The latest sessions of a category, one more than draw the band of one of them."""
    sql = f"""SELECT session_id FROM sessions WHERE category IS NOT DISTINCT FROM ?
              ORDER BY started_at DESC, session_id LIMIT {MAX_BAND_SESSIONS + 1}"""
    return [r["session_id"] for r in tables.rows(sql, category)]


def _category_minutes(tables: NightTables, category: str | None) -> tuple[pd.DataFrame, list[str]]:
    """Minutes of the latest sessions of a category, and their ids; a night reads them once."""

    def make() -> tuple[pd.DataFrame, list[str]]:
        ids = _latest_sessions(tables, category)
        return minutes_of_sessions(tables, ids), ids

    found: tuple[pd.DataFrame, list[str]] = tables.once(f"minutes of category {category}", make)
    return found


def suspicious_minutes(minutes: pd.DataFrame) -> pd.DataFrame:
    """Windows in which a series exceeds five times its median without a granted cause.

    Series are joins, likes and orders; the bound is at least five, as in the LIVE signals. Columns
    start, stop (minutes), series.
    """
    windows = []
    for series in ("joins", "likes", "orders"):
        x = minutes[series].to_numpy(dtype=float)
        if not np.isfinite(x).any():
            continue
        hot = (x > max(5.0, 5.0 * float(np.nanmedian(x)))) & (minutes["granted"].to_numpy() == 0)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], hot.astype(int), [0]])))
        at = minutes["minute"].to_numpy()
        windows += [
            (int(at[a]), int(at[b - 1]) + 1, series)
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]
    return pd.DataFrame(windows, columns=["start", "stop", "series"])


def expected_band(minutes: pd.DataFrame, peers: pd.DataFrame) -> pd.DataFrame | None:
    """The band of viewers that comparable sessions suggest; None below ten of them.

    Tenth and ninetieth percentile of viewers over a session's median, by twentieth of its run,
    times this session's median. Columns minute, low, high.
    """
    shape = peers.assign(
        level=peers["viewers"]
        / peers.groupby("session_id")["viewers"].transform("median").replace(0, np.nan),
        part=(
            20 * peers["minute"] / (peers.groupby("session_id")["minute"].transform("max") + 1)
        ).astype(int),
    ).dropna(subset=["level"])
    if shape["session_id"].nunique() < 10:
        return None
    ends = shape.groupby("part")["level"].quantile([0.1, 0.9]).unstack()
    part = (20 * minutes["minute"] / (minutes["minute"].max() + 1)).astype(int)
    level = float(minutes["viewers"].median())
    return pd.DataFrame(
        {
            "minute": minutes["minute"],
            "low": level * part.map(ends[0.1]),
            "high": level * part.map(ends[0.9]),
        }
    )
