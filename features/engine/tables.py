"""Ibis tables of a lake's good rows at a moment, and of pandas frames."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import duckdb
import ibis
import pandas as pd
import pyarrow as pa

from data_contracts.contract import ARROW, contract, inbound_names
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.room_minutes import REQUIRED_TABLES, minutes_of, spans_sql
from data_contracts.spill import remove_with, spill_folder, spill_sql
from data_contracts.storage.room import memory_limit
from features.engine.materialise import DATABASE_FILE

LOOKBACK = timedelta(days=28)  # events that a night reads
EVENTS = {"views", "interactions", "orders", "parcels", "refunds", "reviews", "complaints"}
SPANS_TABLE = "room_minute_spans"  # minutes with events, from which a view makes all minutes
VIEW_ORDER = (  # of the views of a session; what tells them apart (ADR-0010)
    "joined_at",
    "account_id",
    "device_id",
    "left_at",
    "ip_prefix",
    "app_version",
    "entry_source",
)
IN_MEMORY_BYTES = 3 << 30  # of Parquet; rows are about five times that in memory


def duckdb_tables(
    lake: LakeOrFolder, as_of: datetime, memory: str = "4GB", threads: int = 1
) -> dict[str, Any]:
    """Good rows known at `as_of`, on a DuckDB connection of their own.

    Absent tables are left out. Each table is read and cut once, because a night passes over it
    many times. The engine spills beyond `memory`; a lake of more than `IN_MEMORY_BYTES` gets a
    database file, in which rows are compressed. The file goes with the connection.
    One thread by default: sums of floats then have one order (ADR-0002).
    """
    lake = Lake.open(lake)
    size = sum(f.stat().st_size for n in inbound_names() for f in lake.files(n))
    folder = spill_folder()
    if size > IN_MEMORY_BYTES:
        folder.mkdir()
    connection = ibis.duckdb.connect(
        folder / DATABASE_FILE if size > IN_MEMORY_BYTES else ":memory:",
        memory_limit=memory_limit(memory),
        threads=threads,
    )
    remove_with(connection, folder)
    connection.raw_sql("SET TimeZone='UTC'; SET preserve_insertion_order=false;")
    # a notebook without widgets has no progress bar to switch off
    with suppress(duckdb.InvalidInputException):
        connection.raw_sql("SET enable_progress_bar=false")
    connection.raw_sql(spill_sql(folder))
    names = [n for n in inbound_names() if lake.files(n)]
    for name in names:
        sql = lake.scan_sql(contract(name), as_of)
        if name in EVENTS:
            since = (as_of - LOOKBACK).isoformat(sep=" ")
            sql += f" AND {contract(name).received} >= TIMESTAMP '{since}'"
        connection.raw_sql(f"CREATE TABLE {name} AS {sql}")
    if "room_minutes" not in names and set(REQUIRED_TABLES) <= set(names):
        derive_room_minutes(connection, names)
        names.append("room_minutes")
    return {name: connection.table(name) for name in names}


def derive_room_minutes(connection: Any, names: list[str]) -> None:
    """Make `room_minutes` from events; tables that it reads and that are absent are empty.

    Minutes with events are a table. The others are made while `room_minutes` is read, because a
    night over rooms that are always open would not hold them (ADR-0180).
    """
    missing, sql = spans_sql(set(names))
    for name in missing:
        columns = ", ".join(f'"{c.name}" {c.type}' for c in contract(name).columns)
        connection.raw_sql(f"CREATE TABLE {name} ({columns})")
    connection.raw_sql(f"CREATE TABLE {SPANS_TABLE} AS {sql}")
    connection.raw_sql(f"CREATE VIEW room_minutes AS {minutes_of(SPANS_TABLE)}")
    for name in missing:
        connection.raw_sql(f"DROP TABLE {name}")


def frame_tables(frames: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Pandas frames as tables: types are the contract's, absent nullable columns are null."""
    tables = {}
    for name, given in frames.items():
        frame = given.reset_index(drop=True)
        schema = {c.name: ARROW[c.type] for c in contract(name).columns}
        whole = pd.DataFrame(
            {n: frame[n] if n in frame else pd.Series([None] * len(frame)) for n in schema}
        )
        arrow = pa.Table.from_arrays(
            [
                pa.array(whole[n], type=t, from_pandas=True) if len(whole) else pa.array([], type=t)
                for n, t in schema.items()
            ],
            names=list(schema),
        )
        tables[name] = ibis.memtable(arrow)
    return tables


def newest_receipt(frames: Mapping[str, pd.DataFrame]) -> datetime | None:
    """The newest moment at which a row of the frames was received, None where none says so."""
    received = [
        pd.to_datetime(frame[contract(name).received]).max()
        for name, frame in frames.items()
        if contract(name).received in frame
    ]
    known = [moment for moment in received if pd.notna(moment)]
    return max(known).to_pydatetime() if known else None


def named_views(views: Any) -> Any:
    """Views with a `view_id`: their session and their place in it.

    Views have no identifier of their own (ADR-0010). Their place follows the order of joining,
    account, device, leaving, network, app version and entry channel. Views that are equal in all
    of these are interchangeable.
    """
    place = ibis.row_number().over(
        group_by=views.session_id, order_by=[views[c] for c in VIEW_ORDER]
    )
    return views.mutate(view_id=views.session_id + "#" + place.cast("string"))
