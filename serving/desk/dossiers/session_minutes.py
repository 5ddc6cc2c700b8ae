"""Minutes of one session with granted causes, as the night knew them, and those of its peers."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import pandas as pd

from data_contracts.contract import contract
from data_contracts.room_minutes import COUNTED_COLUMNS, REQUIRED_TABLES
from features.engine.minute_arrays import minutes_frame
from features.engine.snapshot import Snapshot
from features.engine.tables import derive_room_minutes
from serving.desk.dossiers.night_tables import NightTables, Row
from serving.report.minute_windows import expected_band, suspicious_minutes

MAX_BAND_SESSIONS = 150  # as in the report: sessions of the category that draw the band
EVENT_TABLES = ("views", "interactions", "orders")
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
    minutes = minutes_of_sessions(tables, [session["session_id"]])
    peers, count = _peer_minutes(tables, session)
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
    lake = tables.lake
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


def _peer_minutes(tables: NightTables, session: Row) -> tuple[pd.DataFrame, int]:
    """Minutes of the latest sessions of the same category, and their number."""
    category = session["category"]

    def make() -> tuple[pd.DataFrame, list[str]]:
        sql = f"""SELECT session_id FROM sessions WHERE category IS NOT DISTINCT FROM ?
                  ORDER BY started_at DESC, session_id LIMIT {MAX_BAND_SESSIONS + 1}"""
        ids = [r["session_id"] for r in tables.rows(sql, category)]
        return minutes_of_sessions(tables, ids), ids

    frame, ids = tables.once(f"minutes of category {category}", make)
    others = [i for i in ids if i != session["session_id"]][:MAX_BAND_SESSIONS]
    return frame[frame["session_id"].isin(others)], len(others)
