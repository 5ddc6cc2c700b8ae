"""A last line that is torn at any byte is set aside; a line damaged before it is refused."""

from __future__ import annotations

import pytest

from data_contracts.storage.torn_tail import tails_set_aside
from serving.ledger.answers import AnswerLedger
from serving.ledger.hash_chain import (
    LedgerDamaged,
    append_record,
    first_broken_line,
    last_digest,
    read_records,
)


def write(journal, name):
    one = journal.add({"request_id": name}, "digest", b'{"riskLevel": "PASS"}')
    journal.sync()
    return one


@pytest.fixture
def whole(tmp_path):
    """The bytes of a journal of three answers."""
    journal = AnswerLedger(tmp_path / "whole.jsonl")
    for name in ("r1", "r2", "r3"):
        write(journal, name)
    return journal.path.read_bytes()


def test_a_journal_torn_at_any_byte_starts_and_goes_on(tmp_path, whole):
    """Acknowledged answers stay, the tail is kept by name, and the chain goes on."""
    lines = whole.splitlines(keepends=True)
    kept = len(lines[0]) + len(lines[1])
    for cut in range(kept + 1, len(whole)):
        path = tmp_path / f"{cut}.jsonl"
        path.write_bytes(whole[:cut])
        journal = AnswerLedger(path)
        assert set(journal.starts) == {"r1", "r2"}
        assert [p.read_bytes() for p in tails_set_aside(path)] == [whole[kept:cut]]
        if cut % 40 == 0:
            assert journal.state()["tornTails"] == [p.name for p in tails_set_aside(path)]
            write(journal, "r3")
            assert first_broken_line(path) is None and path.read_bytes() == whole


def test_a_tail_of_zeros_is_torn(tmp_path, whole):
    """A file system may lengthen a file before it writes the bytes."""
    path = tmp_path / "j.jsonl"
    path.write_bytes(whole + bytes(4096))
    assert len(AnswerLedger(path).starts) == 3 and path.read_bytes() == whole


def test_a_journal_of_half_a_line_starts_empty(tmp_path):
    """A journal of half a line starts empty."""
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"answer":"{\\"requestId\\":\\"r1\\",\\"riskLe')
    journal = AnswerLedger(path)
    assert not journal.starts and path.read_bytes() == b""
    write(journal, "r1")
    assert first_broken_line(path) is None


def test_a_damaged_line_in_the_middle_is_refused(tmp_path, whole):
    """It was acknowledged once, so it is no torn tail; nothing is cut."""
    path = tmp_path / "j.jsonl"
    damaged = whole.replace(b'"request_id":"r2"', b'"request_id":"r2')
    path.write_bytes(damaged)
    with pytest.raises(LedgerDamaged, match="line 2"):
        AnswerLedger(path)
    assert path.read_bytes() == damaged and not tails_set_aside(path)


def test_records_of_people_with_a_torn_tail_are_read_and_go_on(tmp_path):
    """Appeals, measures and overrides are chained files too."""
    path = tmp_path / "appeals.jsonl"
    for i in range(3):
        append_record(path, {"i": i})
    path.write_bytes(path.read_bytes()[:-9])
    assert [r["i"] for r in read_records(path)] == [0, 1]
    assert last_digest(path) == read_records(path)[-1]["sha256"]
    append_record(path, {"i": 9})
    assert [r["i"] for r in read_records(path)] == [0, 1, 9]
    assert first_broken_line(path) is None and len(tails_set_aside(path)) == 1
    path.write_bytes(b"not a record\n" + path.read_bytes())
    with pytest.raises(LedgerDamaged):
        read_records(path)
