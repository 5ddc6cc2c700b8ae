"""Measures take effect, end to end: taken, refused at the gate, ended, and given again."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from serving.gate.api_keys import make_key
from serving.gate.http import gate_application, open_gate
from serving.ledger.answers import AnswerLedger
from serving.nightly.pipeline import nightly
from serving.oversight.appeals import appeal_decisions
from serving.oversight.appeals import appeal_record as appeals
from serving.oversight.appeals.appeal_decisions import AppealDecision
from serving.oversight.appeals.measure_appeals import open_measure_appeal
from serving.oversight.measures.manual_measures import list_measures, take_measure
from serving.oversight.measures.measure_requests import BadMeasure, MeasureRequest
from serving.oversight.measures.undo import UndoRequest, undo_measures
from serving.policy.load import load_policy
from tests.conftest import NIGHT
from tests.serving.gate.asking import NOW, ordinary

POLICY = load_policy()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EXCEPTION = "the regulator asked for it"


class Office:
    """A lake, its gate and a clock."""

    def __init__(self, folder, models):
        self.lake, self.now, self.asked = folder, NOW, 0
        key = make_key(folder, "all", ["boost", "minutes", "read"])
        gate = open_gate(folder, models, POLICY, now=lambda: self.now)
        gate.ledger = AnswerLedger(folder.parent / "answers.jsonl")
        self.client = TestClient(gate_application(gate), headers={"X-API-Key": key})

    def boost(self, operator, at, **more):
        self.now, self.asked = at, self.asked + 1
        body = {"requestId": f"q{self.asked}", "operatorId": operator} | more
        answer = self.client.post("/v1/boost-check", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def take(self, subject, code="blacklist", at=NOW, days=30, kind="operator"):
        request = MeasureRequest(
            subject, code, "desk", "two rooms of bots", days, "lead", kind, EXCEPTION
        )
        return take_measure(self.lake, request, at, POLICY)

    def status(self, measure, at):
        return {m["measure_id"]: m["status"] for m in list_measures(self.lake, at)}[
            measure["measure_id"]
        ]


@pytest.fixture
def desk(published, models, tmp_path):
    shutil.copytree(published, tmp_path / "lake", ignore=shutil.ignore_patterns("online"))
    return Office(tmp_path / "lake", models)


@pytest.fixture
def honest(published):
    tiers = read_outbound(published, "tier_decisions").set_index("operator_id")
    return ordinary(published, tiers)


def test_blacklisted_operator_is_refused_until_its_appeal_is_won(desk, honest):
    """Two people blacklist, the gate refuses with the measure, an appeal wins, a boost is given.

    One person is not two, and whoever took or approved the measure does not decide the appeal.
    """
    assert desk.boost(honest, NOW)["riskLevel"] == "PASS"
    with pytest.raises(BadMeasure, match="approver"):
        take_measure(
            desk.lake,
            MeasureRequest(honest, "blacklist", "desk", "bots", 30, "desk"),
            NOW,
            POLICY,
        )
    taken = desk.take(honest)
    refused = desk.boost(honest, NOW + timedelta(seconds=1))
    assert (refused["riskLevel"], refused["suggestedAction"]) == ("REJECT", "block")
    first = refused["hits"][0]
    assert first["reasonCode"] == "blacklist" and first["riskLevel"] == "REJECT"
    assert (
        "two rooms of bots" in first["reason"]["en"] and taken["article"] in first["reason"]["zh"]
    )
    assert refused["measures"][0]["measureId"] == taken["measure_id"]
    appeal = open_measure_appeal(
        desk.lake, taken["measure_id"], "a celebrity came", "shop", NOW + HOUR, POLICY
    )
    for insider in ("desk", "lead", "shop"):
        with pytest.raises(appeals.BadAppeal):
            appeal_decisions.decide_appeal(
                desk.lake,
                appeal.appeal_id,
                AppealDecision("error", insider, "raid"),
                NOW + 2 * HOUR,
                POLICY,
            )
    assert desk.boost(honest, NOW + 2 * HOUR)["riskLevel"] == "REJECT"
    session = Lake(desk.lake)  # a verdict about its sessions becomes a label
    owned = read_outbound(session, "scores").query("entity_kind == 'session'")["entity_id"].iloc[0]
    appeal_decisions.decide_appeal(
        desk.lake,
        appeal.appeal_id,
        AppealDecision("error", "judge", "raid", [("session", owned)]),
        NOW + 3 * HOUR,
        POLICY,
    )
    given = desk.boost(honest, NOW + 3 * HOUR)
    assert given["riskLevel"] == "PASS" and "measures" not in given
    assert desk.status(taken, NOW + 2 * HOUR) == "in_force"
    assert desk.status(taken, NOW + 3 * HOUR) == "lifted"
    counts_from = NOW + 3 * HOUR + timedelta(days=POLICY.appeal.label_delay_days)
    assert (desk.lake / "outcomes" / f"day={counts_from.date()}").is_dir()


def test_measure_ends_at_its_minute(desk, honest):
    """A measure ends at its minute."""
    taken = desk.take(honest, "block", days=1)
    end = NOW + DAY
    last = desk.boost(honest, end - timedelta(seconds=1))
    assert last["riskLevel"] == "REJECT"
    assert last["expiresAt"] == end.isoformat(timespec="seconds") + "Z"
    assert desk.boost(honest, end)["riskLevel"] == "PASS"
    assert [desk.status(taken, t) for t in (end - HOUR, end)] == ["in_force", "expired"]


def test_undone_measures_leave_nothing_behind(desk, honest):
    """An undo of several measures gives the answer of before, and the record keeps both."""
    before = desk.boost(honest, NOW)
    taken = [desk.take(honest, code) for code in ("block", "limit_traffic", "blacklist")]
    assert desk.boost(honest, NOW + HOUR)["riskLevel"] == "REJECT"
    ids = [m["measure_id"] for m in taken]
    undo_measures(
        desk.lake, UndoRequest(ids, "desk", "a broken export", "lead"), NOW + 2 * HOUR, POLICY
    )
    after = desk.boost(honest, NOW + 2 * HOUR)
    same = set(before) - {"requestId", "expiresAt"}
    assert {k: after[k] for k in same} == {k: before[k] for k in same} and set(after) == set(before)
    lines = Lake(desk.lake).measures.read_text("utf-8").count("\n")
    assert lines == len(ids) + 1


def test_limited_traffic_is_reviewed_not_refused(desk, honest):
    """A boost under a traffic limit is reviewed, not refused."""
    desk.take(honest, "limit_traffic")
    answer = desk.boost(honest, NOW)
    assert (answer["riskLevel"], answer["suggestedAction"]) == ("REVIEW", "limit_traffic")


def test_network_and_streamer_are_subjects(desk, honest):
    """A network's measure reaches its operators; a streamer's reaches the sessions it is in."""
    from data_contracts.parquet import connect

    with connect() as c:
        files = [str(f) for f in Lake(desk.lake).files("operators")]
        rows = c.execute(
            "SELECT operator_id, mcn_id FROM read_parquet($1) WHERE mcn_id IS NOT NULL", [files]
        ).fetchall()
        files = [str(f) for f in Lake(desk.lake).files("sessions")]
        streamer, host = c.execute(
            "SELECT streamer_ids[1], operator_id FROM read_parquet($1) "
            "WHERE len(streamer_ids) > 0 LIMIT 1",
            [files],
        ).fetchone()
    member, mcn = rows[0]
    desk.take(mcn, "suspend_stream", kind="mcn")
    assert desk.boost(member, NOW)["measures"][0]["subjectId"] == mcn
    desk.take(streamer, "stop_for_term", kind="streamer")
    named = desk.boost(honest, NOW, streamerIds=[streamer])
    assert named["riskLevel"] == "REJECT" and named["hits"][0]["reasonCode"] == "stop_for_term"
    unnamed = desk.boost(host, NOW)
    assert any(m["subjectId"] == streamer for m in unnamed["measures"])
    assert desk.boost(honest, NOW, streamerIds=["another"])["riskLevel"] == "PASS"
    with pytest.raises(BadMeasure, match="streamer"):
        desk.take("nobody", "block", kind="streamer")


def test_next_night_reads_the_measures_and_an_undo_takes_that_back(desk, models, honest):
    """Floor and credit follow a measure; undone, the night is what it would be without it."""
    at = NOW - 7 * HOUR  # before the night's moment, which is midnight
    nightly(desk.lake, NIGHT, models, POLICY)

    def tables():
        names = ("tier_decisions", "credit", "findings")
        frames = {n: read_outbound(desk.lake, n).drop(columns="run_id") for n in names}
        return {n: f.to_json(orient="records") for n, f in frames.items()}

    before = tables()
    taken = desk.take(honest, at=at)
    nightly(desk.lake, NIGHT, models, POLICY)
    tier = read_outbound(desk.lake, "tier_decisions").set_index("operator_id").loc[honest]
    credit = read_outbound(desk.lake, "credit").set_index("operator_id").loc[honest]
    assert tier["tier"] == POLICY.floors.refusing_measure and tier["selected_by"] == "notice"
    assert json.loads(credit["entitlements"]) == []
    undo = UndoRequest([taken["measure_id"]], "desk", "a broken export", "lead")
    shutil.copy(Lake(desk.lake).measures, desk.lake / "measures.kept")
    undo_measures(desk.lake, undo, NOW, POLICY)  # after the night: the gate answers without it
    answer = desk.boost(honest, NOW)
    assert (answer["riskLevel"], answer["tier"]) == ("PASS", "A")
    shutil.move(desk.lake / "measures.kept", Lake(desk.lake).measures)
    undo_measures(desk.lake, undo, at + HOUR / 2, POLICY)  # before the night: it never knew it
    nightly(desk.lake, NIGHT, models, POLICY)
    assert tables() == before
