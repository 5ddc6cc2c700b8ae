"""Sealed segments of the answers, and an index of the requests that they answer.

The newest answers are in `journal.jsonl`. When a day or a number of lines is full, that file is
renamed to `journal-DAY-NUMBER.jsonl` and never written again; the chain goes on in a new file. An
index on disk finds the answer to an old request, so that neither memory nor the time of a start
grow with the age of a service. The index is made again from the segments when it is lost.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from data_contracts.storage.durable_files import sync_file, sync_folder
from serving.ledger.hash_chain import GENESIS_DIGEST, last_digest, parse_lines

MAX_SEGMENT_LINES = 200_000
LINE_KEYS = ("request_id", "request_sha256", "answer", "sha256")
NUMBER = re.compile(r"-(\d{6})\.jsonl$")
TABLES = """
PRAGMA journal_mode=WAL;
CREATE TABLE IF NOT EXISTS segment (number INTEGER PRIMARY KEY, lines INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answered
    (request BLOB PRIMARY KEY, segment INTEGER NOT NULL, start INTEGER NOT NULL) WITHOUT ROWID;
"""


def sealed_segments(journal: Path) -> list[Path]:
    """Sealed segments of a journal, oldest first."""
    found = journal.parent.glob(f"{journal.stem}-*.jsonl")
    return sorted((p for p in found if NUMBER.search(p.name)), key=segment_number)


def all_segments(journal: Path) -> list[Path]:
    """Sealed segments and the file that is written, in the order of the chain."""
    return [*sealed_segments(journal), *([journal] if journal.exists() else [])]


def segment_number(path: Path) -> int:
    """Number of a sealed segment, from 1."""
    found = NUMBER.search(path.name)
    assert found is not None
    return int(found[1])


def lines_with_starts(path: Path, start: int = 0) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Each whole line from a byte on: where it begins, its record, where it ends.

    Raises LedgerDamaged.
    """
    with path.open("rb") as handle:
        handle.seek(start)
        lines = handle.read().splitlines(keepends=True)
    for line, record in zip(lines, parse_lines(lines, path, keys=LINE_KEYS), strict=True):
        yield start, record, start + len(line)
        start += len(line)


class AnswerSegments:
    """The sealed segments of a journal and their index.

    Parameters
    ----------
    journal
        The file that is written. Segments and index lie in its folder.
    """

    def __init__(self, journal: Path) -> None:
        self.journal = journal
        self.index = journal.with_name(f"{journal.stem}.index.sqlite")
        self.sealed: dict[int, Path] = {}
        self.lines, self.head = 0, GENESIS_DIGEST
        self.lock = threading.Lock()
        self.reader: sqlite3.Connection | None = None

    def refresh(self) -> None:
        """See which segments are sealed and index those that are not. Raises LedgerDamaged."""
        self.sealed = {segment_number(p): p for p in sealed_segments(self.journal)}
        if not self.sealed:
            return
        try:
            self._index_missing()
        except sqlite3.DatabaseError:  # a damaged index is made again
            self.reader = None
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self.index.with_name(self.index.name + suffix).unlink()
            self._index_missing()
        self.head = last_digest(self.sealed[max(self.sealed)])
        with self.lock:
            if self.reader is None:  # one for all threads: a new one costs more than the look-up
                self.reader = sqlite3.connect(self.index, check_same_thread=False)

    def seal(self, day: str) -> None:
        """Rename the journal to the next segment and index it. Raises OSError."""
        number = max(self.sealed, default=0) + 1
        sync_file(self.journal)
        self.journal.rename(self.journal.with_name(f"{self.journal.stem}-{day}-{number:06d}.jsonl"))
        sync_folder(self.journal.parent)
        self.refresh()

    def find(self, request_id: str) -> tuple[Path, int] | None:
        """Segment of the answer to a request, and where its line begins; None for no answer."""
        if self.reader is None:
            return None
        query = "SELECT segment, start FROM answered WHERE request = ?"
        with self.lock:
            row = self.reader.execute(query, (_key(request_id),)).fetchone()
        return None if row is None or row[0] not in self.sealed else (self.sealed[row[0]], row[1])

    def _index_missing(self) -> None:
        with self._connection() as connection:
            connection.executescript(TABLES)
            connection.execute("BEGIN IMMEDIATE")
            known = dict(connection.execute("SELECT number, lines FROM segment"))
            for number in sorted(self.sealed.keys() - known.keys()):
                found = list(lines_with_starts(self.sealed[number]))
                connection.executemany(
                    "INSERT OR IGNORE INTO answered VALUES (?, ?, ?)",
                    sorted((_key(r["request_id"]), number, start) for start, r, _ in found),
                )
                connection.execute("INSERT INTO segment VALUES (?, ?)", (number, len(found)))
                known[number] = len(found)
            connection.execute("COMMIT")
        self.lines = sum(known[number] for number in self.sealed)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.index, isolation_level=None, timeout=5)
        try:
            yield connection
        finally:
            connection.close()


def _key(request_id: str) -> bytes:
    return hashlib.sha256(request_id.encode()).digest()[:16]
