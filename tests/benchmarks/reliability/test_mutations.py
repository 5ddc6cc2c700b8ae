"""A slice of the mutations of files, and how their outcomes are counted."""

from __future__ import annotations

import pytest

from benchmarks.reliability import limits
from benchmarks.reliability.attack import Scale
from benchmarks.reliability.mutation.trials import (
    ABORT,
    ACCEPTED,
    EQUAL,
    TRACEBACK,
    Outcomes,
    run_trials,
)
from benchmarks.reliability.mutations import rows_of

TRIALS_PER_TARGET = 3


def test_no_changed_file_is_answered_in_silence(tmp_path):
    """Every kind of file: refused in words, or the same answer, or named by another digest."""
    found = run_trials(tmp_path, TRIALS_PER_TARGET, seed=7)
    assert found.examples == {} and found.total() == TRIALS_PER_TARGET * len(found.counts)
    assert len(found.counts) >= 11 and found.total(EQUAL) < found.total() / 2


def test_a_bad_outcome_is_a_missed_row_with_its_trial():
    """The first trials that failed are the reason of the row."""
    found = Outcomes()
    for outcome in (ACCEPTED, TRACEBACK, ABORT, EQUAL):
        found.add("release", "trees.json flip 4", outcome, "words")
    rows = {r["id"]: r for r in rows_of(found, Scale.SMALL)}
    for name in ("accepted", "tracebacks", "aborts"):
        row = rows[f"mutations-{name}"]
        assert not row["holds"] and row["value"] == 1 and "trees.json flip 4" in row["why"]


@pytest.mark.slow
def test_a_night_without_room_stops_in_words_and_completes_later():
    """A night without room stops in words and completes later."""
    assert all(r["holds"] is not False for r in limits.rows(Scale.SMALL))
