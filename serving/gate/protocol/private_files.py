"""Files of the gate are private: they hold ids of requests, operators and sessions."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def keep_private(folder: Path) -> None:
    """Make a folder private with all that is in it, and what this process writes from now on."""
    os.umask(0o777 & ~PRIVATE_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(PRIVATE_FOLDER)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(PRIVATE_FOLDER if path.is_dir() else PRIVATE_FILE)
