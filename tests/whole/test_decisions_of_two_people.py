"""One story: found, a measure by two people, refused, appealed, given, and learned from."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta

import pandas as pd
import pytest

from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from serving.nightly.pipeline import nightly
from serving.oversight.appeals.appeal_decisions import AppealDecision, decide_appeal
from serving.oversight.appeals.appeal_record import BadAppeal, list_appeals
from serving.oversight.appeals.measure_appeals import open_measure_appeal
from serving.oversight.measures.approval import approve_act
from serving.oversight.measures.manual_measures import list_measures, take_measure
from serving.oversight.measures.measure_requests import BadMeasure, MeasureRequest
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.measures.undo import UndoRequest, undo_measures
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.signed_acts import verify_acts
from tests.conftest import NIGHT
from tests.serving.gate.asking import NOW
from tests.serving.oversight.people.persons import admit_office
from tests.whole.test_measures_take_effect import DAY, EXCEPTION, HOUR, POLICY, Office
from training.release import store
from training.train import train


@pytest.fixture
def desk(published, models, tmp_path):
    """A lake whose persons are admitted, and its gate."""
    shutil.copytree(published, tmp_path / "lake", ignore=shutil.ignore_patterns("online"))
    office = Office(tmp_path / "lake", models)
    office.people = admit_office(office.lake)
    return office


def accused_of(lake):
    """An operator with history and suspicious sessions, and the measure of the night on it."""
    tiers = read_outbound(lake, "tier_decisions").set_index("operator_id")
    night = read_outbound(lake, "measures").set_index("operator_id")
    found = [o for o in tiers.index[~tiers["cold_start"]] if o in night.index]
    with_sessions = [o for o in found if "sessions" in json.loads(night.at[o, "evidence"])]
    return with_sessions[0], night.loc[with_sessions[0]]


def take(desk, subject, code, at):
    """Propose a measure as the desk and approve it as the lead, a minute later."""
    asked = MeasureRequest(
        subject, code, desk.people["desk"], "two rooms of bots", 30, beyond_range=EXCEPTION
    )
    proposed = take_measure(desk.lake, asked, at, POLICY)
    later = at + timedelta(minutes=1)
    return approve_act(desk.lake, proposed["measure_id"], desk.people["lead"], later, POLICY)


def won_story(desk):
    """Everything until a label is written; returns the operator and the moment it counts from."""
    who, notice = accused_of(desk.lake)
    assert notice["notice_en"] and desk.boost(who, NOW)["riskLevel"] != "PASS"  # found
    people, asked = desk.people, None
    for author in ("desk", people["judge"], people["root"]):
        with pytest.raises(NotAuthenticated):
            take_measure(
                desk.lake, MeasureRequest(who, "blacklist", author, "bots", 30), NOW, POLICY
            )
    asked = MeasureRequest(who, "blacklist", people["lead"], "bots", 30, beyond_range=EXCEPTION)
    alone = take_measure(desk.lake, asked, NOW, POLICY)
    assert alone["status"] == "proposed" and "measures" not in desk.boost(who, NOW + HOUR)
    with pytest.raises(BadMeasure, match="another person"):
        approve_act(desk.lake, alone["measure_id"], people["lead"], NOW + HOUR, POLICY)
    taken = take(desk, who, "blacklist", NOW + HOUR)
    at = NOW + 2 * HOUR
    refused = desk.boost(who, at)
    assert (refused["riskLevel"], refused["hits"][0]["reasonCode"]) == ("REJECT", "blacklist")
    appeal = open_measure_appeal(desk.lake, taken["measure_id"], "a raid", "shop", at, POLICY)
    for name in ("desk", "lead"):
        with pytest.raises((NotAuthenticated, BadAppeal)):
            decision = AppealDecision("error", people[name], "raid")
            decide_appeal(desk.lake, appeal.appeal_id, decision, at, POLICY)
    won = AppealDecision("error", people["judge"], "the celebrity came")
    decide_appeal(desk.lake, appeal.appeal_id, won, at + HOUR, POLICY)
    given = desk.boost(who, at + HOUR)
    assert given["riskLevel"] == "PASS" and "measures" not in given
    assert verify_acts(Lake(desk.lake)) == []
    counts_from = at + HOUR + POLICY.appeal.label_delay_days * DAY
    files = (desk.lake / "outcomes" / f"day={counts_from.date()}").glob("*.parquet")
    labels = pd.concat(pd.read_parquet(f) for f in files)
    assert set(labels["verdict"]) == {"cleared"} and set(labels["source"]) == {"appeal"}
    return who, counts_from


def test_found_measured_refused_appealed_and_given(desk):
    """One key proposes and another approves; a third decides the appeal, and the boost is given."""
    won_story(desk)


@pytest.mark.slow
def test_retrained_on_what_the_appeal_decided(desk, tmp_path):
    """The night after does not accuse again, and the next model counts the reasons that failed."""
    who, counts_from = won_story(desk)
    nightly(desk.lake, NIGHT + DAY, None, POLICY, allow_short=True, without_models=True)
    tier = read_outbound(desk.lake, "tier_decisions").set_index("operator_id").loc[who]
    assert tier["tier"] == "A" and "appeal_won" in json.loads(tier["why"])
    assert desk.boost(who, counts_from - DAY)["riskLevel"] != "REJECT"
    models = tmp_path / "retrained"
    until = counts_from + DAY
    made = train(desk.lake, models, until, names=["operator_rank", "session_inflation"])
    cards = [(models / t.name / t.version / store.CARD).read_text("utf-8") for t in made]
    assert any("**Overturned on appeal.** 1 accusations" in card for card in cards)
    before = train(desk.lake, tmp_path / "before", counts_from, names=["session_inflation"])
    assert made[1].version != before[0].version


def test_undone_by_two_people(desk):
    """One key cannot take a measure back; two can, and the answer is that of before."""
    who, _ = accused_of(desk.lake)
    before = desk.boost(who, NOW)
    taken = take(desk, who, "block", NOW)
    undo = UndoRequest([taken["measure_id"]], desk.people["desk"], "a broken export")
    proposed = undo_measures(desk.lake, undo, NOW + HOUR, POLICY)
    assert desk.boost(who, NOW + HOUR)["riskLevel"] == "REJECT"
    approve_act(desk.lake, proposed["undo_id"], desk.people["lead"], NOW + HOUR, POLICY)
    after = desk.boost(who, NOW + HOUR)
    same = set(before) - {"requestId", "expiresAt"}
    assert {k: after[k] for k in same} == {k: before[k] for k in same}
    assert list_measures(desk.lake, NOW + HOUR)[0]["status"] == "undone"


def test_expired_after_two_people_took_it(desk):
    """Found, measured by two keys, refused until its last second, given at its end.

    What was taken stays in the record of compliance, for it was right; no label is written.
    """
    who, notice = accused_of(desk.lake)
    before = desk.boost(who, NOW)
    assert notice["notice_en"] and before["riskLevel"] != "PASS"  # found
    taken = take(desk, who, "block", NOW)
    end = datetime.fromisoformat(taken["effective_to"])
    last = desk.boost(who, end - timedelta(seconds=1))
    assert last["riskLevel"] == "REJECT" and "block" in {h["reasonCode"] for h in last["hits"]}
    after = desk.boost(who, end)
    assert "measures" not in after and "block" not in {h["reasonCode"] for h in after["hits"]}
    state = read_measures(desk.lake)
    assert state.in_force(end) == [] and state.floors(end, POLICY) == {}
    assert [m.measure_id for m in state.standing(end)] == [taken["measure_id"]]
    assert list_measures(desk.lake, end)[0]["status"] == "expired"
    assert verify_acts(Lake(desk.lake)) == [] and list_appeals(desk.lake, end) == []


@pytest.mark.slow
def test_successor_of_a_barred_operator_is_a_finding(desk, models):
    """A new operator that sells to the payers of a blacklisted one is found by the next night."""
    who, _ = accused_of(desk.lake)
    lake, at = Lake(desk.lake), NOW - 30 * HOUR  # on the day of the night
    orders = pd.concat(pd.read_parquet(f) for f in lake.files("orders"))
    theirs = orders[(orders["operator_id"] == who) & orders["payer_id"].notna()]
    take(desk, who, "blacklist", at)
    copied = (
        theirs.drop_duplicates("payer_id")
        .head(40)
        .assign(
            operator_id="heir",
            order_id=lambda f: "heir-" + f["order_id"],
            session_id=None,
            placed_at=at + 2 * HOUR,
            paid_at=at + 2 * HOUR,
            received_at=at + 3 * HOUR,
        )
    )
    lake.append_day("orders", date(2026, 1, 20), copied, part=7)
    nightly(desk.lake, NIGHT, models, POLICY, allow_short=True)
    findings = read_outbound(lake, "findings").set_index("operator_id")
    heir = findings.loc[["heir"]].iloc[0]
    assert (heir["duty"], heir["other_id"]) == ("evasion_by_successor", who)
