"""The journal of answers: append-only lines, each with the digest of the one before."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from data_contracts.contract import contract
from data_contracts.lake import to_arrow, write_file

START = "0" * 64
WORDED = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False
)  # `json.dumps` would make it anew for each line
QUICK = msgspec.json.Encoder(order="sorted")  # a line of an answer takes a quarter of the time
SEALED = re.compile(rb'(.*),\s*"sha256":\s*"([0-9a-f]{64})"\}', re.DOTALL)


def sealed_line(record: dict[str, Any], previous: str) -> tuple[bytes, str]:
    """The line of an answer and its digest, which stands last in the line and is over all that stands before it."""
    body = QUICK.encode(record | {"previous_sha256": previous})
    digest = hashlib.sha256(body).hexdigest()
    return b'%b,"sha256":"%b"}\n' % (body[:-1], digest.encode()), digest


def seal(record: dict[str, Any], previous: str) -> dict[str, Any]:
    """A record with the digest before it and its own."""
    digest = hashlib.sha256(
        WORDED.encode(record | {"previous_sha256": previous}).encode()
    ).hexdigest()
    return record | {"previous_sha256": previous, "sha256": digest}


def records(path: Path) -> list[dict[str, Any]]:
    """Records of a chained file, oldest first; none where there is no file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def last_digest(path: Path) -> str:
    """Digest of the last record of a chained file, read from its end."""
    if not path.exists() or not (left := path.stat().st_size):
        return START
    with path.open("rb") as handle:
        tail = b""
        while left and b"\n" not in tail[:-1]:
            step = min(left, 65_536)
            left -= step
            handle.seek(left)
            tail = handle.read(step) + tail
    return json.loads(tail.splitlines()[-1])["sha256"]


def chained(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Append a record to a chained file, on disk before this returns; returns it sealed."""
    sealed = seal(record, last_digest(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        handle.write(WORDED.encode(sealed) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    return sealed


@dataclass(frozen=True, slots=True)
class Sealed:
    """An answer that is not on disk yet: the request's digest, the answer, its line and its place in the chain."""

    request_sha256: str
    answer: bytes
    line: bytes
    place: int


class Journal:
    """Answers by request id, backed by a file of JSON lines; one writer a file.

    `add` seals an answer into the chain, `sync` puts on disk what was sealed. An answer may be given once it is on disk. Of those that
    are only where they lie is kept in memory: a day of answers is gigabytes, and hardly any is asked for twice.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.lock, self.disk = path, threading.Lock(), threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.starts: dict[str, int] = {}
        self.waiting: dict[str, Sealed] = {}
        self.head = START
        self.sealed = self.written = 0
        if path.exists():
            start = 0
            with path.open("rb") as handle:
                for line in handle:
                    record = json.loads(line)
                    self.starts[record["request_id"]] = start
                    self.head, start = record["sha256"], start + len(line)

    def find(self, request_id: str) -> tuple[str, bytes, int] | None:
        """Digest of a request, the answer that was sealed for it, and its place: on disk once `written` has reached it."""
        with self.lock:
            held, start = self.waiting.get(request_id), self.starts.get(request_id)
        if held is not None:
            return held.request_sha256, held.answer, held.place
        if start is None:
            return None
        with self.path.open("rb") as handle:
            handle.seek(start)
            record = json.loads(handle.readline())
        return record["request_sha256"], record["answer"].encode(), 0

    def add(self, record: dict[str, Any], request_sha256: str, answer: bytes) -> int:
        """Seal one answer; returns its place in the chain."""
        more = {
            "request_sha256": request_sha256,
            "answer": answer.decode(),
            "answer_sha256": hashlib.sha256(answer).hexdigest(),
        }
        with self.lock:
            line, self.head = sealed_line(record | more, self.head)
            self.sealed += 1
            self.waiting[record["request_id"]] = Sealed(request_sha256, answer, line, self.sealed)
            return self.sealed

    def sync(self) -> int:
        """Write and sync what waits; returns the place that is on disk. When the disk refuses, nothing is left half written
        and the lines go on waiting: they are in the chain, and asking again gives the same answer once they are written."""
        with self.disk:
            with self.lock:
                held, upto = list(self.waiting.items()), self.sealed
            if not held:
                return self.written
            with self.path.open("ab") as handle:
                start = handle.tell()
                try:
                    handle.write(b"".join([one.line for _, one in held]))
                    handle.flush()
                    os.fsync(handle.fileno())
                except OSError:
                    os.truncate(self.path, start)
                    raise
            with self.lock:
                for request_id, one in held:
                    self.starts[request_id] = start
                    start += len(one.line)
                    del self.waiting[request_id]
                self.written = upto
            return upto


def first_broken(path: Path) -> int | None:
    """Line number (from 1) of the first record that does not follow from the one before; None when all do."""
    head = START
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            record = json.loads(line)
        except ValueError:
            return number
        if record.get("previous_sha256") != head or record.get("sha256") not in _digests(
            line, record
        ):
            return number
        head = record["sha256"]
    return None


def _digests(line: bytes, record: dict[str, Any]) -> tuple[str | None, str]:
    """Digests that a line may have: over its own text, as answers have it, and over the record with its keys in order, as decisions have."""
    text = SEALED.fullmatch(line)
    body = {k: v for k, v in record.items() if k not in ("previous_sha256", "sha256")}
    return hashlib.sha256(text[1] + b"}").hexdigest() if text else None, seal(
        body, record["previous_sha256"]
    )["sha256"]


def export(lake: Path) -> int:
    """The journal as the outbound table `boost_decisions`; returns its rows."""
    path = lake / "online" / "journal.jsonl"
    if not path.exists():
        return 0
    frame = pd.DataFrame(records(path)).drop(columns="answer")
    frame["answered_at"] = pd.to_datetime(frame["answered_at"])
    write_file(
        lake / "boost_decisions" / "journal.parquet", to_arrow(contract("boost_decisions"), frame)
    )
    return len(frame)
