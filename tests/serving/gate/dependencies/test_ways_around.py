"""Ways to a PASS without looking: a broken record of measures, the session of another."""

from __future__ import annotations

from serving.oversight.measures.state import MeasureState
from tests.serving.gate.asking import ask, minutes, ordinary


def test_a_record_of_measures_that_is_not_intact_holds_answers(client, gate, lake, tiers):
    """No answer passes, and the probe names the record: ADR-0393."""
    who, cache = ordinary(lake, tiers), gate.assessments.measures
    before = ask(client, operatorId=who).json()
    assert before["riskLevel"] == "PASS" and client.get("/readyz").json()["reasons"] == []
    cache.state = MeasureState(is_intact=False)
    after = ask(client, requestId="q2", operatorId=who).json()
    assert after["riskLevel"] == "REVIEW" and after["degradedBy"] == ["measures_unverified"]
    probe = client.get("/readyz")
    assert probe.status_code == 503
    assert probe.json()["reasons"] == [{"part": "measures", "code": "measures_unverified"}]


def test_another_session_is_refused_beside_inline_minutes(client):
    """Minutes in the request give no right to name a session that the store knows of another."""
    sent = {"operatorId": "o1", "minutes": minutes(1)}
    assert client.put("/v1/sessions/s9/minutes", json=sent).status_code == 200
    more = {"sessionId": "s9", "minutes": minutes(30)}
    assert ask(client, requestId="inline", operatorId="o2", **more).status_code == 409
    assert ask(client, requestId="own", operatorId="o1", **more).status_code == 200
