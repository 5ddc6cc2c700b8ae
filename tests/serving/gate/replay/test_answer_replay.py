"""An answer of the gate is computed again bit for bit, or its replay says which input is gone."""

from __future__ import annotations

import json
import shutil

import pytest
from starlette.testclient import TestClient

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import published_runs
from serving.gate.http import gate_application, open_gate
from serving.gate.replay.answer_replay import replay_answer
from serving.ledger.answer_export import export_answers, recorded_answer
from serving.policy.load import load_policy
from tests.serving.gate.asking import NOW, ask, minutes


@pytest.fixture(scope="module")
def answered(published, models, tmp_path_factory):
    """A copy of the lake whose gate answered with, without and after minutes."""
    copy = tmp_path_factory.mktemp("answered") / "lake"
    shutil.copytree(published, copy, ignore=shutil.ignore_patterns("online"))
    from serving.gate.api_keys import make_key
    from serving.gate.night_cache import read_published_night

    key = make_key(copy, "all", ["boost", "minutes", "read"])
    gate = open_gate(copy, models, load_policy(), now=lambda: NOW)
    client = TestClient(gate_application(gate), headers={"X-API-Key": key})
    calm = next(iter(read_published_night(copy).operators))
    ask(client, requestId="unknown", operatorId="nobody")
    ask(client, requestId="night", operatorId=calm)
    ask(client, requestId="inline", operatorId=calm, minutes=minutes(40, viewers=900.0))
    for n in (20, 60):
        body = {"operatorId": calm, "minutes": minutes(n, viewers=500.0, joins=90.0)}
        client.put("/v1/sessions/s1/minutes", json=body)
        ask(client, requestId=f"stored {n}", operatorId=calm, sessionId="s1")
    return Lake(copy)


def again(lake, request_id, models):
    return replay_answer(
        lake,
        request_id,
        models,
        load_policy(),
        open_gate=lambda then, policy, now: open_gate(then, None, policy, lambda: now),
    )


REQUESTS = ("unknown", "night", "inline", "stored 20", "stored 60")


@pytest.mark.parametrize("request_id", REQUESTS)
def test_an_answer_is_replayed_bit_for_bit(answered, models, request_id):
    """Its minutes are those of that moment, whatever was sent since."""
    found = again(answered, request_id, models)
    assert (found.gone, found.differing) == ([], []) and found.stands
    assert recorded_answer(answered, "stored 60")["minutes_sha256"]


def test_an_answer_made_by_hand_differs(answered, models, tmp_path):
    """The line is edited: what the inputs give is another answer, and the fields are named."""
    copy = Lake(tmp_path / "lake")
    shutil.copytree(answered.root, copy.root, symlinks=True)
    record = recorded_answer(copy, "night")
    answer = json.loads(record["answer"])
    edited = json.dumps(answer | {"score": 77.0}, separators=(",", ":"), ensure_ascii=False)
    lines = copy.answers.read_text("utf-8").splitlines()
    place = next(i for i, x in enumerate(lines) if json.loads(x)["request_id"] == "night")
    lines[place] = json.dumps(record | {"answer": edited})
    copy.answers.write_text("\n".join(lines) + "\n", "utf-8")
    found = again(copy, "night", models)
    assert not found.stands and found.differing == ["score"]


def test_inputs_that_are_gone_are_named(answered, models, tmp_path):
    """Inputs that are gone are named."""
    copy = Lake(tmp_path / "lake")
    shutil.copytree(answered.root, copy.root, symlinks=True)
    assert again(copy, "stored 60", tmp_path).gone[0].startswith("the live model")
    shutil.rmtree(copy.inputs)
    assert again(copy, "stored 60", models).gone == [
        "the body of the request",
        "the minutes as seen",
    ]
    shutil.rmtree(copy.run(max(published_runs(copy).items())[1]))
    assert any("the night" in g for g in again(copy, "stored 60", models).gone)
    with pytest.raises(LakeProblem, match="no answer to request"):
        again(copy, "never asked", models)


def test_answers_with_inputs_are_exported_by_their_contract(answered):
    """Answers with inputs are exported by their contract."""
    assert export_answers(answered) == len(REQUESTS)
