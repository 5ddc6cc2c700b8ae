"""Complaints that are older than a night's window, and count in the compliance record."""

from __future__ import annotations

from features.engine.snapshot import Snapshot
from serving.oversight.complaints.cases import ComplaintDecision
from serving.oversight.grading.compliance import TakenMeasures, compliance
from serving.oversight.measures.state import MeasureState
from tests.serving.oversight.grading.test_grading import (
    AS_OF,
    NAMES,
    NONE_AUTOMATIC,
    POLICY,
    rows,
)


def test_a_complaint_older_than_the_window_counts_once_it_is_verified():
    """A snapshot has complaints of 28 days; what people found of an older one is in the record."""
    complaints = rows("complaint_id operator_id kind opened_at", "c1 a other t0")
    tables = Snapshot.from_frames({"complaints": complaints.assign(upheld=[None])})
    verdicts = {"old": ("b", True), "older": ("c", False)}
    decided = {
        k: ComplaintDecision(found, AS_OF, "desk", "why", who)
        for k, (who, found) in verdicts.items()
    }
    given = TakenMeasures(MeasureState(), NONE_AUTOMATIC, decided)
    got = compliance(tables, NAMES, given, AS_OF, POLICY)
    assert got["a"] == got["c"] == 1.0 and got["b"] < 1.0
