"""Where engines spill what memory cannot hold, and that nothing of it outlives its process for long.

Each process has one folder below the system's temporary one, with a locked file that says it is alive, and removes it when it ends. One
that is killed cannot: what it left is removed by the next that spills, which finds the file unlocked. The lock is on the file, so it
holds between containers that share the folder and know nothing of each other's processes.
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

PREFIX, OWNER = "steelyard-", ".owner"


def spill_folder() -> Path:
    """A folder for one engine, which makes it when it needs it: two that share one would write to the same files."""
    return _home(os.getpid())[0] / uuid.uuid4().hex


def goes_with(engine: object, folder: Path) -> None:
    """Remove an engine's folder as soon as the engine is gone, in the process that made it."""
    weakref.finalize(engine, _removed, folder, os.getpid())


def spills(folder: Path) -> str:
    """SQL by which a DuckDB connection spills into a folder."""
    return "SET temp_directory='{}'".format(str(folder).replace("'", "''"))


@cache
def _home(process: int) -> tuple[Path, IO[str]]:
    """Folder of this process and its locked file, which stays open. By process, for one that was forked must not remove its parent's."""
    shared = Path(tempfile.gettempdir())
    swept(shared)
    made = Path(tempfile.mkdtemp(prefix="making-", dir=shared))
    owner = (made / OWNER).open("w")
    fcntl.flock(owner, fcntl.LOCK_EX)
    home = made.rename(
        shared / f"{PREFIX}{uuid.uuid4().hex}"
    )  # only now is it seen by those who sweep: its lock is held
    atexit.register(_removed, home, process)
    return home, owner


def _removed(home: Path, process: int) -> None:
    if os.getpid() == process:  # a fork inherits what is to be done at the end
        shutil.rmtree(home, ignore_errors=True)


def swept(shared: Path) -> list[Path]:
    """Remove what processes that are gone left in a temporary folder; returns what was removed. Folders of others' are left alone."""
    gone = []
    for owner in shared.glob(f"{PREFIX}*/{OWNER}"):
        try:
            with owner.open("r+") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent, ignore_errors=True)
        except OSError:  # in use, another user's, or swept by another meanwhile
            continue
        gone.append(owner.parent)
    return gone
