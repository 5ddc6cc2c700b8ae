"""One story: a running session is refused, its answer appealed, and a boost of it given."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pandas as pd
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from data_contracts.lake import Lake
from data_contracts.runs import read_outbound
from serving.cli.main import app
from serving.gate.api_keys import make_key
from serving.gate.http import gate_application, open_gate
from serving.gate.replay.answer_replay import replay_answer
from serving.ledger.answer_export import recorded_answer
from serving.oversight.appeals.answer_appeals import open_answer_appeal
from serving.oversight.appeals.appeal_decisions import AppealDecision, decide_appeal
from serving.oversight.appeals.appeal_record import BadAppeal, list_appeals, verdicts_before
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.signed_acts import verify_acts
from serving.policy.load import load_policy
from tests.serving.gate.asking import NOW, ask, minutes, ordinary
from tests.serving.oversight.people.persons import admit_office
from training.dataset.appeal_labels import failed_reasons
from training.models.registry import BY_NAME

POLICY = load_policy()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Gate:
    """A lake with persons, its gate with a clock, and an operator of no suspicion."""

    def __init__(self, folder, models):
        self.lake, self.models, self.now = Lake(folder), models, NOW
        self.people = admit_office(self.lake)
        key = make_key(folder, "all", ["boost", "minutes", "read"])
        gate = open_gate(folder, models, POLICY, now=lambda: self.now)
        self.client = TestClient(gate_application(gate), headers={"X-API-Key": key})
        tiers = read_outbound(folder, "tier_decisions").set_index("operator_id")
        self.operator = ordinary(folder, tiers)

    def send(self, session, **more):
        body = {"operatorId": self.operator, "minutes": minutes(40, **more)}
        assert self.client.put(f"/v1/sessions/{session}/minutes", json=body).status_code == 200

    def boost(self, request, at, **body):
        self.now = at
        answer = ask(self.client, requestId=request, operatorId=self.operator, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def appeal(self, request, at):
        return open_answer_appeal(self.lake, request, "a raid", "shop", at, POLICY)

    def decide(self, appeal, verdict, at, by="judge"):
        decision = AppealDecision(verdict, self.people[by], "another room sent its viewers")
        return decide_appeal(self.lake, appeal.appeal_id, decision, at, POLICY)


@pytest.fixture(scope="module")
def gate(published, models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers") / "lake"
    shutil.copytree(published, folder, ignore=shutil.ignore_patterns("online"))
    return Gate(folder, models)


def test_a_won_appeal_against_one_answer(gate):
    """Refused, appealed, decided by another person, given, recorded, and a label in time.

    Another session of the operator is refused as before, and the refusal is replayed as it was.
    """
    for session in ("raided", "inflated"):
        gate.send(session, viewers=900.0)
    refused = gate.boost("q1", NOW, sessionId="raided")
    assert refused["riskLevel"] == "REJECT" and refused["hits"]
    assert gate.boost("q2", NOW, sessionId="inflated")["riskLevel"] == "REJECT"
    appeal = gate.appeal("q1", NOW + HOUR)
    assert (appeal.request_id, appeal.session_id) == ("q1", "raided")
    with pytest.raises(BadAppeal, match="open already"):
        gate.appeal("q1", NOW + HOUR)
    assert gate.boost("q3", NOW + HOUR, sessionId="raided")["riskLevel"] == "REJECT"
    gate.decide(appeal, "error", NOW + 2 * HOUR)
    assert gate.boost("q1", NOW + 3 * HOUR, sessionId="raided") == refused  # one answer a request
    given = gate.boost("q4", NOW + 3 * HOUR, sessionId="raided")
    assert (given["riskLevel"], given["hits"], given["degraded"]) == ("PASS", [], False)
    assert [g["code"] for g in given["notLookedAt"]] == ["session_cleared"]
    assert gate.boost("q5", NOW + 3 * HOUR, sessionId="inflated")["riskLevel"] == "REJECT"
    gate.send("raided", viewers=900.0, likes=3.0)  # new minutes of it are void too
    assert gate.boost("q6", NOW + 3 * HOUR, sessionId="raided")["riskLevel"] == "PASS"
    for request in ("q1", "q4"):
        found = replay_answer(
            gate.lake,
            request,
            gate.models,
            POLICY,
            open_gate=lambda then, policy, now: open_gate(then, None, policy, lambda: now),
        )
        assert found.stands, found
    assert recorded_answer(gate.lake, "q1")["answer_sha256"]
    assert verify_acts(gate.lake) == []
    later = NOW + 3 * HOUR + POLICY.appeal.label_delay_days * DAY
    assert verdicts_before(gate.lake, later) == {}  # no night is touched
    files = (gate.lake.root / "outcomes").glob("day=*/*.parquet")
    rows = pd.concat(pd.read_parquet(f) for f in files)
    label = rows[rows["entity_id"] == "raided"].iloc[0]
    assert (label["verdict"], label["source"]) == ("cleared", "appeal")
    assert label["received_at"] == NOW + 2 * HOUR + POLICY.appeal.label_delay_days * DAY
    model = BY_NAME["session_inflation_live"]
    overturned, reasons = failed_reasons(gate.lake, model, later)
    assert overturned == 1 and set(reasons) == {h["reasonCode"] for h in refused["hits"]}


def test_an_appeal_that_is_lost_changes_nothing(gate):
    """An appeal that is lost changes nothing."""
    gate.send("upheld", viewers=900.0)
    before = gate.boost("u1", NOW, sessionId="upheld")
    gate.decide(gate.appeal("u1", NOW + HOUR), "upheld", NOW + 2 * HOUR)
    after = gate.boost("u2", NOW + 2 * HOUR, sessionId="upheld")
    same = set(before) - {"requestId", "expiresAt"}
    assert {k: after[k] for k in same} == {k: before[k] for k in same}


def test_answers_that_cannot_be_appealed(gate):
    """One that is not in the ledger, that passed, that names no session, or is too old."""
    gate.boost("passed", NOW)
    ask(gate.client, requestId="nameless", operatorId="nobody")
    gate.send("late", viewers=900.0)
    gate.boost("late", NOW, sessionId="late")
    for request, at, words in (
        ("never", NOW, "no answer"),
        ("passed", NOW, "PASS"),
        ("nameless", NOW, "names no session"),
        ("late", NOW + (POLICY.appeal_open_days + 1) * DAY, "time to appeal"),
        ("late", NOW - HOUR, "time to appeal"),
    ):
        with pytest.raises(BadAppeal, match=words):
            gate.appeal(request, at)


def test_the_command_opens_it_and_names_one_subject(gate, monkeypatch):
    """The command opens an appeal, and names one subject."""
    gate.send("told", viewers=900.0)
    gate.boost("told", NOW, sessionId="told")
    command = ["appeal", "open", str(gate.lake.root), "--request", "told", "--by", "shop"]
    both = CliRunner().invoke(app, [*command, "--ground", "raid", "--operator", gate.operator])
    assert isinstance(both.exception, BadAppeal)
    monkeypatch.setattr("serving.cli.supervision.appeal_commands.now", lambda: NOW + HOUR)
    opened = CliRunner().invoke(app, [*command, "--ground", "raid", "--json"])
    assert opened.exit_code == 0, opened.output
    assert "told" in [a.request_id for a in list_appeals(gate.lake, NOW + HOUR)]


def test_the_session_of_another_operator_is_not_cleared(gate):
    """An appeal is won for one operator: its session id clears nobody else."""
    gate.send("won", viewers=900.0)
    gate.boost("won", NOW, sessionId="won")
    gate.decide(gate.appeal("won", NOW + HOUR), "error", NOW + 2 * HOUR)
    state = read_measures(gate.lake)
    assert state.clears_session(gate.operator, "won", NOW + DAY)
    assert not state.clears_session("nobody", "won", NOW + DAY)
    assert not state.clears_session(gate.operator, "won", NOW + HOUR)
