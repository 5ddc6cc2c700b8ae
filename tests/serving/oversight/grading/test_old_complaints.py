"""Complaints that are older than a night's window, and count in the compliance record."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from features.engine.tables import LOOKBACK
from serving.oversight.complaints.cases import ComplaintDecision, verified_complaints
from serving.oversight.grading.compliance import compliance
from serving.scoring.night_context import NightContext
from serving.supervision.night_tables import measures_taken
from tests.serving.oversight.grading.test_grading import AS_OF, NAMES, POLICY
from tests.serving.oversight.people.test_complaints import complaint

OLD = AS_OF - LOOKBACK - timedelta(days=2)


@pytest.fixture
def lake(tmp_path):
    """Three complaints older than the window: upheld, open, and upheld after the night."""
    folder = Lake(tmp_path / "lake")
    given = {"opened_at": OLD, "received_at": OLD}
    rows = [
        complaint(1, "a", upheld=True, closed_at=OLD, **given),
        complaint(2, "b", **given),
        complaint(3, "c", upheld=True, **given | {"received_at": AS_OF + timedelta(hours=5)}),
    ]
    frame = pd.DataFrame(rows).astype({"upheld": "boolean"})
    folder.append_day("complaints", OLD.date(), frame)
    return folder


def test_a_complaint_older_than_the_window_counts_once_it_is_upheld(lake):
    """A snapshot has complaints of 28 days; the record counts them until they fade."""
    context = NightContext(lake, (AS_OF - timedelta(days=1)).date(), POLICY)
    with Snapshot.open(lake, AS_OF) as tables:
        assert tables["complaints"].count().to_pandas() == 0
        got = compliance(tables, NAMES, measures_taken(context), AS_OF, POLICY)
    assert got["a"] < 1.0 and got["b"] == got["c"] == 1.0


def test_a_decision_here_counts_from_when_the_complaint_was_opened(lake):
    """It fades from one date, whether the complaint is in the window or not."""
    decided = {
        i: ComplaintDecision(found, AS_OF, "desk", "why", who)
        for i, who, found in (("k1", "a", False), ("k2", "b", True), ("k9", "c", True))
    }
    with Snapshot.open(lake, datetime(2026, 1, 1)) as tables:
        got = verified_complaints(tables["complaints"], decided).set_index("operator_id")["at"]
    assert got["b"] == pd.Timestamp(OLD)
    assert got["c"] == pd.Timestamp(AS_OF)  # never delivered: only its decision is known
    assert "a" not in got.index
