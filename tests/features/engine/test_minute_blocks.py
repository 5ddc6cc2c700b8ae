"""Room minutes: memory follows events, blocks give the values of one pass."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from data_contracts.contract import contract
from data_contracts.parquet import to_arrow, write_file
from data_contracts.room_minutes import MAX_MINUTE
from features.catalogue import BY_NAME
from features.declaration import SESSION
from features.engine import minute_arrays
from features.engine.compute import compute
from features.engine.minute_arrays import minute_blocks, minutes_frame
from features.engine.snapshot import Snapshot
from features.engine.tables import SPANS_TABLE

START = datetime(2026, 3, 3)
NAMES = ("unexplained_join_share", "viewers_mean", "join_entropy", "viewer_balance_gap")
SIGNALS = tuple(BY_NAME[n] for n in NAMES)


def lake_of_rooms(folder, hours: dict[str, int], joins_an_hour: float, seed: int = 3):
    """Rooms by name with their length in hours; people join evenly and stay some minutes."""
    g, sessions, views = np.random.default_rng(seed), [], []
    for name, length in hours.items():
        end = START + timedelta(hours=length)
        row = {"session_id": name, "operator_id": name, "started_at": START, "ended_at": end}
        sessions.append(row | {"received_at": end})
        for i, at in enumerate(g.uniform(0, length * 3600 - 900, int(length * joins_an_hour))):
            joined = START + timedelta(seconds=int(at))
            left = joined + timedelta(seconds=int(g.uniform(30, 800)))
            row = {"session_id": name, "account_id": f"a{i}", "joined_at": joined, "left_at": left}
            views.append(row | {"received_at": left})
    for table, rows in (("sessions", sessions), ("views", views)):
        path = folder / f"{table}.parquet"
        write_file(path, to_arrow(contract(table), pd.DataFrame(rows)))
    return Snapshot.open(folder, START + timedelta(days=12)), len(views)


def rows_of(snapshot: Snapshot, table: str) -> int:
    connection = snapshot["sessions"].get_backend()
    return connection.raw_sql(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_kept_rows_follow_events_not_minutes(tmp_path):
    """Rows are at most two for each view and one for each room, a tenth of the minutes or less.

    Forty rooms are open all day with thirty views each.
    """
    rooms = {f"r{i}": 24 for i in range(40)}
    snapshot, views = lake_of_rooms(tmp_path, rooms, 30 / 24)
    kept, minutes = rows_of(snapshot, SPANS_TABLE), rows_of(snapshot, "room_minutes")
    assert minutes == 40 * (24 * 60 + 1)
    assert kept <= 2 * views + 40 and kept < minutes / 10


def test_no_table_of_the_engine_has_a_row_for_each_minute(tmp_path):
    """After all minute signals were computed, every table kept is smaller than the minutes."""
    snapshot, views = lake_of_rooms(tmp_path, {f"r{i}": 24 for i in range(20)}, 1.0)
    compute(snapshot, SIGNALS, SESSION)
    tables = snapshot["sessions"].get_backend().raw_sql("SELECT table_name FROM duckdb_tables()")
    sizes = {name: rows_of(snapshot, name) for (name,) in tables.fetchall()}
    assert SPANS_TABLE in sizes and max(sizes.values()) <= 2 * views + 20


def test_blocks_hold_whole_sessions_and_at_most_their_size(tmp_path):
    """Blocks hold whole sessions and at most their size."""
    snapshot, _views = lake_of_rooms(tmp_path, {f"r{i}": 1 + i % 5 for i in range(30)}, 20)
    blocks = list(minute_blocks(snapshot, None, 500))
    ids = [i for part, _values, _offsets in blocks for i in part]
    whole = minutes_frame(snapshot, None)
    assert ids == sorted(whole["session_id"].unique()) and len(blocks) > 5
    assert all(len(values) <= 500 for _ids, values, _offsets in blocks)
    assert sum(len(values) for _ids, values, _offsets in blocks) == len(whole)


def test_values_of_blocks_are_those_of_one_pass(tmp_path, monkeypatch):
    """Values of blocks are those of one pass."""
    snapshot, _views = lake_of_rooms(tmp_path, {f"r{i}": 1 + i % 5 for i in range(30)}, 20)
    wanted = [f"r{i}" for i in range(0, 30, 2)]
    whole = compute(snapshot, SIGNALS, SESSION, wanted)
    monkeypatch.setattr(minute_arrays.minute_blocks, "__defaults__", (400,))
    pd.testing.assert_frame_equal(compute(snapshot, SIGNALS, SESSION, wanted), whole)


@pytest.mark.parametrize("hours", [47, 168])
def test_even_arrivals_over_days_show_no_burst(tmp_path, hours):
    """A stream of two days or of a week: events after the second day are counted nowhere."""
    snapshot, _views = lake_of_rooms(tmp_path, {"long": hours}, 40)
    share = compute(snapshot, SIGNALS, SESSION)["unexplained_join_share"]["long"]
    assert share < 0.01
    minutes = minutes_frame(snapshot, None)
    assert minutes["minute"].max() == min(hours * 60, MAX_MINUTE)
    assert minutes["joins"].iloc[-1] <= 5 and minutes["leaves"].iloc[-1] <= 5


def test_minutes_from_events_count_follows_less_unfollows(tmp_path):
    """A minute in which more was taken back than given has fewer than none."""
    lake_of_rooms(tmp_path, {"r": 1}, 30)
    acts = [("follow", "a0", 0), ("follow", "a1", 0), ("unfollow", "a0", 1), ("follow", "a2", 2)]
    acts.append(("unfollow", "a2", 2))
    rows = [
        {"session_id": "r", "account_id": a, "kind": k, "at": START + timedelta(minutes=m)}
        | {"count": 1, "received_at": START + timedelta(hours=1)}
        for k, a, m in acts
    ]
    table = to_arrow(contract("interactions"), pd.DataFrame(rows))
    write_file(tmp_path / "interactions.parquet", table)
    snapshot = Snapshot.open(tmp_path, START + timedelta(days=1))
    minutes = snapshot["room_minutes"].to_pandas().sort_values("minute")
    assert minutes["follows"].tolist()[:4] == [2.0, -1.0, 0.0, 0.0]
