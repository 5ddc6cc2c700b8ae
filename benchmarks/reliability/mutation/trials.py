"""Trials: one changed file, one reader, one outcome. A worker process reads, and may die."""

from __future__ import annotations

import multiprocessing
import shutil
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks.reliability.attack import with_progress
from benchmarks.reliability.mutation.changes import CHANGES
from benchmarks.reliability.mutation.targets import FaultFound, Target, prepare, targets
from data_contracts.errors import SteelyardError

SECONDS_PER_TRIAL = 120
REFUSED, EQUAL, NAMED, ACCEPTED, TRACEBACK, ABORT = (
    "refused",
    "same answer",
    "other content, named by its digest",
    "accepted with another answer",
    "traceback",
    "abort",
)


@dataclass
class Outcomes:
    """Outcomes of trials by target, and the first trials of each kind that should not be."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, target: str, trial: str, outcome: str, words: str) -> None:
        """Count one trial."""
        self.counts.setdefault(target, Counter())[outcome] += 1
        if outcome in (ACCEPTED, TRACEBACK, ABORT):
            self.examples.setdefault(outcome, []).append(f"{target}: {trial}: {words[:300]}")

    def total(self, outcome: str | None = None) -> int:
        """Number of trials, or of those with an outcome."""
        counts = sum(self.counts.values(), Counter())
        return counts.total() if outcome is None else counts[outcome]


def run_trials(folder: Path, trials_per_target: int, seed: int = 0) -> Outcomes:
    """Change files of every target and read them in a worker.

    Parameters
    ----------
    folder
        An empty folder.
    trials_per_target
        Trials of each target, spread over its files and all ways to change them.
    seed
        Seed of the changes.
    """
    pristine, outcomes = folder / "pristine", Outcomes()
    prepare(pristine)
    wanted = [(name, i, seed) for name in targets(pristine) for i in range(trials_per_target)]
    while wanted:
        with _worker(pristine, folder / "work") as pipe:
            wanted = wanted[_serve(pipe, outcomes, wanted) :]
    return outcomes


@contextmanager
def _worker(pristine: Path, work: Path) -> Iterator[Connection]:
    """A process that runs trials, and the pipe to it."""
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    process = context.Process(target=work_on, args=(other, pristine, work))
    process.start()
    other.close()
    try:
        yield pipe
    finally:
        process.kill()
        process.join()
        pipe.close()


def _serve(pipe: Connection, outcomes: Outcomes, wanted: list[tuple[str, int, int]]) -> int:
    """Ask for trials until all are done or the worker dies; returns how many were asked for."""
    for asked, trial in enumerate(with_progress("changed files", wanted), 1):
        try:
            pipe.send(trial)
            if not pipe.poll(SECONDS_PER_TRIAL):
                raise EOFError("no answer")
            outcomes.add(trial[0], *pipe.recv())
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            outcomes.add(trial[0], f"trial {trial[1]}", ABORT, repr(error))
            return asked
    return len(wanted)


def work_on(pipe: Connection, pristine: Path, work: Path) -> None:
    """Run the trials that are asked for."""
    warnings.simplefilter("ignore")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(pristine, work)
    read, content = targets(work), {}
    while True:
        try:
            name, number, seed = pipe.recv()
        except EOFError:
            return
        target = read[name]
        if name not in content:
            content[name] = target.read(), target.named() if target.named else ""
        kept = _snapshot(work) if target.remake else {}
        file = target.files[number % len(target.files)]
        ways = list(CHANGES)
        way = ways[int(np.random.default_rng([number, seed]).integers(0, len(ways)))]
        body = file.read_bytes()
        try:
            file.write_bytes(CHANGES[way](body, np.random.default_rng([seed, number])))
            outcome, words = _outcome(target, file, *content[name])
        finally:
            if target.remake:
                _restore(work, kept)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        pipe.send((f"{file.name} {way} {number}", outcome, words))


def _outcome(target: Target, file: Path, expected: str, named: str) -> tuple[str, str]:
    """The outcome of reading a changed file, with the reader's words."""
    try:
        if target.remake:
            target.remake(file)
        found = target.read()
        if found == expected:
            return EQUAL, ""
        if target.named is not None and target.named() != named:
            return NAMED, ""
        return ACCEPTED, "another answer"
    except (SteelyardError, FaultFound) as error:
        return REFUSED, str(error)
    except Exception:
        return TRACEBACK, traceback.format_exc()[-300:]


def _snapshot(folder: Path) -> dict[Path, bytes]:
    """Bytes of all files below `models` and `lake`, which a remake changes."""
    parts = (folder / "models", folder / "lake" / "runs")
    return {p: p.read_bytes() for part in parts for p in part.rglob("*") if p.is_file()}


def _restore(folder: Path, kept: dict[Path, bytes]) -> None:
    for part in (folder / "models", folder / "lake" / "runs"):
        for path in part.rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink()
    for path, body in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != body:
            path.write_bytes(body)
