"""Boost checks asked together: the answers of single checks, one sync, problems by check."""

from __future__ import annotations

import json
import os

import pytest

from serving.gate.protocol.boost_batch import parse_batch
from serving.gate.requests import RequestRefused
from serving.gate.schemas import BatchAnswer
from serving.ledger import hash_chain
from tests.serving.gate.asking import ask, minutes, ordinary


def batch(client, checks, status=200):
    answer = client.post("/v1/boost-checks", json={"checks": checks})
    assert answer.status_code == status, answer.text
    return answer


def test_a_batch_gives_the_bytes_of_single_checks(client, gate, lake, tiers):
    """A batch gives the bytes of single checks."""
    honest, worst = ordinary(lake, tiers), tiers.sort_values("tier").index[-1]
    client.put("/v1/sessions/b1/minutes", json={"operatorId": worst, "minutes": minutes(40)})
    checks = [
        {"requestId": "b-1", "operatorId": honest},
        {"requestId": "b-2", "operatorId": worst, "sessionId": "b1"},
        {"requestId": "b-3", "operatorId": "nobody"},
        {"requestId": "b-4", "operatorId": worst, "minutes": minutes(40)},
    ]
    together = batch(client, checks)
    alone = [ask(client, **check).content for check in checks]
    items = b",".join(b'{"status":200,"answer":%b}' % one for one in alone)
    assert together.content == b'{"answers":[%b]}' % items
    assert batch(client, checks).content == together.content
    BatchAnswer.model_validate_json(together.content)
    assert gate.ledger.path.read_bytes().count(b"\n") == 4


def test_a_thousand_checks_share_one_sync(client, gate, monkeypatch):
    """A thousand checks share one sync."""
    syncs, fsync = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (syncs.append(handle), fsync(handle)))
    checks = [{"requestId": f"t{i}", "operatorId": f"o{i % 7}"} for i in range(1_000)]
    before = len(syncs)
    answers = batch(client, checks).json()["answers"]
    assert [a["answer"]["requestId"] for a in answers] == [c["requestId"] for c in checks]
    assert len(syncs) - before <= 4  # the lines, and once the folder of a new file
    assert hash_chain.first_broken_line(gate.ledger.path) is None


def test_a_refused_check_spoils_no_other(client):
    """A refused check spoils no other."""
    checks = [
        {"requestId": "p1", "operatorId": "o"},
        {"requestId": "p2"},
        {"requestId": "p1", "operatorId": "o"},
        {"requestId": "p1", "operatorId": "other"},
        {"requestId": "", "operatorId": "o"},
        5,
        {"requestId": "p3", "operatorId": "o", "surprise": [1]},
        {"requestId": "p4", "operatorId": "o"},
    ]
    items = batch(client, checks).json()["answers"]
    assert [i["status"] for i in items] == [200, 422, 200, 409, 422, 422, 422, 200]
    assert items[0] == items[2] and items[3]["problem"]["code"] == "request_id_reused"
    for item in items:
        assert ("answer" in item) == (item["status"] == 200) != ("problem" in item)


def test_a_repeated_key_in_one_check_is_its_problem_alone(client):
    """A repeated key in one check is its problem alone."""
    body = (
        b'{"checks":[{"requestId":"k1","operatorId":"a","operatorId":"b"},'
        b'{"requestId":"k2","operatorId":"a"}]}'
    )
    answer = client.post(
        "/v1/boost-checks", content=body, headers={"content-type": "application/json"}
    )
    first, second = answer.json()["answers"]
    assert first["problem"]["code"] == "repeated_key" and second["status"] == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"checks":[]}', 422, "invalid_field"),
        (b"{}", 422, "invalid_field"),
        (b"[]", 422, "invalid_field"),
        (b'{"checks":{}}', 422, "invalid_field"),
        (b'{"checks":[{}],"more":1}', 422, "invalid_field"),
        (b'{"checks":[{}],"checks":[{}]}', 400, "repeated_key"),
        (b'{"checks":[1],"check\\u0073":[1]}', 400, "repeated_key"),
        (b'{"checks":[' + b"[" * 5_000 + b"]" * 5_000 + b"]}", 400, "not_json"),
        (b'{"checks":[NaN]}', 400, "not_json"),
        (b'{"checks":[{}]', 400, "not_json"),
        (b'{"checks":["\xff"]}', 400, "not_json"),
        (json.dumps({"checks": [1] * 1_001}).encode(), 422, "invalid_field"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(body, status, code):
    """A body that is no batch is refused whole."""
    with pytest.raises(RequestRefused) as refused:
        asked = parse_batch(body)
        raise next(one for one in asked if isinstance(one, RequestRefused))
    assert (refused.value.status, refused.value.problem.code) == (status, code)
