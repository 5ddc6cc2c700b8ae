"""Byte mutations of every kind of file that is read: none is answered as if nothing had been."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.harness.figures import Row
from benchmarks.reliability.attack import Scale, attack_row
from benchmarks.reliability.mutation.trials import (
    ABORT,
    ACCEPTED,
    NAMED,
    REFUSED,
    TRACEBACK,
    Outcomes,
    run_trials,
)

TRIALS_PER_TARGET = 500
SMALL_TRIALS_PER_TARGET = 7
FIGURES = {
    "accepted": (ACCEPTED, "answered otherwise than before, in silence"),
    "tracebacks": (TRACEBACK, "that end in a traceback"),
    "aborts": (ABORT, "that end or hang the process"),
}


def rows(scale: Scale) -> list[Row]:
    """Change bytes of every kind of file, and count what readers make of them."""
    with tempfile.TemporaryDirectory() as folder:
        found = run_trials(Path(folder), scale.pick(SMALL_TRIALS_PER_TARGET, TRIALS_PER_TARGET))
    return rows_of(found, scale)


def rows_of(found: Outcomes, scale: Scale) -> list[Row]:
    """Rows of trials."""
    trials, kinds = found.total(), ", ".join(found.counts)
    out = [
        attack_row(
            f"mutations-{name}",
            f"Files {words}, of {trials:,} with bits flipped, cut, zeros, parts swapped or "
            f"repeated, other digits or values, also with digests made anew: {kinds}",
            found.total(outcome),
            "<= 0",
            scale=scale,
            why="; ".join(found.examples.get(outcome, [])[:3]) or None,
        )
        for name, (outcome, words) in FIGURES.items()
    ]
    refused = attack_row(
        "mutations-refused",
        f"Files of these {trials:,} that are refused in words; of the others "
        f"{found.total(NAMED):,} have other content under another digest (policy, delivery, "
        "keys, a release made anew), "
        "and the rest gives the same answer",
        found.total(REFUSED),
        None,
        scale=scale,
    )
    return [*out, refused]
