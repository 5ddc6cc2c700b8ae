"""The journal of answers: append-only lines, each with the digest of the one before."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.contract import contract
from data_contracts.lake import to_arrow, write_file

START = "0" * 64


def seal(record: dict[str, Any], previous: str) -> dict[str, Any]:
    """A record with the digest before it and its own."""
    linked = record | {"previous_sha256": previous}
    return linked | {"sha256": hashlib.sha256(json.dumps(linked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()}


def records(path: Path) -> list[dict[str, Any]]:
    """Records of a chained file, oldest first; none where there is no file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def chained(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Append a record to a chained file, on disk before this returns; returns it sealed."""
    before = records(path)
    sealed = seal(record, before[-1]["sha256"] if before else START)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(sealed, sort_keys=True, ensure_ascii=False) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    return sealed


class Journal:
    """Answers by request id, backed by a file of JSON lines; one writer a file."""

    def __init__(self, path: Path) -> None:
        self.path, self.lock, self.disk = path, threading.Lock(), threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.answers: dict[str, tuple[str, bytes]] = {}
        self.head = START
        self.waiting: list[bytes] = []
        self.sealed = self.written = 0
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                record = json.loads(line)
                self.answers[record["request_id"]] = (record["request_sha256"], record["answer"].encode())
                self.head = record["sha256"]

    def find(self, request_id: str) -> tuple[str, bytes] | None:
        """Digest of the request and the answer given to it, if there was one."""
        return self.answers.get(request_id)

    def append(self, record: dict[str, Any], request_sha256: str, answer: bytes) -> None:
        """Write one answer; it is on disk before it is given. Answers that wait for the disk together share one sync."""
        more = {"request_sha256": request_sha256, "answer": answer.decode(), "answer_sha256": hashlib.sha256(answer).hexdigest()}
        with self.lock:
            full = seal(record | more, self.head)
            self.waiting.append((json.dumps(full, sort_keys=True, ensure_ascii=False) + "\n").encode())
            self.head = full["sha256"]
            self.sealed += 1
            mine = self.sealed
        with self.disk:
            if self.written < mine:
                self._write()
        self.answers[record["request_id"]] = (request_sha256, answer)

    def _write(self) -> None:
        """Write and sync what waits; when the disk refuses, nothing is left half written and the lines go on waiting."""
        with self.lock:
            lines, self.waiting, upto = self.waiting, [], self.sealed
        with self.path.open("ab") as handle:
            size = handle.tell()
            try:
                handle.write(b"".join(lines))
                handle.flush()
                os.fsync(handle.fileno())
            except OSError:
                with self.lock:
                    self.waiting = lines + self.waiting
                os.truncate(self.path, size)
                raise
        self.written = upto


def first_broken(path: Path) -> int | None:
    """Line number (from 1) of the first record that does not follow from the one before; None when all do."""
    head = START
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        record = json.loads(line)
        body = {k: v for k, v in record.items() if k not in ("previous_sha256", "sha256")}
        if seal(body, head) != record:
            return number
        head = record["sha256"]
    return None


def export(lake: Path) -> int:
    """The journal as the outbound table `boost_decisions`; returns its rows."""
    path = lake / "online" / "journal.jsonl"
    if not path.exists():
        return 0
    frame = pd.DataFrame([json.loads(line) for line in path.read_text("utf-8").splitlines()]).drop(columns="answer")
    frame["answered_at"] = pd.to_datetime(frame["answered_at"])
    write_file(lake / "boost_decisions" / "journal.parquet", to_arrow(contract("boost_decisions"), frame))
    return len(frame)
