"""What waits for another person has no effect, is in no report, and can be refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data_contracts.lake import Lake
from serving.oversight.appeals.appeal_record import BadAppeal
from serving.oversight.appeals.measure_appeals import open_measure_appeal
from serving.oversight.measures.approval import approve_act
from serving.oversight.measures.manual_measures import close_measure, list_measures
from serving.oversight.measures.measure_requests import BadMeasure
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.undo import BadUndo, UndoRequest, undo_measures
from serving.oversight.reports.integrity_report import integrity_report
from serving.oversight.reports.measure_report import (
    LEVELS,
    Period,
    measure_report,
    public_list,
    taken_measures,
)
from serving.policy.load import load_policy
from tests.serving.oversight.people.persons import T0, admit_office, record_measure

POLICY = load_policy()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERIOD = Period(T0 - DAY, T0 + 90 * DAY)


@pytest.fixture
def lake(tmp_path):
    """A lake with an office and no night."""
    return Lake(tmp_path / "lake")


@pytest.fixture
def people(lake):
    return admit_office(lake, T0 - HOUR)


def status(lake, at):
    return {m["measure_id"]: m["status"] for m in list_measures(lake, at)}


def test_reports_are_made_while_a_measure_waits(lake, people):
    """A proposal is not taken: no report to an authority, to the public or of a year has it."""
    warned = record_measure(lake, people["desk"], "o1", "warn", T0)
    proposed = record_measure(lake, people["desk"], "o2", "blacklist", T0)
    assert status(lake, T0) == {warned: "in_force", proposed: "proposed"}
    for level in LEVELS:
        report = measure_report(lake, level, PERIOD, T0, POLICY)
        assert proposed not in str(report)
    assert integrity_report(lake, PERIOD, T0, POLICY)["measures"]["by_people"] == [
        {"code": "warn", "article": "Order 117 12 ¶1", "status": "in_force", "count": 1}
    ]
    assert public_list([m for m in taken_measures(lake, T0) if m["code"] != "warn"], POLICY) == []
    assert public_list([m for m in list_measures(lake, T0) if m["code"] != "warn"], POLICY) == []


def test_a_proposal_is_refused_and_never_upheld(lake, people):
    """It cannot be undone, appealed or upheld: the words say that it only waits."""
    proposed = record_measure(lake, people["desk"], "o2", "block", T0)
    undo = UndoRequest([proposed], people["desk"], "a slip")
    with pytest.raises(BadUndo, match="only proposed"):
        undo_measures(lake, undo, T0, POLICY)
    with pytest.raises(BadAppeal, match="took no effect"):
        open_measure_appeal(lake, proposed, "a raid", "shop", T0, POLICY)
    with pytest.raises(BadMeasure, match="waits for approval"):
        close_measure(lake, proposed, "upheld", people["lead"], "it is right", T0)
    assert status(lake, T0) == {proposed: "proposed"}
    close_measure(lake, proposed, "lifted", people["lead"], "refused", T0)
    assert status(lake, T0) == {}


def test_an_undo_that_waits_is_listed_and_refused(lake, people):
    """Two undoings of one measure are two acts; the second finds nothing left, and is closed."""
    warned = record_measure(lake, people["desk"], "o1", "warn", T0)
    made = [
        undo_measures(lake, UndoRequest([warned], people["desk"], reason), T0 + HOUR, POLICY)
        for reason in ("a broken export", "the wrong shop")
    ]
    first, second = (m["undo_id"] for m in made)
    assert first != second and list_measures(lake, T0 + HOUR)[0]["undo_proposed"] == second
    approve_act(lake, first, people["lead"], T0 + HOUR, POLICY)
    with pytest.raises(BadMeasure, match="undone already"):
        approve_act(lake, second, people["lead"], T0 + 2 * HOUR, POLICY)
    close_measure(lake, second, "lifted", people["lead"], "done before", T0 + 2 * HOUR)
    assert read_measures(lake).pending == {} and status(lake, T0 + 2 * HOUR) == {warned: "undone"}


def test_what_has_expired_is_not_lifted(lake, people):
    """A measure that ended stays expired, and its points do not halve as if it was mended."""
    warned = record_measure(lake, people["desk"], "o1", "warn", T0, days=1)
    with pytest.raises(BadMeasure, match="nothing to lift"):
        close_measure(lake, warned, "lifted", people["lead"], "mended", T0 + 2 * DAY)
    close_measure(lake, warned, "upheld", people["lead"], "right", T0 + 2 * DAY)
    assert status(lake, T0 + 2 * DAY) == {warned: "expired"}


def test_an_upheld_measure_is_lifted_once_it_is_mended(lake, people):
    """Order 117 Art. 22: a first outcome does not keep a mended measure in force."""
    warned = record_measure(lake, people["desk"], "o1", "warn", T0)
    close_measure(lake, warned, "upheld", people["lead"], "right", T0 + HOUR)
    done = close_measure(lake, warned, "lifted", people["lead"], "mended", T0 + 2 * HOUR)
    assert (done["status"], done["outcome"]) == ("lifted", "lifted")
