"""Rows that the engine keeps for a while: the same values, and nothing left behind."""

from __future__ import annotations

import gc
from datetime import datetime
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from features import catalogue
from features.declaration import OPERATOR, ORDER, SESSION, VIEW
from features.engine.compute import compute
from features.engine.materialise import drop_materialised, materialise
from features.engine.snapshot import Snapshot

CUT = datetime(2026, 1, 17)


def names(backend) -> set[str]:
    """Tables that an engine holds."""
    return {row[0] for row in backend.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()}


@pytest.mark.parametrize("entity", [pytest.param(SESSION, marks=pytest.mark.slow), ORDER])
def test_signals_of_some_entities_are_those_that_all_would_give_them(tiny, entity):
    """Signals of some entities are those that all would give them."""
    signals = catalogue.of_entity(entity)
    whole = compute(Snapshot.open(tiny, CUT), signals, entity)
    some = whole.index[::7]
    alone = compute(Snapshot.open(tiny, CUT), signals, entity, some)
    np.testing.assert_allclose(
        alone.to_numpy(), whole.loc[some].to_numpy(), rtol=1e-12, atol=1e-12, equal_nan=True
    )


def test_night_leaves_only_derived_tables_in_the_engine(tiny):
    """A night leaves only derived tables in the engine, and each is made once."""
    tables = Snapshot.open(tiny, CUT)
    backend = next(iter(tables.values())).get_backend()
    before = names(backend)
    sessions = tables["sessions"].session_id.to_pandas()[:20]
    for _ in range(2):
        for entity in (SESSION, VIEW):
            compute(tables, catalogue.of_entity(entity), entity, sessions)
    made = names(backend) - before
    # account reputation, devices and purchases, entry baselines, prefix baselines
    assert len(made) == 5 and all(n.startswith("derived_") for n in made)


def test_frames_leave_no_derived_table_behind(tiny):
    """What an analyst computes on frames leaves no table behind."""
    tables = Snapshot.open(tiny, CUT)
    frames = {n: tables[n].to_pandas() for n in ("views", "sessions", "interactions", "orders")}
    before = names(ibis.get_backend())  # the engine is shared with other tests
    found = compute(
        frames, catalogue.of_entity(SESSION), SESSION, frames["sessions"]["session_id"][:20]
    )
    assert (
        found["viewer_other_flash_share"].notna().any()
        and found["multi_account_device_view_share"].notna().any()
    )
    made = names(ibis.get_backend()) - before
    assert not [n for n in made if n.startswith(("derived_", "cut_"))]


def test_stored_rows_replace_the_old_ones():
    """Rows that are stored again replace the old ones, and a name that was no table is not
    dropped."""
    backend = ibis.duckdb.connect()
    two = backend.create_table("two", ibis.memtable({"x": [1, 2]}))
    first = materialise(two.filter(two.x > 1), "rest")
    assert first.x.to_pandas().tolist() == [2]
    again = materialise(two, "rest")
    assert again.x.to_pandas().tolist() == [1, 2]
    drop_materialised([again, ibis.memtable({"x": [1]})])
    assert names(backend) == {"two"}


@pytest.mark.slow
def test_lake_in_a_file_of_the_engine_is_bit_for_bit_equal(tiny, monkeypatch):
    """A lake too large for memory lies in a file of the engine and gives the same values bit for
    bit."""
    memory = Snapshot.open(tiny, CUT)
    monkeypatch.setattr("features.engine.tables.IN_MEMORY_BYTES", 0)
    file = Snapshot.open(tiny, CUT)
    files = [
        next(iter(t.values()))
        .get_backend()
        .raw_sql("SELECT file FROM pragma_database_list")
        .fetchall()[0][0]
        for t in (memory, file)
    ]
    assert not files[0] and Path(files[1]).is_file()
    for entity in (SESSION, ORDER, OPERATOR):
        both = [compute(t, catalogue.of_entity(entity), entity) for t in (memory, file)]
        pd.testing.assert_frame_equal(*both, check_exact=True)
    del file
    gc.collect()
    assert not Path(files[1]).parent.exists()


def test_sessions_in_parts_give_equal_values(tiny, monkeypatch):
    """Too many sessions for one pass are taken in parts and give the same values."""
    tables = Snapshot.open(tiny, CUT)
    wanted = tables["sessions"].session_id.to_pandas().tolist()
    for entity in (SESSION, VIEW):
        whole = compute(tables, catalogue.of_entity(entity), entity, wanted)
        with monkeypatch.context() as patched:
            patched.setattr("features.engine.compute.MAX_SESSIONS_PER_PASS", 1 + len(wanted) // 3)
            taken: list[str] = []
            turns = compute(tables, catalogue.of_entity(entity), entity, wanted, taken.append)
        pd.testing.assert_frame_equal(
            whole, turns, rtol=1e-12, atol=1e-12
        )  # sums may take rows in another order
        assert max(map(taken.count, taken)) == 3
