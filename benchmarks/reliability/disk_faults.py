"""A disk that is full, fails or takes half, at every write of a night and of answers.

Calls of the system by Python are refused one by one while a night is put in force and while
answers are given. Half of a write is taken at each write that `nightly` makes: checks, tables,
report, manifest, ledger, signature, pointer. Arrow's writes of tables are cut by a limit on the
file (`disk.short_writes`). Writes of SQLite are attacked in `dependency_faults`, spilling in
`limits`.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.harness.figures import Row
from benchmarks.harness.injection import (
    CHANGING_CALLS,
    Fault,
    Outcome,
    run_in_child,
    run_with_fault,
)
from benchmarks.harness.ledger_lake import NightLake, answer_all
from benchmarks.reliability.attack import Scale, attack_row, with_progress
from benchmarks.reliability.disk.order_night import OrderNight
from benchmarks.reliability.disk.short_writes import (
    ShortWritingDisk,
    Write,
    counted_writes,
)
from benchmarks.reliability.kills import Tally, judge_answers, judge_night
from data_contracts.lake import Lake

ANSWERS = 10
ERRORS = (errno.ENOSPC, errno.EIO)


@dataclass(frozen=True)
class Cut:
    """A write of which half is taken, and whether the disk is full from then on."""

    write: Write
    fills: bool


@dataclass
class Refusals:
    """Trials, and how the faults were reported."""

    night: Tally = field(default_factory=Tally)
    answers: Tally = field(default_factory=Tally)
    faults: int = 0
    halves: dict[str, int] = field(default_factory=dict)
    tracebacks: list[str] = field(default_factory=list)

    def note(self, outcome: Outcome, where: str) -> None:
        """Count a fault, and a traceback where the fault came out as one."""
        self.faults += 1
        if outcome.traceback:
            self.tracebacks.append(f"{where}: {outcome.traceback.splitlines()[-1]}")

    def note_cut(self, kind: str, cut: Cut) -> str:
        """Count a cut by its kind; returns what a report of its fault begins with."""
        self.halves[kind] = self.halves.get(kind, 0) + 1
        then = "the disk is full" if cut.fills else "the rest is taken"
        return f"{kind}, half of write {cut.write.number} ({cut.write.name}), then {then}"


def rows(scale: Scale) -> list[Row]:
    """Refuse each changing call once, cut each write once, run again with room, and compare."""
    found, step = Refusals(), scale.pick(9, 1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _nights(found, folder, step)
        _answers(found, folder, step)
        _cut_nights(found, folder, scale.pick(300, 1))
        _cut_recordings(found, folder, scale.pick(4, 1))
        _cut_answers(found, folder, scale.pick(9, 1))
    kinds = (
        ("lost", found.night.lost + found.answers.lost, "something was lost"),
        ("doubled", found.night.doubled + found.answers.doubled, "something was recorded twice"),
        ("broken", found.night.broken + found.answers.broken, "a night or ledger is not intact"),
        ("tracebacks", found.tracebacks, "the error came out as a traceback"),
    )
    what = "Faults of the disk: full, failing or half written, before and after the call"
    cut = ", ".join(f"{n} of {kind}" for kind, n in found.halves.items())
    halves = f"Half of a write taken, the rest refused or taken later: {cut}"
    out = [
        attack_row(
            "disk_faults-places", what, found.faults, f">= {scale.pick(10, 300)}", scale=scale
        ),
        attack_row(
            "disk_faults-halves",
            halves,
            sum(found.halves.values()),
            f">= {scale.pick(5, 500)}",
            scale=scale,
        ),
    ]
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


def _cut_nights(found: Refusals, folder: Path, step: int) -> None:
    """Whole nights of a small lake, whose scores are computed once."""
    night = OrderNight(folder / "orders")
    cuts = _cuts(sorted(night.writes, key=lambda w: w.by_arrow))[::step]
    for cut in with_progress("short writes of a night", cuts):
        lake = night.copy()
        where = found.note_cut("tables" if cut.write.by_arrow else "other files of a night", cut)
        work = partial(night.publish, lake)
        found.night.broken += _faults_of_cut(found, where, lake.root, work, cut)
        found.night.broken += [f"{where}: {w}" for w in night.faults(lake)]


def _cut_recordings(found: Refusals, folder: Path, step: int) -> None:
    """A night that is put in force after another one."""
    counted = NightLake(folder / "recorded-counted")
    for cut in _cuts(counted_writes(counted.lake.root, counted.put_in_force))[::step]:
        night = NightLake(folder / "recorded")
        where = found.note_cut("a recording", cut)
        work = night.put_in_force
        found.night.broken += _faults_of_cut(found, where, night.lake.root, work, cut)
        found.night.broken += [f"{where}: {w}" for w in night.faults_in_force()]
        judge_night(found.night, night, where)


def _cut_answers(found: Refusals, folder: Path, step: int) -> None:
    """Answers of several days, and their signature."""
    counted = Lake(folder / "answers-cut")
    for cut in _cuts(counted_writes(counted.journal, _answering(counted)))[::step]:
        lake = Lake(folder / f"answers-cut-{cut.write.number}-{cut.fills}")
        where, work = found.note_cut("answers", cut), _answering(lake)
        found.answers.broken += _faults_of_cut(found, where, lake.journal, work, cut)
        judge_answers(found.answers, lake, where, ANSWERS)


def _cuts(writes: list[Write]) -> list[Cut]:
    """Each write on a disk that is full then; those of Python also where the rest is taken."""
    return [Cut(w, fills) for w in writes for fills in (True, False) if fills or not w.by_arrow]


def _faults_of_cut(
    found: Refusals, where: str, folder: Path, work: Callable[[], None], cut: Cut
) -> list[str]:
    """Run work with a cut; a fault where it goes on when it should stop, or stops for nothing."""

    def on_the_disk() -> None:
        with ShortWritingDisk(folder, cut.write, fills=cut.fills).mounted():
            work()

    outcome = run_in_child(on_the_disk)
    found.note(outcome, where)
    is_stopped = bool(outcome.error or outcome.traceback)
    if is_stopped == cut.fills:
        return []
    words = "half of a write was taken for a whole one" if cut.fills else outcome.error
    return [f"{where}: {words}"]
