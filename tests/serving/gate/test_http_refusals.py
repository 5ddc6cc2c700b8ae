"""The HTTP door: what it refuses, who may ask, and what it keeps of its answers."""

from __future__ import annotations

from datetime import datetime

import pytest
from starlette.testclient import TestClient

from data_contracts.runs import read_outbound
from serving.gate.http import gate_application, open_gate
from serving.gate.requests import MAX_BODY_BYTES
from serving.ledger import answers, hash_chain
from serving.ledger.answer_export import export_answers
from serving.policy.load import load_policy
from tests.serving.gate.asking import NOW, ask

BAD = [
    ('{"requestId":"r","operatorId":"o","minutes":[{"minute":0,"viewers":NaN}]}', 400),
    ('{"requestId":"r","operatorId":"o","minutes":[{"minute":0,"viewers":Infinity}]}', 400),
    ('{"requestId":"r","operatorId":"o","minutes":[{"minute":0,"viewers":1e999}]}', 400),
    ('{"requestId":"r","operatorId":"o","minutes":[{"minute":0,"viewers":-1}]}', 422),
    ('{"requestId":"r","operatorId":"o","minutes":[{"minute":0,"viewers":"1.5"}]}', 422),
    ('{"requestId":"r","operatorId":"o","minutes":[{"minute":0.5,"viewers":1}]}', 422),
    ('{"requestId":"r","operatorId":"o","minutes":[{"minute":9999,"viewers":1}]}', 422),
    ('{"requestId":"r","operatorId":"o","surprise":1}', 422),
    ('{"requestId":"r","operatorId":5}', 422),
    ('{"requestId":"","operatorId":"o"}', 422),
    ('{"requestId":"r"}', 422),
    ("[]", 422),
    ("null", 422),
    ("{", 400),
    ("", 400),
    ("\x00", 400),
]


@pytest.mark.parametrize(("body", "status"), BAD)
def test_bad_input_is_answered_with_a_typed_error_and_leaves_no_trace(client, gate, body, status):
    """Bad input is answered with a typed error and leaves no trace."""
    answer = client.post(
        "/v1/boost-check", content=body.encode(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == status
    problem = answer.json()
    assert problem["code"] and problem["message"] and isinstance(problem["where"], list)
    assert not gate.ledger.sealed


def test_bytes_that_are_not_text_are_refused(client):
    """Bytes that are not text are refused."""
    answer = client.post(
        "/v1/boost-check",
        content=b'{"requestId":"\xff"}',
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 400


def test_an_oversized_body_is_refused_with_and_without_its_length(client):
    """An oversized body is refused with and without its length."""
    headers = {"content-type": "application/json"}
    assert (
        client.post(
            "/v1/boost-check", content=b"a" * (MAX_BODY_BYTES + 1), headers=headers
        ).status_code
        == 413
    )
    chunks = (b"a" * 100_000 for _ in range(25))
    assert client.post("/v1/boost-check", content=chunks, headers=headers).status_code == 413


def test_only_json_is_taken(client):
    """Only JSON is taken."""
    answer = client.post(
        "/v1/boost-check", content=b"x", headers={"content-type": "application/vnd.bentoml+pickle"}
    )
    assert answer.status_code == 415


def test_a_key_is_needed_and_its_scopes_hold(gate, keys):
    """A key is needed and its scopes hold."""
    nobody = TestClient(gate_application(gate))
    assert ask(nobody).status_code == 401
    assert (
        ask(TestClient(gate_application(gate), headers={"X-API-Key": "sk_wrong"})).status_code
        == 401
    )
    reader = TestClient(gate_application(gate), headers={"X-API-Key": keys["read"]})
    assert ask(reader).status_code == 403 and reader.get("/metrics").status_code == 200
    assert (
        nobody.get("/healthz").status_code == 200
        and nobody.get("/readyz").json()["status"] == "ready"
    )


def test_more_at_once_than_allowed_are_turned_away_with_retry_after(client, gate):
    """Requests beyond the limit are turned away with Retry-After."""
    gate.requests_in_progress = 64
    answer = ask(client)
    assert answer.status_code == 429 and answer.headers["Retry-After"] == "1"


def test_the_view_of_an_operator_says_tier_reasons_and_figures(client, tiers):
    """The view of an operator has tier, reasons and figures."""
    worst = tiers.sort_values("tier").index[-1]
    view = client.get(f"/v1/operators/{worst}").json()
    assert (
        view["tier"] == tiers.at[worst, "tier"]
        and view["reasons"]
        and view["policyVersion"] == load_policy().version
    )
    assert client.get("/v1/operators/nobody").json()["code"] == "unknown_operator"


def test_the_journal_survives_a_restart_and_tells_when_it_was_edited(client, gate):
    """The journal survives a restart and tells when it was edited."""
    for i in range(5):
        ask(client, requestId=f"j{i}")
    path = gate.ledger.path
    assert hash_chain.first_broken_line(path) is None
    again = answers.AnswerLedger(path)
    assert (
        again.head == gate.ledger.head and again.find("j3").answer == gate.ledger.find("j3").answer
    )
    lines = path.read_text("utf-8").splitlines()
    for broken in (
        lines[:2] + lines[3:],
        [lines[1], lines[0], *lines[2:]],
        [*lines[:2], lines[2].replace("REVIEW", "PASS"), *lines[3:]],
    ):
        path.write_text("\n".join(broken) + "\n", "utf-8")
        assert hash_chain.first_broken_line(path) is not None


def test_answers_are_exported_by_their_contract(lake, models, keys):
    """Answers are exported by their contract."""
    one = open_gate(lake, models, load_policy(), now=lambda: NOW)
    ask(
        TestClient(gate_application(one), headers={"X-API-Key": keys["all"]}),
        requestId=f"x{datetime.now().timestamp()}",
    )
    assert export_answers(lake) == len(read_outbound(lake, "boost_decisions")) >= 1


def test_metrics_have_bounded_labels(client):
    """Metrics have bounded labels."""
    ask(client)
    client.get("/v1/operators/whoever")
    text = client.get("/metrics").text
    assert 'route="operators",status="404"' in text and "whoever" not in text


def test_credit_is_public_and_nothing_else_is(lake, gate):
    """Credit is public and nothing else is."""
    anybody = TestClient(gate_application(gate))
    row = read_outbound(lake, "credit").iloc[0]
    got = anybody.get(f"/v1/credit/{row['operator_id']}")
    assert (
        got.status_code == 200
        and got.json()["level"] == row["level"]
        and "risk" not in got.text
        and "tier" not in got.text
    )
    assert anybody.get("/v1/credit/nobody").status_code == 404
    assert anybody.get(f"/v1/operators/{row['operator_id']}").status_code == 401
