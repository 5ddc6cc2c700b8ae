"""Presence lists: views without a join time are accepted, and nothing is made up from them."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_contracts.contract import contract
from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from features.catalogue import BY_NAME, of_entity
from features.declaration import ACCOUNT, ORDER, SESSION, VIEW
from features.derived.audience_fit import audience_fit
from features.derived.co_visitation import watch_pairs
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from serving.nightly.pipeline import nightly
from tests.conftest import NIGHT
from tests.spec.tables import rows, sessions, views
from tests.whole.night_runs import POLICY

PRESENT = views(*[f"s a{i} - t{600 + 60 * i}" for i in range(40)])
TIMED_SESSION_SIGNALS = (
    "busiest_step_join_share",
    "burst_join_share",
    "short_view_share",
    "whole_session_stay_share",
    "densest_cell_view_share",
    "room_hopping_view_share",
)


def test_the_contract_says_what_an_unknown_join_means():
    """The contract says what an unknown join means."""
    column = next(c for c in contract("views").columns if c.name == "joined_at")
    assert not column.required and column.null_means == "unknown"


def test_presence_gives_no_time_and_no_shape():
    """Forty viewers of whom only presence is known: counted, but in no burst and no cell."""
    frames = {"views": PRESENT, "sessions": sessions("s")}
    names = (*TIMED_SESSION_SIGNALS, "view_count", "anonymous_view_share")
    found = compute(frames, [BY_NAME[n] for n in names], SESSION).loc["s"]
    assert found[list(TIMED_SESSION_SIGNALS)].isna().all()
    assert found["view_count"] == 40 and found["anonymous_view_share"] == 0.0
    with Snapshot.from_frames(frames) as snapshot:
        assert snapshot.derived_frame(watch_pairs).empty
        assert snapshot.derived_frame(audience_fit).empty


def test_known_joins_give_what_they_gave_without_the_others():
    """Views without a join time change no value that comes from the times of others."""
    timed = views(*[f"s b{i} t{30 * i} t{30 * i + 90 + i}" for i in range(30)])
    both = pd.concat([timed, PRESENT.assign(left_at=None)], ignore_index=True)
    signals = [BY_NAME[n] for n in TIMED_SESSION_SIGNALS]
    values = [
        compute({"views": v, "sessions": sessions("s")}, signals, SESSION) for v in (timed, both)
    ]
    pd.testing.assert_frame_equal(*values)


def test_single_views_without_a_join_time_have_unknown_moments():
    """Single views without a join time have unknown moments."""
    values = compute({"views": PRESENT, "sessions": sessions("s")}, of_entity(VIEW), VIEW)
    moments = ["view_join_block_lift", "view_join_phase", "view_stay_seconds"]
    assert len(values) == 40 and values[[*moments, "view_same_stay_share"]].isna().all(axis=None)
    hours = [s for s in of_entity(ACCOUNT) if s.source and s.source.name == "account_hours"]
    assert hours and compute({"views": PRESENT}, hours, ACCOUNT).empty


def test_a_buyer_who_was_there_is_not_said_to_have_watched_nothing():
    """| buyer | view | : present at an unknown time is unknown, without a view is nothing."""
    orders = rows(
        "order_id operator_id session_id buyer_id placed_at",
        "o1 o s a1 t900",
        "o2 o s stranger t900",
    )
    signal = BY_NAME["watch_before_order_seconds"]
    found = compute({"orders": orders, "views": PRESENT}, [signal], ORDER)[signal.name]
    assert found.to_dict() == {"o2": 0.0}


@pytest.mark.parametrize("share", [1.0, pytest.param(0.3, marks=pytest.mark.slow)])
def test_a_lake_of_presence_lists_runs_a_night(tiny, tmp_path, share):
    """No row is set aside where joins are unknown, and sessions are scored on what is known.

    Counters by minute are unknown where most joins are.
    """
    lake = Lake(tmp_path / "lake")
    shutil.copytree(
        tiny, lake.root, ignore=shutil.ignore_patterns("runs", "online", "room_minutes")
    )
    for path in lake.files("views"):
        table = pq.read_table(path)
        frame = table.to_pandas()
        frame.loc[frame.sample(frac=share, random_state=1).index, "joined_at"] = pd.NaT
        pq.write_table(pa.Table.from_pandas(frame, table.schema, preserve_index=False), path)
    nightly(lake, NIGHT, None, POLICY)
    scores = read_outbound(lake, "scores")
    run = read_outbound(lake, "runs").iloc[0]
    assert (scores["entity_kind"] == "session").any() and not (
        lake.root / "quarantine/views.parquet"
    ).exists()
    unknown = set(json.loads(run["signals_unknown"] or "[]"))
    assert ("busiest_step_join_share" in unknown) == (share == 1.0)
    assert "view_count" not in unknown
    minutes = Snapshot.open(lake, pd.Timestamp(NIGHT).to_pydatetime())["room_minutes"].to_pandas()
    assert minutes["joins"].isna().all() == (share == 1.0)
