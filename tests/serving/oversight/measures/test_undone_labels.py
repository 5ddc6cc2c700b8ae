"""An undo takes back labels that accuse by its measure, and those alone (ADR-0400)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data_contracts.lake import Lake
from serving.oversight.appeals.appeal_decisions import AppealDecision, decide_appeal
from serving.oversight.appeals.measure_appeals import open_measure_appeal
from serving.oversight.measures.approval import approve_act
from serving.oversight.measures.undo import UndoRequest, undo_measures
from serving.policy.load import load_policy
from tests.serving.oversight.people.persons import T0, admit_office, record_measure

POLICY = load_policy()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DELAY = timedelta(days=POLICY.appeal.label_delay_days)


@pytest.mark.parametrize(
    ("verdict", "undone_after", "labels"),
    [("upheld", DAY, 0), ("upheld", DELAY + DAY, 1), ("error", DAY, 1)],
)
def test_labels_after_an_undo(tmp_path, verdict, undone_after, labels):
    """One that accuses is withdrawn before it counts; one that counted or clears stays."""
    lake = Lake(tmp_path / "lake")
    people = admit_office(lake, T0 - HOUR)
    measure = record_measure(lake, people["desk"], "o1", "warn", T0)
    appeal = open_measure_appeal(lake, measure, "a raid", "shop", T0, POLICY)
    decision = AppealDecision(verdict, people["judge"], "seen", [("session", "s1")])
    decide_appeal(lake, appeal.appeal_id, decision, T0 + HOUR, POLICY)
    assert len(lake.files("outcomes")) == 1
    at = T0 + undone_after
    undo = UndoRequest([measure], people["desk"], "a broken export")
    proposed = undo_measures(lake, undo, at, POLICY)
    assert len(lake.files("outcomes")) == 1
    approve_act(lake, proposed["undo_id"], people["lead"], at, POLICY)
    assert len(lake.files("outcomes")) == labels
