"""Files that survive a power cut: synced, renamed, and their folder synced."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Put the bytes of a file on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Put all files below a folder on disk, and the names of all of them."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            sync_folder(path)
        elif path.is_file():
            sync_file(path)
    sync_folder(folder)


def replace_durably(part: Path, target: Path) -> None:
    """Rename a finished file over another; a power cut leaves the old one or the new one."""
    sync_file(part)
    part.replace(target)
    sync_folder(target.parent)


def write_durably(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file whole or not at all, and durably.

    Parameters
    ----------
    path
        The file; its folder is made when absent.
    data
        The bytes.
    mode
        Permissions of a new file, less the umask of the process.

    Raises
    ------
    OSError
        The disk refused. The file is as it was, and no part of the new one is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
            out.write(data)
        replace_durably(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise


def append_durably(path: Path, data: bytes) -> int:
    """Append to a file and sync it, or leave the file as it was; returns where the data begin.

    Each call opens the file again, so that an error of the disk reaches the call that wrote. Data
    whose sync failed are cut off and must be appended again: the kernel may have dropped them.

    Raises
    ------
    OSError
        The disk refused.
    """
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        start = os.fstat(handle).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
            if not start:  # the file may be new
                sync_folder(path.parent)
        except OSError:
            with suppress(OSError):
                os.ftruncate(handle, start)
                os.fsync(handle)
            raise
    finally:
        os.close(handle)
    return start
