"""The ledger of answers: append-only lines in a hash chain, on disk before an answer is given."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.contract import contract
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import to_arrow, write_file
from serving.ledger.hash_chain import GENESIS_DIGEST, read_records, seal_answer


@dataclass(frozen=True, slots=True)
class SealedAnswer:
    """An answer that is not on disk yet, with its line and its place in the chain."""

    request_sha256: str
    answer: bytes
    line: bytes
    place: int


class AnswerLedger:
    """Answers by request id, in a file of JSON lines with one writer.

    `add` seals an answer into the chain, `sync` puts sealed answers on disk. An answer may be given
    once it is on disk. Memory then keeps only its position in the file: a day of answers is
    gigabytes, and few are read twice.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.lock, self.disk = path, threading.Lock(), threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.starts: dict[str, int] = {}
        self.waiting: dict[str, SealedAnswer] = {}
        self.head = GENESIS_DIGEST
        self.sealed = self.written = 0
        if path.exists():
            start = 0
            with path.open("rb") as handle:
                for line in handle:
                    record = json.loads(line)
                    self.starts[record["request_id"]] = start
                    self.head, start = record["sha256"], start + len(line)

    def find(self, request_id: str) -> tuple[str, bytes, int] | None:
        """Digest of a request, its sealed answer, and its place in the chain.

        The answer is on disk once `written` has reached its place.
        """
        with self.lock:
            waiting, start = self.waiting.get(request_id), self.starts.get(request_id)
        if waiting is not None:
            return waiting.request_sha256, waiting.answer, waiting.place
        if start is None:
            return None
        with self.path.open("rb") as handle:
            handle.seek(start)
            record = json.loads(handle.readline())
        return record["request_sha256"], record["answer"].encode(), 0

    def add(self, record: dict[str, Any], request_sha256: str, answer: bytes) -> int:
        """Seal one answer; returns its place in the chain."""
        seals = {
            "request_sha256": request_sha256,
            "answer": answer.decode(),
            "answer_sha256": hashlib.sha256(answer).hexdigest(),
        }
        with self.lock:
            line, self.head = seal_answer(record | seals, self.head)
            self.sealed += 1
            self.waiting[record["request_id"]] = SealedAnswer(
                request_sha256, answer, line, self.sealed
            )
            return self.sealed

    def sync(self) -> int:
        """Write and sync the waiting answers; returns the last place on disk.

        A disk error leaves no half-written line. The answers stay in the chain and wait: a retry
        of the request gives the same answer once they are written.
        """
        with self.disk:
            with self.lock:
                batch, last_place = list(self.waiting.items()), self.sealed
            if not batch:
                return self.written
            with self.path.open("ab") as handle:
                start = handle.tell()
                try:
                    handle.write(b"".join([one.line for _, one in batch]))
                    handle.flush()
                    os.fsync(handle.fileno())
                except OSError:
                    os.truncate(self.path, start)
                    raise
            with self.lock:
                for request_id, one in batch:
                    self.starts[request_id] = start
                    start += len(one.line)
                    del self.waiting[request_id]
                self.written = last_place
            return last_place


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
