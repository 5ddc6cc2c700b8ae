"""A small slice of the attacks on the ledger; each attack finds the fault that it looks for."""

from __future__ import annotations

import pytest

from benchmarks.reliability import kills, two_services
from benchmarks.reliability.attack import Scale
from data_contracts.storage.durable_files import append_durably
from serving.ledger import answers, decisions
from serving.ledger.hash_chain import record_line, seal_record


@pytest.mark.parametrize("attack", [kills, two_services], ids=lambda a: a.__name__)
def test_a_slice_of_the_attack_finds_nothing(attack):
    """A slice of the attack finds nothing."""
    rows = attack.rows(Scale.SMALL)
    assert [r for r in rows if not r["holds"]] == []


def test_kills_find_a_record_that_is_appended_twice(monkeypatch):
    """Lines without a head are not recognised, as in an earlier version."""

    def append_always(path, end, rows):
        digest, out = end.digest, b""
        for row in rows:
            sealed = seal_record(row, digest)
            digest, out = sealed["sha256"], out + record_line(sealed)
        append_durably(path, out)
        return decisions.RecordedEnd(end.lines + len(rows), end.size + len(out), digest)

    monkeypatch.setattr(decisions, "_record_lines", append_always)
    monkeypatch.setattr(kills, "ANSWERS", 1)
    found = {r["id"]: r["value"] for r in kills.rows(Scale.SMALL)}
    assert found["kills-decisions-doubled"] > 0 and found["kills-decisions-broken"] > 0


def test_kills_find_answers_given_before_they_are_on_disk(monkeypatch):
    """A ledger that acknowledges without writing loses answers."""
    monkeypatch.setattr(answers, "append_durably", lambda path, data: path.touch() or 0)
    tally = kills.Tally()
    kills._kill_at_random(tally, 1)
    assert tally.lost or tally.broken
