"""Inputs of answers are kept once, by digest, and damage is not taken for an input."""

from __future__ import annotations

import hashlib

from serving.gate.replay.kept_inputs import KeptInputs


def test_inputs_are_kept_once_and_found_by_digest(tmp_path):
    """Inputs are kept once and found by digest."""
    kept = KeptInputs(tmp_path / "inputs")
    for data in (b"short", bytes(9000), b"short"):
        assert kept.keep(data, "2026-01-05") == hashlib.sha256(data).hexdigest()
    kept.flush()
    kept.keep(b"short", "2026-01-05")
    kept.flush()
    path = tmp_path / "inputs" / "2026-01-05.jsonl"
    assert path.read_bytes().count(b"sha256") == 2 and path.stat().st_size < 1000
    again = KeptInputs(tmp_path / "inputs")
    for data in (b"short", bytes(9000)):
        assert again.find(hashlib.sha256(data).hexdigest(), "2026-01-05") == data
    assert again.find("0" * 64, "2026-01-05") is None
    assert again.find("0" * 64, "2026-01-06") is None


def test_a_torn_or_edited_input_is_gone(tmp_path):
    """A line after a torn one is read, for each begins on a line of its own."""
    kept = KeptInputs(tmp_path)
    digest = kept.keep(b"the request", "2026-01-05")
    kept.flush()
    path = tmp_path / "2026-01-05.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert kept.find(digest, "2026-01-05") is None
    path.write_bytes(whole.replace(b'"plain":"d', b'"plain":"e'))
    assert kept.find(digest, "2026-01-05") is None
    path.write_bytes(whole[:-5])
    other = kept.keep(b"another", "2026-01-05")
    kept.flush()
    assert kept.find(other, "2026-01-05") == b"another"


def test_a_disk_that_refuses_inputs_stops_nothing(tmp_path):
    """A disk that refuses inputs stops nothing."""
    (tmp_path / "file").write_text("")
    kept = KeptInputs(tmp_path / "file" / "inputs")
    kept.keep(b"lost", "2026-01-05")
    kept.flush()
    assert kept.find(hashlib.sha256(b"lost").hexdigest(), "2026-01-05") is None
