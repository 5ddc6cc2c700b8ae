"""Public lists take points from credit and compliance, and give them back once repaired."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from serving.oversight.credit import credit, notices_score
from serving.oversight.grading.compliance import TakenMeasures, compliance
from serving.oversight.measures.state import MeasureState
from serving.policy.load import load_policy

POLICY = load_policy()
T0 = datetime(2026, 3, 2, 9)
INDEX = pd.Index(["o1", "o2", "o3", "o4"])


@pytest.fixture
def lake(tmp_path):
    """One operator listed, one removed after ten days, one fined, and one in no list."""
    listed = {
        "listing_id": ["l1", "l2", "l3"],
        "operator_id": ["o1", "o2", "o3"],
        "kind": ["abnormal_operations", "serious_dishonesty", "penalty"],
        "listed_at": [T0] * 3,
        "removed_at": [pd.NaT, T0 + timedelta(days=10), pd.NaT],
        "received_at": [T0] * 3,
    }
    folder = Lake(tmp_path / "lake")
    folder.append_day("registry_listings", T0.date(), pd.DataFrame(listed))
    return folder


def scores(lake, days):
    at = T0 + timedelta(days=days)
    taken = TakenMeasures(MeasureState(), pd.DataFrame(columns=["operator_id", "measure", "at"]))
    with Snapshot.open(lake, at) as tables:
        return (
            notices_score(tables, INDEX, at, POLICY).tolist(),
            compliance(tables, INDEX, taken, at, POLICY).tolist(),
            credit(tables, INDEX, at, POLICY)["credit"].tolist(),
        )


def test_an_entry_counts_for_as_long_as_it_stands(lake):
    """It does not fade; a penalty does; who is in no list keeps all points."""
    points, half = POLICY.listings, POLICY.credit.half_life_days
    first, later = scores(lake, 1), scores(lake, half)
    listed = 100.0 - points.abnormal_operations
    assert first[0][0] == later[0][0] == listed
    assert first[0][1] == 100.0 - points.serious_dishonesty and first[0][3] == 100.0
    assert later[0][2] == pytest.approx(100.0 - points.penalty / 2)
    assert first[1] == pytest.approx([s / 100.0 for s in first[0]])
    assert first[2] == pytest.approx(first[0])  # the only part that is known


def test_credit_is_repaired_once_an_entry_is_removed(lake):
    """A share of the points stays from the removal on, and fades by half."""
    half, kept = POLICY.credit.half_life_days, POLICY.compliance.repaired_share
    at_removal, later = scores(lake, 10), scores(lake, 10 + half)
    lost = kept * POLICY.listings.serious_dishonesty
    assert at_removal[0][1] == pytest.approx(100.0 - lost)
    assert later[0][1] == pytest.approx(100.0 - lost / 2)
