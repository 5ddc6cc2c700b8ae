"""Version of the code: the commit for people, a digest of the sources for machines."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from pathlib import Path

FLOORS = ("data_contracts", "features", "training", "serving")  # they decide a night's bytes


def revision() -> str:
    """Commit of the code, marked when files are changed; the package version without git."""
    here = Path(__file__).resolve().parent
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True
        ).stdout.strip()
        dirty = subprocess.run(
            ["git", "status", "--porcelain", "-uno"],
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return head + ("-changed" if dirty.strip() else "")
    except (OSError, subprocess.CalledProcessError):
        from importlib.metadata import version

        return f"steelyard-{version('steelyard')}"


@cache
def sources_digest() -> str:
    """SHA-256 over the sources that a night runs."""
    root, whole = Path(__file__).resolve().parents[2], hashlib.sha256()
    for path in sorted(p for floor in FLOORS for p in (root / floor).rglob("*.py")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()} {digest}\n".encode())
    return whole.hexdigest()
