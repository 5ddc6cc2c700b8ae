"""Two people are two people: acts are signed, and one key is one person."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from data_contracts.lake import Lake
from serving.ledger.hash_chain import append_record, read_records
from serving.oversight.measures.state_reading import read_measures
from serving.oversight.people.admissions import admit, list_people, revoke
from serving.oversight.people.personal_key import NotAuthenticated, open_personal_key
from serving.oversight.people.proposals import with_approvals
from serving.oversight.people.roster import read_roster
from serving.oversight.people.signed_acts import (
    read_acts,
    unauthenticated_words,
    verify_acts,
)
from serving.oversight.people.signers import act_author, open_signer
from tests.serving.oversight.people.persons import T0, admit_office, signer

MEASURE = {
    "measure_id": "m1",
    "operator_id": "o",
    "code": "warn",
    "article": "Order 117 12 ¶1",
    "reason": "bots",
    "effective_from": "2026-01-20T00:00:00",
    "effective_to": "2026-03-20T00:00:00",
}
LATER = T0 + timedelta(days=10)


@pytest.fixture
def lake(tmp_path):
    (tmp_path / "lake").mkdir()
    return Lake(tmp_path / "lake")


def write(lake, person, record, roles=("officer",), path=None):
    """Write a line as a person, with whatever it says."""
    path = path or lake.measures
    author = act_author(lake, person, path, roles)
    return append_record(path, record | {"by": author.name}, author.sign)


def in_force(lake):
    return [m.measure_id for m in read_measures(lake).in_force(LATER)]


def test_first_person_admits_itself_as_administrator(lake):
    """The first person admits itself, as administrator."""
    one = signer("one")
    with pytest.raises(NotAuthenticated, match="administrator"):
        admit(lake, "one", ["officer"], one.key.public, one, T0)
    assert admit(lake, "one", ["administrator"], one.key.public, one, T0)
    assert not admit(lake, "one", ["administrator"], one.key.public, one, T0)  # as it is
    assert [p["person"] for p in list_people(lake)] == ["one"]


def test_roles_are_separated_and_a_key_is_one_person(lake):
    """An administrator decides nothing, a key has one holder, and one administrator is left."""
    people = admit_office(lake)
    root, desk = people["root"], people["desk"]
    for name, roles, key, words in (
        ("x", ["administrator", "officer"], signer("x").key.public, "no other role"),
        ("x", ["king"], signer("x").key.public, "roles of"),
        ("x", ["officer"], desk.key.public, "of desk"),
        ("root", ["officer"], root.key.public, "last administrator"),
    ):
        with pytest.raises(NotAuthenticated, match=words):
            admit(lake, name, roles, key, root, T0)
    with pytest.raises(NotAuthenticated, match="administrator"):
        admit(lake, "x", ["officer"], signer("x").key.public, desk, T0)
    with pytest.raises(NotAuthenticated, match="last administrator"):
        revoke(lake, "root", "left", root, T0)
    with pytest.raises(NotAuthenticated, match="officer"):
        act_author(lake, root, lake.measures, ("officer",))


def test_unsigned_act_counts_for_nothing_once_persons_are_known(lake):
    """Lines of before stay in force and are named; a later line without signature is a finding."""
    append_record(lake.measures, MEASURE | {"by": "desk"})
    people = admit_office(lake)
    assert in_force(lake) == ["m1"] and verify_acts(lake) == []
    assert "1 acts in measures.jsonl (lines 1)" in unauthenticated_words(lake)[0]
    write(lake, people["desk"], MEASURE | {"measure_id": "m2"})
    assert in_force(lake) == ["m1", "m2"] and verify_acts(lake) == []
    append_record(lake.measures, MEASURE | {"by": "desk", "measure_id": "m3"})
    assert in_force(lake) == ["m1", "m2"] and not read_measures(lake).is_intact
    assert "not signed" in verify_acts(lake)[0].what
    with pytest.raises(NotAuthenticated, match="did not sign"):
        act_author(lake, "desk", lake.measures, ("officer",))
    lake.people.unlink()  # without the roster nothing signed counts, and nothing after it
    assert in_force(lake) == ["m1"]


def test_signature_is_of_its_lake_record_and_author(lake, tmp_path):
    """A signature is of its lake, record and author."""
    people = admit_office(lake)
    sealed = write(lake, people["desk"], MEASURE)
    plain = {k: v for k, v in sealed.items() if k not in ("sha256", "previous_sha256")}

    def faults(record, path=lake.measures, of=lake):
        path.unlink(missing_ok=True)
        append_record(path, record)
        return [what for _, what in read_acts(of, path).faults]

    assert faults(plain) == []
    assert "not signed by the key" in faults(plain | {"reason": "other"})[0]
    assert "names lead" in faults(plain | {"by": "lead"})[0]
    lake.measures.unlink()
    assert "not signed by the key" in faults(plain, lake.overrides)[0]
    other = Lake(tmp_path / "other")
    other.root.mkdir()
    admit_office(other)
    other.people.write_bytes(lake.people.read_bytes())
    assert faults(plain, other.measures, other)


def test_revoked_key_signs_nothing_more_whatever_date_it_writes(lake):
    """A revoked key signs nothing more, whatever date it writes."""
    people = admit_office(lake)
    desk = people["desk"]
    write(lake, desk, MEASURE)
    sign = act_author(lake, desk, lake.measures, ("officer",)).sign
    assert revoke(lake, "desk", "left", people["root"], LATER)
    assert not revoke(lake, "desk", "left", people["root"], LATER)
    with pytest.raises(NotAuthenticated, match="revoked"):
        act_author(lake, desk, lake.measures, ("officer",))
    append_record(lake.measures, MEASURE | {"measure_id": "m2", "by": "desk"}, sign)  # backdated
    assert in_force(lake) == ["m1"] and "no person had" in verify_acts(lake)[0].what
    with pytest.raises(NotAuthenticated, match="of desk"):
        admit(lake, "second", ["officer"], desk.key.public, people["root"], LATER)


def test_grave_act_of_one_key_counts_for_nothing(lake):
    """A hand-made line that skips the proposal, or approves its own, is found and has no effect."""
    people = admit_office(lake)
    lead = people["lead"]
    grave = MEASURE | {"code": "blacklist"}
    write(lake, lead, grave)
    assert in_force(lake) == [] and "needs another person" in verify_acts(lake)[0].what
    lake.measures.unlink()
    terms = {k: grave[k] for k in ("effective_from", "effective_to")}
    proposal = {k: v for k, v in grave.items() if k not in terms} | {
        "proposed_at": "2026-01-19T13:00:00"
    }
    approval = {"approve_of": "m1", "at": "2026-01-20T00:00:00", "terms": terms}
    write(lake, lead, proposal)
    write(lake, lead, approval, ("approver",))
    assert in_force(lake) == [] and "who proposed it" in verify_acts(lake)[0].what
    lake.measures.unlink()
    write(lake, people["desk"], proposal)
    assert in_force(lake) == [] and list(read_measures(lake).pending) == ["m1"]
    write(lake, lead, approval, ("approver",))
    assert in_force(lake) == ["m1"] and verify_acts(lake) == []
    with_undo = write(lake, lead, {"undo_of": ["m1"], "reason": "r", "at": "2026-01-21T00:00:00"})
    assert in_force(lake) == ["m1"] and with_undo["by"] in verify_acts(lake)[0].what


def test_approval_gives_a_proposal_its_terms():
    """An approval gives a proposal its terms."""
    proposal = {"measure_id": "m1", "by": "a", "proposed_at": "x", "approver": None}
    approval = {"approve_of": "m1", "by": "b", "at": "y", "terms": {"effective_from": "y"}}
    assert with_approvals([proposal]) == ([], {"m1": proposal})
    effective, pending = with_approvals([proposal, approval, approval])
    assert not pending and [r["approver"] for r in effective] == ["b"]


def test_a_changed_roster_is_found(lake):
    """An admission that no administrator signed counts for nothing, and so does what it signs."""
    people = admit_office(lake)
    thief = signer("thief")
    line = read_records(lake.people)[-1] | {"person": "thief", "roles": ["approver"]}
    plain = {k: v for k, v in line.items() if k not in ("sha256", "previous_sha256")}
    append_record(lake.people, plain)
    assert "thief" not in read_roster(lake).people
    assert "is not signed by root" in verify_acts(lake)[0].what
    with pytest.raises(NotAuthenticated):
        act_author(lake, thief, lake.measures, ("approver",))
    with pytest.raises(NotAuthenticated):
        act_author(lake, replace(people["desk"], name="lead"), lake.measures, ("approver",))


def test_a_shell_is_the_person_of_its_key(lake, tmp_path, monkeypatch):
    """A shell acts as one person, and its key is private and outside the lake."""
    from serving.oversight.people.personal_key import make_personal_key

    path = tmp_path / "keys" / "person.key"
    monkeypatch.setenv("STEELYARD_PERSON_KEY", str(path))
    with pytest.raises(NotAuthenticated, match="knows no persons"):
        open_signer(lake)
    people = admit_office(lake)
    with pytest.raises(NotAuthenticated, match="person key"):
        open_signer(lake)
    key = make_personal_key()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotAuthenticated, match="is of no person"):
        open_signer(lake)
    admit(lake, "clerk", ["officer"], key.public, people["root"], T0)
    assert open_signer(lake).name == open_signer(lake, "clerk").name == "clerk"
    with pytest.raises(NotAuthenticated, match="cannot act as lead"):
        open_signer(lake, "lead")
    path.chmod(0o640)
    with pytest.raises(NotAuthenticated, match="chmod 600"):
        open_personal_key()
    inside = lake.root / "person.key"
    inside.write_bytes(path.read_bytes())
    monkeypatch.setenv("STEELYARD_PERSON_KEY", str(inside))
    with pytest.raises(NotAuthenticated, match="lies in the lake"):
        open_signer(lake)
    assert json.loads(lake.people.read_text("utf-8").splitlines()[0])["person"] == "root"
