"""The ledger of answers: append-only lines in a hash chain, on disk before an answer is given.

Several processes of one machine may share a ledger (ADR-0220). Each batch of lines is written under
a lock of the operating system, after the lines that others wrote meanwhile were read. There is one
chain, and a request id is answered once, whichever process it reaches.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.contract import contract
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import to_arrow, write_file
from data_contracts.storage.durable_files import append_durably, sync_file, sync_folder
from serving.ledger.hash_chain import (
    GENESIS_DIGEST,
    LedgerDamaged,
    parse_lines,
    read_records,
    seal_answer,
)
from serving.ledger.torn_tail import file_size, set_tail_aside, tails_set_aside

LINE_KEYS = ("request_id", "request_sha256", "answer", "sha256")
MAX_WAITING_ANSWERS = 10_000  # while the disk refuses; more are turned away


class LedgerUnavailable(OSError):
    """The disk refuses answers, and many wait for it already."""


@dataclass(slots=True)
class Answer:
    """An answer and the digest of its request. It may be given once `written` reaches its place.

    Another process may have answered the same request first. Its digest and answer then replace
    these before the place is reached.
    """

    request_sha256: str
    answer: bytes
    place: int = 0
    record: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewLines:
    """Lines on disk that this process has not read before: where they begin, by request id."""

    starts: dict[str, int]
    head: str
    end: int


class AnswerLedger:
    """Answers by request id, in a file of JSON lines.

    `add` takes an answer, `sync` seals waiting answers into the chain and puts them on disk. Memory
    then keeps only the position of an answer in the file: a day of answers is gigabytes, and few
    are read twice.

    Parameters
    ----------
    path
        The file; it is made by the first answer. A torn last line is set aside.

    Raises
    ------
    LedgerDamaged
        A line before the last is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.lock, self.disk = path, threading.Lock(), threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock_file = path.with_name(f".{path.name}.lock").open("w")
        self.starts: dict[str, int] = {}
        self.waiting: dict[str, Answer] = {}
        self.head, self.end = GENESIS_DIGEST, 0
        self.sealed = self.written = 0
        self.problem: str | None = None
        with self._exclusive():
            set_tail_aside(path)
            self._take(self._new_lines())
            if path.exists():  # lines of a killed process may not be on disk yet
                sync_file(path)
            sync_folder(path.parent)

    def find(self, request_id: str) -> Answer | None:
        """The answer to a request, None where this process knows of none."""
        with self.lock:
            waiting, start = self.waiting.get(request_id), self.starts.get(request_id)
        if waiting is not None:
            return waiting
        return None if start is None else self._read_answer(start)

    def add(self, record: dict[str, Any], request_sha256: str, answer: bytes) -> Answer:
        """Take an answer that is to be written; `record["request_id"]` names its request.

        Raises
        ------
        LedgerUnavailable
            The disk refuses, and too many answers wait.
        """
        with self.lock:
            if len(self.waiting) >= MAX_WAITING_ANSWERS:
                raise LedgerUnavailable(f"{len(self.waiting)} answers wait for {self.path}")
            self.sealed += 1
            one = Answer(request_sha256, answer, self.sealed, record)
            self.waiting[record["request_id"]] = one
            return one

    def sync(self) -> int:
        """Seal, write and sync the waiting answers; returns the last place on disk.

        A disk error leaves no half-written line. The answers wait on: a retry of the request gives
        the same answer once they are written.

        Raises
        ------
        OSError
            The disk refused; `problem` says how until a sync succeeds.
        LedgerDamaged
            The file was cut off or damaged since it was read.
        """
        with self.disk:
            with self.lock:
                batch, last_place = list(self.waiting.items()), self.sealed
            if not batch:
                return self.written
            try:
                self._write(batch)
            except (OSError, LedgerDamaged) as error:
                self.problem = str(error)
                raise
            with self.lock:
                for request_id, _ in batch:
                    del self.waiting[request_id]
                self.written, self.problem = last_place, None
            return last_place

    def state(self) -> dict[str, Any]:
        """What a probe shows: answers known, those that wait, torn tails, and what is wrong."""
        return {
            "answers": len(self.starts),
            "waiting": len(self.waiting),
            "tornTails": [p.name for p in tails_set_aside(self.path)],
            "problem": self.problem,
        }

    def _write(self, batch: list[tuple[str, Answer]]) -> None:
        """Append a batch, less what another process answered, after the lines of others."""
        with self._exclusive():
            found = self._new_lines()
            known = self.starts | found.starts if found.starts else self.starts
            lines, head, end, starts = [], found.head, found.end, found.starts
            answered = [(one, known[name]) for name, one in batch if name in known]
            for request_id, one in batch:
                if request_id in known:
                    continue
                seals = {
                    "request_sha256": one.request_sha256,
                    "answer": one.answer.decode(),
                    "answer_sha256": hashlib.sha256(one.answer).hexdigest(),
                }
                line, head = seal_answer(one.record | seals, head)
                lines.append(line)
                starts[request_id] = end
                end += len(line)
            if lines:
                append_durably(self.path, b"".join(lines))
            else:
                sync_file(self.path)
        self._take(NewLines(starts, head, end))
        for one, start in answered:
            first = self._read_answer(start)
            one.request_sha256, one.answer = first.request_sha256, first.answer

    def _new_lines(self) -> NewLines:
        """Lines that others wrote after `end`. Raises LedgerDamaged."""
        size = file_size(self.path)
        if size == self.end:
            return NewLines({}, self.head, self.end)
        if size < self.end:
            raise LedgerDamaged(
                f"{self.path} has {size} bytes, and {self.end} were written: it was cut off"
            )
        set_tail_aside(self.path)
        starts, start, head = {}, self.end, self.head
        with self.path.open("rb") as handle:
            handle.seek(start)
            lines = handle.read().splitlines(keepends=True)
        for line, record in zip(lines, parse_lines(lines, self.path, keys=LINE_KEYS), strict=True):
            starts[record["request_id"]] = start
            head, start = record["sha256"], start + len(line)
        return NewLines(starts, head, start)

    def _take(self, found: NewLines) -> None:
        with self.lock:
            self.starts |= found.starts
            self.head, self.end = found.head, found.end

    def _read_answer(self, start: int) -> Answer:
        with self.path.open("rb") as handle:
            handle.seek(start)
            record = json.loads(handle.readline())
        return Answer(record["request_sha256"], record["answer"].encode())

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the ledger; no other process reads on or writes meanwhile."""
        fcntl.flock(self.lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.lock_file, fcntl.LOCK_UN)


def export_answers(lake: LakeOrFolder) -> int:
    """Write the answers as the outbound table `boost_decisions`; returns the number of rows."""
    lake = Lake.open(lake)
    path = lake.answers
    if not path.exists():
        return 0
    frame = pd.DataFrame(read_records(path)).drop(columns="answer")
    frame["answered_at"] = pd.to_datetime(frame["answered_at"])
    write_file(
        lake.boost_decisions / "journal.parquet", to_arrow(contract("boost_decisions"), frame)
    )
    return len(frame)
