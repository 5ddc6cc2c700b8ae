"""Records of what people decided: every one is in the chains and in the signed checkpoints."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data_contracts.lake import Lake
from serving.ledger.answer_signing import sign_answers
from serving.ledger.answers import AnswerLedger
from serving.ledger.checkpoints import WITNESS_VARIABLE, copy_to_witness, sign_night
from serving.ledger.hash_chain import (
    GENESIS_DIGEST,
    append_record,
    read_records,
    record_line,
    seal_record,
)
from serving.ledger.ledger_key import open_ledger_key
from serving.ledger.signatures import (
    Trust,
    backdated_words,
    unsigned_record_words,
    verify_signatures,
)
from serving.ledger.verification import verify_chains

NAMES = (
    *("measures", "appeals", "people", "complaints", "overrides", "warnings", "holds"),
    *("retention", "reports", "promotions", "cases", "notices", "reminders"),
)


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """Three lines in each record of people, signed as a night signs them."""
    monkeypatch.delenv(WITNESS_VARIABLE, raising=False)
    one = Lake(tmp_path / "lake")
    for name in NAMES:
        for i in range(3):
            append_record(one.journal / f"{name}.jsonl", {"by": "desk", "number": i})
    sign_night(one, open_ledger_key(one))
    return one


def faults(lake, *witnesses):
    return verify_chains(lake) + verify_signatures(lake, Trust.of_user((), witnesses))


def test_intact_records_are_covered(lake):
    """Checkpoints cover intact records."""
    assert faults(lake) == [] and unsigned_record_words(lake) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_shortened_record_is_found(lake, name):
    """The chain is intact up to its new end, and its checkpoint says how long it was."""
    path = lake.journal / f"{name}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    assert verify_chains(lake) == []
    assert [f.what for f in faults(lake)] == [
        f"signs 3 lines of the {name}, and there are 2: they were cut off"
    ]
    path.unlink()
    assert "cut off" in faults(lake)[0].what


@pytest.mark.parametrize("name", NAMES)
def test_a_record_that_was_made_again_is_found(lake, name):
    """A chain with other words and as many lines follows from itself and not from its past."""
    path, digest, lines = lake.journal / f"{name}.jsonl", GENESIS_DIGEST, []
    for i in range(5):
        sealed = seal_record({"by": "nobody", "number": i}, digest)
        lines.append(record_line(sealed))
        digest = sealed["sha256"]
    path.write_bytes(b"".join(lines))
    assert verify_chains(lake) == []
    assert [f.what for f in faults(lake)] == [
        f"signs another line 3 of the {name}: they were made again"
    ]


def test_an_edited_line_of_a_report_is_found(lake):
    """An edited line of a report is found."""
    path = lake.reports
    path.write_text(path.read_text("utf-8").replace("desk", "dusk"), "utf-8")
    assert [(f.file, f.line) for f in verify_chains(lake)] == [("journal/reports.jsonl", 1)]


def test_a_service_signs_what_people_decide_meanwhile(lake):
    """Between two nights the checkpoints of answers cover an act; cut off, it is found."""
    append_record(lake.measures, {"by": "desk", "number": 3})
    assert "1 of 4 lines of measures.jsonl" in unsigned_record_words(lake)[0]
    sign_answers(lake, AnswerLedger(lake.answers), open_ledger_key(lake))
    assert unsigned_record_words(lake) == [] and faults(lake) == []
    lines = lake.measures.read_bytes().splitlines(keepends=True)
    lake.measures.write_bytes(b"".join(lines[:3]))
    assert faults(lake)[0].file == "online/checkpoints.jsonl"


def test_a_witness_knows_records_whose_checkpoints_are_gone(lake, tmp_path):
    """Measures, checkpoints and all are made again with the key; the witness contradicts."""
    witness = tmp_path / "witness.jsonl"
    copy_to_witness(lake.decision_checkpoints, witness)
    lake.decision_checkpoints.unlink()
    lake.measures.unlink()
    append_record(lake.measures, {"by": "nobody"})
    sign_night(lake, open_ledger_key(lake))
    assert faults(lake) == []
    assert "which the lake lacks" in faults(lake, witness)[0].what


def test_a_damaged_record_leaves_the_others_signed(lake):
    """A damaged record leaves the others signed."""
    lake.reports.write_bytes(b"not a record\n")
    append_record(lake.measures, {"by": "desk", "number": 3})
    sign_night(lake, open_ledger_key(lake))
    assert unsigned_record_words(lake) == []
    assert {f.file for f in faults(lake)} == {"journal/reports.jsonl", "journal/checkpoints.jsonl"}


def test_an_act_that_is_dated_back_is_named(lake):
    """It says that it is older than a checkpoint, and the checkpoint does not have it."""
    assert backdated_words(lake) == []
    at = datetime.fromisoformat(read_records(lake.decision_checkpoints)[0]["at"])
    for moment in (at + timedelta(minutes=1), at - timedelta(minutes=1), at - timedelta(days=9)):
        append_record(lake.measures, {"by": "desk", "at": moment.isoformat(timespec="seconds")})
    assert backdated_words(lake) == [
        "Dated before a signed checkpoint that lacks them: lines 6 to 6 of measures.jsonl (1)."
    ]
    append_record(lake.journal / "new.jsonl", {"by": "desk", "decided_at": "2026-01-01T00:00:00"})
    assert "line" in backdated_words(lake)[1]
