"""One story: a night's case, its disposition, a measure of two people, the gate, and undone."""

from __future__ import annotations

import shutil
from datetime import UTC, timedelta

import pytest

from data_contracts.lake import Lake
from serving.desk.cases.night_cases import open_night
from serving.desk.cases.queue import QueueFilter, queue_page
from serving.desk.casework.case_measures import (
    WantedMeasure,
    approve_measure,
    propose_measure,
)
from serving.desk.casework.claims import Chosen, claim
from serving.desk.casework.dispositions import Disposition, decide
from serving.desk.casework.undo import UndoWish, undo
from serving.desk.desk import Desk
from serving.desk.store.database import Database
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.signed_acts import verify_acts
from tests.serving.gate.asking import NOW
from tests.serving.oversight.people.persons import admit_office
from tests.whole.test_measures_take_effect import EXCEPTION, HOUR, POLICY, Office

FOUND = Disposition("found", "view_fraud", "two rooms of bots", (), ("views", "timeline"))


@pytest.fixture
def office(published, models, tmp_path):
    """A lake with its gate, its persons and its desk."""
    shutil.copytree(published, tmp_path / "lake", ignore=shutil.ignore_patterns("online"))
    office = Office(tmp_path / "lake", models)
    office.people = admit_office(office.lake)
    database = Database.open(f"sqlite:///{tmp_path}/desk.sqlite")
    clock = lambda: office.now.replace(tzinfo=UTC)  # noqa: E731  the gate's clock
    office.desk = Desk(Lake.open(office.lake), database, POLICY, clock)
    yield office
    database.engine.dispose()


def test_from_a_night_to_the_gate_and_back(office):
    """The gate refuses once two people took the measure, and gives once two people undid it."""
    desk, people = office.desk, office.people
    office.now = NOW
    assert open_night(desk) > 0
    with desk.database.snapshot() as session:
        first = queue_page(session, QueueFilter(kind="operator"), "desk", desk.clock()).rows[0]
    chosen = Chosen([first.case_id], people["desk"])
    claim(desk, chosen)
    line = decide(desk, chosen, FOUND)
    before = office.boost(first.operator_id, NOW)["riskLevel"]
    wanted = WantedMeasure("blacklist", 30, "two rooms of bots", EXCEPTION)
    made = propose_measure(desk, chosen, wanted)["entries"][first.case_id]
    assert "measures" not in office.boost(first.operator_id, NOW + HOUR)
    approve_measure(desk, made["measure_id"], people["lead"])
    refused = office.boost(first.operator_id, NOW + 2 * HOUR)
    assert (refused["riskLevel"], refused["hits"][0]["reasonCode"]) == ("REJECT", "blacklist")
    _, followed = undo(desk, UndoWish([line["act_id"]], people["desk"], "they were fans"))
    assert followed.measures_undone == (made["measure_id"],)
    office.now += timedelta(minutes=1)
    (waiting,) = read_measures(desk.lake).pending
    approve_measure(desk, waiting, people["lead"])
    given = office.boost(first.operator_id, NOW + 4 * HOUR)
    assert given["riskLevel"] == before and "measures" not in given
    assert verify_acts(desk.lake) == []
