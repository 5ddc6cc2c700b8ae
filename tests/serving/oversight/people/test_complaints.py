"""Complaints as cases: due by policy, decided by a reviewer, and abused by some."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.lake import Lake
from features.engine.snapshot import Snapshot
from serving.ledger.hash_chain import read_records
from serving.oversight.complaints.abuse import abusive_complainants, complainant_findings
from serving.oversight.complaints.cases import (
    complaint_cases,
    complaint_counts,
    complaint_decisions,
)
from serving.oversight.complaints.decisions import (
    BadComplaint,
    Finding,
    decide_complaint,
    list_complaints,
)
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.signed_acts import verify_acts
from serving.policy.load import load_policy
from tests.serving.oversight.people.persons import admit_office

POLICY = load_policy()
T0 = datetime(2026, 1, 10)
NOW = T0 + timedelta(days=10)


def complaint(i, operator="o1", kind="other", order=None, **more):
    row = {
        "complaint_id": f"k{i}",
        "operator_id": operator,
        "order_id": order,
        "kind": kind,
        "opened_at": T0,
        "due_at": pd.NaT,
        "closed_at": pd.NaT,
        "upheld": None,
        "received_at": T0,
    }
    return row | more


@pytest.fixture
def lake(tmp_path):
    folder = Lake(tmp_path / "lake")
    rows = [
        complaint(1, kind="fake_traffic"),
        complaint(2, kind="refund_refused", due_at=NOW + timedelta(days=1)),
        complaint(3, "o2", "late"),
    ]
    frame = pd.DataFrame(rows).astype({"upheld": "boolean"})
    folder.append_day("complaints", T0.date(), frame)
    return folder


def statuses(lake, now=NOW):
    return {c["complaint_id"]: c["status"] for c in list_complaints(lake, now, POLICY)}


def test_due_dates_are_those_delivered_or_the_policys(lake):
    """A delivered date counts; without one the days of the kind do, from the day it was opened."""
    due = {c["complaint_id"]: c["due_at"] for c in list_complaints(lake, NOW, POLICY)}
    assert due["k2"] == (NOW + timedelta(days=1)).isoformat()
    assert due["k1"] == (T0 + timedelta(days=POLICY.complaints.days)).isoformat()
    assert POLICY.complaints.due_days("refund_refused") < POLICY.complaints.days
    assert statuses(lake) == {"k1": "late", "k2": "open", "k3": "late"}


def test_an_old_complaint_stays_a_case(lake):
    """One that was received long ago is late, and can be decided."""
    later = NOW + timedelta(days=400)
    assert statuses(lake, later) == {"k1": "late", "k2": "late", "k3": "late"}
    done = decide_complaint(lake, "k1", Finding(True, "judge", "bought views"), later, POLICY)
    assert done["status"] == "verified"


def test_reviewer_decides_and_verified_ones_count(lake):
    """A verified complaint counts in credit and as a label; an unfounded one does not."""
    people = admit_office(lake)
    for author in ("judge", people["desk"]):
        with pytest.raises(NotAuthenticated):
            decide_complaint(lake, "k1", Finding(True, author, "seen"), NOW, POLICY)
    judge = people["judge"]
    for one, reason in (("k9", "seen"), ("k1", " ")):
        with pytest.raises(BadComplaint):
            decide_complaint(lake, one, Finding(True, judge, reason), NOW, POLICY)
    assert not lake.complaint_decisions.exists()
    done = decide_complaint(lake, "k1", Finding(True, judge, "bought views"), NOW, POLICY)
    assert (done["status"], done["decided_by"]) == ("verified", "judge")
    decide_complaint(lake, "k1", Finding(True, judge, "again"), NOW, POLICY)  # once
    decide_complaint(lake, "k3", Finding(False, judge, "in time"), NOW, POLICY)
    assert len(read_records(lake.complaint_decisions)) == 2 and verify_acts(lake) == []
    later = NOW + timedelta(hours=1)
    with Snapshot.open(lake, later) as tables:
        decided = complaint_decisions(lake, later)
        index = pd.Index(["o1", "o2", "o3"])
        counts = complaint_counts(tables, index, later, POLICY.complaints, decided)
        label = tables["outcomes"].to_pandas().iloc[0]
    assert counts["weight"].tolist() == [1.0 + 1.0 + 0.5, 1.0, 0.0]  # o1: verified late, and open
    assert counts["count"].tolist() == [2, 1, 0]  # none is 0, not unknown
    named = (label["entity_kind"], label["entity_id"], label["verdict"], label["source"])
    assert named == ("operator", "o1", "confirmed", "complaint")
    assert complaint_decisions(lake, NOW) == {}  # a night of before did not know them


def test_complainant_who_is_mostly_wrong_is_found():
    """Unfounded complaints beyond chance are a finding; a few, or rightful ones, are none."""
    wrong = [(f"w{i}", "bad", "o1", False) for i in range(8)]
    right = [(f"r{i}", "good", "o1", True) for i in range(8)]
    few = [(f"f{i}", "rare", "o2", False) for i in range(3)]
    crowd = [(f"c{i}", f"p{i}", "o2", i % 5 != 0) for i in range(60)]
    rows = [*wrong, *right, *few, *crowd]
    cases = pd.DataFrame(
        rows, columns=["complaint_id", "complainant_id", "operator_id", "upheld"]
    ).set_index("complaint_id")
    cases["upheld"] = cases["upheld"].astype("boolean")
    found = abusive_complainants(cases, POLICY.complaints)
    assert [f["complainant_id"] for f in found] == ["bad"]
    article = POLICY.cite("typology", "abusive_complaints", NOW.date().replace(month=3))
    one = complainant_findings(found, article).iloc[0]
    assert (one["operator_id"], one["other_id"], one["value"]) == ("o1", "bad", 1.0)
    assert "CRPL Regulations 27 ¶2" in one["article"]


def test_complainant_is_the_buyer_of_the_order(lake):
    """The complainant is the buyer of the order."""
    frame = pd.DataFrame([complaint(4, order="x1")]).astype({"upheld": "boolean"})
    lake.append_day("complaints", T0.date(), frame, part=1)

    class Orders:
        """Orders of a snapshot that know one order."""

        order_id = pd.Series(["x1"])

        def filter(self, _):
            return self

        def select(self, *_):
            return self

        def to_pandas(self):
            return pd.DataFrame({"order_id": ["x1"], "buyer_id": ["b7"]})

    with Snapshot.open(lake, NOW) as tables:
        both = {"complaints": tables["complaints"], "orders": Orders()}
        cases = complaint_cases(both, {}, POLICY.complaints)
    assert cases["complainant_id"].get("k4") == "b7"
    assert pd.isna(cases["complainant_id"].get("k1"))
