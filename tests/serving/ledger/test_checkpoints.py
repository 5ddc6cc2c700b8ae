"""Signed checkpoints: what is cut off or made again without the key is found."""

from __future__ import annotations

import json
from datetime import date

import pytest

from data_contracts import runs
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.ledger import checkpoints
from serving.ledger.answer_signing import sign_answers, signed_answers
from serving.ledger.answers import AnswerLedger
from serving.ledger.decisions import record_night
from serving.ledger.hash_chain import GENESIS_DIGEST, record_line, seal_record
from serving.ledger.ledger_key import open_ledger_key
from serving.ledger.signatures import Trust, verify_signatures
from serving.ledger.verification import verify_chains, verify_decisions
from tests.serving.ledger.test_record_night import run_folder

NIGHTS = [date(2026, 1, 20), date(2026, 1, 21), date(2026, 1, 22)]


@pytest.fixture
def witness(tmp_path, monkeypatch):
    path = tmp_path / "elsewhere" / "witness.jsonl"
    monkeypatch.setenv(checkpoints.WITNESS_VARIABLE, str(path))
    return path


@pytest.fixture
def lake(tmp_path, witness):
    """Three recorded nights and answers, signed as a night and a service sign them."""
    one = Lake(tmp_path / "lake")
    key = open_ledger_key(one)
    for i, night in enumerate(NIGHTS):
        run_id = f"{i}" * 16
        record_night(one, run_id, night, run_folder(one, run_id))
        checkpoints.sign_night(one, key)
        runs.publish(one, run_id, night)
    journal = AnswerLedger(one.answers)
    with signed_answers(one, journal):
        for i in range(6):
            journal.add({"request_id": f"r{i}"}, "d", b"1")
            journal.sync()
            sign_answers(one, journal, key)
    return one


def faults(lake, *witnesses, keys=()):
    chains = verify_decisions(lake) + verify_chains(lake)
    return chains + verify_signatures(lake, Trust.of_user(keys, witnesses))


def shorten(path, lines):
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))


def test_a_signed_ledger_is_intact(lake, witness):
    """A signed ledger is intact."""
    assert faults(lake, witness) == []
    assert len(witness.read_bytes().splitlines()) == 3 + 6


def test_a_cut_journal_of_answers_is_found(lake):
    """The chain itself is intact up to its new end."""
    for lines in (5, 1, 0):
        shorten(lake.answers, lines)
        assert verify_chains(lake) == []
        assert "cut off" in faults(lake)[0].what


def rewrite_without_night(lake, nights):
    """Cut record, heads, copies of heads, runs and the pointer back to some nights."""
    shorten(lake.decisions, 5 * nights)
    shorten(lake.decision_heads, nights)
    for i in range(nights, len(NIGHTS)):
        (lake.run_heads / f"{str(i) * 16}.json").unlink()
    published = dict(list(runs.published_runs(lake).items())[:nights])
    lake.published_pointer.write_text(json.dumps(published))


def test_record_and_heads_cut_together_are_found(lake):
    """Record and heads cut together are found."""
    rewrite_without_night(lake, 2)
    assert verify_decisions(lake) == []
    assert any("cut off" in f.what for f in faults(lake))


def test_everything_cut_with_its_checkpoints_contradicts_the_witness(lake, witness):
    """Inside the lake nothing is wrong any more."""
    rewrite_without_night(lake, 2)
    shorten(lake.decision_checkpoints, 2)
    assert faults(lake) == []
    assert "which the lake lacks" in faults(lake, witness)[0].what


