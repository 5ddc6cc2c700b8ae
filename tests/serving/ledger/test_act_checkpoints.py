"""Each act is signed and told to witnesses at once, with no service and no night."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data_contracts.lake import Lake
from serving.ledger.checkpoints import (
    WITNESS_VARIABLE,
    sign_act,
    sign_checkpoint,
    sign_night,
)
from serving.ledger.hash_chain import append_record, read_records
from serving.ledger.ledger_key import KEY_VARIABLE, ledger_key_path, open_ledger_key
from serving.ledger.signatures import Trust, unsigned_record_words, verify_signatures
from serving.oversight.people.roster import keys_of_people
from serving.oversight.people.signers import record_act
from serving.oversight.retention.legal_holds import set_hold
from tests.serving.oversight.people.persons import T0, admit_office, signer


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """A lake of a shell that has no key of the ledger, and names one witness."""
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "none.key"))
    monkeypatch.setenv(WITNESS_VARIABLE, str(tmp_path / "witness.jsonl"))
    return Lake(tmp_path / "lake")


def faults(lake, *witnesses):
    trust = Trust.of_user((), witnesses)
    return verify_signatures(lake, Trust(trust.keys, trust.witnesses, keys_of_people(lake)))


def cut(path, lines):
    kept = path.read_bytes().splitlines(keepends=True)[:lines]
    path.write_bytes(b"".join(kept))


def test_an_act_that_is_cut_off_is_found_at_once(lake):
    """The personal key signs how long the records are; no night or service has run."""
    people = admit_office(lake)
    for i in range(2):
        set_hold(lake, f"o{i}", people["desk"], "case 17", False, T0)
    assert faults(lake) == [] and unsigned_record_words(lake) == []
    assert not ledger_key_path().exists()  # an act makes no key of the ledger
    cut(lake.legal_holds, 1)
    assert [f.what for f in faults(lake)] == [
        "signs 2 lines of the holds, and there are 1: they were cut off"
    ]


def test_a_witness_misses_an_act_cut_off_with_its_checkpoint(lake, tmp_path):
    """In the lake alone nothing is left of it; the witness was told when it was done."""
    people, witness = admit_office(lake), tmp_path / "witness.jsonl"
    set_hold(lake, "o1", people["desk"], "case 17", False, T0)
    assert len(read_records(witness)) == len(read_records(lake.act_checkpoints))
    cut(lake.act_checkpoints, len(read_records(lake.act_checkpoints)) - 1)
    lake.legal_holds.unlink()
    assert faults(lake) == []
    assert "which the lake lacks" in faults(lake, witness)[0].what


def test_the_ledgers_key_signs_where_it_signs_this_lake(lake, monkeypatch, tmp_path):
    """Another key of a ledger than the lake's is not used, for nobody trusts it here."""
    people = admit_office(lake)
    key = open_ledger_key(lake)
    sign_night(lake, key)
    set_hold(lake, "o1", people["desk"], "case 17", False, T0)
    assert read_records(lake.act_checkpoints)[-1]["key"] == key.public.id
    trusted = ledger_key_path()
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "other.key"))
    open_ledger_key(lake)
    set_hold(lake, "o2", people["desk"], "case 18", False, T0 + timedelta(hours=1))
    assert read_records(lake.act_checkpoints)[-1]["key"] == people["desk"].key.public.id
    monkeypatch.setenv(KEY_VARIABLE, str(trusted))
    assert faults(lake) == []


def test_a_personal_key_signs_no_nights_and_no_strangers_key_signs(lake):
    """Persons are trusted for what people decide; a key that no person had for nothing."""
    people = admit_office(lake)
    chains = {"decisions": {"lines": 0, "head": "0" * 64}}
    sign_checkpoint(lake, lake.act_checkpoints, chains, people["desk"].key, ())
    assert "not trusted here" in faults(lake)[0].what
    lake.act_checkpoints.unlink()
    set_hold(lake, "o1", people["desk"], "case 17", False, T0)
    sign_act(lake, signer("stranger").key)
    append_record(lake.legal_holds, {"operator_id": "o2"})
    sign_act(lake, signer("stranger").key)
    assert "not trusted here" in faults(lake)[0].what


def test_an_act_without_any_key_waits_and_is_named(lake):
    """An outsider's appeal is signed by the ledger's key, or by the next night."""
    record_act(lake, lake.appeals, {"event": "opened", "appeal_id": "p1"})
    assert "1 of 1 lines of appeals.jsonl" in unsigned_record_words(lake)[0]
    open_ledger_key(lake)
    record_act(lake, lake.appeals, {"event": "opened", "appeal_id": "p2"})
    assert unsigned_record_words(lake) == [] and faults(lake) == []


def test_a_checkpoint_that_fails_undoes_no_act(lake, tmp_path, monkeypatch):
    """A witness or folder that cannot be written is reported; the act stands and waits."""
    people = admit_office(lake)
    monkeypatch.setenv(WITNESS_VARIABLE, str(tmp_path))  # a folder is no file
    set_hold(lake, "o1", people["desk"], "case 17", False, T0)
    assert unsigned_record_words(lake) == []
    for path in (lake.act_checkpoints, lake.act_checkpoints.with_name(".checkpoints.jsonl.lock")):
        path.unlink()
    lake.act_checkpoints.mkdir()
    set_hold(lake, "o2", people["desk"], "case 18", False, T0)
    assert len(read_records(lake.legal_holds)) == 2
