"""A disk that is full, fails or takes half, at every write of a night's record and of answers."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from benchmarks.harness.figures import Row
from benchmarks.harness.injection import CHANGING_CALLS, Fault, Outcome, run_with_fault
from benchmarks.harness.ledger_lake import NightLake, answer_all
from benchmarks.reliability.attack import Scale, attack_row, with_progress
from benchmarks.reliability.kills import Tally, judge_answers, judge_night
from data_contracts.lake import Lake
from data_contracts.storage import durable_files

ANSWERS = 10
ERRORS = (errno.ENOSPC, errno.EIO)


@dataclass
class Refusals:
    """Trials, and how the faults were reported."""

    night: Tally = field(default_factory=Tally)
    answers: Tally = field(default_factory=Tally)
    faults: int = 0
    tracebacks: list[str] = field(default_factory=list)

    def note(self, outcome: Outcome, where: str) -> None:
        """Count a fault, and a traceback where the fault came out as one."""
        self.faults += 1
        if outcome.traceback:
            self.tracebacks.append(f"{where}: {outcome.traceback.splitlines()[-1]}")


def rows(scale: Scale) -> list[Row]:
    """Refuse each changing call once, run again with room, and compare."""
    found, step = Refusals(), scale.pick(9, 1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _nights(found, folder, step)
        _answers(found, folder, step)
        for place in range(1, 1 + scale.pick(3, ANSWERS)):
            _short_write(found, folder, place)
    kinds = (
        ("lost", found.night.lost + found.answers.lost, "something was lost"),
        ("doubled", found.night.doubled + found.answers.doubled, "something was recorded twice"),
        ("broken", found.night.broken + found.answers.broken, "a ledger did not go on intact"),
        ("tracebacks", found.tracebacks, "the error came out as a traceback"),
    )
    what = "Faults of the disk: full, failing or half written, before and after the call"
    target = f">= {scale.pick(10, 300)}"
    out = [attack_row("disk_faults-places", what, found.faults, target, scale=scale)]
    for kind, trials, words in kinds:
        why = "; ".join(trials[:3]) or None
        text = f"Faults of the disk after which {words}"
        out.append(
            attack_row(f"disk_faults-{kind}", text, len(trials), "<= 0", scale=scale, why=why)
        )
    return out


def _faults(work: Callable[[], None], step: int) -> list[Fault]:
    calls = run_with_fault(work, names=CHANGING_CALLS).calls
    return [
        Fault(place, after, error)
        for place in range(1, calls + 1, step)
        for after in (False, True)
        for error in ERRORS
    ]


def _nights(found: Refusals, folder: Path, step: int) -> None:
    faults = _faults(NightLake(folder / "counted").put_in_force, step)
    for fault in with_progress("faults of a night's disk", faults):
        where = f"night, {fault}"
        lake = NightLake(folder / "night")
        found.note(run_with_fault(lake.put_in_force, fault, CHANGING_CALLS), where)
        found.night.broken += [f"{where}: {w}" for w in lake.faults_in_force()]
        judge_night(found.night, lake, where)


def _answers(found: Refusals, folder: Path, step: int) -> None:
    counted = Lake(folder / "answers-counted")
    faults = _faults(_answering(counted), step)
    for number, fault in enumerate(with_progress("faults of the disk of answers", faults)):
        lake = Lake(folder / f"answers-{number}")
        work = _answering(lake)
        found.note(run_with_fault(work, fault, CHANGING_CALLS), f"answers, {fault}")
        judge_answers(found.answers, lake, f"answers, {fault}", ANSWERS)


def _answering(lake: Lake) -> Callable[[], None]:
    return lambda: answer_all(lake, ANSWERS)


def _short_write(found: Refusals, folder: Path, place: int) -> None:
    """The disk takes half of the bytes of one write, and refuses the rest."""
    lake, writes = Lake(folder / f"short-{place}"), 0

    def half(handle: int, data: bytes) -> int:
        nonlocal writes
        writes += 1
        if writes == place:
            return real(handle, data[: max(1, len(data) // 2)])
        if writes == place + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data)

    real = os.write
    refusing = SimpleNamespace(**vars(os) | {"write": half})  # for the files alone
    with mock.patch.object(durable_files, "os", refusing):
        outcome = run_with_fault(_answering(lake))
    found.note(outcome, f"short write {place}")
    judge_answers(found.answers, lake, f"short write {place}", ANSWERS)
