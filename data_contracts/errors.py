"""Errors for the person at the command line: what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence


class SteelyardError(Exception):
    """Base of every error with a message for the person at the command line."""

    exit_code = 1


class StructuralBreak(SteelyardError):
    """A delivered table does not have the shape of its contract; nothing was read from it."""

    exit_code = 3

    def __init__(self, file: str, column: str, expected: str, found: str, mend: str) -> None:
        self.file, self.column, self.mend = file, column, mend
        self.expected, self.found = expected, found
        super().__init__(
            f"{file}: column {column}: expected {expected}, found {found}. To mend it: {mend}"
        )


class StructuralBreaks(StructuralBreak):
    """Several structural breaks of a delivery, all of them listed; the first gives the place."""

    def __init__(self, breaks: Sequence[StructuralBreak]) -> None:
        self.breaks = list(breaks)
        first = self.breaks[0]
        super().__init__(first.file, first.column, first.expected, first.found, first.mend)
        lines = [f"{len(self.breaks)} structural breaks", *(str(b) for b in self.breaks)]
        self.args = ("\n  ".join(lines),)


class NothingToScore(SteelyardError):
    """The night's partition is empty or much shorter than the days before it."""

    exit_code = 4


class LakeProblem(SteelyardError):
    """The lake, or something in it, is absent or cannot be used as asked."""

    exit_code = 2


class ArtefactRefused(SteelyardError):
    """A released model does not match its manifest, so it was not loaded."""

    exit_code = 5


class NightRefused(LakeProblem):
    """A file of a published night is not what was published, so it was not read."""

    exit_code = 5
