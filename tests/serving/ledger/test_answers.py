"""The journal of answers under many hands, and when the disk refuses."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.ledger.answers import AnswerLedger
from serving.ledger.hash_chain import (
    GENESIS_DIGEST,
    LedgerDamaged,
    append_record,
    first_broken_line,
    last_digest,
)


def write(journal, name):
    journal.add({"request_id": name, "operator_id": "o"}, "digest", b'{"riskLevel": "PASS"}')
    journal.sync()


def test_answers_of_many_threads_make_one_chain(tmp_path):
    """Answers of many threads make one chain."""
    journal = AnswerLedger(tmp_path / "j.jsonl")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: write(journal, f"r{i}"), range(200)))
    assert first_broken_line(tmp_path / "j.jsonl") is None
    again = AnswerLedger(tmp_path / "j.jsonl")
    assert len(again.starts) == 200 and again.head == journal.head


def test_a_disk_that_refuses_leaves_no_half_line_and_the_chain_goes_on(tmp_path, monkeypatch):
    """A disk that refuses leaves no half line and the chain goes on."""
    journal = AnswerLedger(tmp_path / "j.jsonl")
    write(journal, "r1")
    whole = (tmp_path / "j.jsonl").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write(journal, "r2")
    assert (tmp_path / "j.jsonl").read_bytes() == whole
    assert (
        journal.find("r2").place > journal.written
    )  # sealed and not on disk: it may not be given yet
    write(journal, "r3")
    assert journal.find("r2").place <= journal.written
    assert first_broken_line(tmp_path / "j.jsonl") is None
    assert (tmp_path / "j.jsonl").read_text().count("\n") == 3


def test_the_last_digest_is_read_from_the_end_of_a_long_line_and_of_many(tmp_path):
    """The last digest is read from the end of a long line and of many."""
    path = tmp_path / "c.jsonl"
    assert last_digest(path) == GENESIS_DIGEST
    for words in ("short", "long " * 40_000, "short"):
        sealed = append_record(path, {"words": words})
        assert last_digest(path) == sealed["sha256"]
    assert first_broken_line(path) is None


def test_lines_of_earlier_versions_are_verified(
    tmp_path,
):
    """Lines that earlier versions wrote are still verified, and the chain goes on from them.

    They were spaced otherwise, with the digest over the record as it was worded then.
    """
    path, head = tmp_path / "j.jsonl", GENESIS_DIGEST
    with path.open("w") as out:
        for i in range(3):
            record = {
                "answer": '{"a": "，"}',
                "request_id": f"r{i}",
                "request_sha256": "d",
                "previous_sha256": head,
            }
            body = json.dumps(record, sort_keys=True, ensure_ascii=False)
            head = hashlib.sha256(body.encode()).hexdigest()
            out.write(f'{body[:-1]}, "sha256": "{head}"}}\n')
    journal = AnswerLedger(path)
    write(journal, "r3")
    assert first_broken_line(path) is None and AnswerLedger(path).head == journal.head
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        edited = [*lines[:number], line.replace(f"r{number}", "r9"), *lines[number + 1 :]]
        path.write_text("\n".join(edited) + "\n", "utf-8")
        assert first_broken_line(path) == number + 1


def test_a_line_cut_short_is_where_the_chain_breaks(tmp_path):
    """A line cut short is where the chain breaks."""
    path = tmp_path / "j.jsonl"
    journal = AnswerLedger(path)
    for name in ("r1", "r2"):
        write(journal, name)
    path.write_bytes(path.read_bytes()[:-20])
    assert first_broken_line(path) == 2


@pytest.mark.parametrize("edit", [(b"PASS", b"SKIP"), (b'"answer"', b'"answeR"'), (b"{", b"x")])
def test_an_edited_answer_is_refused_and_not_given_again(tmp_path, edit):
    """A line on disk is read against its digest; its request is not answered anew (ADR-0393)."""
    path = tmp_path / "j.jsonl"
    journal = AnswerLedger(path)
    write(journal, "r1")
    write(journal, "r2")
    with path.open("r+b") as file:
        edited = path.read_bytes().replace(*edit, 1)
        file.write(edited)
    with pytest.raises(LedgerDamaged, match="r1 is not what was written"):
        journal.find("r1")
    assert journal.find("r2").answer == b'{"riskLevel": "PASS"}'


def test_a_journal_that_is_moved_away_is_not_begun_again(tmp_path):
    """Answers wait until the file, or a whole copy of it, is put back (ADR-0393)."""
    path, away = tmp_path / "j.jsonl", tmp_path / "away"
    journal = AnswerLedger(path)
    write(journal, "r1")
    path.rename(away)
    for replaced in (None, b"", b"x\n", away.read_bytes()[:-1] + b" \n"):
        if replaced is not None:
            path.write_bytes(replaced)
        with pytest.raises(LedgerDamaged):
            write(journal, "r2")
        assert journal.state()["problem"] and journal.state()["waiting"] == 1
    path.unlink()
    path.write_bytes(away.read_bytes())
    write(journal, "r3")
    assert path.read_bytes().count(b"\n") == 3 and first_broken_line(path) is None
    assert journal.find("r1") and journal.find("r2") and journal.find("r3")
