"""The scale of an attack, its progress, and the row that it returns for each figure."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, TypeVar

from benchmarks.harness.figures import Row, row
from training.release.code_version import revision

PROGRESS_SECONDS = 10.0
T = TypeVar("T")


class Scale(Enum):
    """The extent of an attack: a slice for the test suite, or all of it for the page."""

    SMALL = "small"
    FULL = "full"

    def pick(self, small: int, full: int) -> int:
        """The number of trials at this scale."""
        return small if self is Scale.SMALL else full


def with_progress(what: str, trials: Sequence[T]) -> Iterator[T]:
    """The trials of an attack; how many are done is written to standard error every ten seconds."""
    said = time.monotonic()
    for done, trial in enumerate(trials):
        if time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            sys.stderr.write(f"  {what}: {done} of {len(trials)}\n")
        yield trial


def attack_row(
    name: str, what: str, figure: Any, target: str | None, *, scale: Scale, why: str | None = None
) -> Row:
    """One figure of an attack.

    Parameters
    ----------
    name : str
        Identifier, `ATTACK-figure`; the part before the first hyphen names the module.
    what : str
        Description of the figure, with the number of trials.
    figure : float or int
        What was found.
    target : str, optional
        A bound such as `<= 0`.
    scale : Scale
        Scale of the attack.
    why : str, optional
        Reason of a miss: the first trials that failed.

    Returns
    -------
    dict
        A row of `benchmarks.harness.figures`, with its scale and the revision of the code.

    Examples
    --------
    >>> attack_row("kills-lost", "Lines lost", 0, "<= 0", scale=Scale.SMALL)["holds"]
    True
    """
    attack = name.split("-", maxsplit=1)[0]
    small = " --small" if scale is Scale.SMALL else ""
    command = f"python -m benchmarks.reliability {attack}{small}"
    made = row(name, what, figure, command, target, why=why)
    return made | {"scale": scale.value, "revision": revision()}
