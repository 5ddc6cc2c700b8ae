"""The journal of answers under many hands, and when the disk refuses."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.journal import Journal, first_broken


def write(journal, name):
    journal.append({"request_id": name, "operator_id": "o"}, "digest", b'{"riskLevel": "PASS"}')


def test_answers_of_many_threads_make_one_chain(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: write(journal, f"r{i}"), range(200)))
    assert first_broken(tmp_path / "j.jsonl") is None
    again = Journal(tmp_path / "j.jsonl")
    assert len(again.answers) == 200 and again.head == journal.head


def test_a_disk_that_refuses_leaves_no_half_line_and_the_chain_goes_on(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j.jsonl")
    write(journal, "r1")
    whole = (tmp_path / "j.jsonl").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write(journal, "r2")
    assert (tmp_path / "j.jsonl").read_bytes() == whole
    assert journal.find("r2") is None  # it was never given, so it may be asked again
    write(journal, "r3")
    assert first_broken(tmp_path / "j.jsonl") is None
    assert (tmp_path / "j.jsonl").read_text().count("\n") == 3
