"""Memory and disk that run out, in words: what, how much there is, how to go on (ADR-0233)."""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from data_contracts.errors import LakeProblem, SteelyardError

MEMORY_VARIABLE = "STEELYARD_MEMORY"
MEMORY_SIZE = re.compile(r"[1-9]\d{0,5}(\.\d+)? ?(MB|GB|TB|MiB|GiB|TiB)")
NO_ROOM_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_ROOM_TEXTS = (
    "No space left",
    "max_temp_directory_size",
    "Disk quota exceeded",
    "File too large",
    "No usable temporary directory",
)
NO_MEMORY_TEXTS = ("bad_alloc", "Cannot allocate memory", "failed to allocate", "Out of Memory")


class OutOfRoom(SteelyardError):
    """Memory or disk ran out. Nothing was published, and a later run completes."""

    exit_code = 16


def memory_limit(default: str) -> str:
    """Memory that an engine may hold: `STEELYARD_MEMORY`, else a default.

    Raises
    ------
    LakeProblem
        The variable is no size.
    """
    given = os.environ.get(MEMORY_VARIABLE)
    if not given:
        return default
    if not MEMORY_SIZE.fullmatch(given):
        raise LakeProblem(f"{MEMORY_VARIABLE} {given!r} is no size. Write it as 4GB.")
    return given


@contextmanager
def room_said_in_words(folder: Path) -> Iterator[None]:
    """Raise `OutOfRoom` for every error by which memory or disk run out.

    Parameters
    ----------
    folder
        Folder that results are written to.
    """
    try:
        yield
    except SteelyardError:
        raise
    except Exception as error:
        words = out_of_room_words(error, folder)
        if words is None:
            raise
        raise OutOfRoom(words) from error


def out_of_room_words(error: BaseException, folder: Path) -> str | None:
    """Words on the resource that ran out and how to go on; None for an error of another kind."""
    text = str(error)
    if _is_no_disk(error, text):
        return (
            f"the disk is full ({_first_line(error)}). Free: {_free(folder)} below {folder}, "
            f"{_temporary_words()}. Nothing was published. Make room, "
            "or name a larger temporary folder with TMPDIR, and run it again"
        )
    if _is_no_memory(error, text):
        return (
            f"memory ran out ({_first_line(error)}). {_memory_words()} Nothing was published. "
            f"Set {MEMORY_VARIABLE}, as in {MEMORY_VARIABLE}=2GB, to a size that the machine has: "
            "beyond it the engine spills into the temporary folder. Then run it again"
        )
    return None


def _is_no_disk(error: BaseException, text: str) -> bool:
    if isinstance(error, OSError) and error.errno in NO_ROOM_ERRNOS:
        return True
    engines = (duckdb.Error, pa.ArrowException, OSError)
    return isinstance(error, engines) and any(t in text for t in NO_ROOM_TEXTS)


def _is_no_memory(error: BaseException, text: str) -> bool:
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return any(t in text for t in NO_MEMORY_TEXTS)


def _memory_words() -> str:
    """Limits of this process and memory of the machine."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    words = [f"Limit of the engine: {os.environ.get(MEMORY_VARIABLE) or 'the default'}."]
    if allowed != resource.RLIM_INFINITY:
        words.append(f"Limit of the process: {_size(allowed)}.")
    pages, free = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_AVPHYS_PAGES")
    page = os.sysconf("SC_PAGE_SIZE")
    words.append(f"The machine has {_size(pages * page)}, {_size(free * page)} of it unused.")
    return " ".join(words)


def _temporary_words() -> str:
    """Room of the temporary folder, or that no folder takes a temporary file."""
    try:
        shared = Path(tempfile.gettempdir())
    except OSError:
        return "no temporary folder that takes a file"
    return f"{_free(shared)} in the temporary folder {shared}"


def _free(folder: Path) -> str:
    """Free room of the file system of a folder, or of the nearest folder above it."""
    there = next((p for p in (folder, *folder.absolute().parents) if p.exists()), Path("/"))
    try:
        return _size(shutil.disk_usage(there).free)
    except OSError:
        return "an unknown size"


def _size(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__
