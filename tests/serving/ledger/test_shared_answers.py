"""Several processes on one ledger: one chain, each request answered once; a disk that refuses."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from serving.ledger import answers
from serving.ledger.answers import AnswerLedger, LedgerUnavailable
from serving.ledger.hash_chain import LedgerDamaged, first_broken_line

WRITER = """
import sys
from pathlib import Path
from serving.ledger.answers import AnswerLedger
ledger, writer = AnswerLedger(Path(sys.argv[1])), sys.argv[2]
for i in range(150):
    one = ledger.add({"request_id": f"shared{i}"}, "d", writer.encode())
    ledger.add({"request_id": f"{writer}{i}"}, "d", writer.encode())
    ledger.sync()
    print(f"shared{i} {one.answer.decode()}", flush=True)
"""


def test_writers_at_once_make_one_chain_and_answer_once(tmp_path):
    """Three processes answer the same requests: each gets the answer that is on disk."""
    path = tmp_path / "j.jsonl"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE, text=True
        )
        for name in "abc"
    ]
    given = [line.split() for w in writers for line in w.communicate()[0].splitlines()]
    assert [w.returncode for w in writers] == [0, 0, 0] and len(given) == 450
    records = [json.loads(line) for line in path.read_text().splitlines()]
    on_disk = {r["request_id"]: r["answer"] for r in records}
    assert len(records) == len(on_disk) == 150 * 4 and first_broken_line(path) is None
    assert all(on_disk[request] == answer for request, answer in given)


def test_a_body_that_differs_shows_after_the_sync(tmp_path):
    """The digest of the request that was answered first is what a retry is compared with."""
    one, two = (AnswerLedger(tmp_path / "j.jsonl") for _ in range(2))
    one.add({"request_id": "r"}, "digest one", b"1")
    one.sync()
    late = two.add({"request_id": "r"}, "digest two", b"2")
    two.sync()
    assert (late.request_sha256, late.answer) == ("digest one", b"1")
    assert two.find("r").answer == b"1" and Path(two.path).read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("after", [0, 1, 40])
def test_a_short_write_leaves_no_half_line_and_heals(tmp_path, monkeypatch, code, after):
    """The disk takes some bytes and then refuses; with room again all answers are written."""
    journal = AnswerLedger(tmp_path / "j.jsonl")
    journal.add({"request_id": "r1"}, "d", b"1")
    journal.sync()
    whole = journal.path.read_bytes()

    def refusing(path, data):
        with path.open("ab") as handle:
            start = handle.tell()
            handle.write(data[:after])
            handle.flush()
            os.ftruncate(handle.fileno(), start)
        raise OSError(code, "refused")

    journal.add({"request_id": "r2"}, "d", b"2")
    with monkeypatch.context() as m:
        m.setattr(answers, "append_durably", refusing)
        with pytest.raises(OSError, match="refused"):
            journal.sync()
        assert "refused" in journal.state()["problem"] and journal.state()["waiting"] == 1
    assert journal.path.read_bytes() == whole
    journal.sync()
    assert journal.state()["problem"] is None and first_broken_line(journal.path) is None
    assert AnswerLedger(journal.path).find("r2").answer == b"2"


def test_answers_that_wait_for_the_disk_are_bounded(tmp_path, monkeypatch):
    """Answers that wait for the disk are bounded."""
    monkeypatch.setattr(answers, "MAX_WAITING_ANSWERS", 2)
    journal = AnswerLedger(tmp_path / "j.jsonl")
    for name in ("r1", "r2"):
        journal.add({"request_id": name}, "d", b"1")
    with pytest.raises(LedgerUnavailable):
        journal.add({"request_id": "r3"}, "d", b"1")
    journal.sync()
    journal.add({"request_id": "r3"}, "d", b"1")


def test_a_ledger_cut_off_while_it_is_used_is_damage(tmp_path):
    """A ledger cut off while it is used is damage."""
    journal = AnswerLedger(tmp_path / "j.jsonl")
    for name in ("r1", "r2"):
        journal.add({"request_id": name}, "d", b"1")
        journal.sync()
    os.truncate(journal.path, 10)
    journal.add({"request_id": "r3"}, "d", b"1")
    with pytest.raises(LedgerDamaged, match="cut off"):
        journal.sync()
