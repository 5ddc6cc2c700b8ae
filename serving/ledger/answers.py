"""The ledger of answers: append-only lines in a hash chain, on disk before an answer is given.

Several processes of one machine may share a ledger (ADR-0220). Each batch of lines is written under
a lock of the operating system, after the lines that others wrote meanwhile were read. There is one
chain, and a request id is answered once, whichever process it reaches.
"""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_contracts.storage.durable_files import append_durably, sync_file, sync_folder
from data_contracts.storage.torn_tail import file_inode, file_size, set_tail_aside, tails_set_aside
from serving.ledger.answer_lines import Answer, End, damaged_answer, read_answer, sealed_line
from serving.ledger.answer_segments import (
    MAX_SEGMENT_LINES,
    AnswerSegments,
    lines_with_starts,
)
from serving.ledger.hash_chain import LedgerDamaged, last_digest

MAX_WAITING_ANSWERS = 10_000  # while the disk refuses; more are turned away


class LedgerUnavailable(OSError):
    """The disk refuses answers, and many wait for it already."""


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
        self.segments, self.inode, self.day = AnswerSegments(path), 0, ""
        self.end = End()
        self.sealed = self.written = 0
        self.problem: str | None = None
        with self._exclusive():
            self._open_newest()
            set_tail_aside(path)
            self._take(*self._new_lines())
            if path.exists():  # lines of a killed process may not be on disk yet
                sync_file(path)
            sync_folder(path.parent)

    @property
    def head(self) -> str:
        """Digest of the last line that this process knows."""
        return self.end.head

    def find(self, request_id: str) -> Answer | None:
        """The answer to a request, None where this process knows of none.

        Raises
        ------
        LedgerDamaged
            It was answered, and the answer is not there any more or was edited.
        """
        with self.lock:
            waiting = self.waiting.get(request_id)
        return waiting if waiting is not None else self._on_disk(request_id)

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
        """The state for a probe."""
        return {
            "answers": self.end.lines,
            "waiting": len(self.waiting),
            "tornTails": [p.name for p in tails_set_aside(self.path)],
            "problem": self.problem,
        }

    def _write(self, batch: list[tuple[str, Answer]]) -> None:
        """Append a batch, less what another process answered, after the lines of others."""
        with self._exclusive():
            self._take(*self._new_lines())
            known = {name: first for name, _ in batch if (first := self._on_disk(name))}
            fresh = [(name, one) for name, one in batch if name not in known]
            if fresh and self._is_full(fresh[0][1].record):
                self.segments.seal(self.day, self.starts)
                self._open_newest()
            lines, head, size, starts = [], self.end.head, self.end.size, {}
            for name, one in fresh:
                line, head = sealed_line(one, head)
                lines.append(line)
                starts[name] = size
                size += len(line)
            if lines:
                append_durably(self.path, b"".join(lines))
            elif self.path.exists():
                sync_file(self.path)
            self._take(starts, End(self.end.lines + len(lines), size, head))
        for name, one in batch:
            if first := known.get(name):
                one.request_sha256, one.answer = first.request_sha256, first.answer

    def _on_disk(self, request_id: str) -> Answer | None:
        """The answer on disk to a request. Raises LedgerDamaged."""
        with self.lock:
            start, inode = self.starts.get(request_id), self.inode
        if start is not None and (found := read_answer(self.path, start, request_id)) is not None:
            return found
        if place := self.segments.find(request_id):
            if (found := read_answer(*place, request_id)) is None:
                raise damaged_answer(place[0], request_id)
            return found
        if start is not None and file_inode(self.path) == inode:  # no other process sealed it
            raise damaged_answer(self.path, request_id)
        return None

    def _is_full(self, record: dict[str, Any]) -> bool:
        """Whether the file is to be sealed before a record: a later day, or too many lines."""
        day = str(record.get("answered_at", ""))[:10]
        later = bool(self.day) and day > self.day
        return bool(self.end.size) and (later or len(self.starts) >= MAX_SEGMENT_LINES)

    def _open_newest(self) -> None:
        """Begin with the file that is written now; what was sealed is in the index."""
        self.segments.refresh()
        with self.lock:
            self.starts, self.inode, self.day = {}, 0, ""
            self.end = End(self.segments.lines, 0, self.segments.head)

    def _new_lines(self) -> tuple[dict[str, int], End]:
        """Lines that others wrote after `end`: where they begin, and the end then."""
        try:
            state = self.path.stat()
        except FileNotFoundError:
            state = None
        if self.inode and (state is None or state.st_ino != self.inode):
            self._follow_or_refuse()
        size = state.st_size if state else 0
        if size == self.end.size:
            return {}, self.end
        if size < self.end.size:
            raise LedgerDamaged(
                f"{self.path} has {size} bytes, and {self.end.size} were written: it was cut off"
            )
        set_tail_aside(self.path)
        starts, end = {}, self.end
        for start, record, stop in lines_with_starts(self.path, end.size):
            starts[record["request_id"]] = start
            end = End(end.lines + 1, stop, record["sha256"])
        return starts, end

    def _follow_or_refuse(self) -> None:
        """Go on where another process sealed the file, or a copy was put back. ADR-0393."""
        if self.segments.follow(self.inode, self.starts, self.end.size):
            self._open_newest()
            return
        size = self.end.size
        if file_size(self.path) < size or last_digest(self.path, size) != self.end.head:
            raise LedgerDamaged(
                f"{self.path} is not the file that was written: it was moved away, removed or "
                "replaced. Put it back; answers wait meanwhile"
            )
        with self.lock:
            self.inode = file_inode(self.path)

    def _take(self, starts: dict[str, int], end: End) -> None:
        with self.lock:
            self.starts |= starts
            self.end = end
        if end.size and not self.inode:
            self.inode = self.path.stat().st_ino
            with self.path.open("rb") as handle:
                self.day = str(json.loads(handle.readline()).get("answered_at", ""))[:10]

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the ledger; no other process reads on or writes meanwhile."""
        fcntl.flock(self.lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.lock_file, fcntl.LOCK_UN)
