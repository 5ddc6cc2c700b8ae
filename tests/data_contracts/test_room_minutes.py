"""Counters by minute that are derived from views."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest

from data_contracts.contract import contract
from data_contracts.parquet import to_arrow, write_file
from features.engine.snapshot import Snapshot


@pytest.mark.parametrize(
    ("ends", "viewers", "leaves"),
    [
        ((None, 125, 245), [3, 2, 2, 1, 1], [0, 0, 1, 0, 1]),
        ((None, None, 245), [None] * 5, [None] * 5),
    ],
    ids=["one of three has no end", "two of three have none"],
)
def test_view_without_an_end_counts_in_its_first_minute(tmp_path, ends, viewers, leaves):
    """A view without an end counts in the minute it joined; where most lack one, none is known."""
    start = pd.Timestamp("2026-01-01 10:00")
    stay = {"session_id": "s1", "joined_at": start, "received_at": start}
    session = {
        "session_id": "s1",
        "operator_id": "o1",
        "started_at": start,
        "ended_at": start + pd.Timedelta(seconds=250),
        "received_at": start,
    }
    views = [
        stay
        | {"account_id": f"a{i}", "left_at": None if t is None else start + pd.Timedelta(seconds=t)}
        for i, t in enumerate(ends)
    ]
    for name, rows in (("sessions", [session]), ("views", views)):
        rows_of = to_arrow(contract(name), pd.DataFrame(rows))
        write_file(tmp_path / name / "part-0.parquet", rows_of)
    minutes = (
        Snapshot.open(tmp_path, datetime(2026, 1, 2))["room_minutes"].order_by("minute").to_pandas()
    )
    known = (
        minutes[["viewers", "leaves"]]
        .astype(object)
        .where(minutes[["viewers", "leaves"]].notna(), None)
    )
    assert known["viewers"].tolist() == viewers and known["leaves"].tolist() == leaves
    assert minutes["joins"].tolist() == [3, 0, 0, 0, 0]
