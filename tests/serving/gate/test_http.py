"""The HTTP door over a published night: what it answers."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from datetime import timedelta

import httpx
import msgspec
import numpy as np
from starlette.testclient import TestClient

from data_contracts.runs import published_run
from features.engine.compute import compute
from features.engine.minute_arrays import minutes_frame, ragged
from features.engine.minute_kernels import COLUMNS
from features.engine.snapshot import Snapshot
from serving.gate.assessments.live_assessment import assess_live
from serving.gate.dependencies.minute_rows import minute_to_row
from serving.gate.http import gate_application
from serving.ledger import hash_chain
from serving.policy.load import load_policy
from serving.scoring.peer_snapshots import LIVE_MODEL, read_peer_snapshots
from serving.scoring.scope import moment_of
from tests.conftest import NIGHT
from tests.serving.gate.asking import NOW, ask, minutes, ordinary
from tests.serving.gate.test_decision import boost_answer
from training.release.artefact import load


def test_an_ordinary_operator_passes(client, lake, tiers):
    """An ordinary operator passes."""
    honest = ordinary(lake, tiers)
    answer = ask(client, operatorId=honest).json()
    assert (
        answer["riskLevel"] == "PASS"
        and answer["tier"] == "A"
        and not answer["degraded"]
        and answer["hits"] == []
    )


def test_an_unknown_operator_is_held_for_review_as_a_cold_start(client):
    """An unknown operator is held for review as a cold start."""
    answer = ask(client).json()
    assert answer["riskLevel"] == "REVIEW" and answer["coldStart"] and answer["tier"] is None


def test_prepared_answer_is_the_gate_s_at_any_moment(client, gate, lake, tiers, monkeypatch):
    """The answer prepared when minutes came is the gate's answer at any later moment.

    Stale or not, of the tier that is worst or of an ordinary one: the bytes are those of
    `gate.answer`.
    """
    for session, operator in (
        ("w1", ordinary(lake, tiers)),
        ("w2", tiers.sort_values("tier").index[-1]),
    ):
        client.put(
            f"/v1/sessions/{session}/minutes",
            json={"operatorId": operator, "minutes": minutes(likes=400.0)},
        )
        assessment = gate.assessments.known[session]
        assert len(assessment.answers) == 1
        for hours in (0, 37):
            monkeypatch.setattr(gate, "now", lambda late=hours: NOW + timedelta(hours=late))
            got = ask(
                client, requestId=f"w-{session}-{hours}", operatorId=operator, sessionId=session
            ).content
            meant = boost_answer(
                f"w-{session}-{hours}",
                operator,
                gate.night.state,
                assessment.live,
                gate.assessments.version,
                gate.policy,
                gate.now(),
                assessment.gaps,
            )
            assert got == msgspec.json.encode(meant)
        assert len(assessment.answers) == 2 and json.loads(got)["degradedBy"] == ["night_stale"]
        monkeypatch.setattr(gate, "now", lambda: NOW)


def test_a_stale_night_never_passes_silently(gate, keys, lake, tiers):
    """A stale night never passes silently."""
    gate.now = lambda: moment_of(NIGHT) + timedelta(hours=37)
    honest = ordinary(lake, tiers)
    answer = ask(
        TestClient(gate_application(gate), headers={"X-API-Key": keys["all"]}), operatorId=honest
    ).json()
    assert (
        answer["riskLevel"] == "REVIEW"
        and answer["degraded"]
        and answer["degradedBy"] == ["night_stale"]
    )


def test_a_store_that_is_down_holds_for_review_and_says_so(client, gate, lake, tiers):
    """A store that is down holds for review and says so."""
    gate.minutes.connection.close()
    answer = ask(client, operatorId=ordinary(lake, tiers), sessionId="s9").json()
    assert answer["riskLevel"] == "REVIEW" and answer["degradedBy"] == ["store_down"]


def test_the_same_request_gets_the_same_bytes_and_a_reused_id_is_refused(client):
    """The same request gets the same bytes, and a reused id is refused."""
    first = ask(client)
    assert ask(client).content == first.content
    again = ask(client, operatorId="somebody")
    assert again.status_code == 409 and again.json()["code"] == "request_id_reused"


def test_refused_disk_gives_no_answer_until_retried(client, gate, monkeypatch):
    """A disk that refuses gives no answer, and the next try gets the answer that was sealed."""

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(os, "fsync", full)
        refused = ask(client, requestId="d1")
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "1"
        assert refused.json()["code"] == "ledger_unavailable"
    sealed = gate.ledger.find("d1").answer
    assert ask(client, requestId="d1").content == sealed
    assert (
        gate.ledger.path.read_text("utf-8").count('"d1"') >= 1
        and hash_chain.first_broken_line(gate.ledger.path) is None
    )


def test_many_checks_at_once_are_each_answered_once_in_one_chain(gate, keys):
    """Many checks at once are answered once each, in one chain."""

    async def asked():
        door = httpx.ASGITransport(gate_application(gate))
        async with httpx.AsyncClient(
            transport=door, base_url="http://gate", headers={"X-API-Key": keys["all"]}
        ) as client:
            bodies = [{"requestId": f"m{i % 40}", "operatorId": "nobody"} for i in range(60)]
            return await asyncio.gather(
                *(client.post("/v1/boost-check", json=body) for body in bodies)
            )

    given = asyncio.run(asked())
    assert {a.status_code for a in given} == {200} and len({a.content for a in given}) == 40
    assert (
        gate.ledger.path.read_text("utf-8").count("\n") == 40
        and hash_chain.first_broken_line(gate.ledger.path) is None
    )


def test_a_minute_that_comes_later_changes_the_answer(client):
    """A minute that comes later changes the answer."""
    client.put("/v1/sessions/s3/minutes", json={"operatorId": "o1", "minutes": minutes(5)})
    early = [
        ask(client, requestId=f"l{i}", operatorId="o1", sessionId="s3").json()["score"]
        for i in range(2)
    ]
    client.put("/v1/sessions/s3/minutes", json={"operatorId": "o1", "minutes": minutes(60)})
    later = ask(client, requestId="l2", operatorId="o1", sessionId="s3").json()["score"]
    inline = ask(client, requestId="l3", operatorId="o1", minutes=minutes(60)).json()["score"]
    assert early == [0.0, 0.0] and later == inline > 0


def test_minutes_put_before_are_those_sent_inline(client):
    """Minutes put before are those sent inline."""
    sent = minutes(40)
    for part in (sent[:20], sent[15:], sent[:5]):  # overlapping and out of order
        assert (
            client.put(
                "/v1/sessions/s1/minutes", json={"operatorId": "o1", "minutes": part}
            ).status_code
            == 200
        )
    stored = ask(client, requestId="a", operatorId="o1", sessionId="s1").json()
    inline = ask(client, requestId="b", operatorId="o1", minutes=sent).json()
    assert stored["score"] == inline["score"] and stored["hits"] == inline["hits"]


def test_a_session_of_another_operator_is_refused(client):
    """A session of another operator is refused."""
    client.put("/v1/sessions/s2/minutes", json={"operatorId": "o1", "minutes": minutes(1)})
    assert (
        client.put(
            "/v1/sessions/s2/minutes", json={"operatorId": "o2", "minutes": minutes(1)}
        ).status_code
        == 409
    )
    assert ask(client, operatorId="o2", sessionId="s2").status_code == 409


def test_live_signals_and_scores_are_those_of_the_batch(lake, models):
    """The same minutes through the service's row format and through the lake give the same bits."""
    tables = Snapshot.open(lake, moment_of(NIGHT))
    released = load(models, "session_inflation_live")
    ids, values, offsets = ragged(minutes_frame(tables, None))
    batch = compute(tables, released.model.signals, "session")
    compared = 0
    for i in range(0, len(ids), max(1, len(ids) // 25)):
        m = values[offsets[i] : offsets[i + 1]]
        sent = [
            json.loads(
                json.dumps({n: v for n, v in zip(COLUMNS, row, strict=True) if np.isfinite(v)})
            )
            for row in m.tolist()
        ]
        online = np.array([minute_to_row(x) for x in sent])
        assert np.array_equal(online, m, equal_nan=True)
        assessment = assess_live(online, released, load_policy())
        if len(m) >= 10:
            expected = released.probability(
                released.raw(batch.loc[[ids[i]], released.columns].to_numpy())
            )[0]
            assert assessment.probability == expected
            compared += 1
    assert compared > 10


def test_running_session_is_compared_with_the_night_in_force(gate, client, lake):
    """A running session is compared with the sessions of the night in force.

    When another night is published its sessions are the peers, and assessments by the old one
    are forgotten.
    """
    published = read_peer_snapshots(published_run(lake))[LIVE_MODEL]
    np.testing.assert_array_equal(
        published.baseline.peer_medians, gate.live.trees.peers.baseline.peer_medians
    )  # the night that was trained at is the one in force here
    moved = published.baseline.peer_medians + 1.0
    peers = replace(published, baseline=replace(published.baseline, peer_medians=moved))
    gate.night.state = replace(gate.night.state, peer_snapshots={LIVE_MODEL: peers})
    client.put(
        "/v1/sessions/s1/minutes",
        json={
            "operatorId": "o1",
            "minutes": [{"minute": i, "viewers": 40.0, "joins": 3.0} for i in range(40)],
        },
    )
    np.testing.assert_array_equal(gate.assessments.tonight.trees.peers.baseline.peer_medians, moved)
    assert gate.assessments.known
    gate.night.state = replace(gate.night.state, peer_snapshots={})
    gate.assessments.current()
    assert (
        gate.assessments.tonight.trees.peers is gate.live.trees.peers and not gate.assessments.known
    )
