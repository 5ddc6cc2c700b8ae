"""`journal verify` and `journal witness` in words and exit codes."""

from __future__ import annotations

import sys
from datetime import date

import pytest

from data_contracts import runs
from data_contracts.lake import Lake
from serving.cli.main import main
from serving.ledger.checkpoints import sign_night
from serving.ledger.decisions import record_night
from serving.ledger.ledger_key import open_ledger_key
from tests.serving.ledger.test_record_night import run_folder

NIGHT = date(2026, 1, 20)


def run(monkeypatch, *arguments):
    """Exit code of a command, 0 where it ends by itself."""
    monkeypatch.setattr(sys, "argv", ["steelyard", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
        sys.exit(0)
    return ended.value.code or 0


@pytest.fixture
def lake(tmp_path):
    one = Lake(tmp_path / "lake")
    record_night(one, "a" * 16, NIGHT, run_folder(one, "a" * 16))
    sign_night(one, open_ledger_key(one))
    runs.publish(one, "a" * 16, NIGHT)
    return one


def test_a_folder_that_is_no_lake_is_two(tmp_path, monkeypatch, capsys):
    """A folder that is no lake ends with exit code 2."""
    assert run(monkeypatch, "journal", "verify", tmp_path) == 2
    assert "is no lake" in capsys.readouterr().err


def test_an_intact_ledger_says_what_was_not_compared(lake, monkeypatch, capsys):
    """An intact ledger names what was not compared."""
    assert run(monkeypatch, "journal", "verify", lake) == 0
    words = capsys.readouterr().out
    assert "The ledger is intact." in words and "No witness was compared" in words


def test_a_witness_is_written_and_contradicts(lake, tmp_path, monkeypatch, capsys):
    """A witness is written, and contradicts a ledger that was changed later."""
    witness = tmp_path / "witness.jsonl"
    for _ in range(2):
        assert run(monkeypatch, "journal", "witness", lake, witness) == 0
    assert witness.read_bytes().count(b"\n") == 1
    assert run(monkeypatch, "journal", "verify", lake, "--witness", witness) == 0
    lake.decision_checkpoints.unlink()
    capsys.readouterr()
    assert run(monkeypatch, "journal", "verify", lake, "--witness", witness, "--json") == 1
    assert "which the lake lacks" in capsys.readouterr().out
