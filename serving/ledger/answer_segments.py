"""Sealed segments of the answers, and an index of the requests that they answer.

The newest answers are in `journal.jsonl`. When a day or a number of lines is full, that file is
renamed to `journal-DAY-NUMBER.jsonl` and never written again. The chain goes on in a new file.

An index on disk finds the answer to an old request. So neither memory nor the time of a start grows
with the age of a service. The index is made again from the segments when it is lost.

A large segment is indexed aside by a thread, and found in memory meanwhile. ADR-0398.
"""

from __future__ import annotations

import errno
import hashlib
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any

import structlog

from data_contracts.storage.durable_files import sync_file, sync_folder
from serving.ledger.hash_chain import GENESIS_DIGEST, last_digest, parse_lines

MAX_SEGMENT_LINES = 200_000
MAX_INLINE_LINES = 2_000  # a larger segment is indexed aside
LINES_PER_INSERT = 500
BUSY_SECONDS = 5.0
NO_DAMAGE = {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY"}
LINE_KEYS = ("request_id", "request_sha256", "answer", "sha256")
NUMBER = re.compile(r"-(\d{6})\.jsonl$")
TABLES = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
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
        self.gone: set[int] = set()  # in the index, and moved away
        self.unindexed: dict[int, dict[str, int]] = {}
        self.lines, self.head = 0, GENESIS_DIGEST
        self.lock = threading.Lock()
        self.reader: sqlite3.Connection | None = None
        self.indexer: threading.Thread | None = None

    def refresh(self) -> None:
        """See which segments are sealed, and index those that are not.

        Raises LedgerDamaged where such a one cannot be read, OSError where the disk refuses.
        """
        self.sealed = {segment_number(p): p for p in sealed_segments(self.journal)}
        if not self.sealed:
            return
        try:
            self._index_missing()
        except sqlite3.DatabaseError as error:  # a damaged or locked index is made again
            if _error_name(error) in NO_DAMAGE:
                raise OSError(errno.EIO, f"the index of answers: {error}", self.index) from error
            self._remove_index()
            self._index_missing()
        self.head = last_digest(self.sealed[max(self.sealed)])
        self._open_reader()
        self._index_aside()

    def seal(self, day: str, starts: dict[str, int]) -> None:
        """Rename the journal to the next segment; `starts` tells where its answers begin.

        `refresh` is to follow. Raises OSError.
        """
        number = max(self.sealed.keys() | self.gone, default=0) + 1
        sync_file(self.journal)
        self.journal.rename(self.journal.with_name(f"{self.journal.stem}-{day}-{number:06d}.jsonl"))
        sync_folder(self.journal.parent)
        self._keep(number, starts)

    def follow(self, inode: int, starts: dict[str, int], size: int) -> bool:
        """Keep what is known of a journal that another process sealed; False where none did.

        Parameters
        ----------
        inode, size
            Of the journal, as far as it was read.
        starts
            Where its answers begin.

        Raises
        ------
        LedgerDamaged
            What was written after those bytes cannot be read.
        """
        for path in sealed_segments(self.journal):
            if path.stat().st_ino == inode:
                rest = {r["request_id"]: start for start, r, _ in lines_with_starts(path, size)}
                self._keep(segment_number(path), starts | rest)
                return True
        return False

    def find(self, request_id: str) -> tuple[Path, int] | None:
        """Segment of the answer to a request, and where its line begins; None for no answer.

        A segment that was moved away has a name that is no file.
        """
        with self.lock:
            for number, starts in self.unindexed.items():
                if request_id in starts:
                    return self.sealed[number], starts[request_id]
            if self.reader is None:
                return None
            query = "SELECT segment, start FROM answered WHERE request = ?"
            row = self.reader.execute(query, (_key(request_id),)).fetchone()
        if row is None or row[0] not in self.sealed.keys() | self.gone:
            return None
        gone = self.journal.with_name(f"{self.journal.stem}-*-{row[0]:06d}.jsonl")
        return self.sealed.get(row[0], gone), row[1]

    def _keep(self, number: int, starts: dict[str, int]) -> None:
        """Keep a large segment in memory until it is in the index."""
        if len(starts) > MAX_INLINE_LINES:
            with self.lock:
                self.unindexed[number] = starts

    def _index_missing(self) -> None:
        """Index segments that are neither in the index nor in memory."""
        with self._connection() as connection:
            known = dict(connection.execute("SELECT number, lines FROM segment"))
            with self.lock:
                for number in self.unindexed.keys() & known.keys():
                    del self.unindexed[number]
                kept = {number: len(starts) for number, starts in self.unindexed.items()}
            for number in sorted(self.sealed.keys() - known.keys() - kept.keys()):
                found = lines_with_starts(self.sealed[number])
                starts = {record["request_id"]: start for start, record, _ in found}
                _insert(connection, number, starts)
                known[number] = len(starts)
        self.gone = known.keys() - self.sealed.keys()
        self.lines = sum((known | kept)[number] for number in self.sealed)

    def _index_aside(self) -> None:
        """Index what is kept in memory, in a thread; at most one runs."""
        running = self.indexer is not None and self.indexer.is_alive()
        if self.unindexed and not running:
            self.indexer = threading.Thread(target=self._index_kept, daemon=True, name="index")
            self.indexer.start()

    def _index_kept(self) -> None:
        """Move segments from memory into the index. What fails waits for the next segment."""
        with self.lock:
            kept = list(self.unindexed.items())
        try:
            for number, starts in kept:
                with self._connection() as connection:
                    _insert(connection, number, starts)
                self._open_reader()
                with self.lock:
                    self.unindexed.pop(number, None)
        except sqlite3.Error as error:
            structlog.get_logger().warning("answers not indexed", error=str(error))

    def _remove_index(self) -> None:
        self.reader = None
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self.index.with_name(self.index.name + suffix).unlink()

    def _open_reader(self) -> None:
        with self.lock:
            if self.reader is None:  # one for all threads: a new one costs more than the look-up
                self.reader = sqlite3.connect(self.index, check_same_thread=False)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.index, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            connection.executescript(TABLES)
            yield connection
        finally:
            connection.close()


def _insert(connection: sqlite3.Connection, number: int, starts: dict[str, int]) -> None:
    """Index a segment in large statements: other threads have the interpreter meanwhile."""
    left = iter(starts.items())
    while some := list(islice(left, LINES_PER_INSERT)):
        values = ",".join(["(?,?,?)"] * len(some))
        rows = chain.from_iterable((_key(name), number, start) for name, start in some)
        connection.execute(f"INSERT OR IGNORE INTO answered VALUES {values}", list(rows))
    connection.execute("INSERT OR REPLACE INTO segment VALUES (?, ?)", (number, len(starts)))


def _error_name(error: sqlite3.Error) -> str:
    """The primary code of an error, such as `SQLITE_FULL`."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def _key(request_id: str) -> bytes:
    return hashlib.sha256(request_id.encode()).digest()[:16]
