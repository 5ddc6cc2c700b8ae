"""Kills at every call of the system while a night is recorded and while answers are given."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from benchmarks.harness.figures import Row
from benchmarks.harness.injection import Fault, run_with_fault
from benchmarks.harness.ledger_lake import NightLake, answer_all
from benchmarks.reliability.attack import Scale, attack_row, with_progress
from data_contracts.lake import Lake
from serving.ledger.answer_segments import all_segments
from serving.ledger.answers import AnswerLedger
from serving.ledger.hash_chain import read_records

ANSWERS = 12
SEED = 36


@dataclass
class Tally:
    """Trials, and those that lost, doubled or broke something."""

    places: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def rows(scale: Scale) -> list[Row]:
    """Kill at each place, run again without a fault, and compare with an undisturbed run."""
    nights, answers = Tally(), Tally()
    step = scale.pick(23, 1)
    _kill_nights(nights, step)
    _kill_answers(answers, step)
    _kill_at_random(answers, scale.pick(3, 60))
    total = nights.places + answers.places
    what = (
        "Kills before and after calls of the system, and at random moments, while a night is put "
        "in force and while answers are given"
    )
    target = f">= {scale.pick(10, 500)}"
    found = [attack_row("kills-places", what, total, target, scale=scale)]
    for name, what, tally in (
        ("decisions", "decisions of a night", nights),
        ("answers", "acknowledged answers", answers),
    ):
        for kind, trials in (
            ("lost", tally.lost),
            ("doubled", tally.doubled),
            ("broken", tally.broken),
        ):
            words = {"broken": f"Kills after which the ledger of {what} did not go on intact"}
            text = words.get(kind, f"Kills after which {what} were {kind}")
            why = "; ".join(trials[:3]) or None
            found.append(
                attack_row(f"kills-{name}-{kind}", text, len(trials), "<= 0", scale=scale, why=why)
            )
    return found


def _places(what: str, work: Callable[[], None], step: int) -> Iterator[Fault]:
    places = range(1, run_with_fault(work).calls + 1, step)
    faults = [Fault(place, after) for place in places for after in (False, True)]
    return with_progress(what, faults)


def _kill_nights(tally: Tally, step: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        prepared = NightLake(Path(temporary) / "counted")
        for fault in _places("kills of a night", prepared.put_in_force, step):
            lake = NightLake(Path(temporary) / f"{fault.place}-{fault.after}")
            where = f"call {fault.place}, {'after' if fault.after else 'before'}"
            tally.places += run_with_fault(lake.put_in_force, fault).killed
            tally.broken += [f"{where}: {w}" for w in lake.faults_in_force()]
            judge_night(tally, lake, where)


def judge_night(tally: Tally, lake: NightLake, where: str) -> None:
    """Run the night again without a fault and compare; the lake is removed."""
    try:
        lake.refill()
        lake.put_in_force()
        lost, doubled, faults = lake.compare()
        tally.lost += [where] if lost else []
        tally.doubled += [where] if doubled else []
        tally.broken += [f"{where}: {w}" for w in faults]
    except Exception as error:
        tally.broken.append(f"{where}: {type(error).__name__} {error}")
    lake.remove()


def _kill_answers(tally: Tally, step: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        first = Lake(Path(temporary) / "counted")
        work = partial(answer_all, first, ANSWERS)
        for fault in _places("kills of answers", work, step):
            lake = Lake(Path(temporary) / f"{fault.place}-{fault.after}")
            if run_with_fault(lambda lake=lake: answer_all(lake, ANSWERS), fault).killed:  # type: ignore[misc]
                tally.places += 1
                judge_answers(tally, lake, f"call {fault.place}", ANSWERS)


def judge_answers(tally: Tally, lake: Lake, where: str, answers: int) -> None:
    """Acknowledged answers are there; all are answered again, each once, in one chain."""
    given = lake.root / "given"
    acknowledged = given.read_text().split() if given.exists() else []
    try:
        ledger = AnswerLedger(lake.answers)
        tally.lost += [f"{where}: {a}" for a in acknowledged if ledger.find(a) is None]
        del ledger
        answer_all(lake, answers)
        records = [r for path in all_segments(lake.answers) for r in read_records(path)]
        ids = [r["request_id"] for r in records]
        tally.doubled += [where] if len(ids) != len(set(ids)) else []
        heads = [r["previous_sha256"] for r in records[1:]]
        tally.broken += [where] if heads != [r["sha256"] for r in records[:-1]] else []
    except Exception as error:
        tally.broken.append(f"{where}: {type(error).__name__} {error}")


def _kill_at_random(tally: Tally, kills: int) -> None:
    """A process answers without end; it is killed at a random moment and started again."""
    draw = random.Random(SEED)
    with tempfile.TemporaryDirectory() as temporary:
        lake = Lake(Path(temporary))
        for kill in with_progress("kills at random", range(kills)):
            with _started(lake, 40 * (kill + 1)):
                time.sleep(0.02 + 0.2 * draw.random())
            tally.places += 1
            judge_answers(tally, lake, f"random kill {kill + 1}", 4)


@contextmanager
def _started(lake: Lake, answers: int) -> Iterator[None]:
    process = get_context("fork").Process(target=answer_all, args=(lake, answers), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()
