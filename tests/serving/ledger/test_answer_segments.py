"""Sealed segments: the chain goes on, old requests are found on disk, memory stays small."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress

import pytest

from data_contracts.lake import Lake
from serving.ledger import answer_segments, answers, hash_chain
from serving.ledger.answer_export import export_answers
from serving.ledger.answer_segments import all_segments, sealed_segments
from serving.ledger.answers import AnswerLedger
from serving.ledger.hash_chain import GENESIS_DIGEST, first_broken_line, read_records

DAYS = ("2026-01-05", "2026-01-06", "2026-01-07")
ROW = {
    "operator_id": "o",
    "session_id": None,
    "risk_level": "PASS",
    "score": 1.0,
    "suggested_action": "none",
    "degraded": False,
    "model_version": "m",
    "policy_version": "p",
    "run_id": "r",
}


def answer(journal, name, day, body=b"1"):
    one = journal.add(
        ROW | {"request_id": name, "answered_at": f"{day}T09:00:00"}, "d", body + name.encode()
    )
    journal.sync()
    return one


@pytest.fixture
def lake(tmp_path):
    """A lake with three days of five answers."""
    one = Lake(tmp_path)
    journal = AnswerLedger(one.answers)
    for day in DAYS:
        for i in range(5):
            answer(journal, f"{day}-{i}", day)
    return one


def chain(path):
    """Records of all segments, which follow each other."""
    head, records = GENESIS_DIGEST, []
    for segment in all_segments(path):
        assert first_broken_line(segment, head) is None
        records += read_records(segment)
        head = records[-1]["sha256"]
    return records


def test_a_day_is_sealed_and_the_chain_goes_on(lake):
    """A day is sealed and the chain goes on."""
    names = [p.name for p in all_segments(lake.answers)]
    assert names == [
        "journal-2026-01-05-000001.jsonl",
        "journal-2026-01-06-000002.jsonl",
        "journal.jsonl",
    ]
    assert len(chain(lake.answers)) == 15


def test_a_full_file_is_sealed(lake, monkeypatch):
    """A full file is sealed."""
    monkeypatch.setattr(answers, "MAX_SEGMENT_LINES", 5)
    answer(AnswerLedger(lake.answers), "more", DAYS[2])
    assert len(sealed_segments(lake.answers)) == 3 and len(chain(lake.answers)) == 16


def test_old_requests_are_found_on_disk_and_answered_once(lake):
    """Memory holds the newest file alone; a lost or damaged index is made again."""
    for damage in (None, b"", b"damaged " * 999):
        journal = AnswerLedger(lake.answers)
        assert len(journal.starts) == 5 and journal.end.lines == 15
        assert journal.find("2026-01-05-3").answer == b"12026-01-05-3"
        assert answer(journal, "2026-01-06-2", DAYS[2], b"9").answer == b"12026-01-06-2"
        assert len(chain(lake.answers)) == 15 and journal.find("unknown") is None
        index = journal.segments.index
        if damage is not None:
            del journal
            for suffix in ("-wal", "-shm"):
                index.with_name(index.name + suffix).unlink(missing_ok=True)
            index.write_bytes(damage)


def test_processes_follow_a_file_that_another_sealed(lake):
    """The chain is one, and a request in the sealed part is not answered again."""
    one, two = AnswerLedger(lake.answers), AnswerLedger(lake.answers)
    answer(one, "last", DAYS[2])
    answer(one, "next", "2026-01-08")
    assert answer(two, "last", DAYS[2], b"9").answer == b"1last"
    assert answer(two, "2026-01-07-4", DAYS[2], b"9").answer == b"12026-01-07-4"
    assert two.find("next").answer == b"1next" and one.find("2026-01-07-4")
    answer(two, "new", "2026-01-08")
    assert len(chain(lake.answers)) == 18 and one.find("2026-01-05-0")


def test_a_kill_after_the_rename_loses_nothing(lake):
    """There is no file that is written then; the next answer makes one."""
    lake.answers.rename(lake.online / "journal-2026-01-07-000003.jsonl")
    journal = AnswerLedger(lake.answers)
    assert journal.end.lines == 15 and not journal.starts
    answer(journal, "new", "2026-01-08")
    assert len(chain(lake.answers)) == 16


def test_segments_are_exported_once(lake):
    """Segments are exported once."""
    assert export_answers(lake) == 15
    first = {p.name: p.stat().st_mtime_ns for p in lake.boost_decisions.iterdir()}
    answer(AnswerLedger(lake.answers), "new", DAYS[2])
    assert export_answers(lake) == 16
    again = {p.name: p.stat().st_mtime_ns for p in lake.boost_decisions.iterdir()}
    assert [n for n in first if first[n] != again[n]] == ["journal.parquet"]


def test_lines_of_many_days_back_are_not_read_at_a_start(lake):
    """A sealed segment that is indexed may even be unreadable: the service starts."""
    sealed_segments(lake.answers)[0].write_text("damaged\n")
    journal = AnswerLedger(lake.answers)
    assert journal.end.lines == 15
    with pytest.raises(hash_chain.LedgerDamaged, match="is not what was written"):
        journal.find("2026-01-05-3")  # it was answered, so it is not answered again
    assert json.loads(lake.answers.read_text().splitlines()[0])["request_id"] == "2026-01-07-0"


@pytest.fixture
def large(monkeypatch):
    """Every segment counts as large."""
    monkeypatch.setattr(answer_segments, "MAX_INLINE_LINES", 0)
    monkeypatch.setattr(answer_segments, "LINES_PER_INSERT", 2)


def indexed(journal):
    """Wait for the thread that indexes; returns the requests in the index."""
    journal.segments.indexer.join(10)
    with sqlite3.connect(journal.segments.index) as connection:
        return connection.execute("SELECT count(*) FROM answered").fetchone()[0]


def test_a_large_segment_is_indexed_aside_and_found_meanwhile(lake, large, monkeypatch):
    """A seal does not wait for the index; each request is found before and after it is there."""
    journal = AnswerLedger(lake.answers)
    with monkeypatch.context() as m:
        m.setattr(answer_segments.threading.Thread, "start", lambda thread: None)
        answer(journal, "next", "2026-01-08")
        assert journal.end.lines == 16 and indexed_numbers(journal) == [1, 2]
        assert journal.find("2026-01-07-4").answer == b"12026-01-07-4"
        assert answer(journal, "2026-01-07-0", "2026-01-08", b"9").answer == b"12026-01-07-0"
    journal.segments.indexer = None
    journal.segments.refresh()
    assert indexed(journal) == 15 and not journal.segments.unindexed
    assert journal.find("2026-01-07-4").answer == b"12026-01-07-4"
    assert len(chain(lake.answers)) == 16 and AnswerLedger(lake.answers).end.lines == 16


def indexed_numbers(journal):
    """Segments that the index holds whole."""
    with sqlite3.connect(journal.segments.index) as connection:
        return [n for (n,) in connection.execute("SELECT number FROM segment ORDER BY number")]


def test_a_kill_while_a_segment_is_indexed_loses_nothing(lake, large, monkeypatch):
    """A part of the requests is in the index; the next start reads the segment."""
    journal, asked, real = AnswerLedger(lake.answers), [], answer_segments._key

    def killed(request):
        asked.append(request)
        if len(asked) == 4:
            raise RuntimeError("killed")
        return real(request)

    with monkeypatch.context() as m:
        m.setattr(answer_segments.AnswerSegments, "_index_aside", lambda self: None)
        answer(journal, "next", "2026-01-08")
        m.setattr(answer_segments, "_key", killed)
        with suppress(RuntimeError):
            journal.segments._index_kept()
    assert indexed_numbers(journal) == [1, 2]
    again = AnswerLedger(lake.answers)
    assert again.end.lines == 16 and indexed_numbers(again) == [1, 2, 3]
    assert again.find("2026-01-07-3").answer == b"12026-01-07-3"


def test_a_follower_keeps_a_large_segment_that_another_sealed(lake, large, monkeypatch):
    """It reads the lines that it lacked, and does not wait for the index of the other."""
    monkeypatch.setattr(answer_segments.AnswerSegments, "_index_aside", lambda self: None)
    one, two = AnswerLedger(lake.answers), AnswerLedger(lake.answers)
    answer(one, "last", DAYS[2])
    answer(one, "next", "2026-01-08")
    assert answer(two, "last", "2026-01-08", b"9").answer == b"1last"
    assert two.find("2026-01-07-1").answer == b"12026-01-07-1"
    assert len(two.segments.unindexed[3]) == 6 and two.end.lines == 17
    assert len(chain(lake.answers)) == 17


def test_an_index_that_stays_locked_is_made_again(lake, monkeypatch):
    """What holds it may never end; the index is made from the segments."""
    monkeypatch.setattr(answer_segments, "BUSY_SECONDS", 0.05)
    journal = AnswerLedger(lake.answers)
    blocker = sqlite3.connect(journal.segments.index, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    answer(journal, "next", "2026-01-08")
    assert journal.find("2026-01-05-3").answer == b"12026-01-05-3"
    assert indexed_numbers(journal) == [1, 2, 3] and len(chain(lake.answers)) == 16
    blocker.close()


def test_a_disk_that_refuses_the_index_is_no_damage(lake, monkeypatch):
    """The index is not deleted: the answer waits, and is written when there is room."""
    journal = AnswerLedger(lake.answers)

    def full(*_given):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    with monkeypatch.context() as m:
        m.setattr(answer_segments, "_insert", full)
        with pytest.raises(OSError, match="index of answers"):
            answer(journal, "next", "2026-01-08")
        assert journal.segments.index.exists() and journal.state()["waiting"] == 1
    journal.sync()
    assert journal.find("next").answer == b"1next" and len(chain(lake.answers)) == 16


@pytest.mark.parametrize("number", [0, -1])
def test_a_segment_that_was_moved_away_is_not_answered_again(lake, tmp_path, number):
    """The index knows its requests: each is refused until the segment is put back (ADR-0393)."""
    journal = AnswerLedger(lake.answers)
    answer(journal, "next", "2026-01-08")
    segment = sealed_segments(lake.answers)[number]
    request = json.loads(segment.read_text().splitlines()[0])["request_id"]
    segment.rename(tmp_path / "aside")
    again = AnswerLedger(lake.answers)
    with pytest.raises(hash_chain.LedgerDamaged, match="is not what was written"):
        again.find(request)
    answer(again, "later", "2026-01-09")
    (tmp_path / "aside").rename(segment)
    assert AnswerLedger(lake.answers).find(request).answer == b"1" + request.encode()
