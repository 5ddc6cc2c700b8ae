"""Torn tails: what a kill or a power cut leaves after the last whole line of a file.

A line is acknowledged after it is synced with its newline. Bytes after the last newline were
therefore never acknowledged. They are kept in a named file in the same folder.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import structlog

from data_contracts.storage.durable_files import sync_file, write_durably

BLOCK_BYTES = 65_536


def file_size(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def file_inode(path: Path) -> int:
    """The inode of a file, 0 where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def tail_start(path: Path) -> int:
    """The offset after the last newline; the size of the file where nothing follows it."""
    left = path.stat().st_size
    with path.open("rb") as handle:
        while left:
            step = min(left, BLOCK_BYTES)
            handle.seek(left - step)
            at = handle.read(step).rfind(b"\n")
            if at >= 0:
                return left - step + at + 1
            left -= step
    return 0


def set_tail_aside(path: Path) -> Path | None:
    """Move the torn tail of a file into a file of its own; returns that file, None without a tail.

    The tail is on disk in its new place before it is cut off, so a second power cut loses nothing.
    """
    if not (size := file_size(path)) or (start := tail_start(path)) == size:
        return None
    with path.open("rb") as handle:
        handle.seek(start)
        tail = handle.read()
    aside = path.with_name(f"{path.name}.torn-{start}-{hashlib.sha256(tail).hexdigest()[:8]}")
    write_durably(aside, tail, 0o600)
    os.truncate(path, start)
    sync_file(path)
    structlog.get_logger().warning(
        "torn tail set aside", file=path.name, bytes=len(tail), kept_in=aside.name
    )
    return aside


def tails_set_aside(path: Path) -> list[Path]:
    """Files that hold torn tails of a file, oldest place first."""
    found = path.parent.glob(f"{path.name}.torn-*")
    return sorted(found, key=lambda p: int(p.name.rsplit("-", 2)[1]))
