"""One story: the laboratory publishes a policy, and a running gate follows it at its minute."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from serving.gate.api_keys import make_key
from serving.gate.http import gate_application, open_gate
from serving.gate.replay.answer_replay import replay_answer
from serving.ledger.answer_export import recorded_answer
from serving.oversight.policies.policy_record import recorded_policies
from serving.policy.load import load_policy
from tests.serving.gate.asking import ask

SHORTER = ("valid_minutes = 15", "valid_minutes = 3")


@pytest.fixture
def gate(desk):
    """A gate that runs on the lake of the desk and follows its policies, by the same clock."""
    return open_gate(desk.lake, None, None, now=desk.naive_now)


@pytest.fixture
def gate_client(gate, desk):
    key = make_key(desk.lake.root, "all", ["boost", "minutes", "read"])
    return TestClient(gate_application(gate), headers={"X-API-Key": key})


def publish(desk, client, change: tuple[str, str]) -> datetime:
    """Draft, propose and approve a policy at the desk by two persons; returns when it binds."""
    ann, bo = client("policy", name="ann"), client("policy", name="bo")
    draft = ann.submit("/laboratory/drafts", page="/laboratory", title="x").headers["location"]
    version = load_policy().version
    head, tail = version.rsplit(".", 1)
    text = load_policy().text.replace(version, f"{head}.{int(tail) + 1}")
    assert change[0] in text
    ann.submit(draft, page=draft, text=text.replace(*change), revision="1")
    start = desk.naive_now().date() + timedelta(days=8)
    form = {"start": start.isoformat(), "reason": "answers get old"}
    proposal = ann.submit(f"{draft}/propose", page=draft, **form).headers["location"]
    assert bo.submit(f"{proposal}/approve", page=proposal).status_code == 303
    return datetime(start.year, start.month, start.day)


def wait_until(holds) -> None:
    """Wait for a thread of the gate."""
    for _ in range(200):
        if holds():
            return
        time.sleep(0.02)
    pytest.fail("the gate did not notice")


def test_gate_follows_a_published_policy_at_its_minute(desk, client, clock, gate, gate_client):
    """Not a second before its start, from its start on, and each answer replays by its policy."""
    before = load_policy().version
    ask(gate_client, requestId="announced")
    start = publish(desk, client, SHORTER)
    (published,) = recorded_policies(desk.lake)
    wait_until(lambda: gate.policy and len(gate.policies.parsed) == 1)
    clock.now = (start - timedelta(seconds=1)).replace(tzinfo=UTC)
    last = ask(gate_client, requestId="last").json()
    assert last["policyVersion"] == before and gate.policy.version == before
    clock.now = start.replace(tzinfo=UTC)
    first = ask(gate_client, requestId="first").json()
    assert first["policyVersion"] == published.version != before
    ends = datetime.fromisoformat(first["expiresAt"].rstrip("Z"))
    assert ends - start == timedelta(minutes=3)
    assert gate_client.get("/readyz").json()["policyVersion"] == published.version
    gate.inputs.flush()
    digests = {r: recorded_answer(desk.lake, r)["policy_sha256"] for r in ("last", "first")}
    assert digests == {"last": load_policy().sha256, "first": published.sha256}
    for request in ("announced", "last", "first"):
        found = replay_answer(
            desk.lake,
            request,
            None,
            load_policy(),
            open_gate=lambda then, policy, now: open_gate(then, None, policy, lambda: now),
        )
        assert (found.gone, found.differing, found.stands) == ([], [], True), request


@pytest.mark.parametrize("damage", ["edited", "cut"])
def test_damaged_record_keeps_the_policy(desk, client, clock, gate, gate_client, damage):
    """The policies that were read stay in force, and /readyz says so until it is mended."""
    start = publish(desk, client, SHORTER)
    wait_until(lambda: gate.policy and len(gate.policies.parsed) == 1)
    kept = desk.lake.policies.read_bytes()
    lines = kept.splitlines(keepends=True)
    edited = kept.replace(b"valid_minutes = 3", b"valid_minutes = 9")
    desk.lake.policies.write_bytes(edited if damage == "edited" else lines[0])
    wait_until(lambda: gate.policy and gate.policies.problem)
    answer = gate_client.get("/readyz")
    reasons = [(r["part"], r["code"]) for r in answer.json()["reasons"]]
    assert answer.status_code == 503 and ("policy", "policy_unreadable") in reasons
    clock.now = (start + timedelta(hours=1)).replace(tzinfo=UTC)
    ends = ask(gate_client, requestId="damaged").json()["expiresAt"].rstrip("Z")
    assert datetime.fromisoformat(ends) - desk.naive_now() == timedelta(minutes=3)
    desk.lake.policies.write_bytes(kept)
    wait_until(lambda: gate.policy and gate.policies.problem is None)


def test_line_of_one_person_moves_no_gate(desk, client, clock, gate, gate_client):
    """A proposal that nobody approved binds nothing, whatever its start."""
    ann = client("policy", name="ann")
    draft = ann.submit("/laboratory/drafts", page="/laboratory", title="x").headers["location"]
    start = desk.naive_now().date() + timedelta(days=8)
    ann.submit(f"{draft}/propose", page=draft, start=start.isoformat(), reason="why")
    assert recorded_policies(desk.lake)
    gate.policies.refresh()
    clock.advance(days=30)
    assert ask(gate_client, requestId="late").json()["policyVersion"] == load_policy().version
