"""A disk that takes half of one write and refuses the rest, whichever library writes.

Writes of Python's files and of `os.write` are counted one by one. Half of the bytes of one of them
reach the file, and all writes after it are refused with ENOSPC. Arrow writes Parquet below Python.
A first run counts its writes through a Python file. The fault is a limit on the size of files
(RLIMIT_FSIZE) in the middle of a write. The kernel takes half and refuses the rest with EFBIG. Both
last until the process ends. A disk that does not fill takes half once and the rest afterwards, as a
signal makes it do. SQLite and the spill files of DuckDB are not counted.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pyarrow.parquet as pq

from data_contracts import parquet


@dataclass(frozen=True)
class Write:
    """A write to a file: its number from 1, the file, and how it is cut.

    Parameters
    ----------
    number
        Place among all writes.
    name
        Name of the file.
    first
        Number of the first write of the same opening, for files of Arrow; else 0.
    half
        Size in bytes that a file of Arrow has with half of this write; else 0.
    """

    number: int
    name: str
    first: int = 0
    half: int = 0

    @property
    def by_arrow(self) -> bool:
        """Whether Arrow writes, below Python."""
        return self.first > 0


class ShortWritingDisk:
    """Counts the writes below a folder, and takes half of one of them.

    Parameters
    ----------
    folder
        Only files below it are counted.
    fault
        The write that is cut; None counts alone.
    fills
        Whether the disk is full from then on; else it takes the rest when it is written again.
    """

    def __init__(self, folder: Path, fault: Write | None = None, *, fills: bool = True) -> None:
        self.folder, self.fault, self.fills = f"{folder.resolve()}/", fault, fills
        self.writes: list[Write] = []
        self._is_full = False

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """All writes of this process go to the disk."""
        opened, written = io.open, os.write
        arrow = SimpleNamespace(**vars(pq) | {"ParquetWriter": self._arrow_writer})

        def counted_open(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
            if not set(mode) & set("wax+") or options.get("opener"):
                return opened(file, mode, *rest, **options)
            return _open_to_write(self, file, mode, *rest, **options)

        def counted_write(handle: int, data: Any) -> int:
            return self.write(handle, partial(written, handle), data)

        with ExitStack() as patches:
            patches.enter_context(mock.patch.object(io, "open", counted_open))
            patches.enter_context(mock.patch.object(builtins, "open", counted_open))
            patches.enter_context(mock.patch.object(os, "write", counted_write))
            patches.enter_context(mock.patch.object(parquet, "pq", arrow))
            yield

    def write(
        self, handle: int, write: Callable[[Any], int], data: Any, *, first: int = 0, size: int = 0
    ) -> int:
        """Count one write of a file of Python, and cut it or refuse it where the fault is."""
        path = str(Path(f"/proc/self/fd/{handle}").readlink())
        if not path.startswith(self.folder):
            return write(data)
        number, half = len(self.writes) + 1, len(data) // 2
        made = Write(number, Path(path).name, first, size + half if first else 0)
        self.writes.append(made)
        if self._is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.fault is None or number != self.fault.number:
            return write(data)
        self._is_full = self.fills
        return write(memoryview(data)[: max(1, half)])

    def _arrow_writer(self, path: Path, schema: Any, **options: Any) -> pq.ParquetWriter:
        """A writer that is counted, or the writer whose file gets the limit."""
        number = len(self.writes) + 1
        if self.fault is not None and self.fault.by_arrow and self.fault.first == number:
            return _LimitedWriter(self.fault.half, path, schema, **options)
        return _CountedWriter(self, path, schema, **options)


def counted_writes(folder: Path, work: Callable[[], None]) -> list[Write]:
    """All writes of work below a folder, in order."""
    disk = ShortWritingDisk(folder)
    with disk.mounted():
        work()
    return disk.writes


class _CountedFile(io.FileIO):
    """A raw file of Python whose writes a disk counts."""

    def __init__(
        self, disk: ShortWritingDisk, file: Any, mode: str, closefd: bool = True, first: int = 0
    ) -> None:
        super().__init__(file, mode, closefd)
        self._disk, self._first = disk, first

    def write(self, data: Any) -> int:
        """Write as the disk lets it."""
        size = self.tell() if self._first else 0
        return self._disk.write(self.fileno(), super().write, data, first=self._first, size=size)


def _open_to_write(
    disk: ShortWritingDisk,
    file: Any,
    mode: str,
    buffering: int = -1,
    *text: Any,
    closefd: bool = True,
    **named_text: Any,
) -> Any:
    """As `open`, with the same buffers above a raw file whose writes are counted."""
    raw = _CountedFile(disk, file, mode.replace("b", "").replace("t", ""), closefd)
    if buffering == 0:
        return raw
    buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
    if "b" in mode:
        return buffered
    named_text["line_buffering"] = buffering == 1
    return io.TextIOWrapper(buffered, *text, **named_text)


class _CountedWriter(pq.ParquetWriter):
    """Writes through a counted file of Python."""

    def __init__(self, disk: ShortWritingDisk, path: Path, schema: Any, **options: Any) -> None:
        self._file = _CountedFile(disk, path, "w", first=len(disk.writes) + 1)
        super().__init__(self._file, schema, **options)

    def close(self) -> None:
        """Close the writer and its file."""
        super().close()
        self._file.close()


class _LimitedWriter(pq.ParquetWriter):
    """Writes as Arrow does, to a file that the kernel lets grow to half of a write."""

    def __init__(self, half: int, path: Path, schema: Any, **options: Any) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write returns an error instead
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (half, hard))
        super().__init__(path, schema, **options)