def test_a_chain_made_again_without_the_key_is_found(lake, tmp_path, monkeypatch):
    """Every line is sealed again, heads and copies fit, and another key signs checkpoints."""
    out, digest = b"", GENESIS_DIGEST
    for line in lake.decisions.read_text().splitlines():
        row = {k: v for k, v in json.loads(line).items() if not k.endswith("sha256")}
        sealed = seal_record(row | {"tier": "A"}, digest)
        digest, out = sealed["sha256"], out + record_line(sealed)
    lake.decisions.write_bytes(out)
    lines, heads, digest = out.splitlines(keepends=True), b"", GENESIS_DIGEST
    for line in lake.decision_heads.read_text().splitlines():
        row = {k: v for k, v in json.loads(line).items() if not k.endswith("sha256")}
        last = json.loads(lines[row["lines"] - 1])["sha256"]
        size = sum(map(len, lines[: row["lines"]]))
        sealed = seal_record(row | {"head": last, "bytes": size}, digest)
        digest, heads = sealed["sha256"], heads + record_line(sealed)
        (lake.run_heads / f"{row['run_id']}.json").write_text(json.dumps(sealed))
    lake.decision_heads.write_bytes(heads)
    assert verify_decisions(lake) == [] and faults(lake)
    lake.decision_checkpoints.unlink()
    assert "no signed checkpoint" in faults(lake)[0].what
    key = tmp_path / "forged.key"
    with monkeypatch.context() as patch:
        patch.setenv("STEELYARD_LEDGER_KEY", str(key))
        checkpoints.sign_night(lake, open_ledger_key(lake))
    assert "not trusted" in faults(lake)[0].what
    assert faults(lake, keys=[key, key.with_name("forged.key.pub")])  # the answers' key is another


def test_an_edited_or_removed_checkpoint_is_found(lake):
    """An edited or removed checkpoint is found."""
    whole = lake.decision_checkpoints.read_text()
    lake.decision_checkpoints.write_text(whole.replace('"lines": 10', '"lines": 5'))
    assert any("was edited" in f.what for f in faults(lake))
    lines = whole.splitlines(keepends=True)
    lake.decision_checkpoints.write_text(lines[0] + lines[2])
    assert any("was removed" in f.what for f in faults(lake))


def test_a_night_that_was_not_signed_is_found(lake):
    """A kill between head and checkpoint; the same night signs when it is run again."""
    record_night(lake, "9" * 16, date(2026, 1, 23), run_folder(lake, "9" * 16))
    runs.publish(lake, "9" * 16, date(2026, 1, 23))
    assert "run that night again" in faults(lake)[0].what
    checkpoints.sign_night(lake, open_ledger_key(lake))
    assert faults(lake) == []


def test_without_a_key_signatures_are_not_taken_for_checked(lake, monkeypatch, tmp_path):
    """Signatures do not count as checked without a key."""
    monkeypatch.setenv("STEELYARD_LEDGER_KEY", str(tmp_path / "absent"))
    assert "no public key" in faults(lake)[0].what


def test_a_witness_that_cannot_be_written_stops_nothing(lake, monkeypatch, tmp_path):
    """It is reported, and the next checkpoint brings what it missed."""
    (tmp_path / "file").write_text("")
    late = tmp_path / "late.jsonl"
    monkeypatch.setenv(checkpoints.WITNESS_VARIABLE, str(tmp_path / "file" / "x"))
    record_night(lake, "9" * 16, date(2026, 1, 23), run_folder(lake, "9" * 16))
    checkpoints.sign_night(lake, open_ledger_key(lake))
    assert checkpoints.copy_to_witness(lake.decision_checkpoints, late) == 4
    assert "has seen nothing" in faults(lake, _other_witness(tmp_path))[-1].what
    with pytest.raises(LakeProblem, match="no file of a witness"):
        faults(lake, tmp_path / "absent")


def _other_witness(tmp_path):
    path = tmp_path / "other.jsonl"
    path.write_text("")
    return path


def test_the_key_is_private_and_not_in_the_lake(lake, monkeypatch, ledger_key):
    """The key is private and not in the lake."""
    assert ledger_key.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("STEELYARD_LEDGER_KEY", str(lake.root / "ledger.key"))
    with pytest.raises(LakeProblem, match="lies in the lake"):
        open_ledger_key(lake)
    monkeypatch.setenv("STEELYARD_LEDGER_KEY", str(lake.root.parent / "bad.key"))
    (lake.root.parent / "bad.key").write_text("no key")
    with pytest.raises(LakeProblem, match="is no key"):
        open_ledger_key(lake)
