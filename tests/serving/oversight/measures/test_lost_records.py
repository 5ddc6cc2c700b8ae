"""Measures whose record was removed, emptied or cut off do not end without a word (ADR-0393)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data_contracts.lake import Lake
from serving.ledger.checkpoints import lacks_signed_lines, sign_act
from serving.ledger.hash_chain import append_record
from serving.ledger.ledger_key import make_key_file, read_private_key
from serving.oversight.measures.boost_effects import MeasureCache
from serving.oversight.measures.state_reading import read_measures
from tests.serving.oversight.measures.test_measure_state import taken

AT = datetime(2026, 3, 1, 10)


@pytest.fixture
def lake(tmp_path):
    """A lake with two measures against one operator."""
    one = Lake(tmp_path / "lake")
    for i in range(2):
        append_record(one.measures, taken(i))
    return one


def in_force(cache: MeasureCache) -> int:
    return len(cache.current().against([("operator", "o")], AT + timedelta(minutes=1)))


def remove(lake: Lake) -> None:
    lake.measures.unlink()


def empty(lake: Lake) -> None:
    lake.measures.write_bytes(b"")


def cut(lake: Lake) -> None:
    lake.measures.write_bytes(lake.measures.read_bytes().splitlines(keepends=True)[0])


def make_again(lake: Lake) -> None:
    lake.measures.unlink()
    append_record(lake.measures, taken(7, subject="p"))
    append_record(lake.measures, taken(8, subject="p"))


def replace_folder(lake: Lake) -> None:
    lake.journal.rename(lake.root / "journal.away")
    lake.journal.write_text("a file")


@pytest.mark.parametrize("attack", [remove, empty, cut, make_again, replace_folder])
def test_a_running_gate_keeps_what_it_knew_and_says_so(lake, attack):
    """What was known goes on, and the state is not intact, so that no answer passes."""
    cache = MeasureCache(lake)
    assert in_force(cache) == 2 and cache.state.is_intact
    attack(lake)
    assert in_force(cache) == 2 and not cache.state.is_intact


def test_a_record_that_is_put_back_is_intact_again(lake):
    """It is read again at its next change, with what was added to it."""
    cache, body = MeasureCache(lake), lake.measures.read_bytes()
    assert in_force(cache) == 2
    remove(lake)
    assert not cache.current().is_intact
    lake.measures.write_bytes(body)
    append_record(lake.measures, taken(2))
    assert in_force(cache) == 3 and cache.state.is_intact


@pytest.mark.parametrize("attack", [remove, empty, cut, make_again])
def test_a_checkpoint_tells_a_new_process_what_is_gone(lake, attack, tmp_path, monkeypatch):
    """A gate that starts later compares the record with the signed checkpoints of the lake."""
    monkeypatch.setenv("STEELYARD_LEDGER_KEY", str(tmp_path / "none.key"))
    make_key_file(tmp_path / "person.key")
    sign_act(lake, read_private_key(tmp_path / "person.key"))
    assert read_measures(lake).is_intact and not lacks_signed_lines(lake, lake.measures)
    attack(lake)
    assert lacks_signed_lines(lake, lake.measures) and not read_measures(lake).is_intact
    assert not lacks_signed_lines(lake, lake.appeals)
