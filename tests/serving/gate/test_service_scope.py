"""Credit decides scope of service at the gate, and an overdue identity is said there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
import pytest

from data_contracts.contract import contract
from data_contracts.lake import Lake
from serving.gate.assessments.identity import Identity, read_identities, read_streamers
from serving.gate.assessments.service_scope import apply_scope, apply_streamers, is_entitled
from serving.gate.schemas import Hit, IdentityState, StreamerState
from serving.policy.load import BadPolicy, load_policy, parse_policy

POLICY = load_policy()
NOW = datetime(2026, 1, 21)
BODY = {"riskLevel": "PASS", "hits": [], "degraded": False}
CURRENT = Identity(NOW - timedelta(days=3))
STALE = Identity(NOW - timedelta(days=POLICY.identity.renewal_days, seconds=1))


def credit(level, points=20.0):
    return {"level": level, "credit": points}


@pytest.mark.parametrize(
    ("level", "entitled"),
    [("excellent", True), ("fair", True), ("poor", False), ("unrated", True), ("unheard", True)],
)
def test_levels_that_entitle_to_a_boost(level, entitled):
    """Only a level that the policy knows, and that leaves the boost out, refuses it."""
    assert is_entitled(credit(level), POLICY) is entitled and is_entitled(None, POLICY)


def test_a_poor_credit_refuses_a_boost():
    """The answer is REJECT with the level as evidence; degraded, it is a review."""
    got = apply_scope(BODY, credit("poor"), CURRENT, POLICY, NOW)
    assert got["riskLevel"] == "REJECT" and got["hits"][0]["reasonCode"] == "not_entitled"
    Hit.model_validate(got["hits"][0])
    degraded = apply_scope(BODY | {"degraded": True}, credit("poor"), CURRENT, POLICY, NOW)
    assert degraded["riskLevel"] == "REVIEW"
    lenient = replace(POLICY, boost=replace(POLICY.boost, not_entitled="PASS"))
    assert apply_scope(BODY, credit("poor"), CURRENT, lenient, NOW) is BODY


def test_a_current_identity_says_nothing():
    """An answer is the same object where nothing bears on it."""
    assert apply_scope(BODY, credit("good"), CURRENT, POLICY, NOW) is BODY
    assert apply_scope(BODY, None, None, POLICY, NOW) is BODY


@pytest.mark.parametrize(
    ("identity", "code"),
    [(STALE, "identity_overdue"), (Identity(None), "identity_not_verified")],
)
def test_an_overdue_identity_is_said_at_the_gate(identity, code):
    """The shipped policy asks for a review; another one says so and holds nothing back."""
    got = apply_scope(BODY, None, identity, POLICY, NOW)
    assert (got["riskLevel"], got["identity"]["code"]) == ("REVIEW", code)
    assert got["hits"][0]["reasonCode"] == code
    Hit.model_validate(got["hits"][0])
    IdentityState.model_validate(got["identity"])
    mild = replace(POLICY, identity=replace(POLICY.identity, overdue="PASS"))
    said = apply_scope(BODY, None, identity, mild, NOW)
    assert (said["riskLevel"], said["hits"], said["identity"]["code"]) == ("PASS", [], code)


def test_a_verification_is_overdue_after_its_last_day():
    """On the last day of the renewal it is current."""
    last = Identity(NOW - timedelta(days=POLICY.identity.renewal_days))
    assert last.code(POLICY, NOW) == "" and STALE.code(POLICY, NOW) == "identity_overdue"


def test_a_policy_with_an_unknown_level_is_refused():
    """Levels of the gate are PASS, REVIEW and REJECT."""
    with pytest.raises(BadPolicy, match="one of"):
        parse_policy(POLICY.text.replace('overdue = "REVIEW"', 'overdue = "LATER"'))


VERIFIED = NOW - timedelta(days=3)


@pytest.mark.parametrize(
    ("streamer", "codes", "level"),
    [
        (Identity(VERIFIED, "adult"), (), "PASS"),
        (Identity(VERIFIED), (), "PASS"),
        (Identity(None, "adult"), ("identity_not_verified",), "REVIEW"),
        (Identity(VERIFIED, "under_16", True), ("under_age",), "REJECT"),
        (Identity(VERIFIED, "16_to_17", True), (), "PASS"),
        (Identity(VERIFIED, "16_to_17"), ("guardian_consent_missing",), "REJECT"),
        (Identity(None, None, None, True, True), (), "PASS"),
        (Identity(None, None, None, True, False), ("ai_host_not_labelled",), "REVIEW"),
        (Identity(None, None, None, True, None), (), "PASS"),
    ],
)
def test_streamers_are_gates_where_they_are_delivered(streamer, codes, level):
    """Verification, age, consent and label of a streamer; what is not delivered is not wrong."""
    got = apply_streamers(BODY, {"s1": streamer}, POLICY, NOW)
    assert got["riskLevel"] == level
    assert [tuple(s["codes"]) for s in got.get("streamers", [])] == ([codes] if codes else [])
    for one in got.get("streamers", []):
        StreamerState.model_validate(one)
    assert [h["riskLevel"] for h in got["hits"]] == ([level] if level != "PASS" else [])
    for hit in got["hits"]:
        Hit.model_validate(hit)


def test_the_newest_row_of_a_streamer_counts(tmp_path):
    """A renewal arrives as a new row; what was received later than the moment is not known."""
    lake = Lake.open(tmp_path)
    assert read_streamers(lake, NOW) == {}
    days = pd.to_datetime(["2026-01-02", "2026-01-05", "2026-01-25"])
    frame = pd.DataFrame({"streamer_id": "s1", "identity_verified_at": days, "received_at": days})
    names = ("age_band", "guardian_consent", "is_virtual", "labelled")
    lake.write_by_day("streamers", frame.assign(**dict.fromkeys(names)))
    assert read_streamers(lake, NOW)["s1"].verified_at == datetime(2026, 1, 5)


def test_no_verification_at_all_is_unknown_and_not_overdue(tmp_path):
    """A column of nothing accuses nobody; one verification makes the others missing."""
    lake, day = Lake.open(tmp_path), pd.Timestamp("2026-01-02")
    names = {c.name: None for c in contract("operators").columns}
    rows = pd.DataFrame(names | {"operator_id": ["a", "b"], "received_at": day})
    lake.write_by_day("operators", rows)
    assert read_identities(lake, NOW) == {}
    verified = pd.Series([day, pd.NaT])
    lake.append_day("operators", day.date(), rows.assign(identity_verified_at=verified), part=2)
    found = read_identities(lake, NOW)
    assert [found[o].code(POLICY, NOW) for o in "ab"] == ["", "identity_not_verified"]
