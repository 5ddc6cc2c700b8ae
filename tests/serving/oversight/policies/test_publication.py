"""A policy is proposed by one person, approved by another, and binds from its date on."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data_contracts.lake import Lake
from serving.ledger.ledger_key import LedgerKey
from serving.ledger.verification import verify_chains
from serving.oversight.people.admissions import admit
from serving.oversight.people.personal_key import NotAuthenticated
from serving.oversight.people.signed_acts import verify_acts
from serving.oversight.people.signers import Signer
from serving.oversight.policies.policy_record import (
    policy_in_force,
    recorded_in_force,
    recorded_policies,
)
from serving.oversight.policies.publication import (
    BadPublication,
    PolicyProposal,
    approve_policy,
    propose_policy,
    withdraw_policy,
)
from serving.policy.load import BadPolicy, load_policy

NOW = datetime(2026, 2, 1, 9)
START = date(2026, 2, 9)


def signer(name: str) -> Signer:
    return Signer(name, LedgerKey(Ed25519PrivateKey.generate()))


@pytest.fixture
def lake(tmp_path) -> Lake:
    (tmp_path / "lake" / "runs").mkdir(parents=True)
    return Lake.open(tmp_path / "lake")


@pytest.fixture
def people(lake) -> dict[str, Signer]:
    """Two who make policies, and one who may not."""
    found = {name: signer(name) for name in ("root", "ann", "bo", "cy")}
    admit(lake, "root", ["administrator"], found["root"].key.public, found["root"], NOW)
    for name, role in (("ann", "policy"), ("bo", "policy"), ("cy", "approver")):
        admit(lake, name, [role], found[name].key.public, found["root"], NOW)
    return found


def text_of(version: str, start: date = START, announced: date = NOW.date()) -> str:
    text = load_policy().text.replace(load_policy().version, version)
    dates = f"[validity]\nannounced_on = {announced}\neffective_from = {start}\n"
    return text.replace("[validity]\n", dates)


def test_policy_binds_from_its_date_on(lake, people):
    """Before its start the one before it binds; the night of its start takes it."""
    made = propose_policy(
        lake, PolicyProposal(text_of("spring"), "fewer reviews", people["ann"]), NOW
    )
    assert policy_in_force(lake, START).version == load_policy().version
    approve_policy(lake, made.policy_id, people["bo"], NOW)
    assert policy_in_force(lake, START - timedelta(days=1)).version == load_policy().version
    assert policy_in_force(lake, START).version == "spring"
    found = recorded_policies(lake)
    assert recorded_in_force(found, START).policy_id == made.policy_id
    assert found[0].status(date(2026, 2, 2), None) == "scheduled"
    assert verify_acts(lake) == [] and verify_chains(lake) == []


def test_one_person_cannot_publish_alone(lake, people):
    """Who proposed does not approve, and other roles do neither."""
    made = propose_policy(lake, PolicyProposal(text_of("spring"), "why", people["ann"]), NOW)
    with pytest.raises(BadPublication) as refused:
        approve_policy(lake, made.policy_id, people["ann"], NOW)
    assert refused.value.code == "same_person"
    with pytest.raises(NotAuthenticated):
        approve_policy(lake, made.policy_id, people["cy"], NOW)
    with pytest.raises(NotAuthenticated):
        propose_policy(lake, PolicyProposal(text_of("x"), "why", people["cy"]), NOW)
    assert policy_in_force(lake, START).version == load_policy().version


def test_forged_approval_counts_for_nothing(lake, people):
    """A line that names another approver than its key leaves the policy proposed."""
    made = propose_policy(lake, PolicyProposal(text_of("spring"), "why", people["ann"]), NOW)
    approve_policy(lake, made.policy_id, people["bo"], NOW)
    lines = lake.policies.read_text().splitlines()
    lake.policies.write_text(lines[0] + "\n" + lines[1].replace('"by": "bo"', '"by": "cy"') + "\n")
    assert policy_in_force(lake, START).version == load_policy().version
    assert [f.line for f in verify_acts(lake)] == [2]


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        (text_of("spring", date(2026, 2, 5), date(2026, 1, 20)), "why", "short_notice"),
        (load_policy().text.replace(load_policy().version, "spring"), "why", "no_dates"),
        (text_of(load_policy().version), "why", "same_version"),
        (text_of("spring"), " ", "no_reason"),
    ],
)
def test_proposal_is_refused_with_a_code(lake, people, text, reason, code):
    """Nothing is written for a proposal that cannot bind as it is."""
    with pytest.raises(BadPublication) as refused:
        propose_policy(lake, PolicyProposal(text, reason, people["ann"]), NOW)
    assert refused.value.code == code and not lake.policies.exists()


def test_late_approval_would_shorten_the_notice(lake, people):
    """The days of notice count from the approval, for nobody was told before it."""
    made = propose_policy(lake, PolicyProposal(text_of("spring"), "why", people["ann"]), NOW)
    with pytest.raises(BadPublication) as refused:
        approve_policy(lake, made.policy_id, people["bo"], NOW + timedelta(days=2))
    assert refused.value.code == "short_notice"


def test_withdrawn_policy_never_binds(lake, people):
    """It is withdrawn before its start only; one in force is replaced by another."""
    made = propose_policy(lake, PolicyProposal(text_of("spring"), "why", people["ann"]), NOW)
    approve_policy(lake, made.policy_id, people["bo"], NOW)
    late = datetime(2026, 2, 9, 1)
    with pytest.raises(BadPublication) as refused:
        withdraw_policy(lake, made.policy_id, people["bo"], "wrong", late)
    assert refused.value.code == "in_force"
    withdraw_policy(lake, made.policy_id, people["ann"], "wrong", NOW)
    assert policy_in_force(lake, START).version == load_policy().version
    assert recorded_policies(lake)[0].status(START, None) == "withdrawn"


def test_the_same_proposal_twice_is_one(lake, people):
    """A double click writes one line, and a text that is no policy none."""
    proposal = PolicyProposal(text_of("spring"), "why", people["ann"])
    first, second = (propose_policy(lake, proposal, NOW) for _ in range(2))
    assert first == second and len(lake.policies.read_text().splitlines()) == 1
    with pytest.raises(BadPolicy):
        propose_policy(lake, PolicyProposal("tiers = 3", "why", people["ann"]), NOW)
