"""Claims about a snapshot: a mapping of what was known, derived tables made once and dropped."""

from __future__ import annotations

import doctest
from datetime import datetime

import ibis
import pandas as pd

from features.declaration import derived
from features.engine import snapshot as module
from features.engine.snapshot import NEVER, Snapshot

FRAMES = {
    "operators": pd.DataFrame(
        {"operator_id": ["o1", "o2"], "received_at": pd.to_datetime(["2026-01-02", "2026-01-03"])}
    )
}
calls: list[str] = []


@derived(reads=("operators",), columns={"operator_id": "string", "n": "int64"})
def counted(operators):
    """Operators with a number, as the engine computes it."""
    calls.append("counted")
    return operators.group_by("operator_id").aggregate(n=operators.count())


@derived(reads=("operators",), columns={"moment": "string"}, from_all=True)
def moments(snapshot):
    """The moment of the snapshot, as a frame."""
    return pd.DataFrame({"moment": [snapshot.as_of.isoformat()]})


def engine_tables(snapshot: Snapshot) -> set[str]:
    backend = snapshot["operators"].get_backend()
    return {row[0] for row in backend.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()}


def test_a_snapshot_is_a_mapping_of_its_tables_only():
    """Derived tables are not among the names of a snapshot."""
    snapshot = Snapshot.from_frames(FRAMES)
    snapshot.derived(counted)
    assert dict(snapshot).keys() == {"operators"} and len(snapshot) == 1
    assert "operators" in snapshot and "counted" not in snapshot


def test_frames_are_known_at_their_newest_receipt():
    """Without a moment the newest receipt is taken; a moment that is given stays."""
    assert Snapshot.from_frames(FRAMES).as_of == datetime(2026, 1, 3)
    assert Snapshot.from_frames(FRAMES, datetime(2026, 2, 1)).as_of == datetime(2026, 2, 1)
    assert Snapshot.from_frames({}).as_of == NEVER


def test_a_derived_table_is_made_once_and_dropped_at_the_end():
    """A derived table is made when it is first asked for, and goes with the snapshot."""
    calls.clear()
    before = engine_tables(Snapshot.from_frames(FRAMES))
    with Snapshot.from_frames(FRAMES) as snapshot:
        assert not snapshot.has_derived(counted)
        for _ in range(2):
            assert sorted(snapshot.derived_frame(counted)["operator_id"]) == ["o1", "o2"]
        assert calls == ["counted"] and snapshot.has_derived(counted)
        made = engine_tables(snapshot) - before
        assert len(made) == 1 and next(iter(made)).startswith("derived_counted")
    assert not engine_tables(snapshot) - before


def test_two_snapshots_on_one_engine_do_not_mix():
    """Two snapshots of one engine have derived tables of their own."""
    other = {"operators": FRAMES["operators"].head(1)}
    with Snapshot.from_frames(FRAMES) as one, Snapshot.from_frames(other) as two:
        assert len(one.derived_frame(counted)) == 2 and len(two.derived_frame(counted)) == 1


def test_a_derived_table_may_read_the_whole_snapshot():
    """A table derived from all gets the snapshot, and so its moment."""
    snapshot = Snapshot.from_frames(FRAMES)
    assert snapshot.derived_frame(moments)["moment"].tolist() == ["2026-01-03T00:00:00"]


def test_a_frame_that_is_added_is_not_made_again():
    """A frame that is added stands for the derived table."""
    calls.clear()
    snapshot = Snapshot.from_frames(FRAMES)
    snapshot.add_derived(counted, pd.DataFrame({"operator_id": ["o9"], "n": [7]}))
    assert snapshot.derived_frame(counted)["n"].tolist() == [7] and calls == []


def test_a_snapshot_without_a_table_keeps_its_moment():
    """Tables can be left out; what was derived from them is not handed on."""
    whole = Snapshot.from_frames(FRAMES)
    whole.derived(counted)
    less = whole.without("operators")
    assert not less and less.as_of == whole.as_of and not less.has_derived(counted)


def test_a_scope_is_a_table_of_the_wanted_entities():
    """Views are asked for by their session."""
    snapshot = Snapshot.from_frames(FRAMES)
    assert snapshot.scope(["s1", "s2"], "view").to_pandas()["session_id"].tolist() == ["s1", "s2"]
    assert isinstance(snapshot.scope(["o1"], "operator"), ibis.Table)


def test_examples_of_the_module_hold():
    """The examples in the docstrings give what they say."""
    assert doctest.testmod(module).failed == 0
