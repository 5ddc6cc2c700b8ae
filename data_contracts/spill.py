"""Spill folders of engines, and their removal when the process that made them is gone.

Each process has one folder below the system's temporary one. A locked file in it says that the
process is alive, and the folder is removed when it ends. A killed process leaves its folder; the
next process that spills finds its file unlocked and removes it. The lock is on the file, so it
also holds between containers that share the temporary folder.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
import uuid
import weakref
from functools import cache
from pathlib import Path
from typing import IO

PREFIX, OWNER_FILE = "steelyard-", ".owner"


def spill_folder() -> Path:
    """Name a folder for one engine, which makes it when it needs it.

    Two engines that share a folder would write to the same files.
    """
    return _process_folder(os.getpid())[0] / uuid.uuid4().hex


def remove_with(engine: object, folder: Path) -> None:
    """Remove an engine's folder as soon as the engine is gone, in the process that made it."""
    weakref.finalize(engine, _remove, folder, os.getpid())


def spill_sql(folder: Path) -> str:
    """SQL by which a DuckDB connection spills into a folder."""
    return "SET temp_directory='{}'".format(str(folder).replace("'", "''"))


@cache
def _process_folder(process: int) -> tuple[Path, IO[str]]:
    """Folder of this process, and its locked file, which stays open.

    It is kept by process, because a forked process must not remove its parent's folder.
    """
    shared = Path(tempfile.gettempdir())
    remove_abandoned(shared)
    made = Path(tempfile.mkdtemp(prefix="making-", dir=shared))
    owner = (made / OWNER_FILE).open("w")
    fcntl.flock(owner, fcntl.LOCK_EX)
    # others remove folders by this name, so it is given only once the lock is taken
    home = made.rename(shared / f"{PREFIX}{uuid.uuid4().hex}")
    atexit.register(_remove, home, process)
    return home, owner


def _remove(home: Path, process: int) -> None:
    if os.getpid() == process:  # a fork inherits the functions that run at exit
        shutil.rmtree(home, ignore_errors=True)


def remove_abandoned(shared: Path) -> list[Path]:
    """Remove the folders of processes that are gone from a temporary folder; returns them."""
    gone = []
    for owner in shared.glob(f"{PREFIX}*/{OWNER_FILE}"):
        try:
            with owner.open("r+") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent, ignore_errors=True)
        except OSError:  # in use, another user's, or removed by another process meanwhile
            continue
        gone.append(owner.parent)
    return gone
